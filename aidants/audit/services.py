"""What an auditor may see behind a pseudonym or a seal: with a written reason, journaled, for a quarter of an hour.

The time is counted by the journal itself: what the auditor's own session was shown less than fifteen minutes ago is shown
again, and nothing else remembers it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants.accounts.models import Membership, Organisation, Person
from aidants.audit.queries import Entry
from aidants.db import Work
from aidants.errors import Corrupted, NotFound
from aidants.journal import labels
from aidants.journal.actions import UNNAMED, EntryOpened, NameRevealed
from aidants.journal.entry import instant
from aidants.journal.erasures import owner_of
from aidants.journal.models import JournalRecord
from aidants.journal.services import Private, open_payload, record, under_installation
from aidants.residents.models import Resident
from aidants.residents.services import open_resident, resident_key

LASTS: Final = timedelta(minutes=15)
PAYLOAD: Final = "scelle"
RESIDENT: Final = "personne"
_RECENT: Final = 200
"""Disclosures of everybody read back to find those of one session: many more than a quarter of an hour can hold."""


@dataclass(frozen=True, slots=True)
class Hidden:
    """One thing an entry hides: a resident's name, a person's, or the data sealed with it."""

    key: str
    kind: str
    id: str

    @property
    def pseudonym(self) -> str:
        """The short name that lists show; "" for sealed data."""
        return {"resident": labels.resident, "person": labels.person}.get(self.kind, lambda _: "")(self.id)


@dataclass(frozen=True, slots=True)
class Shown:
    """What is shown for a while: names by what they stood behind, the sealed values, and until when.

    ``spoiled``: something that was to be shown does not open any more.
    """

    names: dict[str, str]
    values: dict[str, str]
    until: datetime | None
    spoiled: bool


def hidden(work: Work, entry: Entry) -> tuple[Hidden, ...]:
    """Return what this auditor may ask to see of an entry; who was erased, or belongs elsewhere, is not there to be seen."""
    found, row, audited = [], entry.record, work.person().audited
    if row.resident is not None and entry.resident_of is not None and (audited is None or entry.resident_of in audited):
        found.append(Hidden(RESIDENT, "resident", row.resident))
    named = dict.fromkeys([row.actor, str(labels.detail(row).get("person") or "")])
    known = _people(work, [name for name in named if name and name not in UNNAMED])
    found += [Hidden(f"compte-{name}", "person", name) for name in named if name in known]
    if entry.has_payload and _within(work, entry):
        found.append(Hidden(PAYLOAD, "payload", row.id))
    return tuple(found)


def _within(work: Work, entry: Entry) -> bool:
    """Tell whether what is sealed with an entry is of the organisations this auditor audits, or of none."""
    kind, _, identifier = (entry.record.owner or "").partition(":")
    whose = {"resident": entry.resident_of, "organisation": identifier}.get(kind)
    audited = work.person().audited
    return audited is None or kind == "installation" or whose in audited


def disclose(work: Work, entry: JournalRecord, what: Hidden, reason: str) -> None:
    """Record that the auditor sees one hidden thing, and why; from now on ``shown`` gives it to this session."""
    private = _reason(work, entry, what, reason)
    resident = entry.resident if private.owner != "installation" else None
    if what.kind == "payload":
        record(work, EntryOpened(entry=entry.id, resident=resident), private)
    elif what.kind == "resident":
        record(work, NameRevealed(entry=entry.id, resident=resident), private)
    else:
        record(work, NameRevealed(entry=entry.id, person=what.id), private)


def _reason(work: Work, entry: JournalRecord, what: Hidden, reason: str) -> Private:
    """Seal a reason: under the resident's key when it is about them, so that it goes when they are erased."""
    row = _resident(work, entry.resident) if entry.resident is not None and what.kind != "person" else None
    if row is None:
        return under_installation(work, {"reason": reason})
    return Private(owner_of(row.id), resident_key(work, row), {"reason": reason})


def shown(work: Work, entry: Entry, hidden: Iterable[Hidden]) -> Shown:
    """Return what this session was shown, within the last quarter of an hour, of what an entry hides."""
    actor, since = work.person(), instant(work.now - LASTS)
    names: dict[str, str] = {}
    values: dict[str, str] = {}
    moments = []
    spoiled = False
    can_be_seen = {(item.kind, item.id): item for item in hidden}
    for past in _disclosures(work):
        mine = (past.actor, past.session) == (actor.person_id, actor.session_id)
        item = can_be_seen.get(_asked(past))
        if not mine or past.ts <= since or item is None or item.key in names:
            continue
        moments.append(datetime.fromisoformat(past.ts))
        try:
            if item.kind == "payload":
                values = values or _open(work, entry.record)
            else:
                names[item.key] = _name(work, item)
        except Corrupted:
            spoiled = True
    return Shown(names, values, min(moments) + LASTS if moments else None, spoiled)


def _disclosures(work: Work) -> Sequence[JournalRecord]:
    """Return the latest disclosures of everybody."""
    of_type = (
        sa.select(JournalRecord).where(col(JournalRecord.type) == action.type).order_by(col(JournalRecord.seq).desc())
        for action in (EntryOpened, NameRevealed)
    )
    latest = sa.union_all(*(sa.select(query.limit(_RECENT).subquery()) for query in of_type))
    return work.session.scalars(sa.select(JournalRecord).from_statement(latest)).all()


def _asked(past: JournalRecord) -> tuple[str, str]:
    """Return kind and id of what a disclosure showed."""
    said = labels.detail(past)
    if past.type == EntryOpened.type:
        return "payload", str(said.get("entry"))
    return ("person", str(said["person"])) if "person" in said else ("resident", past.resident or "")


def _name(work: Work, item: Hidden) -> str:
    if item.kind == "person":
        return work.session.get_one(Person, item.id).name
    row = work.session.get_one(Resident, item.id)
    while row.merged_into is not None:
        row = work.session.get_one(Resident, row.merged_into)
    return open_resident(work, row).identity.full_name


def _open(work: Work, entry: JournalRecord) -> dict[str, str]:
    """Open the data sealed with an entry. Raises NotFound when its owner is gone."""
    kind, _, identifier = (entry.owner or "").partition(":")
    if kind == "resident":
        return open_payload(work, entry.id, resident_key(work, work.session.get_one(Resident, identifier)))
    if kind == "organisation":
        wrapped = work.session.get_one(Organisation, identifier).wrapped_key
        return open_payload(work, entry.id, work.keyring.unwrap(wrapped))
    if kind == "installation":
        return open_payload(work, entry.id, under_installation(work, {}).key)
    raise NotFound


def _resident(work: Work, identifier: str) -> Resident | None:
    """Return a resident of the organisations this auditor audits, not erased before this unit ends."""
    row = work.session.get(Resident, identifier, with_for_update={"read": True, "key_share": True})
    audited = work.person().audited
    return row if row is not None and (audited is None or row.organisation_id in audited) else None


def _people(work: Work, identifiers: list[str]) -> set[str]:
    """Return those of these people who work in the organisations this auditor audits."""
    audited = work.person().audited
    query = select(Person.id).where(col(Person.id).in_(identifiers))
    if audited is not None:
        inside = select(Membership.person_id).where(col(Membership.organisation_id).in_(audited))
        query = query.where(col(Person.id).in_(inside))
    return set(work.session.exec(query)) if identifiers else set()
