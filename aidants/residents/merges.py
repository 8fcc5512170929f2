"""Proposals and merges of two records of one person, as rows; what a merge moves is ``counter.merging``'s."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import and_, col, or_, select

from aidants.db import Work
from aidants.errors import BadRequest, NotFound
from aidants.journal import actions
from aidants.journal.services import record
from aidants.residents.models import Resident, ResidentMerge
from aidants.residents.services import Known, open_resident, visible_residents

REVERSIBLE: Final = timedelta(days=30)


@dataclass(frozen=True, slots=True)
class Pair:
    """A proposal or a merge with the other record it names, opened."""

    row: ResidentMerge
    with_whom: Known

    @property
    def done(self) -> bool:
        """Whether the two are one now."""
        return self.row.confirmed_at is not None


_WHICH: Final[sa.BindParameter[str]] = sa.bindparam("resident")
_OF_RESIDENT: Final = (
    select(ResidentMerge, Resident)
    .join(
        Resident,
        or_(
            and_(ResidentMerge.kept_id == _WHICH, Resident.id == ResidentMerge.other_id),
            and_(ResidentMerge.other_id == _WHICH, Resident.id == ResidentMerge.kept_id),
        ),
    )
    .where(
        ResidentMerge.organisation_id == sa.bindparam("organisation"),
        or_(ResidentMerge.kept_id == _WHICH, ResidentMerge.other_id == _WHICH),
        col(ResidentMerge.closed_at).is_(None),
    )
    .order_by(col(ResidentMerge.proposed_at).desc())
    .limit(5)
)


def pairs_of(work: Work, resident_id: str) -> list[Pair]:
    """Return what is proposed about a resident, and what can still be undone."""
    which = {"organisation": work.person().organisation_id, "resident": resident_id}
    found = work.session.exec(_OF_RESIDENT, params=which)
    return [Pair(row, open_resident(work, other)) for row, other in found]


def get_merge(work: Work, merge_id: str, *, lock: bool = False) -> ResidentMerge:
    """Return one merge. Raises NotFound for an unknown one and for another organisation's alike."""
    query = select(ResidentMerge).where(
        ResidentMerge.id == merge_id, ResidentMerge.organisation_id == work.person().organisation_id
    )
    row = work.session.exec(query.with_for_update() if lock else query).one_or_none()
    if row is None:
        raise NotFound
    if lock:
        work.session.refresh(row)
    return row


def both(work: Work, row: ResidentMerge) -> tuple[Known, Known]:
    """Return the record kept and the other, opened. Raises NotFound when one is gone, or its identity deleted."""
    found = {one.id: one for one in work.session.exec(select(Resident).where(col(Resident.id).in_(_ids(row))))}
    if len(found) != 2 or not all(one.sealed for one in found.values()):
        raise NotFound
    return open_resident(work, found[row.kept_id]), open_resident(work, found[row.other_id])


def _ids(row: ResidentMerge) -> tuple[str, str]:
    return row.kept_id, row.other_id


def propose(work: Work, kept_id: str, other_id: str) -> str:
    """Propose that two residents are one person and return the proposal; the one already open for both is returned.

    Raises NotFound for a resident who is not the organisation's, BadRequest for one and the same.
    """
    if kept_id == other_id:
        raise BadRequest
    lock_pair(work, kept_id, other_id)
    both = (kept_id, other_id)
    open_one = select(ResidentMerge.id).where(
        col(ResidentMerge.kept_id).in_(both),
        col(ResidentMerge.other_id).in_(both),
        col(ResidentMerge.closed_at).is_(None),
    )
    found = work.session.exec(open_one).first()
    if found is not None:
        return found
    actor = work.person()
    assert actor.organisation_id is not None
    row = ResidentMerge(
        organisation_id=actor.organisation_id,
        kept_id=kept_id,
        other_id=other_id,
        proposed_by=actor.person_id,
        proposed_at=work.now,
    )
    work.session.add(row)
    work.session.flush()
    record(work, actions.MergeProposed(resident=kept_id, other=other_id))
    return row.id


def lock_pair(work: Work, one: str, other: str) -> dict[str, Resident]:
    """Hold two residents of the actor's organisation until the unit ends. Raises NotFound unless both are there."""
    query = visible_residents(work.person()).where(col(Resident.id).in_([one, other]))
    rows = work.session.exec(query.order_by(Resident.id).with_for_update()).all()
    if {row.id for row in rows} != {one, other}:
        raise NotFound
    for row in rows:
        work.session.refresh(row)
    return {row.id: row for row in rows}


def decline(work: Work, merge_id: str) -> None:
    """Leave both records apart; nothing happens once it was decided."""
    row = get_merge(work, merge_id, lock=True)
    if row.confirmed_at is None and row.closed_at is None:
        row.closed_at = work.now
        work.session.add(row)
        record(work, actions.MergeDeclined(resident=row.kept_id, other=row.other_id))


def set_aside(work: Work, resident_id: str) -> Iterator[Resident]:
    """Yield the records set aside for one that is kept, the deepest first, until the unit ends held."""
    query = select(Resident).where(Resident.merged_into == resident_id).order_by(Resident.id).with_for_update()
    for row in work.session.exec(query).all():
        yield from set_aside(work, row.id)
        yield row


def merge_of(work: Work, other_id: str) -> ResidentMerge | None:
    """Return the merge that set a record aside and can still be undone."""
    query = select(ResidentMerge).where(
        ResidentMerge.other_id == other_id,
        col(ResidentMerge.confirmed_at).is_not(None),
        col(ResidentMerge.closed_at).is_(None),
    )
    return work.session.exec(query.with_for_update()).one_or_none()


def forget_merges(work: Work, resident_id: str) -> None:
    """Delete every proposal and merge that names a resident who is erased."""
    about = or_(ResidentMerge.kept_id == resident_id, ResidentMerge.other_id == resident_id)
    for row in work.session.exec(select(ResidentMerge).where(about)).all():
        work.session.delete(row)
    work.session.flush()


def forget_merged(work: Work) -> int:
    """Make merges older than thirty days final and return how many: the identity set aside is deleted.

    Of the record set aside remain its pseudonym and its key, under which entries of the journal are sealed; both go when the
    record kept is erased.
    """
    due = select(ResidentMerge).where(
        col(ResidentMerge.confirmed_at) <= work.now - REVERSIBLE, col(ResidentMerge.closed_at).is_(None)
    )
    rows = work.session.exec(due.order_by(ResidentMerge.id).with_for_update()).all()
    for row in rows:
        other = work.session.get_one(Resident, row.other_id, with_for_update=True)
        other.sealed = b""
        row.closed_at, row.moved = work.now, "{}"
        work.session.add_all([other, row])
        settled = actions.MergeSettled(resident=row.kept_id, other=row.other_id, organisation=row.organisation_id)
        record(work, settled)
    return len(rows)
