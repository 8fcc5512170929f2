"""Opening and closing a sitting."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants.assistance.models import Assistance
from aidants.dates import local_day
from aidants.db import Work
from aidants.errors import NotFound
from aidants.journal import actions
from aidants.journal.services import record
from aidants.residents.services import keep_resident, lock_helper, note_visit

_CURRENT: Final = (
    select(Assistance)
    .where(
        Assistance.helper_id == sa.bindparam("helper"),
        Assistance.organisation_id == sa.bindparam("organisation"),
        col(Assistance.closed_at).is_(None),
    )
    .order_by(col(Assistance.opened_at).desc())
    .limit(1)
)


def current(work: Work) -> Assistance | None:
    """Return the sitting this helper has open, the latest if there are several."""
    which = {"helper": work.person().person_id, "organisation": work.person().organisation_id}
    return work.session.exec(_CURRENT, params=which).first()


def receive(work: Work, resident_id: str | None) -> Assistance:
    """Open a sitting with a resident (or anonymous), or return the one already open with them.

    A sitting with somebody else, or of another day, ends first: one person at a time at the counter.
    """
    actor = work.person()
    assert actor.organisation_id is not None
    known = keep_resident(work, resident_id) if resident_id is not None else None
    lock_helper(work)
    opened = current(work)
    if known is not None:
        note_visit(work, known.row)
    if opened is not None:
        zone = work.settings.zone
        if opened.resident_id == resident_id and local_day(opened.opened_at, zone) == local_day(work.now, zone):
            return opened
        close(work, opened.id)
    assistance = Assistance(
        organisation_id=actor.organisation_id, helper_id=actor.person_id, resident_id=resident_id, opened_at=work.now
    )
    work.session.add(assistance)
    work.session.flush()
    record(work, actions.AssistanceStarted(assistance=assistance.id, resident=resident_id))
    return assistance


def forget(work: Work, resident_id: str) -> None:
    """Take the resident out of their sittings; one that is open ends."""
    for sitting in work.session.exec(select(Assistance).where(Assistance.resident_id == resident_id)):
        if sitting.closed_at is None:
            _end(work, sitting)
        sitting.resident_id = None
        work.session.add(sitting)


def close(work: Work, assistance_id: str) -> None:
    """End a sitting; nothing happens the second time. Raises NotFound for a sitting that is not this helper's."""
    query = select(Assistance).where(Assistance.id == assistance_id, Assistance.helper_id == work.person().person_id)
    assistance = work.session.exec(query.with_for_update()).one_or_none()
    if assistance is None:
        raise NotFound
    if assistance.closed_at is None:
        _end(work, assistance)


def _end(work: Work, assistance: Assistance) -> None:
    assistance.closed_at = work.now
    work.session.add(assistance)
    minutes = int((work.now - assistance.opened_at).total_seconds() // 60)
    ended = actions.AssistanceEnded(
        organisation=assistance.organisation_id,
        assistance=assistance.id,
        resident=assistance.resident_id,
        minutes=minutes,
    )
    record(work, ended)
