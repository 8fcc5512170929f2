"""Creating, finding and opening residents. Rows are reached only through ``visible_residents``."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants.accounts.models import Organisation, Person
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
    alike: bool = False
    """Nobody bears the name; these sound like it."""


_PRESENT: Final = col(Resident.merged_into).is_(None)


def visible_residents(actor: Actor) -> SelectOfScalar[Resident]:
    """Return the rows this actor may see: those of the organisation they work in, without those set aside by a merge."""
    return select(Resident).where(Resident.organisation_id == actor.organisation_id, _PRESENT)


_VISIBLE_ONE: Final = select(Resident).where(
    Resident.organisation_id == sa.bindparam("organisation"), Resident.id == sa.bindparam("id"), _PRESENT
)
"""``visible_residents`` for one id, built once: it runs before most pages."""


def get_resident(work: Work, resident_id: str) -> Known:
    """Return one resident, opened. Raises NotFound for an unknown id and for another organisation's alike."""
    which = {"organisation": work.organisation_id, "id": resident_id}
    row = work.session.exec(_VISIBLE_ONE, params=which).one_or_none()
    if row is None or not work.reaches(resident_id):
        raise NotFound
    return open_resident(work, row)


_KEPT: Final = _VISIBLE_ONE.with_for_update(read=True, key_share=True)


def keep_resident(work: Work, resident_id: str) -> Known:
    """Return a resident who is neither erased nor set aside until the unit ends, for acts that add a row to them.

    Raises NotFound.
    """
    which = {"organisation": work.organisation_id, "id": resident_id}
    row = work.session.exec(_KEPT, params=which).one_or_none()
    if row is None or not work.reaches(resident_id):
        raise NotFound
    return open_resident(work, row)


def lock_resident(work: Work, resident_id: str) -> None:
    """Hold a resident's row until the end of the unit: acts that must see each other take turns (PostgreSQL)."""
    work.session.exec(select(Resident.id).where(Resident.id == resident_id).with_for_update()).one()


def lock_helper(work: Work) -> None:
    """Hold the actor's own row until the end of the unit: the same form sent twice at once is seen as sent twice."""
    work.session.exec(select(Person.id).where(Person.id == work.person().person_id).with_for_update()).one()


def resident_key(work: Work, row: Resident) -> bytes:
    """Return the resident's own key, under which their papers and journal payloads are sealed."""
    return work.keyring.unwrap(row.wrapped_key)


def open_resident(work: Work, row: Resident) -> Known:
    """Open the identity of a row the actor may see. Raises Corrupted."""
    values = open_json(resident_key(work, row), row.sealed, row.id)
    return Known(row.id, Identity.from_dict(values), row)


_WRAPPED_KEY: Final = select(Organisation.wrapped_key).where(Organisation.id == sa.bindparam("organisation"))


def organisation_key(work: Work, organisation_id: str | None) -> bytes:
    """Return the key under which an organisation's own payloads are sealed, and from which its search key is derived."""
    which = {"organisation": organisation_id}
    return work.keyring.unwrap(work.session.exec(_WRAPPED_KEY, params=which).one())


def search_key(work: Work) -> bytes:
    """Return the key of the blind indexes of the actor's organisation."""
    return derive(organisation_key(work, work.person().organisation_id), "search")


def create_resident(work: Work, identity: Identity) -> str:
    """Create a resident and return the id. The same form sent twice within two minutes creates one."""
    actor = work.person()
    assert actor.organisation_id is not None
    lock_helper(work)
    lock_new_residents(work)
    twin = just_created(work, identity)
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
    index(work, row, identity)
    record(work, actions.ResidentCreated(resident=row.id))
    return row.id


def lock_new_residents(work: Work) -> None:
    """Let one unit at a time create residents in the actor's organisation: each sees whom the one before created."""
    here = select(Organisation.id).where(Organisation.id == work.person().organisation_id)
    work.session.exec(here.with_for_update(key_share=True)).one()


def just_created(work: Work, identity: Identity) -> str | None:
    """Return the resident whom this helper created with the same identity less than two minutes ago."""
    recent = visible_residents(work.person()).where(
        Resident.created_by == work.person().person_id, Resident.last_visit_at > work.now - _TWICE
    )
    for row in work.session.exec(recent):
        if open_resident(work, row).identity == identity:
            return row.id
    return None


def index(work: Work, row: Resident, identity: Identity) -> None:
    """Store what finds a resident."""
    key = derive(organisation_key(work, row.organisation_id), "search")
    work.session.add_all(
        ResidentToken(organisation_id=row.organisation_id, kind=kind, token=token, resident_id=row.id)
        for kind, token in set(tokens(key, identity))
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
        sex=known.identity.sex,
        birthplace_insee=known.identity.birthplace_insee,
        birthcountry_insee=known.identity.birthcountry_insee,
    )
    locked.sealed = seal_json(resident_key(work, locked), identity.to_dict(), locked.id)
    locked.version += 1
    unindex(work, resident_id)
    index(work, locked, identity)
    changed = sorted(name for name, value in identity.to_dict().items() if value != known.identity.to_dict().get(name))
    record(work, actions.ResidentChanged(resident=resident_id, fields=tuple(changed)))
    return True


def everybody() -> sa.Select[tuple[str]]:
    """Select the ids of all residents, of every organisation: for the verification, which knows no room but its own."""
    return sa.select(col(Resident.id))


def hold(work: Work, resident_id: str) -> Resident:
    """Return a resident of any organisation; until the unit ends nobody writes anything that names them. Raises NotFound."""
    row = work.session.exec(select(Resident).where(Resident.id == resident_id).with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    return row


def forget(work: Work, row: Resident) -> None:
    """Delete the identity, its key and what finds it."""
    unindex(work, row.id)
    work.session.delete(row)


def unindex(work: Work, resident_id: str) -> None:
    """Delete what finds a resident."""
    for token in work.session.exec(select(ResidentToken).where(ResidentToken.resident_id == resident_id)):
        work.session.delete(token)
    work.session.flush()


def search(work: Work, query: Query) -> Found:
    """Find residents of the actor's organisation: blind indexes first, then opened and filtered in memory.

    When nobody bears the name, those whose family name sounds alike are offered.
    """
    key = search_key(work)
    entries = query.tokens(key)
    if not entries:
        return Found(too_short=True)
    rows = candidates(work, and_(*(col(Resident.id).in_(holders(work, [entry])) for entry in entries)))
    if rows is None:
        return Found(too_many=True)
    matching = [known for known in (open_resident(work, row) for row in rows) if query.matches(known.identity)]
    if not matching and query.words:
        alike = candidates(work, col(Resident.id).in_(holders(work, query.sounds(key)))) or ()
        matching = [known for known in (open_resident(work, row) for row in alike) if query.resembles(known.identity)]
        return Found(tuple(matching[:SHOWN]), alike=True)
    return Found(tuple(matching[:SHOWN]), too_many=len(matching) > SHOWN)


def holders(work: Work, entries: list[tuple[str, int]]) -> SelectOfScalar[str]:
    """Select the ids of residents that have one of these blind index entries."""
    here = ResidentToken.organisation_id == work.person().organisation_id
    one_of = or_(*(and_(ResidentToken.kind == kind, ResidentToken.token == token) for kind, token in entries))
    return select(ResidentToken.resident_id).where(here, one_of)


def candidates(work: Work, condition: ColumnElement[bool]) -> Sequence[Resident] | None:
    """Return the rows to open, last received first; None when they are too many to open."""
    query = visible_residents(work.person()).where(condition).order_by(col(Resident.last_visit_at).desc())
    rows = work.session.exec(query.limit(MAX_CANDIDATES + 1)).all()
    return None if len(rows) > MAX_CANDIDATES else rows


_RECENT: Final = (
    select(Resident)
    .where(Resident.organisation_id == sa.bindparam("organisation"), _PRESENT)
    .order_by(col(Resident.last_visit_at).desc(), col(Resident.id).desc())
    .limit(SHOWN)
)


def recent(work: Work) -> tuple[Known, ...]:
    """Return the residents last received, newest first."""
    which = {"organisation": work.person().organisation_id}
    return tuple(open_resident(work, row) for row in work.session.exec(_RECENT, params=which))


def journal_search(work: Work, shown: tuple[Known, ...], kind: str) -> None:
    """Journal a search or list as one entry whose sealed payload holds the opaque ids shown."""
    owner = f"organisation:{work.person().organisation_id}"
    key = organisation_key(work, work.person().organisation_id)
    ids = Private(owner, key, {"shown": " ".join(known.id for known in shown)})
    record(work, actions.ResidentSearched(results=len(shown), criteria=(kind,)), ids)


def journal_view(work: Work, resident_id: str) -> Known:
    """Journal the reading of one record (once per actor, session and 15 minutes) and return it. Raises NotFound."""
    which = {"organisation": work.organisation_id, "id": resident_id}
    row = work.session.exec(_VISIBLE_ONE, params=which).one_or_none()
    if row is None or not work.reaches(resident_id):
        raise NotFound
    record_read(work, actions.ResidentViewed(resident=resident_id))
    return open_resident(work, row)


def note_visit(work: Work, row: Resident) -> None:
    """Move a resident to the top of the list."""
    row.last_visit_at = max(row.last_visit_at, work.now)
    work.session.add(row)
