"""Recording: what an entry holds, when it is written, and with which number."""

from __future__ import annotations

import getpass
import hashlib
import json
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import Session, select

from aidants import clock
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import Corrupted, NotFound
from aidants.journal import actions, entry, services
from aidants.journal.models import JournalLeaf, JournalPayload, JournalRecord, install_triggers
from aidants.journal.services import Private, open_payload, record, record_read
from aidants.journal.verify import verify
from aidants.policy import Actor, Role
from tests.support.plans import plan

KEY = bytes(range(32))
NOW = datetime(2026, 11, 24, 6, 9, 12, 345_678, tzinfo=UTC)
VIEWED = actions.ResidentViewed(resident="res-1")


@pytest.fixture
def actor() -> Actor:
    return Actor(
        person_id="person-1",
        name="Aïda Morel",
        session_id="session-1",
        roles=frozenset({Role.HELPER}),
        organisation_id="org-1",
        reauthenticated_at=NOW - timedelta(minutes=4),
    )


@pytest.fixture
def at(monkeypatch: pytest.MonkeyPatch) -> Callable[[datetime], None]:
    """Set the clock."""
    return lambda when: monkeypatch.setattr(clock, "now", lambda: when)


def rows(database: Database) -> list[JournalRecord]:
    with Session(database.engine) as session:
        return list(session.exec(select(JournalRecord).order_by("seq")).all())


def leaves(database: Database) -> list[tuple[int, bytes]]:
    with Session(database.engine) as session:
        return [(row.seq, row.leaf) for row in session.exec(select(JournalLeaf).order_by("seq")).all()]


def act(
    database: Database,
    actor: Actor | None,
    fail: bool = False,
    before_commit: Callable[[Work], None] | None = None,
) -> None:
    """Do something in the database and record it; then fail, or leave something to do before the commit."""
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        work.session.add(JournalPayload(entry_id="act", sealed=b"x"))
        record(work, VIEWED, Private("installation", KEY, {"a": "b"}))
        if before_commit is not None:
            work.before_commit.append(before_commit)
        if fail:
            raise ZeroDivisionError


def test_leaf_and_record(database: Database, actor: Actor, at: Callable[[datetime], None]) -> None:
    at(NOW)
    with unit_of_work(database, Mode.WRITE, actor=actor, request_id="r") as work:
        entry_id = record(work, actions.ResidentChanged(resident="res-1", fields=("phone", "email")))
    (row,) = rows(database)
    assert (row.id, row.seq, row.v, row.kind, row.type) == (entry_id, 1, 1, "resident", "resident_changed")
    assert row.ts == "2026-11-24T06:09:12.345Z"
    assert (row.actor, row.session, row.organisation, row.resident) == ("person-1", "session-1", "org-1", "res-1")
    assert (row.auth, row.level) == ("password_totp", "fresh")
    assert row.detail == '{"fields":["phone","email"]}'
    assert (row.sealed, row.owner, row.mandate, row.version) == (None, None, None, None)
    ((seq, leaf),) = leaves(database)
    public = json.loads(leaf)
    commit = public.pop("commit")
    assert seq == 1
    assert public == {"v": 1, "id": entry_id, "ts": "2026-11-24T06:09Z", "kind": "resident", "org": "org-1"}
    written = {name: getattr(row, name) for name in entry.FIELDS} | {"detail": json.loads(row.detail)}
    text = json.dumps(written, sort_keys=True, separators=(",", ":")).encode()
    assert commit == hashlib.sha256(b"aidants/entry/1" + row.salt + text).hexdigest()
    assert len(row.salt) == 32


@pytest.mark.parametrize(("request_id", "expected"), [("r", "public"), ("", "console")])
def test_nobody_signed_in(database: Database, request_id: str, expected: str) -> None:
    with unit_of_work(database, Mode.WRITE, request_id=request_id) as work:
        record(work, actions.SignInFailed(outcome="code", person="person-1", count=4))
        record(work, actions.SignedIn(actor="person-1", session="session-9"))
    failed, signed_in = rows(database)
    assert (failed.actor, failed.session, failed.level) == (expected, None, None)
    assert failed.auth == (None if request_id else f"os:{getpass.getuser()}")
    assert failed.detail == '{"count":4,"person":"person-1"}'
    assert (signed_in.actor, signed_in.session, signed_in.level) == ("person-1", "session-9", "fresh")


def test_what_the_application_notices_is_not_the_actors_act(database: Database, actor: Actor) -> None:
    with unit_of_work(database, Mode.WRITE, actor=actor, request_id="r") as work:
        record(work, actions.ClockAnomaly(seconds=3))
    (row,) = rows(database)
    assert (row.actor, row.session, row.auth, row.level, row.organisation) == ("system", None, None, None, "org-1")


def test_an_old_code_is_not_fresh(database: Database, actor: Actor, at: Callable[[datetime], None]) -> None:
    at(NOW + timedelta(minutes=2))
    with unit_of_work(database, Mode.WRITE, actor=actor, request_id="r") as work:
        record(work, VIEWED)
    assert rows(database)[0].level == "session"


def test_neither_act_nor_entry_after_an_error(database: Database, actor: Actor) -> None:
    with pytest.raises(ZeroDivisionError):
        act(database, actor, fail=True)
    assert (rows(database), leaves(database)) == ([], [])
    with unit_of_work(database, Mode.READ) as work, pytest.raises(NotFound):
        open_payload(work, "act", KEY)


def test_an_entry_that_cannot_be_written_undoes_the_act(database: Database, actor: Actor) -> None:
    with database.engine.begin() as connection:
        connection.exec_driver_sql("ALTER TABLE journal_record RENAME TO elsewhere")
    with pytest.raises(DBAPIError):
        act(database, actor)
    with unit_of_work(database, Mode.READ) as work, pytest.raises(NotFound):
        open_payload(work, "act", KEY)
    assert leaves(database) == []


def test_reading_units_do_not_record(database: Database) -> None:
    with unit_of_work(database, Mode.READ) as work, pytest.raises(RuntimeError, match="writes"):
        record(work, VIEWED)


def test_recording_after_the_numbers_are_given_is_a_defect(database: Database) -> None:
    def late(work: Work) -> None:
        record(work, VIEWED)

    with pytest.raises(RuntimeError, match="already written"):
        act(database, None, before_commit=late)
    assert rows(database) == []


def test_few_statements_for_many_entries(database: Database, actor: Actor) -> None:
    seen: list[str] = []
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        record(work, VIEWED)

    def note(*arguments: object) -> None:
        seen.append(str(arguments[2]).split(" ")[0])

    sa.event.listen(database.engine, "before_cursor_execute", note)
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        for _ in range(20):
            record(work, VIEWED, Private("resident:res-1", KEY, {"reason": "x"}))
    sa.event.remove(database.engine, "before_cursor_execute", note)
    assert seen.count("INSERT") == 3
    assert seen.count("SELECT") == (1 if database.is_sqlite else 2)
    assert [row.seq for row in rows(database)] == list(range(1, 22))


def test_payload_opens_only_with_its_key_and_its_entry(database: Database, actor: Actor) -> None:
    values = {"reason": "Perte de la carte", "address": "192.0.2.7"}
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        first = record(work, VIEWED, Private("resident:res-1", KEY, values))
        second = record(work, VIEWED, Private("resident:res-1", KEY, {"reason": "x"}))
        none = record(work, VIEWED, Private("resident:res-1", KEY, {}))
    by_id = {row.id: row for row in rows(database)}
    assert by_id[first].owner == "resident:res-1"
    assert (by_id[none].owner, by_id[none].sealed) == (None, None)
    with Session(database.engine) as session:
        sealed = session.get_one(JournalPayload, first).sealed
    assert by_id[first].sealed == hashlib.sha256(sealed).hexdigest()
    assert b"carte" not in sealed
    with unit_of_work(database, Mode.WRITE) as work:
        assert open_payload(work, first, KEY) == values
        with pytest.raises(Corrupted):
            open_payload(work, first, bytes(32))
        work.session.get_one(JournalPayload, second).sealed = sealed
        work.session.flush()
        with pytest.raises(Corrupted):
            open_payload(work, second, KEY)
        with pytest.raises(NotFound):
            open_payload(work, none, KEY)
        work.session.rollback()


def test_readings_are_recorded_once_a_quarter_of_an_hour(
    database: Database, actor: Actor, at: Callable[[datetime], None]
) -> None:
    def read(action: actions.Action, minutes: int, who: Actor = actor) -> bool:
        at(NOW + timedelta(minutes=minutes))
        with unit_of_work(database, Mode.WRITE, actor=who) as work:
            return record_read(work, action)

    other = Actor(person_id="person-1", name="", session_id="session-2", roles=frozenset(), organisation_id="org-1")
    assert read(VIEWED, 0)
    assert not read(VIEWED, 14)
    assert read(VIEWED, 15)
    assert read(VIEWED, 16, other)
    assert read(actions.ResidentViewed(resident="res-2"), 16)
    assert read(actions.MandateViewed(mandate="man-1", resident="res-1"), 16)
    assert read(actions.MandateViewed(mandate="man-2", resident="res-1"), 16)
    assert not read(actions.MandateViewed(mandate="man-1", resident="res-1"), 17)
    assert len(rows(database)) == 6
    with pytest.raises(ValueError, match="no subject"):
        read(actions.SignedOut(), 20)


def test_two_readings_in_one_unit_are_one(database: Database, actor: Actor) -> None:
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        assert record_read(work, VIEWED)
        assert not record_read(work, VIEWED)
    assert len(rows(database)) == 1


def test_nothing_to_record_writes_nothing(database: Database, actor: Actor) -> None:
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        record_read(work, VIEWED)
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        assert not record_read(work, VIEWED)
    assert len(leaves(database)) == 1


def test_a_clock_going_back_is_an_entry(database: Database, actor: Actor, at: Callable[[datetime], None]) -> None:
    def act(when: datetime) -> None:
        at(when)
        with unit_of_work(database, Mode.WRITE, actor=actor) as work:
            record(work, VIEWED)

    act(NOW)
    act(NOW - timedelta(seconds=2))
    assert [row.type for row in rows(database)] == ["resident_viewed"] * 2
    act(NOW - timedelta(hours=1))
    act(NOW - timedelta(hours=1))
    found = rows(database)
    assert [row.type for row in found] == ["resident_viewed"] * 2 + ["clock_anomaly"] + ["resident_viewed"] * 2
    assert found[2].detail == '{"seconds":3598}'
    assert (found[2].actor, found[2].kind) == ("system", "system")
    assert verify(database).ok


def test_a_slow_unit_is_no_clock_anomaly(database: Database, actor: Actor, at: Callable[[datetime], None]) -> None:
    """The unit's instant is taken at its start: another unit may have been numbered since, in the right order."""
    at(NOW)
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        record(work, VIEWED)
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        work.now = NOW - timedelta(seconds=30)
        record(work, VIEWED)
    assert [row.type for row in rows(database)] == ["resident_viewed"] * 2


def test_eight_threads_leave_no_gap(database: Database, actor: Actor) -> None:
    failures: list[BaseException] = []

    def work_hard() -> None:
        try:
            for _ in range(50):
                with unit_of_work(database, Mode.WRITE, actor=actor) as work:
                    record(work, VIEWED)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=work_hard) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert [seq for seq, _ in leaves(database)] == list(range(1, 401))
    assert verify(database).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_leaf SET leaf = leaf WHERE seq = 1",
        "UPDATE journal_leaf SET seq = 9 WHERE seq = 3",
        "DELETE FROM journal_leaf WHERE seq = 3",
        "DELETE FROM journal_leaf",
        "INSERT INTO journal_leaf (seq, leaf) SELECT 2, leaf FROM journal_leaf WHERE seq = 1",
        "INSERT INTO journal_leaf (seq, leaf) SELECT 0, leaf FROM journal_leaf WHERE seq = 1",
        "INSERT INTO journal_leaf (seq, leaf) SELECT 5, leaf FROM journal_leaf WHERE seq = 1",
        "INSERT OR REPLACE INTO journal_leaf (seq, leaf) SELECT 2, leaf FROM journal_leaf WHERE seq = 1",
        "REPLACE INTO journal_leaf (seq, leaf) SELECT 3, leaf FROM journal_leaf WHERE seq = 1",
        "UPDATE OR REPLACE journal_leaf SET seq = 2 WHERE seq = 1",
        "INSERT INTO journal_leaf (seq, leaf) SELECT 2, leaf FROM journal_leaf WHERE seq = 1 "
        "ON CONFLICT (seq) DO UPDATE SET leaf = excluded.leaf",
        "TRUNCATE journal_leaf",
    ],
)
def test_leaves_are_append_only(database: Database, write: Callable[[int], list[str]], statement: str) -> None:
    if "REPLACE" in statement and not database.is_sqlite:
        statement = statement.replace("OR REPLACE ", "").replace("REPLACE", "INSERT")
    write(3)
    before = leaves(database)
    expected = "syntax error" if statement.startswith("TRUNCATE") and database.is_sqlite else "append-only"
    with pytest.raises(DBAPIError, match=expected), database.engine.begin() as connection:
        connection.exec_driver_sql(statement)
    assert leaves(database) == before


def test_triggers_installed_twice_still_refuse(database: Database, write: Callable[[int], list[str]]) -> None:
    with database.engine.begin() as connection:
        install_triggers(connection)
    write(2)
    with pytest.raises(DBAPIError, match="append-only"), database.engine.begin() as connection:
        connection.exec_driver_sql("DELETE FROM journal_leaf WHERE seq = 2")
    assert len(leaves(database)) == 2


@pytest.mark.parametrize("subject", ["resident", "mandate"])
def test_a_reading_is_looked_up_by_its_subject_not_by_its_kind(database: Database, subject: str) -> None:
    values = {"type": "t", "actor": "a", "session": "s", subject: "x", "since": "2026"}
    with unit_of_work(database, Mode.READ) as work:
        connection = work.session.connection()
        asked = services._READ[subject].params(**values)
        assert f"ix_journal_record_{subject}_seq" in plan(connection, asked)
