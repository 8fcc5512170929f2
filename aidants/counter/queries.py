"""What waits for a helper today: texts to sign, mandates that end soon, drafts left open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from sqlmodel import and_, col, or_, select

from aidants.db import Work
from aidants.mandates.answers import Answers
from aidants.mandates.lifecycle import State
from aidants.mandates.models import Mandate
from aidants.procedures import PROCEDURES
from aidants.residents.models import Resident
from aidants.residents.services import Known, open_resident

SOON: Final = timedelta(days=7)
SHOWN: Final = 5


@dataclass(frozen=True, slots=True)
class Line:
    """A mandate with its person, on the desk."""

    mandate: Mandate
    resident: Known

    @property
    def titles(self) -> list[str]:
        """Titles of the procedures, as people say them."""
        return [PROCEDURES[name].title for name in Answers.from_json(self.mandate.answers).procedures]


def desk(work: Work) -> tuple[list[Line], list[Line]]:
    """Return what waits for a signature or an answer (this helper's), and what ends within seven days (the team's)."""
    state, last = col(Mandate.state), col(Mandate.ends_at)
    mine = and_(Mandate.helper_id == work.person().person_id, state.in_([State.DRAFT, State.AWAITING_CONSENT]))
    ends = and_(state == State.ACTIVE, last >= work.now, last <= work.now + SOON)
    query = (
        select(Mandate, Resident)
        .join(Resident, col(Resident.id) == Mandate.resident_id)
        .where(Mandate.organisation_id == work.person().organisation_id, or_(mine, ends))
        .order_by(last, col(Mandate.created_at).desc())
        .limit(4 * SHOWN)
    )
    lines = [Line(mandate, open_resident(work, resident)) for mandate, resident in work.session.exec(query)]
    waiting = [line for line in lines if line.mandate.state != State.ACTIVE][:SHOWN]
    return waiting, [line for line in lines if line.mandate.state == State.ACTIVE][:SHOWN]
