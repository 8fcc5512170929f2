"""One unit of work: commits by returning, rolls back by raising, one writer at a time, UTC instants."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta, timezone

import psycopg
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError, StatementError

from aidants.accounts.models import Throttle
from aidants.db import Database, Mode, UtcDateTime, unavailable, unit_of_work
from aidants.errors import Unavailable

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def keys(database: Database) -> set[str]:
    with unit_of_work(database, Mode.READ) as work:
        return set(
            work.session.connection().execute(sa.select(sa.column("key")).select_from(sa.table("throttle"))).scalars()
        )


def test_returning_commits_and_raising_rolls_back(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.add(Throttle(key="kept", since=NOW))
    with pytest.raises(KeyError), unit_of_work(database, Mode.WRITE) as work:  # noqa: PT012 - the whole unit is the subject
        work.session.add(Throttle(key="lost", since=NOW))
        work.session.flush()
        raise KeyError
    assert keys(database) == {"kept"}


def test_a_read_unit_keeps_nothing(database: Database) -> None:
    with pytest.raises(Exception, match="read-only") if not database.is_sqlite else pytest.MonkeyPatch.context():  # noqa: SIM117
        with unit_of_work(database, Mode.READ) as work:
            work.session.add(Throttle(key="lost", since=NOW))
            work.session.flush()
    assert keys(database) == set()


def test_what_fails_before_the_commit_undoes_everything(database: Database) -> None:
    def fail(_work: object) -> None:
        raise RuntimeError("no entry, no act")

    with pytest.raises(RuntimeError), unit_of_work(database, Mode.WRITE) as work:  # noqa: PT012
        work.session.add(Throttle(key="lost", since=NOW))
        work.before_commit.append(fail)
    assert keys(database) == set()


def test_notices_go_out_after_the_commit_only(database: Database) -> None:
    seen: list[set[str]] = []
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.add(Throttle(key="kept", since=NOW))
        work.after_commit.append(lambda: seen.append({"told"}))
        assert seen == []
    assert seen == [{"told"}]
    with pytest.raises(KeyError), unit_of_work(database, Mode.WRITE) as work:  # noqa: PT012
        work.after_commit.append(lambda: seen.append({"wrong"}))
        raise KeyError
    assert seen == [{"told"}]


def test_instants_come_back_aware_in_utc_and_naive_ones_are_refused(database: Database) -> None:
    there = timezone(timedelta(hours=-4))
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.add(Throttle(key="k", since=datetime(2026, 11, 24, 5, 0, tzinfo=there)))
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.get_one(Throttle, "k").since == NOW
        assert work.session.get_one(Throttle, "k").since.tzinfo is UTC
    with pytest.raises(StatementError, match="naive"), unit_of_work(database, Mode.WRITE) as work:
        work.session.add(Throttle(key="n", since=datetime(2026, 11, 24)))  # noqa: DTZ001 - the fault under test
    assert UtcDateTime().process_bind_param(None, database.engine.dialect) is None


def test_writers_wait_their_turn_and_none_is_lost(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.add(Throttle(key="sum", count=0, since=NOW))

    def add() -> None:
        for _ in range(10):
            with unit_of_work(database, Mode.WRITE) as work:
                work.session.exec(sa.select(Throttle).where(Throttle.key == "sum").with_for_update())  # type: ignore[call-overload, arg-type]
                row = work.session.get_one(Throttle, "sum")
                work.session.refresh(row)
                row.count += 1

    threads = [threading.Thread(target=add) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.get_one(Throttle, "sum").count == 60


@pytest.mark.sqlite_only("PostgreSQL has no process-wide lock: see the locked rows in tests/faults")
def test_a_writer_gives_up_after_its_patience_with_a_page_not_a_crash(database: Database) -> None:
    database.wait = 0.2
    started = time.monotonic()
    with database.exclusive_writer(), pytest.raises(Unavailable) as refused, unit_of_work(database, Mode.WRITE):
        raise AssertionError("two writers at once")
    assert refused.value.code == "busy"
    assert time.monotonic() - started < 3


def test_a_full_postgresql_disk_is_known() -> None:
    full = psycopg.errors.DiskFull('could not extend file "base/1": No space left on device')
    found = unavailable(OperationalError("INSERT", {}, full))
    assert found is not None
    assert found.code == "disk_full"


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("database is locked", "busy"),
        ("database or disk is full", "disk_full"),
        ("disk I/O error", "disk_full"),
        ("no such table: mandate", None),
    ],
)
def test_driver_errors_become_what_a_person_can_read(text: str, code: str | None) -> None:
    found = unavailable(OperationalError("select 1", {}, Exception(text)))
    assert (found.code if found else None) == code
