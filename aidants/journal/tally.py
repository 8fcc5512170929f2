"""Counts of entries by local day, organisation and kind, kept up to date by each sealing: plots need not read the journal.

Counted from the leaves, so that records deleted later stay counted. Counting the same entries again changes nothing.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from datetime import UTC, date, datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select

from aidants.db import Database, Mode, Work, unit_of_work
from aidants.journal.models import JournalDay, JournalLeaf

BATCH: Final = 1000
_COUNTED: Final = select(sa.func.max(JournalDay.through))


def counted(session: Session) -> int:
    """Return the number of the last entry counted."""
    return session.exec(_COUNTED).one() or 0


def add(work: Work, rows: Iterable[Any]) -> None:
    """Count leaves (number, bytes), in order; those counted before are passed over."""
    zone = work.settings.zone if work.database and work.database.settings else ZoneInfo("UTC")
    done, last = counted(work.session), 0
    found: Counter[tuple[str, str, str]] = Counter()
    for seq, leaf in rows:
        if seq > done:
            found[_key(leaf, zone)] += 1
            last = seq
    for key, acts in found.items():
        row = work.session.get(JournalDay, key) or JournalDay(
            day=key[0], organisation=key[1], kind=key[2], acts=0, through=0
        )
        row.acts, row.through = row.acts + acts, last
        work.session.add(row)


def catch_up(database: Database, until: int) -> None:
    """Count what was sealed and not counted, up to entry ``until``: after an upgrade, once."""
    seq = col(JournalLeaf.seq)
    while True:
        with unit_of_work(database, Mode.READ) as work:
            done = counted(work.session)
            query = select(JournalLeaf.seq, JournalLeaf.leaf).where(seq > done, seq <= min(until, done + BATCH))
            rows = work.session.exec(query.order_by(seq)).all() if done < until else ()
        if not rows:
            return
        with unit_of_work(database, Mode.WRITE) as work:
            add(work, rows)


def _key(leaf: bytes, zone: ZoneInfo) -> tuple[str, str, str]:
    """Return day, organisation and kind of a leaf; one that somebody spoiled counts apart, the verification names it."""
    try:
        said = json.loads(leaf)
        moment = datetime.strptime(said["ts"], "%Y-%m-%dT%H:%MZ").replace(tzinfo=UTC)
        return moment.astimezone(zone).date().isoformat(), str(said["org"] or ""), str(said["kind"])
    except (ValueError, TypeError, KeyError, OverflowError, RecursionError):
        return "", "", ""


def days(session: Session, first: date, last: date, organisations: frozenset[str] | None) -> list[tuple[str, str, int]]:
    """Return (day, kind, acts) between two days included; ``organisations`` limits whose, None takes all."""
    query = (
        select(JournalDay.day, JournalDay.kind, sa.func.sum(JournalDay.acts))
        .where(col(JournalDay.day).between(first.isoformat(), last.isoformat()))
        .group_by(JournalDay.day, JournalDay.kind)
        .order_by(JournalDay.day, JournalDay.kind)
    )
    if organisations is not None:
        query = query.where(col(JournalDay.organisation).in_(organisations))
    return [(day, kind, int(acts)) for day, kind, acts in session.exec(query)]
