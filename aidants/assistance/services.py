"""Opening and closing a sitting."""

from __future__ import annotations

from sqlmodel import col, select

from aidants.assistance.models import Assistance
from aidants.db import Work
from aidants.errors import NotFound
from aidants.journal import actions
from aidants.journal.services import record
from aidants.residents.services import get_resident, note_visit


def current(work: Work) -> Assistance | None:
    """Return the sitting this helper has open, the latest if there are several."""
    query = (
        select(Assistance)
        .where(
            Assistance.helper_id == work.person().person_id,
            Assistance.organisation_id == work.person().organisation_id,
            col(Assistance.closed_at).is_(None),
        )
        .order_by(col(Assistance.opened_at).desc())
    )
    return work.session.exec(query).first()


def receive(work: Work, resident_id: str | None) -> Assistance:
    """Open a sitting with a resident (or anonymous), or return the one already open with them.

    A sitting with somebody else ends first: one person at a time at the counter.
    """
    actor = work.person()
    assert actor.organisation_id is not None
    known = get_resident(work, resident_id) if resident_id is not None else None
    opened = current(work)
    if opened is not None:
        if opened.resident_id == resident_id:
            return opened
        close(work, opened.id)
    assistance = Assistance(
        organisation_id=actor.organisation_id, helper_id=actor.person_id, resident_id=resident_id, opened_at=work.now
    )
    work.session.add(assistance)
    work.session.flush()
    if known is not None:
        note_visit(work, known.row)
    record(work, actions.AssistanceStarted(assistance=assistance.id, resident=resident_id))
    return assistance


def close(work: Work, assistance_id: str) -> None:
    """End a sitting; nothing happens the second time. Raises NotFound for a sitting that is not this helper's."""
    query = select(Assistance).where(Assistance.id == assistance_id, Assistance.helper_id == work.person().person_id)
    assistance = work.session.exec(query.with_for_update()).one_or_none()
    if assistance is None:
        raise NotFound
    if assistance.closed_at is not None:
        return
    assistance.closed_at = work.now
    work.session.add(assistance)
    minutes = int((work.now - assistance.opened_at).total_seconds() // 60)
    record(
        work,
        actions.AssistanceEnded(assistance=assistance.id, resident=assistance.resident_id, minutes=minutes),
    )
