"""Creating, finding and opening residents. Rows are reached only through ``visible_residents``."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants.accounts.models import Organisation
from aidants.crypto import derive, open_json, seal_json
from aidants.db import Work
from aidants.errors import NotFound
from aidants.journal import actions
from aidants.journal.services import Private, record, record_read
from aidants.policy import Actor
from aidants.residents.identity import Identity, Query, tokens
from aidants.residents.models import Resident, ResidentToken

MAX_CANDIDATES: Final = 2000
SHOWN: Final = 20
_TWICE: Final = timedelta(minutes=2)


@dataclass(frozen=True, slots=True)
class Known:
    """A resident with their identity opened."""

    id: str
    identity: Identity
    row: Resident


@dataclass(frozen=True, slots=True)
class Found:
    """Answer of a search. ``too_many`` asks for a more precise question."""

    residents: tuple[Known, ...] = ()
    too_many: bool = False
    too_short: bool = False


def visible_residents(actor: Actor) -> SelectOfScalar[Resident]:
    """Return the rows this actor may see: those of the organisation they work in."""
    return select(Resident).where(Resident.organisation_id == actor.organisation_id)


def get_resident(work: Work, resident_id: str) -> Known:
    """Return one resident, opened. Raises NotFound for an unknown id and for another organisation's alike."""
    row = work.session.exec(visible_residents(work.person()).where(Resident.id == resident_id)).one_or_none()
    if row is None:
        raise NotFound
    return open_resident(work, row)


def resident_key(work: Work, row: Resident) -> bytes:
    """Return the resident's own key, under which their papers and journal payloads are sealed."""
    return work.keyring.unwrap(row.wrapped_key)


def open_resident(work: Work, row: Resident) -> Known:
    """Open the identity of a row the actor may see. Raises Corrupted."""
    values = open_json(resident_key(work, row), row.sealed, row.id)
    return Known(row.id, Identity.from_dict(values), row)


def _organisation_key(work: Work) -> bytes:
    organisation = work.session.get_one(Organisation, work.person().organisation_id)
    return work.keyring.unwrap(organisation.wrapped_key)


def _search_key(work: Work) -> bytes:
    return derive(_organisation_key(work), "search")


def create_resident(work: Work, identity: Identity) -> str:
    """Create a resident and return the id. The same form sent twice within two minutes creates one."""
    actor = work.person()
    assert actor.organisation_id is not None
    search_key = _search_key(work)
    twin = _just_created(work, identity)
    if twin is not None:
        return twin
    key, wrapped = work.keyring.new_wrapped()
    row = Resident(
        organisation_id=actor.organisation_id,
        wrapped_key=wrapped,
        sealed=b"",
        created_by=actor.person_id,
        created_at=work.now,
        last_visit_at=work.now,
    )
    row.sealed = seal_json(key, identity.to_dict(), row.id)
    work.session.add(row)
    work.session.flush()
    _index(work, row, identity, search_key)
    record(work, actions.ResidentCreated(resident=row.id))
    return row.id


def _just_created(work: Work, identity: Identity) -> str | None:
    recent = visible_residents(work.person()).where(
        Resident.created_by == work.person().person_id, Resident.created_at > work.now - _TWICE
    )
    for row in work.session.exec(recent):
        if open_resident(work, row).identity == identity:
            return row.id
    return None


def _index(work: Work, row: Resident, identity: Identity, search_key: bytes) -> None:
    work.session.add_all(
        ResidentToken(organisation_id=row.organisation_id, kind=kind, token=token, resident_id=row.id)
        for kind, token in set(tokens(search_key, identity))
    )


def change_resident(work: Work, resident_id: str, identity: Identity, version: int) -> bool:
    """Store a changed identity; False when somebody else changed the record since ``version`` was shown."""
    known = get_resident(work, resident_id)
    locked = work.session.exec(select(Resident).where(Resident.id == resident_id).with_for_update()).one()
    work.session.refresh(locked)
    if locked.version != version:
        return False
    identity = replace(
        identity,
        language=known.identity.language,
        sex=known.identity.sex,
        birthplace_insee=known.identity.birthplace_insee,
        birthcountry_insee=known.identity.birthcountry_insee,
    )
    locked.sealed = seal_json(resident_key(work, locked), identity.to_dict(), locked.id)
    locked.version += 1
    for old in work.session.exec(select(ResidentToken).where(ResidentToken.resident_id == resident_id)):
        work.session.delete(old)
    work.session.flush()
    _index(work, locked, identity, _search_key(work))
    changed = sorted(name for name, value in identity.to_dict().items() if value != known.identity.to_dict().get(name))
    record(work, actions.ResidentChanged(resident=resident_id, fields=tuple(changed)))
    return True


def search(work: Work, query: Query) -> Found:
    """Find residents of the actor's organisation: blind index first, then opened and filtered in memory."""
    token = query.token(_search_key(work))
    if token is None:
        return Found(too_short=True)
    kind, value = token
    candidates = (
        visible_residents(work.person())
        .join(ResidentToken, col(ResidentToken.resident_id) == Resident.id)
        .where(
            ResidentToken.organisation_id == work.person().organisation_id,
            ResidentToken.kind == kind,
            ResidentToken.token == value,
        )
        .limit(MAX_CANDIDATES + 1)
    )
    rows = work.session.exec(candidates).all()
    if len(rows) > MAX_CANDIDATES:
        return Found(too_many=True)
    matching = [known for known in (open_resident(work, row) for row in rows) if query.matches(known.identity)]
    matching.sort(key=lambda known: known.row.last_visit_at, reverse=True)
    return Found(tuple(matching[:SHOWN]), too_many=len(matching) > SHOWN)


def recent(work: Work, limit: int = SHOWN) -> tuple[Known, ...]:
    """Return the residents last received, newest first."""
    query = visible_residents(work.person()).order_by(col(Resident.last_visit_at).desc(), col(Resident.id)).limit(limit)
    return tuple(open_resident(work, row) for row in work.session.exec(query))


def journal_search(work: Work, shown: tuple[Known, ...], kind: str) -> None:
    """Journal a search or list as one entry whose sealed payload holds the opaque ids shown."""
    owner = f"organisation:{work.person().organisation_id}"
    ids = Private(owner, _organisation_key(work), {"shown": " ".join(known.id for known in shown)})
    record(work, actions.ResidentSearched(results=len(shown), criteria=(kind,)), ids)


def journal_view(work: Work, resident_id: str) -> None:
    """Journal the reading of one record (once per actor, session and 15 minutes)."""
    visible = visible_residents(work.person()).where(Resident.id == resident_id)
    if work.session.exec(visible).one_or_none() is None:
        raise NotFound
    record_read(work, actions.ResidentViewed(resident=resident_id))


def note_visit(work: Work, row: Resident) -> None:
    """Move a resident to the top of the list."""
    row.last_visit_at = max(row.last_visit_at, work.now)
    work.session.add(row)
