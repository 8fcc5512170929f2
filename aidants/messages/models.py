"""The outbox as stored: who a message goes to and what it says are sealed, and gone once it was sent."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.crypto import new_id
from aidants.db import UtcDateTime


class Channel(StrEnum):
    """How a message travels."""

    MAIL = "mail"
    SMS = "sms"


class State(StrEnum):
    """Where a message is in its life."""

    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELLED = "cancelled"


class OutboxMessage(SQLModel, table=True):
    """One message to one address."""

    __tablename__: ClassVar[Any] = "outbox_message"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('mail','sms')", name="channel"),
        sa.CheckConstraint("state IN ('queued','sending','sent','failed','cancelled')", name="state"),
        sa.CheckConstraint(
            "(sealed IS NULL AND state IN ('sent','cancelled')) "
            "OR (sealed IS NOT NULL AND state IN ('queued','sending','failed'))",
            name="sealed",
        ),
        sa.Index("ix_outbox_message_due", "state", "next_attempt_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    channel: str = Field(max_length=4)
    template: str = Field(max_length=40)
    language: str = Field(max_length=10)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=26)
    resident_id: str | None = Field(default=None, foreign_key="resident.id", index=True, max_length=26)
    """None also once the resident was erased."""
    mandate_id: str | None = Field(default=None, foreign_key="mandate.id", index=True, max_length=26)
    dedup: str = Field(max_length=120, unique=True)
    """Names the occasion, so that a reminder exists once; holds no personal data."""
    sealed: bytes | None = None
    """Address, subject and text; None once sent or cancelled."""
    state: str = Field(default=State.QUEUED.value, max_length=10)
    attempts: int = 0
    next_attempt_at: datetime = Field(sa_type=UtcDateTime)
    """When it is due; while it is being sent, until when the deliverer who took it has it."""
    error: str | None = Field(default=None, max_length=40)
    """Code of the last error, without personal data."""
    receipt: str | None = Field(default=None, max_length=80)
    """What the server, gateway or folder calls it."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
