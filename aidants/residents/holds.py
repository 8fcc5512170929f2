"""Suspending the erasure of a resident whose mandates or acts are disputed (RGPD art. 17 § 3 e)."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Final

from aidants.db import Work
from aidants.errors import BadRequest, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.residents.models import Resident
from aidants.residents.services import get_resident, lock_resident

REASONS: Final = {
    "claim": N_("Une réclamation ou une plainte est en cours"),
    "court": N_("Une procédure en justice est en cours"),
    "archive": N_("Les archives publiques ont demandé à attendre"),
}
"""Why a record is held: codes only, no free text, for the reason itself may be sensitive."""

LIFTED: Final = {
    "closed": N_("L’affaire est terminée"),
    "mistake": N_("La suspension avait été posée par erreur"),
    "request": N_("La personne le demande"),
}
LONGEST: Final = timedelta(days=6 * 366)
"""Six years: the limitation period of offences."""


def held(row: Resident, now: datetime) -> bool:
    """Tell whether a record may not be erased now."""
    return row.hold_reason is not None and (row.hold_until is None or now < row.hold_until)


def set_hold(work: Work, resident_id: str, reason: str, until: datetime | None) -> None:
    """Suspend the erasure of a resident, until a moment or until it is lifted; a hold already there is replaced.

    Raises NotFound, and BadRequest for an unknown reason or an end that is past or too far.
    """
    if reason not in REASONS or (until is not None and not work.now < until <= work.now + LONGEST):
        raise BadRequest
    row = _locked(work, resident_id)
    if (row.hold_reason, row.hold_until) == (reason, until):
        return
    row.hold_reason, row.hold_until = reason, until
    work.session.add(row)
    day = until.astimezone(UTC).date().isoformat() if until is not None else None
    record(work, actions.ResidentHoldSet(resident=row.id, reason=reason, until=day))


def lift_hold(work: Work, resident_id: str, reason: str) -> None:
    """Let a resident be erased again; nothing happens when it is not held. Raises NotFound, BadRequest for another reason."""
    if reason not in LIFTED:
        raise BadRequest
    row = _locked(work, resident_id)
    if row.hold_reason is None:
        return
    row.hold_reason = row.hold_until = None
    work.session.add(row)
    record(work, actions.ResidentHoldLifted(resident=row.id, reason=reason))


def refuse_held(work: Work, row: Resident) -> None:
    """Raise Refused when a record may not be erased now."""
    if held(row, work.now):
        message = N_(
            "L’effacement de cette fiche est suspendu. Il faut d’abord lever la suspension, ou en attendre la fin."
        )
        raise Refused(message, code="on_hold")


def pass_on(source: Resident, target: Resident) -> None:
    """Give the hold of a record to the one that takes its place; of two, the longer stays."""
    if source.hold_reason is None:
        return
    longer = source.hold_until is None or (target.hold_until is not None and source.hold_until > target.hold_until)
    if target.hold_reason is None or longer:
        target.hold_reason, target.hold_until = source.hold_reason, source.hold_until


def _locked(work: Work, resident_id: str) -> Resident:
    row = get_resident(work, resident_id).row
    lock_resident(work, resident_id)
    work.session.refresh(row)
    return row
