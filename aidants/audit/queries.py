"""One entry with what belongs to it, the state of the journal, and what stands behind names and pseudonyms."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, NamedTuple

import sqlalchemy as sa
from sqlmodel import Session, col, select

from aidants.accounts.models import Organisation, Person
from aidants.audit.paging import Reach, visible_records
from aidants.db import Work
from aidants.errors import NotFound
from aidants.journal import labels
from aidants.journal.actions import (
    CheckpointPublished,
    JournalExported,
    JournalVerified,
    MandatePrinted,
    ProofIssued,
)
from aidants.journal.models import JournalCheckpoint, JournalLeaf, JournalPayload, JournalRecord
from aidants.mandates.models import Mandate
from aidants.residents.models import Resident
from aidants.spreadsheet import Format

OUTSIDE: Final = (MandatePrinted, ProofIssued, JournalExported, CheckpointPublished)
"""Acts that leave a root of the journal with somebody outside."""


class Verified(NamedTuple):
    """The last verification of the whole journal: by whom, when (as records write it), with what result."""

    actor: str
    ts: str
    outcome: str | None


@dataclass(frozen=True, slots=True)
class State:
    """The journal at a glance. ``outside``: the first and last time of each act that left evidence with somebody outside."""

    size: int
    sealed: int
    root: bytes | None
    sealed_at: datetime | None
    origin: str
    verified: Verified | None
    outside: dict[str, tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Entry:
    """One entry with what belongs to it.

    ``organisation`` is the name, "" for the installation's own entries; ``resident_of``: the organisation of the resident that
    the record names, None for nobody, also for one who was erased.
    """

    record: JournalRecord
    leaf: bytes | None
    has_payload: bool
    organisation: str
    resident_of: str | None


def get_record(work: Work, reach: Reach, entry_id: str) -> JournalRecord:
    """Return a record. Raises NotFound, also for what is not visible."""
    record = work.session.exec(visible_records(work.person(), reach).where(JournalRecord.id == entry_id)).first()
    if record is None:
        raise NotFound
    return record


def get_entry(work: Work, reach: Reach, entry_id: str) -> Entry:
    """Return an entry with what belongs to it, in one statement. Raises NotFound, also for what is not visible."""
    query = (
        visible_records(work.person(), reach)
        .where(JournalRecord.id == entry_id)
        .outerjoin(JournalLeaf, col(JournalLeaf.seq) == JournalRecord.seq)
        .outerjoin(JournalPayload, col(JournalPayload.entry_id) == JournalRecord.id)
        .outerjoin(Organisation, col(Organisation.id) == JournalRecord.organisation)
        .outerjoin(Resident, col(Resident.id) == JournalRecord.resident)
        .add_columns(
            col(JournalLeaf.leaf),
            col(JournalPayload.entry_id),
            col(Organisation.name),
            col(Resident.organisation_id),
        )
    )
    found = work.session.execute(query).first()
    if found is None:
        raise NotFound
    record, leaf, payload, organisation, resident_of = found
    return Entry(record, leaf, payload is not None, organisation or "", resident_of)


def state(session: Session) -> State:
    """Return size, last signed checkpoint, last verification and evidence outside, in two statements."""
    size = sa.select(sa.func.max(JournalLeaf.seq)).scalar_subquery()
    signed = select(JournalCheckpoint, size).where(col(JournalCheckpoint.note).is_not(None))
    found = session.exec(signed.order_by(col(JournalCheckpoint.size).desc()).limit(1)).first()
    outside, verified = _evidence(session)
    if found is None:
        entries = session.exec(select(sa.func.max(JournalLeaf.seq))).one() or 0
        return State(entries, 0, None, None, "", verified, outside)
    stored, entries = found
    origin = (stored.note or "").split("\n", 1)[0]
    return State(entries or 0, stored.size, stored.root, stored.made_at, origin, verified, outside)


def _evidence(session: Session) -> tuple[dict[str, tuple[str, str]], Verified | None]:
    """Return the ends of each kind of OUTSIDE, and the last verification; each is one row of an index.

    Exported tables hold no root: those exports are passed over.
    """
    seq = col(JournalRecord.seq)
    ends = [(action.type, order) for action in OUTSIDE for order in (seq.asc(), seq.desc())]
    columns = [col(getattr(JournalRecord, name)) for name in ("type", "actor", "ts", "outcome")]
    one_each = (
        sa.select(*columns)
        .where(col(JournalRecord.type) == kind, _hands_out_root(kind))
        .order_by(order)
        .limit(1)
        .subquery()
        for kind, order in [*ends, (JournalVerified.type, seq.desc())]
    )
    times: dict[str, list[str]] = {}
    verified = None
    for kind, actor, ts, outcome in session.execute(sa.union_all(*map(sa.select, one_each))):
        if kind == JournalVerified.type:
            verified = Verified(actor, ts, outcome)
        else:
            times.setdefault(kind, []).append(ts)
    return {kind: (min(found), max(found)) for kind, found in times.items()}, verified


def _hands_out_root(kind: str) -> sa.ColumnElement[bool]:
    if kind != JournalExported.type:
        return sa.true()
    said = sa.func.coalesce(JournalRecord.detail, "")
    return sa.and_(*(said.not_like(f'%"view":"{table}"%') for table in Format))


def audited_organisations(work: Work) -> list[tuple[str, str]]:
    """Return id and name of the organisations whose journal the actor audits, by name."""
    audited = work.person().audited
    query = select(Organisation.id, Organisation.name).order_by(Organisation.name)
    if audited is not None:
        query = query.where(col(Organisation.id).in_(audited))
    return [(identifier, name) for identifier, name in work.session.exec(query)]


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
