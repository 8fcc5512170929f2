"""What a verification leaves behind: one journal entry, and one bad try when the code is unknown."""

from __future__ import annotations

from typing import Final

from aidants.accounts import throttle
from aidants.db import Work
from aidants.errors import NotFound
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates.models import Mandate
from aidants.portal.queries import Answer, Verdict
from aidants.residents.identity import is_named
from aidants.residents.models import Resident
from aidants.residents.services import open_resident

THROTTLE: Final = "verify"
PERSON: Final = "verify-person"
PERSON_LIMIT: Final = 5
LIMIT: Final = 30
"""Unknown codes an address may try in 15 minutes (``throttle.WINDOW``)."""


def check_tries(work: Work, address: str) -> None:
    """Raise TooManyTries when this address has tried too many unknown codes."""
    throttle.check(work, THROTTLE, address, LIMIT)


def concerns(work: Work, verdict: Verdict, name: str, born: str) -> bool:
    """Tell whether a valid mandate is about the person of this name and birth date (ISO), and journal the question.

    Raises TooManyTries after PERSON_LIMIT wrong answers about one mandate, and NotFound when its resident is gone.
    """
    assert verdict.mandate_id is not None
    throttle.check(work, PERSON, verdict.mandate_id, PERSON_LIMIT)
    mandate = work.session.get_one(Mandate, verdict.mandate_id)
    row = work.session.get(Resident, mandate.resident_id) if mandate.resident_id else None
    if row is None:
        raise NotFound
    found = is_named(open_resident(work, row).identity, name, born)
    if not found:
        throttle.count(work, PERSON, verdict.mandate_id)
        throttle.count(work, THROTTLE, work.address)
    outcome = "person_yes" if found else "person_no"
    asked = actions.MandateVerified(outcome=outcome, mandate=mandate.id, organisation=mandate.organisation_id)
    record(work, asked)
    return found


def note_verification(work: Work, verdict: Verdict, admitted: int | None) -> None:
    """Count an unknown code against the address, and journal the check when the flood gate ``admitted`` it.

    ``admitted`` is None, or how many checks of this address were left out before this one.
    """
    if verdict.answer is Answer.UNKNOWN:
        throttle.count(work, THROTTLE, work.address)
    if admitted is not None:
        record(
            work,
            actions.MandateVerified(
                outcome=verdict.outcome,
                mandate=verdict.mandate_id,
                organisation=verdict.organisation_id,
                count=admitted or None,
            ),
        )
