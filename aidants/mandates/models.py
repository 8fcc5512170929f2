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
    answered_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When everybody who signs had said yes to the present text, on a screen or at a distance."""
    paper_signed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    """When a paper signed by hand was seen, after a consent at a distance."""


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


class ConsentOffer(SQLModel, table=True):
    """One way a text was put before the resident: on the helper's screen, on another device here, by a link sent to them.

    What opens it is stored hashed; where a link was sent is sealed under the resident's key.
    """

    __tablename__: ClassVar[Any] = "consent_offer"
    __table_args__ = (
        sa.CheckConstraint("channel IN ('screen','tablet','mail','sms')", name="channel"),
        sa.Index("ix_consent_offer_mandate", "mandate_id", "created_at"),
        sa.Index("ix_consent_offer_address", "address_index", "created_at"),
        sa.Index("ix_consent_offer_created", "created_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    mandate_id: str = Field(foreign_key="mandate.id", max_length=26)
    text_id: str = Field(max_length=26)
    helper_id: str = Field(foreign_key="person.id", max_length=26)
    channel: str = Field(max_length=6)
    token_digest: str | None = Field(default=None, max_length=64, unique=True)
    """Of the link; None once it was used."""
    visit_digest: str | None = Field(default=None, max_length=64, unique=True)
    """Of the cookie of the browser that used the link."""
    address_index: int | None = Field(default=None, sa_type=sa.BigInteger)
    sealed: bytes | None = None
    """Where the link went."""
    code_mac: int | None = Field(default=None, sa_type=sa.BigInteger)
    """The one-time code under a key of the installation: six digits could be guessed from a plain hash."""
    code_sent_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    codes: int = 0
    tries: int = 0
    created_at: datetime = Field(sa_type=UtcDateTime)
    expires_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    outcome: str | None = Field(default=None, max_length=20)
    """``answered``, ``unsure``, ``taken_back``, ``replaced``, ``tries``, ``dropped``."""


class ConsentReply(SQLModel, table=True):
    """What one person who signs answered to one exact text; what they typed, drew and used is sealed."""

    __tablename__: ClassVar[Any] = "consent_reply"
    __table_args__ = (
        sa.CheckConstraint("answer IN ('yes','no')", name="answer"),
        sa.CheckConstraint("hand IN ('resident','representative')", name="hand"),
        sa.UniqueConstraint("text_id", "hand"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    mandate_id: str = Field(foreign_key="mandate.id", index=True, max_length=26)
    text_id: str = Field(max_length=26)
    offer_id: str = Field(foreign_key="consent_offer.id", max_length=26)
    hand: str = Field(max_length=20)
    answer: str = Field(max_length=3)
    text_sha256: str = Field(max_length=64)
    sealed: bytes
    answered_at: datetime = Field(sa_type=UtcDateTime)


class MandatePaper(SQLModel, table=True):
    """A photo or scan of the paper signed by hand, sealed as it came."""

    __tablename__: ClassVar[Any] = "mandate_paper"
    __table_args__ = (sa.CheckConstraint("format IN ('jpeg','png','pdf')", name="format"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    mandate_id: str = Field(foreign_key="mandate.id", index=True, max_length=26)
    format: str = Field(max_length=4)
    size: int
    """In bytes, before sealing."""
    sealed: bytes
    added_by: str = Field(foreign_key="person.id", max_length=26)
    added_at: datetime = Field(sa_type=UtcDateTime)
