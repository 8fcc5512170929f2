"""Residents as stored: nothing readable without the keys."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.crypto import new_id
from aidants.db import UtcDateTime


class Resident(SQLModel, table=True):
    """One person of one organisation. ``id`` is the pseudonym of the journal; ``sealed`` the identity."""

    __tablename__: ClassVar[Any] = "resident"
    __table_args__ = (
        sa.Index("ix_resident_visits", "organisation_id", "last_visit_at", "id"),
        sa.Index("ix_resident_merged", "merged_into"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    wrapped_key: bytes
    sealed: bytes
    version: int = 1
    created_by: str = Field(foreign_key="person.id", max_length=26)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_visit_at: datetime = Field(sa_type=UtcDateTime)
    hold_reason: str | None = Field(default=None, max_length=20)
    """Why nobody may erase this record now, a code of ``holds.REASONS``; None: it is not held."""
    hold_until: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """First moment at which it is held no more; None: until somebody lifts it."""
    death_reported_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When somebody reported their death here: no mandate is prepared since."""
    merged_into: str | None = Field(default=None, max_length=26)
    """The record kept instead of this one, which is set aside: no list and no search shows it."""


class ResidentMerge(SQLModel, table=True):
    """Two records said to be of one person: proposed by one helper, confirmed by another, perhaps undone."""

    __tablename__: ClassVar[Any] = "resident_merge"
    __table_args__ = (
        sa.CheckConstraint("kept_id <> other_id", name="two"),
        sa.CheckConstraint("confirmed_by <> proposed_by", name="second_person"),
        sa.Index(None, "kept_id"),
        sa.Index(None, "other_id"),
        sa.Index(None, "confirmed_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    kept_id: str = Field(max_length=26)
    other_id: str = Field(max_length=26)
    proposed_by: str = Field(foreign_key="person.id", max_length=26)
    proposed_at: datetime = Field(sa_type=UtcDateTime)
    confirmed_by: str | None = Field(default=None, foreign_key="person.id", max_length=26)
    confirmed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When it was declined, undone, or became final."""
    moved: str = Field(default="{}", sa_type=sa.Text)
    """JSON: ids of the mandates, sittings and walks that went to the record kept, by table."""


class ResidentToken(SQLModel, table=True):
    """A blind index entry: keyed, truncated, useless without the organisation's key."""

    __tablename__: ClassVar[Any] = "resident_token"

    organisation_id: str = Field(foreign_key="organisation.id", primary_key=True, max_length=26)
    kind: str = Field(primary_key=True, max_length=1)
    token: int = Field(primary_key=True, sa_type=sa.BigInteger)
    resident_id: str = Field(foreign_key="resident.id", primary_key=True, max_length=26, index=True)
