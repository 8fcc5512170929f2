"""What waits for a helper today: texts to sign, mandates that end soon, drafts left open."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final

from sqlalchemy import ColumnElement, bindparam, case
from sqlmodel import col, func, select
from sqlmodel.sql.expression import Select

from aidants.db import UtcDateTime, Work
from aidants.mandates.answers import Answers
from aidants.mandates.lifecycle import DRAFT_LASTS, REMOTE_LASTS, State
from aidants.mandates.models import Mandate
from aidants.procedures import procedure_title
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
        return [procedure_title(name) for name in Answers.from_json(self.mandate.answers).procedures]


def _lines(*conditions: ColumnElement[bool], order: ColumnElement[Any]) -> Select[Mandate, Resident]:
    return (
        select(Mandate, Resident)
        .join(Resident, col(Resident.id) == Mandate.resident_id)
        .where(Mandate.organisation_id == bindparam("organisation"), *conditions)
        .order_by(order)
        .limit(SHOWN)
    )


# Statements built once: building them anew takes longer than running them.
_WAITING: Final = _lines(
    col(Mandate.helper_id) == bindparam("helper"),
    col(Mandate.state).in_([State.DRAFT, State.AWAITING_CONSENT]),
    func.coalesce(Mandate.asked_at, col(Mandate.created_at))
    >= case(
        (
            (col(Mandate.state) == State.AWAITING_CONSENT) & (col(Mandate.consent) == "remote"),
            bindparam("sent_after", type_=UtcDateTime),
        ),
        else_=bindparam("drafted_after", type_=UtcDateTime),
    ),
    order=col(Mandate.created_at).desc(),
)
_ENDING: Final = _lines(
    col(Mandate.state) == State.ACTIVE,
    col(Mandate.ends_at).between(bindparam("now"), bindparam("soon")),
    order=col(Mandate.ends_at).asc(),
)


def desk(work: Work) -> tuple[list[Line], list[Line]]:
    """Return what waits for a signature or an answer (this helper's), and what ends within seven days (the team's)."""
    which = {
        "organisation": work.person().organisation_id,
        "helper": work.person().person_id,
        "drafted_after": work.now - DRAFT_LASTS,
        "sent_after": work.now - REMOTE_LASTS,
        "now": work.now,
        "soon": work.now + SOON,
    }
    return _opened(work, _WAITING, which), _opened(work, _ENDING, which)


def _opened(work: Work, query: Select[Mandate, Resident], which: dict[str, Any]) -> list[Line]:
    return [
        Line(mandate, open_resident(work, resident)) for mandate, resident in work.session.exec(query, params=which)
    ]
