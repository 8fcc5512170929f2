"""What of the journal each reader sees, searched and paged by sequence number.

Paging never counts and never skips: each page starts below a number, so that page one thousand costs what page one costs.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from itertools import product
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants.db import Work
from aidants.journal.actions import ClockAnomaly, MandateActivated
from aidants.journal.entry import instant
from aidants.journal.models import JournalRecord
from aidants.policy import Actor

PAGE: Final = 50
_SLOW_UNIT: Final = timedelta(minutes=5)
"""How long after its time an entry may be numbered."""
_CLOCK_BACK: Final = timedelta(days=1)
_MOST_WAYS: Final = 20
_LAST: Final = 2**53
_LEADS: Final = (("mandate",), ("actor",), ("organisation", "type"), ("scope",), ("type",), ("organisation",))
"""Columns with an index that ends in ``seq``, those whose values have the fewest entries first."""
_Records = SelectOfScalar[JournalRecord]
_Condition = sa.ColumnElement[bool]
_Wanted = dict[str, frozenset[str]]
"""The values wanted of each column, by its name; a column that is not there may have any."""


class Reach(StrEnum):
    """Whose entries a screen shows."""

    OWN = "own"
    ORGANISATION = "organisation"
    AUDITED = "audited"


@dataclass(frozen=True, slots=True)
class Filters:
    """A search. People and mandates are sets: a short pseudonym may stand for several ids; None asks nothing."""

    start: date | None = None
    end: date | None = None
    action: str | None = None
    organisation: str | None = None
    actors: frozenset[str] | None = None
    mandates: frozenset[str] | None = None
    scope: str | None = None
    before: int | None = None


@dataclass(frozen=True, slots=True)
class Found:
    """One page of entries, the newest first; ``more`` tells whether older ones remain."""

    entries: Sequence[JournalRecord]
    more: bool


def visible_records(actor: Actor, reach: Reach) -> _Records:
    """Select the records that the actor may see on a screen of this reach."""
    query = select(JournalRecord)
    for name, values in _visible(actor, reach).items():
        query = query.where(getattr(JournalRecord, name).in_(values))
    return query


def _visible(actor: Actor, reach: Reach) -> _Wanted:
    """Return which values of which column the actor may see on a screen of this reach."""
    if reach is Reach.OWN:
        return {"actor": frozenset({actor.person_id})}
    if reach is Reach.ORGANISATION:
        return {"organisation": frozenset({actor.organisation_id} if actor.organisation_id is not None else ())}
    return {} if actor.audited is None else {"organisation": actor.audited}


def search(work: Work, reach: Reach, filters: Filters, zone: ZoneInfo, size: int = PAGE) -> Found:
    """Return the page of ``size`` entries below ``filters.before``; days are those of ``zone``."""
    wanted = _wanted(work.person(), reach, filters)
    numbers, limits = _within(work.session, filters, zone)
    if not numbers or not all(wanted.values()):
        return Found((), more=False)
    rows = work.session.scalars(_newest(wanted, numbers, limits, size + 1)).all()
    return Found(rows[:size], len(rows) > size)


def _wanted(actor: Actor, reach: Reach, filters: Filters) -> _Wanted:
    """Return which values of which column a search asks for, of those that the actor may see."""
    wanted = _visible(actor, reach)
    for name, values in _asked(filters).items():
        wanted[name] = wanted.get(name, values) & values
    return wanted


def _asked(filters: Filters) -> _Wanted:
    """Return which values of which column a search asks for."""
    single = {"type": filters.action, "organisation": filters.organisation, "scope": filters.scope}
    sets = {"actor": filters.actors, "mandate": filters.mandates}
    found = {name: frozenset({value}) for name, value in single.items() if value is not None}
    return found | {name: values for name, values in sets.items() if values is not None}


def _newest(wanted: _Wanted, numbers: range, limits: Sequence[_Condition], most: int) -> Any:
    """Select the newest of what is wanted, ``most`` at most.

    Several values of the leading columns are as many ways through their index, a page each: IN would read all, then sort.
    """
    few = {name for name, values in wanted.items() if len(values) <= _MOST_WAYS}
    lead = next((names for names in _LEADS if few.issuperset(names)), ())
    others = [_on_each_row(getattr(JournalRecord, name).in_(wanted[name])) for name in wanted if name not in lead]
    values = product(*(sorted(wanted[name]) for name in lead))
    ways = [_way(dict(zip(lead, value, strict=True)), numbers, most).where(*others, *limits) for value in values]
    if len(ways) == 1:
        return ways[0]
    merged = sa.union_all(*(sa.select(way.subquery()) for way in ways)).order_by(sa.desc("seq")).limit(most)
    return sa.select(JournalRecord).from_statement(merged)


def _way(equal: Mapping[str, str], numbers: range, most: int) -> Any:
    """Select the newest through the index of the columns that have a value, and through no other.

    Databases would choose wrongly: PostgreSQL goes back through all numbers for a value that is frequent, even if only long
    ago; SQLite keeps no count of values. So the order begins with the columns of the index, and both limits name them.
    """
    seq = col(JournalRecord.seq)
    columns = [col(getattr(JournalRecord, name)) for name in equal]
    first, last = (
        sa.tuple_(*map(sa.literal, equal.values()), sa.literal(number, sa.BigInteger()))
        for number in (numbers[0], numbers[-1])
    )
    key = sa.tuple_(*columns, seq)
    way = sa.select(JournalRecord).where(key >= first, key <= last, *(column.is_not(None) for column in columns))
    return way.order_by(*(column.desc() for column in columns), seq.desc()).limit(most)


def _on_each_row(condition: Any) -> _Condition:
    """Return the same condition in a form that no index serves and no statistics know."""
    return sa.func.coalesce(condition, sa.false())


def _within(session: Session, filters: Filters, zone: ZoneInfo) -> tuple[range, list[_Condition]]:
    """Return the limits of a search: by number, so that far periods are found without a scan, and exactly by time."""
    ts, seq = col(JournalRecord.ts), col(JournalRecord.seq)
    start = datetime.combine(filters.start, time(), zone) if filters.start is not None else None
    end = datetime.combine(filters.end + timedelta(days=1), time(), zone) if filters.end is not None else None
    slack = _slack(session, [edge for edge in (start, end) if edge is not None])
    first, last = 0, _LAST if filters.before is None else filters.before - 1
    limits: list[_Condition] = []
    if start is not None:
        query = select(JournalRecord.seq).where(ts >= instant(start - slack)).order_by(ts, seq).limit(1)
        first = session.exec(query).first() or _LAST
        limits.append(_on_each_row(ts >= instant(start)))
    if end is not None:
        query = select(JournalRecord.seq).where(ts < instant(end + slack)).order_by(ts.desc(), seq.desc()).limit(1)
        last = min(last, session.exec(query).first() or 0)
        limits.append(_on_each_row(ts < instant(end)))
    return range(first, last + 1), limits


def _slack(session: Session, edges: Sequence[datetime]) -> timedelta:
    """Return by how much times may be out of order near edges of a period: a lot where the clock is known to have gone back."""
    if not edges:
        return timedelta(0)
    ts = col(JournalRecord.ts)
    near = sa.or_(*(ts.between(instant(edge - _CLOCK_BACK), instant(edge + _CLOCK_BACK)) for edge in edges))
    anomalies = _way({"type": ClockAnomaly.type}, range(_LAST), 1).where(_on_each_row(near))
    return _SLOW_UNIT if session.scalars(anomalies).first() is None else _CLOCK_BACK


def chosen(work: Work, filters: Filters, zone: ZoneInfo) -> _Condition:
    """Return what an entry must meet to be one that a search in the audited reach finds, on every page of it."""
    numbers, limits = _within(work.session, filters, zone)
    wanted = _wanted(work.person(), Reach.AUDITED, filters)
    within = [col(JournalRecord.seq).between(numbers[0], numbers[-1])] if numbers else [sa.false()]
    return sa.and_(*(getattr(JournalRecord, name).in_(values) for name, values in wanted.items()), *within, *limits)


def longer_than(work: Work, filters: Filters, zone: ZoneInfo, most: int) -> bool:
    """Tell whether a search in the audited reach finds more than ``most`` entries, all pages together."""
    beyond = select(JournalRecord.seq).where(chosen(work, filters, zone)).offset(most).limit(1)
    return work.session.exec(beyond).first() is not None


def activations(work: Work, start: date, end: date, zone: ZoneInfo) -> dict[str, int]:
    """Return the number of the entry that activated each mandate, between two local days included, in the audited reach."""
    which = chosen(work, Filters(start=start, end=end, action=MandateActivated.type), zone)
    query = sa.select(col(JournalRecord.mandate), col(JournalRecord.seq)).where(which)
    return {mandate: seq for mandate, seq in work.session.execute(query) if mandate is not None}
