"""Making one record of two, and two again: what hangs on the one set aside goes to the one kept, and back.

The other's mandates are sealed anew under the kept one's key, so that texts and codes open as before. The record set aside
keeps identity and key for thirty days. Versions only grow, so that a text waiting for a signature, which quotes one identity,
is never activated under the other. A sheet printed for the one set aside opens the one kept; visits already open end.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Sequence
from typing import Any, Final

from sqlmodel import col, select

from aidants.assistance.models import Assistance
from aidants.db import Work
from aidants.errors import Refused
from aidants.guides.models import Run
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates.deaths import earlier
from aidants.mandates.handover import hand_over, lock_mandates
from aidants.residents import holds, merges, requests, services
from aidants.residents.merges import REVERSIBLE
from aidants.residents.models import AccessCode, Resident, ResidentMerge

SECOND: Final = N_("Une autre personne de l’équipe doit confirmer : regardez les deux fiches ensemble.")
CLOSED: Final = N_("Cette réunion est déjà décidée, ou date de plus de 30 jours. Rien n’a changé.")


def confirm(work: Work, merge_id: str) -> None:
    """Make one record of two: a second helper says so. Nothing happens the second time.

    Raises NotFound, also when one of the two is erased or set aside, and Refused for who proposed it and for what was declined.
    """
    row = merges.get_merge(work, merge_id, lock=True)
    if row.closed_at is not None:
        raise Refused(CLOSED, code="merge_closed")
    if row.confirmed_at is not None:
        return
    if row.proposed_by == work.person().person_id:
        raise Refused(SECOND, code="same_helper")
    lock_mandates(work, (row.kept_id, row.other_id))
    both = merges.lock_pair(work, row.kept_id, row.other_id)
    kept, other = both[row.kept_id], both[row.other_id]
    moved = {
        "mandate": hand_over(work, other, kept),
        "assistance": _move(work, Assistance, other.id, kept.id),
        "run": _move(work, Run, other.id, kept.id),
        "request": requests.hand_over(work, other, kept),
        "code": _move(work, AccessCode, other.id, kept.id),
    }
    holds.pass_on(other, kept)
    kept.death_reported_at = earlier(kept.death_reported_at, other.death_reported_at)
    kept.version = max(kept.version, other.version) + 1
    kept.last_visit_at = max(kept.last_visit_at, other.last_visit_at)
    other.merged_into = kept.id
    services.unindex(work, other.id)
    row.confirmed_by, row.confirmed_at, row.moved = work.person().person_id, work.now, json.dumps(moved)
    work.session.add_all([row, kept, other])
    record(
        work,
        actions.ResidentsMerged(
            resident=kept.id,
            other=other.id,
            mandates=len(moved["mandate"]),
            sittings=len(moved["assistance"]),
            walks=len(moved["run"]),
        ),
    )


def undo(work: Work, merge_id: str) -> None:
    """Make two records again of what was one; what was made since stays with the one kept. Nothing happens the second time.

    Raises NotFound, and Refused for a merge never made, thirty days old, or whose kept record is itself set aside.
    """
    row = merges.get_merge(work, merge_id, lock=True)
    if row.confirmed_at is not None and row.closed_at is not None and row.moved != "{}":
        return
    if row.confirmed_at is None or row.closed_at is not None or work.now > row.confirmed_at + REVERSIBLE:
        raise Refused(CLOSED, code="merge_closed")
    lock_mandates(work, (row.kept_id,))
    kept, other = services.hold(work, row.kept_id), services.hold(work, row.other_id)
    if kept.merged_into is not None:
        raise Refused(N_("Séparez d’abord la réunion la plus récente de cette fiche."), code="merge_closed")
    _put_back(work, row, kept, other)


def put_back(work: Work, other: Resident) -> None:
    """Undo the merge that set a record aside, if it still can be, before this record is erased alone."""
    row = merges.merge_of(work, other.id) if other.merged_into is not None else None
    if row is None:
        return
    kept = services.hold(work, row.kept_id)
    put_back(work, kept)
    _put_back(work, row, kept, other)


def _put_back(work: Work, row: ResidentMerge, kept: Resident, other: Resident) -> None:
    moved: dict[str, list[str]] = json.loads(row.moved)
    hand_over(work, kept, other, moved["mandate"])
    _move(work, Assistance, kept.id, other.id, moved["assistance"])
    _move(work, Run, kept.id, other.id, moved["run"])
    requests.hand_over(work, kept, other, moved.get("request", ()))
    _move(work, AccessCode, kept.id, other.id, moved.get("code", ()))
    other.merged_into = None
    other.version = max(kept.version, other.version) + 1
    row.closed_at = work.now
    work.session.add_all([row, other])
    work.session.flush()
    services.index(work, other, services.open_resident(work, other).identity)
    record(
        work,
        actions.ResidentsUnmerged(resident=kept.id, other=other.id, organisation=other.organisation_id),
    )


def _move(
    work: Work,
    model: type[Assistance | Run | AccessCode],
    source: str,
    target: str,
    only: Collection[str] | None = None,
) -> list[str]:
    query = select(model).where(model.resident_id == source)
    if only is not None:
        query = query.where(col(model.id).in_(only))
    rows: Sequence[Any] = work.session.exec(query.order_by(model.id).with_for_update()).all()
    for row in rows:
        row.resident_id = target
        work.session.add(row)
    return [row.id for row in rows]
