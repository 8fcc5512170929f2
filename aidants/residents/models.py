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


class AccessCode(SQLModel, table=True):
    """A code printed on a resident's sheet, which opens their own pages. The newest alone is good; the code is not stored."""

    __tablename__: ClassVar[Any] = "access_code"
    __table_args__ = (sa.Index(None, "resident_id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    resident_id: str = Field(foreign_key="resident.id", max_length=26)
    code_index: int = Field(sa_type=sa.BigInteger, unique=True)
    """Keyed index of the code: without the master key nobody can tell a good guess."""
    wrong: int = 0
    """Wrong birth dates or one-time codes given with it since it last opened the pages."""
    issued_by: str = Field(foreign_key="person.id", max_length=26)
    issued_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When another one was printed, or too many wrong answers came with it."""


class ResidentVisit(SQLModel, table=True):
    """A resident on their own pages in one browser. ``id`` is what the journal names; the cookie's secret is stored hashed."""

    __tablename__: ClassVar[Any] = "resident_visit"
    __table_args__ = (
        sa.CheckConstraint("auth IN ('access_code','one_time_code')", name="auth"),
        sa.Index(None, "resident_id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    digest: str = Field(max_length=64, unique=True)
    resident_id: str = Field(foreign_key="resident.id", max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    code_id: str = Field(foreign_key="access_code.id", max_length=26)
    auth: str = Field(max_length=20)
    complete: bool = True
    """False while a one-time code is waited for: opens nothing."""
    sent_index: int | None = Field(default=None, sa_type=sa.BigInteger)
    """Keyed index of the one-time code that was sent; None once it was used, or when none is asked."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


class ResidentRequest(SQLModel, table=True):
    """What a resident asks the counter from their own pages: a question, their whole file, or to be erased."""

    __tablename__: ClassVar[Any] = "resident_request"
    __table_args__ = (
        sa.CheckConstraint("kind IN ('question','access','erasure')", name="kind"),
        sa.Index(None, "resident_id"),
        sa.Index(
            "ix_resident_request_open",
            "organisation_id",
            "due_at",
            sqlite_where=sa.text("closed_at IS NULL"),
            postgresql_where=sa.text("closed_at IS NULL"),
        ),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    resident_id: str = Field(foreign_key="resident.id", max_length=26)
    kind: str = Field(max_length=10)
    words_sealed: bytes
    """What they wrote, under the resident's key."""
    answer_sealed: bytes | None = None
    made_at: datetime = Field(sa_type=UtcDateTime)
    due_at: datetime = Field(sa_type=UtcDateTime)
    """Last moment to answer: one month (RGPD art. 12 § 3)."""
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    closed_by: str | None = Field(default=None, foreign_key="person.id", max_length=26)
