"""What waits for the whole team: consents to receive, drafts to finish, mandates that end; flat however many there are."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants.counter.queries import Line
from aidants.db import Work
from aidants.journal.models import table_of
from aidants.mandates.lifecycle import DRAFT_LASTS, State
from aidants.mandates.models import Mandate
from aidants.residents.models import Resident
from aidants.residents.services import open_resident

PAGE: Final = 20
MONTH: Final = timedelta(days=31)


class Wait(StrEnum):
    """Which list; the values stand in the address."""

    CONSENT = "accords"
    DRAFT = "brouillons"
    END = "fins"


@dataclass(frozen=True, slots=True)
class Lines:
    """One page of a list; ``after`` opens the next one, None on the last."""

    lines: tuple[Line, ...]
    after: str | None


def _list(order: Any, *conditions: sa.ColumnElement[bool], newest: bool) -> Any:
    """Return the statement of a list: the next page in the order of an index, from the place where the last one ended."""
    place = sa.tuple_(order, col(Mandate.id))
    edge = sa.tuple_(sa.bindparam("at", type_=order.type), sa.bindparam("id", type_=sa.String))
    return (
        select(Mandate, Resident)
        .join(Resident, col(Resident.id) == Mandate.resident_id)
        .where(Mandate.organisation_id == sa.bindparam("organisation"), *conditions)
        .where(place < edge if newest else place > edge)
        .order_by(*((order.desc(), col(Mandate.id).desc()) if newest else (order, col(Mandate.id))))
        .limit(PAGE + 1)
    )


_STATE, _CREATED, _ENDS = (table_of(Mandate).c[name] for name in ("state", "created_at", "ends_at"))
_LISTS: Final = {
    Wait.CONSENT: _list(_CREATED, _STATE == State.AWAITING_CONSENT, newest=True),
    Wait.DRAFT: _list(
        _CREATED, _STATE == State.DRAFT, sa.bindparam("since", type_=_CREATED.type) <= _CREATED, newest=True
    ),
    Wait.END: _list(_ENDS, _STATE == State.ACTIVE, sa.bindparam("until", type_=_ENDS.type) >= _ENDS, newest=False),
}
_FIRST: Final = datetime(9999, 1, 1, tzinfo=UTC)
"""Where a list of the newest begins."""


def waiting(work: Work, wait: Wait, after: str = "") -> Lines:
    """Return one page of a list of the actor's organisation, from ``after`` on; a place that is none begins anew."""
    start = work.now if wait is Wait.END else _FIRST
    at, mandate_id = _place(after) or (start, "")
    which = {"organisation": work.organisation_id, "at": at, "id": mandate_id}
    which |= {Wait.DRAFT: {"since": work.now - DRAFT_LASTS}, Wait.END: {"until": work.now + MONTH}}.get(wait, {})
    rows = work.session.exec(_LISTS[wait], params=which).all()
    shown = tuple(Line(mandate, open_resident(work, resident)) for mandate, resident in rows[:PAGE])
    return Lines(shown, _written(wait, shown[-1].mandate) if len(rows) > PAGE else None)


def _written(wait: Wait, row: Mandate) -> str:
    at = row.ends_at if wait is Wait.END else row.created_at
    assert at is not None
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S.%f}-{row.id}"


def _place(text: str) -> tuple[datetime, str] | None:
    at, _, mandate_id = text.partition("-")
    try:
        return datetime.strptime(at, "%Y%m%dT%H%M%S.%f").replace(tzinfo=UTC), mandate_id[:26]
    except ValueError:
        return None
