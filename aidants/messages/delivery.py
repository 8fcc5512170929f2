"""Delivering what is due, outside any transaction of an act: a message is claimed, sent, and its fate noted.

Claiming sets ``sending`` until the lease ends; whoever comes then (another server, or this one killed and started again)
takes it over. So nothing is lost, and a message whose deliverer died between the server's yes and our note is sent twice
under the same Message-ID.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from email.utils import format_datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants import clock
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import Corrupted, Unavailable
from aidants.journal.actions import MessageFailed, MessageSent
from aidants.journal.services import record
from aidants.messages.models import OutboxMessage, State
from aidants.messages.services import open_content, subject
from aidants.messages.transports import Outgoing, Transport, Undelivered

PAUSES: Final = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=30),
    timedelta(hours=2),
    timedelta(hours=12),
)
"""Waits between attempts; after the last the message is given up."""
LEASE: Final = timedelta(minutes=3)
"""Longer than any transport takes."""
_NOTES: Final = 20
_PAUSE: Final = 3.0
_OPEN: Final = (State.QUEUED.value, State.SENDING.value)
_log: Final = logging.getLogger(__name__)


@dataclass(slots=True)
class Tally:
    """What one pass did. ``down``: channels where nobody answers."""

    sent: int = 0
    put_off: int = 0
    failed: int = 0
    down: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Claimed:
    """A message in our hands, and which attempt this is."""

    outgoing: Outgoing
    channel: str
    attempt: int


def deliver_due(database: Database, transports: Mapping[str, Transport]) -> Tally:
    """Send everything due, one after the other; a channel where nobody answers is left for the next pass.

    Raises Unavailable when the database cannot be written.
    """
    tally = Tally()
    while True:
        channels = set(transports) - tally.down
        due = next_due(database, channels)
        if due is None or due > clock.now():
            return tally
        failed = tally.failed
        claimed = _claim(database, channels, tally)
        if claimed is not None:
            _deliver(database, claimed, transports[claimed.channel], tally)
        elif tally.failed == failed:  # all that is due is in other hands
            return tally


def next_due(database: Database, channels: Collection[str]) -> datetime | None:
    """Return when the next message of these channels is due; None when there is none."""
    due = sa.func.min(col(OutboxMessage.next_attempt_at))
    waiting = col(OutboxMessage.state).in_(_OPEN), col(OutboxMessage.channel).in_(channels)
    with unit_of_work(database, Mode.READ) as work:
        found: datetime | None = work.session.exec(select(due).where(*waiting)).one()
        return found


def _claim(database: Database, channels: Collection[str], tally: Tally) -> _Claimed | None:
    """Take one message that is due; None when another deliverer was faster, or it cannot be sent at all."""
    due = col(OutboxMessage.next_attempt_at)
    with unit_of_work(database, Mode.WRITE) as work:
        query = select(OutboxMessage).where(
            col(OutboxMessage.state).in_(_OPEN), col(OutboxMessage.channel).in_(channels), due <= work.now
        )
        row = work.session.exec(query.order_by(due).limit(1).with_for_update(skip_locked=True)).one_or_none()
        if row is None:
            return None
        if row.attempts > len(PAUSES):
            _give_up(work, row, "interrupted", tally)
            return None
        try:
            content = open_content(work, row)
        except Corrupted:
            _give_up(work, row, "unreadable", tally)
            return None
        row.state, row.attempts, row.next_attempt_at = State.SENDING, row.attempts + 1, work.now + LEASE
        work.session.add(row)
        date = format_datetime(row.created_at.astimezone(work.settings.zone))
        outgoing = Outgoing(row.id, content["to"], content["subject"], content["text"], row.language, date)
        return _Claimed(outgoing, row.channel, row.attempts)


def _deliver(database: Database, claimed: _Claimed, transport: Transport, tally: Tally) -> None:
    try:
        receipt = transport(claimed.outgoing)
    except Undelivered as error:
        if error.down:
            tally.down.add(claimed.channel)
        _note(database, claimed, error, tally)
    else:
        _note(database, claimed, receipt, tally)


def _note(database: Database, claimed: _Claimed, fate: str | Undelivered, tally: Tally) -> None:
    """Write what became of a message. While the database is busy or full it is tried again: a sent one must not be resent."""
    for again in range(_NOTES):
        try:
            with unit_of_work(database, Mode.WRITE) as work:
                _write(work, claimed, fate, tally)
        except Unavailable:
            if again == _NOTES - 1:
                raise
            _log.warning("what became of a message could not be noted; trying again")
            time.sleep(_PAUSE)
        else:
            return


def _write(work: Work, claimed: _Claimed, fate: str | Undelivered, tally: Tally) -> None:
    query = select(OutboxMessage).where(OutboxMessage.id == claimed.outgoing.id).with_for_update()
    row = work.session.exec(query).one()
    ours = row.state == State.SENDING and row.attempts == claimed.attempt
    if isinstance(fate, str):
        if row.state in _OPEN:
            row.state, row.sealed, row.receipt, row.sent_at, row.error = State.SENT, None, fate, work.now, None
        record(work, MessageSent(**subject(row), attempts=claimed.attempt))
        work.after_commit.append(lambda: _count(tally, "sent"))
    elif ours and (fate.final or row.attempts > len(PAUSES)):
        _give_up(work, row, fate.code, tally)
    elif ours:
        row.state, row.error, row.next_attempt_at = State.QUEUED, fate.code, work.now + PAUSES[row.attempts - 1]
        work.after_commit.append(lambda: _count(tally, "put_off"))
    work.session.add(row)


def _give_up(work: Work, row: OutboxMessage, code: str, tally: Tally) -> None:
    row.state, row.error = State.FAILED, code
    work.session.add(row)
    said: dict[str, Any] = subject(row)
    record(work, MessageFailed(**said, attempts=row.attempts, outcome=code))
    work.after_commit.append(lambda: _count(tally, "failed"))


def _count(tally: Tally, what: str) -> None:
    setattr(tally, what, getattr(tally, what) + 1)
