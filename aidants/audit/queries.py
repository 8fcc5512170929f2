"""What of the journal each reader sees, searched and paged by sequence number.

Paging never counts and never skips: each page starts below a number, so that page one thousand costs what page one costs.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlmodel import Session, col, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants.accounts.models import Organisation, Person
from aidants.db import Work
from aidants.errors import NotFound
from aidants.journal import labels
from aidants.journal.actions import MandateActivated
from aidants.journal.entry import instant
from aidants.journal.models import JournalLeaf, JournalPayload, JournalRecord
from aidants.journal.seal import last_checkpoint, signed_at
from aidants.mandates.models import Mandate
from aidants.policy import Actor

PAGE: Final = 50
_SLACK: Final = timedelta(days=1)
_Records = SelectOfScalar[JournalRecord]


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


@dataclass(frozen=True, slots=True)
class State:
    """The journal at a glance."""

    size: int
    sealed: int
    root: bytes | None
    sealed_at: datetime | None
    origin: str
    verified: JournalRecord | None


def visible_records(actor: Actor, reach: Reach) -> _Records:
    """Select the records that the actor may see on a screen of this reach."""
    query = select(JournalRecord)
    if reach is Reach.OWN:
        return query.where(JournalRecord.actor == actor.person_id)
    if reach is Reach.ORGANISATION:
        if actor.organisation_id is None:
            return query.where(sa.false())
        return query.where(JournalRecord.organisation == actor.organisation_id)
    return query if actor.audited is None else query.where(col(JournalRecord.organisation).in_(actor.audited))


def search(work: Work, reach: Reach, filters: Filters, zone: ZoneInfo, size: int = PAGE) -> Found:
    """Return the page of ``size`` entries below ``filters.before``; days are those of ``zone``."""
    query = visible_records(work.person(), reach)
    equal = {"type": filters.action, "organisation": filters.organisation, "scope": filters.scope}
    for name, value in equal.items():
        if value is not None:
            query = query.where(getattr(JournalRecord, name) == value)
    for name, ids in {"actor": filters.actors, "mandate": filters.mandates}.items():
        if ids is not None:
            query = query.where(getattr(JournalRecord, name).in_(ids))
    if filters.before is not None:
        query = query.where(JournalRecord.seq < filters.before)
    query = _within(work.session, query, filters, zone)
    rows = work.session.exec(query.order_by(col(JournalRecord.seq).desc()).limit(size + 1)).all()
    return Found(rows[:size], len(rows) > size)


def _within(session: Session, query: _Records, filters: Filters, zone: ZoneInfo) -> _Records:
    """Limit a query to a period: exactly by time, and by number so that far periods are found without a scan.

    The bounds by number are a day wider than asked, for a server whose clock went back.
    """
    ts, seq = col(JournalRecord.ts), col(JournalRecord.seq)
    if filters.start is not None:
        start = datetime.combine(filters.start, time(), zone)
        first = select(JournalRecord.seq).where(ts >= instant(start - _SLACK)).order_by(ts, seq).limit(1)
        query = query.where(ts >= instant(start), seq >= (session.exec(first).first() or 0))
    if filters.end is not None:
        end = datetime.combine(filters.end + timedelta(days=1), time(), zone)
        last = select(JournalRecord.seq).where(ts < instant(end + _SLACK)).order_by(ts.desc(), seq.desc()).limit(1)
        query = query.where(ts < instant(end), seq <= (session.exec(last).first() or 0))
    return query


def activated(work: Work, start: date, end: date, zone: ZoneInfo) -> Sequence[tuple[str, int]]:
    """Return mandate and number of the entry of each activation between two local days included, in the audited reach."""
    query = visible_records(work.person(), Reach.AUDITED).where(
        JournalRecord.type == MandateActivated.type, col(JournalRecord.mandate).is_not(None)
    )
    query = _within(work.session, query, Filters(start=start, end=end), zone)
    chosen = query.with_only_columns(col(JournalRecord.mandate), col(JournalRecord.seq))
    return work.session.execute(chosen).tuples().all()


def get_entry(work: Work, reach: Reach, entry_id: str) -> tuple[JournalRecord, bytes | None, bool]:
    """Return a record, its leaf and whether its sealed payload is there. Raises NotFound, also for what is not visible."""
    record = work.session.exec(visible_records(work.person(), reach).where(JournalRecord.id == entry_id)).first()
    if record is None:
        raise NotFound
    leaf = work.session.get(JournalLeaf, record.seq)
    payload = work.session.exec(select(JournalPayload.entry_id).where(JournalPayload.entry_id == entry_id)).first()
    return record, leaf.leaf if leaf else None, payload is not None


def state(session: Session) -> State:
    """Return size, last stored checkpoint and last verification."""
    size = session.exec(select(sa.func.max(JournalLeaf.seq))).one() or 0
    stored = last_checkpoint(session)
    by_type = select(JournalRecord).where(JournalRecord.type == "journal_verified")
    verified = session.exec(by_type.order_by(col(JournalRecord.seq).desc()).limit(1)).first()
    if stored is None:
        return State(size, 0, None, None, "", verified)
    signed = signed_at(session, stored.size)
    return State(size, stored.size, stored.root, stored.made_at, signed.origin if signed else "", verified)


def audited_organisations(work: Work) -> list[tuple[str, str]]:
    """Return id and name of the organisations whose journal the actor audits, by name."""
    audited = work.person().audited
    query = select(Organisation.id, Organisation.name).order_by(Organisation.name)
    if audited is not None:
        query = query.where(col(Organisation.id).in_(audited))
    return [(identifier, name) for identifier, name in work.session.exec(query)]


def organisation_name(work: Work, record: JournalRecord) -> str:
    """Return the name of the organisation an entry belongs to; "" for the installation's own entries."""
    found = work.session.get(Organisation, record.organisation) if record.organisation else None
    return found.name if found else ""


def people(session: Session, text: str) -> frozenset[str]:
    """Return the ids of people behind a pseudonym (``A-7F3K``), or the id itself."""
    return _named(text, labels.person, lambda: session.exec(select(Person.id)))


def mandates(work: Work, text: str) -> frozenset[str]:
    """Return the ids of mandates behind a pseudonym (``M-4Q2R``), or the id itself, within what the actor may see."""
    actor, query = work.person(), select(Mandate.id)
    if actor.audited is not None:
        query = query.where(col(Mandate.organisation_id).in_(actor.audited | {actor.organisation_id or ""}))
    return _named(text, labels.mandate, lambda: work.session.exec(query))


def _named(text: str, name: Any, ids: Any) -> frozenset[str]:
    if len(text) > len("A-0000"):
        return frozenset({text})
    wanted = text.upper()
    found: Iterable[str] = ids()
    return frozenset(identifier for identifier in found if name(identifier) == wanted)
