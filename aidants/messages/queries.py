"""What administrators see of the outbox: counts, errors, never an address or a text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants.db import Work
from aidants.messages.models import OutboxMessage, State

SHOWN: Final = 50


@dataclass(frozen=True, slots=True)
class Troubled:
    """A message given up or put off: which text, which way, what happened."""

    id: str
    template: str
    channel: str
    state: str
    attempts: int
    error: str
    created_at: datetime
    next_attempt_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """The outbox at one moment. ``oldest``: since when the longest waiting message waits."""

    counts: dict[str, int]
    oldest: datetime | None
    troubled: Sequence[Troubled]
    more: int


def status(work: Work) -> Status:
    """Return counts by state, the oldest waiting message, and the latest of those given up or put off."""
    state, created = col(OutboxMessage.state), col(OutboxMessage.created_at)
    counted = select(OutboxMessage.state, sa.func.count()).group_by(state)
    counts = {name.value: 0 for name in State} | dict(work.session.exec(counted).all())
    waiting = state.in_([State.QUEUED, State.SENDING]), col(OutboxMessage.next_attempt_at) <= work.now
    put_off = sa.and_(state == State.QUEUED, col(OutboxMessage.error).is_not(None))
    oldest = work.session.exec(select(sa.func.min(created)).where(sa.or_(sa.and_(*waiting), put_off))).one()
    trouble = sa.or_(state == State.FAILED, put_off)
    rows = work.session.exec(
        select(OutboxMessage).where(trouble).order_by(created.desc(), col(OutboxMessage.id)).limit(SHOWN)
    ).all()
    total = work.session.exec(select(sa.func.count()).select_from(OutboxMessage).where(trouble)).one()
    return Status(counts, oldest, [_troubled(row) for row in rows], total - len(rows))


def _troubled(row: OutboxMessage) -> Troubled:
    return Troubled(
        id=row.id,
        template=row.template,
        channel=row.channel,
        state=row.state,
        attempts=row.attempts,
        error=row.error or "",
        created_at=row.created_at,
        next_attempt_at=row.next_attempt_at,
    )
