"""Counts by day: those of the leaves, once each, however often sealing is cut off and taken up again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from sqlmodel import Session, col, select

from aidants import clock
from aidants.db import Database, Mode, unit_of_work
from aidants.journal import tally
from aidants.journal.actions import MandateViewed, OrganisationCreated, SignedOut
from aidants.journal.models import JournalDay, JournalLeaf, JournalRecord
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.services import record

Write = Callable[[int], list[str]]
ALWAYS = (date(2000, 1, 1), date(2100, 1, 1))


def counted(database: Database, organisations: frozenset[str] | None = None) -> dict[tuple[str, str], int]:
    with Session(database.engine) as session:
        return {(day, kind): acts for day, kind, acts in tally.days(session, *ALWAYS, organisations)}


def grouped(database: Database) -> dict[tuple[str, str], int]:
    """The same, from the records."""
    with Session(database.engine) as session:
        rows = session.exec(select(JournalRecord)).all()
    zone = database.settings.zone if database.settings else UTC
    return dict(Counter((datetime.fromisoformat(row.ts).astimezone(zone).date().isoformat(), row.kind) for row in rows))


def test_as_the_records_say(database: Database, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    at = datetime(2026, 11, 20, 22, 0, tzinfo=UTC)
    monkeypatch.setattr(clock, "now", lambda: at)
    for hours in (0, 0.9, 1, 24, 27, 90):  # 23:00 in Paris is another day than midnight
        at = datetime(2026, 11, 20, 22, 0, tzinfo=UTC) + timedelta(hours=hours)
        write(3)
        seal_now(database)
    assert counted(database) == grouped(database)
    assert len({day for day, _ in counted(database)}) == 4
    seal_now(database)
    assert counted(database) == grouped(database)


def test_only_some_organisations(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        for organisation in ("one", "two", "two"):
            record(work, OrganisationCreated(organisation=organisation))
        record(work, SignedOut())
    seal_now(database)
    assert [sum(counted(database, only).values()) for only in (None, frozenset({"two"}), frozenset())] == [4, 2, 0]


@pytest.mark.parametrize("point", ["after tiles", "before rename", "after signature"])
def test_a_stop_while_sealing_counts_nothing_twice(database: Database, write: Write, point: str) -> None:
    write(5)
    seal_now(database)
    write(300)
    signer = signer_of(database)

    def stop(name: str) -> None:
        if name == point:
            raise KeyboardInterrupt

    signer.step = stop
    with pytest.raises(KeyboardInterrupt):
        seal_now(database)
    signer.step = lambda _name: None
    write(2)
    seal_now(database)
    assert counted(database) == grouped(database)
    assert sum(counted(database).values()) == 307


def test_what_was_sealed_before_it_was_counted_is_caught_up(database: Database, write: Write) -> None:
    write(40)
    seal_now(database)
    with Session(database.engine) as session:
        for row in session.exec(select(JournalDay)):
            session.delete(row)
        session.commit()
    write(1)
    seal_now(database)
    assert counted(database) == grouped(database)


def test_a_spoiled_leaf_counts_apart(database: Database) -> None:
    leaves = [b"", b"[]", b"{}", b'{"ts":"x","org":null,"kind":"audit"}', b"\xff"]
    with unit_of_work(database, Mode.WRITE) as work:
        tally.add(work, list(enumerate(leaves, start=1)))
    with Session(database.engine) as session:
        assert [(row.day, row.acts) for row in session.exec(select(JournalDay))] == [("", 5)]
    assert counted(database) == {}


def test_records_deleted_later_stay_counted(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        record(work, MandateViewed(mandate="m"))
    seal_now(database)
    with Session(database.engine) as session:
        session.delete(session.exec(select(JournalRecord)).one())
        session.commit()
        assert session.exec(select(JournalLeaf).order_by(col(JournalLeaf.seq))).one().seq == 1
    assert sum(counted(database).values()) == 1
