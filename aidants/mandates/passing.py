"""Going on with a mandate that was given to another organisation: a new one here, prefilled, with a new consent (art. 1994).

The resident brings the code of their paper. The other organisation's mandate is untouched, and its journal says that the
code was used.
"""

from __future__ import annotations

from typing import Final

from aidants.accounts import throttle
from aidants.db import Work
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates.queries import MandateView, find_by_code
from aidants.mandates.renewal import draft_after, may_renew, open_draft_after
from aidants.mandates.services import refuse_dead
from aidants.residents.identity import is_named
from aidants.residents.models import Resident
from aidants.residents.services import Known, keep_resident, lock_helper, open_resident

THROTTLE: Final = "take-over"
LIMIT: Final = 5
"""Codes that are not this person's, by helper, in ``throttle.WINDOW``."""
REFUSALS: Final = {
    "unknown": N_(
        "Ce code n’est pas celui d’un mandat de cette personne. Relisez son papier, et sa fiche : nom, naissance."
    ),
    "own": N_("Ce mandat est déjà le vôtre. Ouvrez-le sur sa fiche, puis renouvelez-le."),
    "over": N_("Ce mandat a été arrêté, ou est fini depuis plus d’un an. Préparez-en un nouveau."),
}


class NotTakenOver(ValueError):
    """No draft was made; ``code`` says why: ``unknown`` (also somebody else's), ``own`` or ``over``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def take_over(work: Work, resident_id: str, code: str) -> str:
    """Start a draft here with the procedures of another organisation's mandate; the same press twice makes one.

    Raises NotFound, TooManyTries after five codes that are not this person's, Refused after a reported death, NotTakenOver.
    """
    throttle.check(work, THROTTLE, work.person().person_id, LIMIT)
    lock_helper(work)
    known = keep_resident(work, resident_id)
    refuse_dead(work, known)
    found = find_by_code(work, code)
    if found is None or found.row.activated_at is None or not _same_person(work, known, found):
        throttle.count(work, THROTTLE, work.person().person_id)
        raise NotTakenOver("unknown")
    if found.row.organisation_id == work.organisation_id:
        raise NotTakenOver("own")
    if not may_renew(found, work.now):
        raise NotTakenOver("over")
    draft = open_draft_after(work, found)
    if draft is not None:
        return draft
    record(
        work,
        actions.MandateVerified(outcome="taken_over", mandate=found.row.id, organisation=found.row.organisation_id),
    )
    return draft_after(work, found, known.id)


def _same_person(work: Work, known: Known, found: MandateView) -> bool:
    theirs = work.session.get(Resident, found.row.resident_id) if found.row.resident_id else None
    if theirs is None:
        return False
    mine = known.identity
    typed = f"{mine.given_names} {mine.birth_name} {mine.usual_name}"
    return is_named(open_resident(work, theirs).identity, typed, mine.birth_date)
