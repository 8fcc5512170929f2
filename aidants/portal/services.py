"""What a verification leaves behind: one journal entry, and one bad try when the code is unknown."""

from __future__ import annotations

from typing import Final

from aidants.accounts import throttle
from aidants.db import Work
from aidants.journal import actions
from aidants.journal.services import record
from aidants.portal.queries import Answer, Verdict

THROTTLE: Final = "verify"
LIMIT: Final = 30
"""Unknown codes an address may try in 15 minutes (``throttle.WINDOW``)."""


def check_tries(work: Work, address: str) -> None:
    """Raise TooManyTries when this address has tried too many unknown codes."""
    throttle.check(work, THROTTLE, address, LIMIT)


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
