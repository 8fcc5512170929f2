"""Mandates as stored. What names the resident is sealed under the resident's own key."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.crypto import new_id
from aidants.db import UtcDateTime


class Mandate(SQLModel, table=True):
    """One mandate of one resident to one organisation."""

    __tablename__: ClassVar[Any] = "mandate"
    __table_args__ = (
        sa.CheckConstraint(
            "state IN ('draft','awaiting_consent','active','expired','revoked','abandoned')", name="state"
        ),
        sa.CheckConstraint(
            "state NOT IN ('active','expired') OR (activated_at IS NOT NULL AND ends_at IS NOT NULL)", name="dates"
        ),
        sa.Index("ix_mandate_resident", "resident_id", "created_at"),
        sa.Index("ix_mandate_ends", "organisation_id", "state", "ends_at", "id"),
        sa.Index("ix_mandate_created", "organisation_id", "state", "created_at", "id"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    resident_id: str | None = Field(default=None, foreign_key="resident.id", max_length=26)
    """None once the resident was erased."""
    helper_id: str = Field(foreign_key="person.id", max_length=26)
    assistance_id: str | None = Field(default=None, foreign_key="assistance.id", max_length=26)
    reference: str = Field(max_length=12, unique=True)
    state: str = Field(default="draft", max_length=20)
    answers: str = Field(default="{}", sa_type=sa.Text)
    """Answers of the draft: JSON of procedure ids, duration, protection, reading."""
    duration: str | None = Field(default=None, max_length=10)
    consent: str = Field(default="paper", max_length=20)
    code_index: int | None = Field(default=None, sa_type=sa.BigInteger, unique=True)
    code_sealed: bytes | None = None
    text_id: str | None = Field(default=None, max_length=26)
    signers_sealed: bytes | None = None
    """The legal representative or the witnesses, under the resident's key."""
    renews_id: str | None = Field(default=None, foreign_key="mandate.id", max_length=26)
    """The mandate whose procedures were taken over."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    asked_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    activated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ends_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    end_reason: str | None = Field(default=None, max_length=20)


class MandateFrozenText(SQLModel, table=True):
    """One exact text shown to a resident; never changed. A reprint shows it, forever."""

    __tablename__: ClassVar[Any] = "mandate_text"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    mandate_id: str = Field(foreign_key="mandate.id", index=True, max_length=26)
    sealed: bytes
    sha256: str = Field(max_length=64)
    language: str = Field(max_length=5)
    template_version: str = Field(max_length=20)
    frozen_at: datetime = Field(sa_type=UtcDateTime)
    ends_at: datetime = Field(sa_type=UtcDateTime)
    resident_version: int
    """Version of the resident's record that the text quotes."""
    journal_size: int | None = Field(default=None, sa_type=sa.BigInteger)
    journal_root: str | None = Field(default=None, max_length=64)


class Authorisation(SQLModel, table=True):
    """One scope of a mandate with its named procedures; can be withdrawn alone."""

    __tablename__: ClassVar[Any] = "authorisation"
    __table_args__ = (
        sa.UniqueConstraint("mandate_id", "scope"),
        sa.CheckConstraint("procedures <> ''", name="named"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    mandate_id: str = Field(foreign_key="mandate.id", max_length=26)
    scope: str = Field(max_length=20)
    procedures: str = Field(sa_type=sa.Text)
    """Procedure ids, separated by spaces."""
    withdrawn_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    withdrawn_by: str | None = Field(default=None, max_length=20)
    """``resident``, ``helper``, or ``superseded`` by a newer mandate."""
