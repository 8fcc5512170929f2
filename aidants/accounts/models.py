"""Tables of the installation, its organisations and people. What opens a session is stored hashed or sealed."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.crypto import new_id
from aidants.db import UtcDateTime


class Installation(SQLModel, table=True):
    """The one row that says which key seals this database, and whether its people are invented."""

    __tablename__: ClassVar[Any] = "installation"
    __table_args__ = (sa.CheckConstraint("id = 1", name="single"),)

    id: int = Field(default=1, primary_key=True)
    key_id: str = Field(max_length=16)
    demo: bool = False
    created_at: datetime = Field(sa_type=UtcDateTime)


class Organisation(SQLModel, table=True):
    """The counter's legal body: mandates belong to it, so colleagues share them."""

    __tablename__: ClassVar[Any] = "organisation"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    name: str = Field(max_length=120)
    kind: str = Field(max_length=40)
    address: str = Field(max_length=200)
    phone: str = Field(default="", max_length=30)
    hours: str = Field(default="", max_length=100)
    email: str = Field(default="", max_length=200)
    dpo_contact: str = Field(default="", max_length=200)
    public_mission: bool = True
    """Whether the legal basis is a public mission (RGPD art. 6-1-e); else the mandate itself (6-1-b)."""
    durations: str = Field(default="SHORT MONTH SEMESTER LONG", max_length=60)
    """Allowed durations, separated by spaces."""
    safeguard_allowed: bool = False
    """Whether a person under « sauvegarde de justice » may give a mandate here (Code civil, art. 435)."""
    wrapped_key: bytes
    created_at: datetime = Field(sa_type=UtcDateTime)


class Person(SQLModel, table=True):
    """Somebody who signs in. Roles are memberships."""

    __tablename__: ClassVar[Any] = "person"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    email: str = Field(max_length=200, unique=True)
    name: str = Field(max_length=120)
    function: str = Field(default="", max_length=80)
    password_hash: str = Field(max_length=200)
    totp_sealed: bytes
    totp_last_step: int = 0
    active: bool = True
    trained_on: date | None = None
    created_at: datetime = Field(sa_type=UtcDateTime)


class Membership(SQLModel, table=True):
    """A role of a person, in one organisation; without organisation: everywhere (auditors) or the installation."""

    __tablename__: ClassVar[Any] = "membership"
    __table_args__ = (
        sa.UniqueConstraint("person_id", "role", "organisation_id"),
        sa.CheckConstraint("role IN ('helper','manager','auditor','administrator')", name="role"),
        sa.CheckConstraint("role IN ('auditor','administrator') OR organisation_id IS NOT NULL", name="place"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=26)
    role: str = Field(max_length=20)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", index=True, max_length=26)


class BrowserSession(SQLModel, table=True):
    """A session of a person in a browser. ``id`` is what the journal names; the cookie's secret is stored hashed."""

    __tablename__: ClassVar[Any] = "browser_session"

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    digest: str = Field(max_length=64, unique=True)
    person_id: str = Field(foreign_key="person.id", index=True, max_length=26)
    organisation_id: str | None = Field(default=None, foreign_key="organisation.id", max_length=26)
    device: str = Field(max_length=64, index=True)
    complete: bool = False
    """False between the password and the one-time code: opens nothing."""
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_seen_at: datetime = Field(sa_type=UtcDateTime)
    reauthenticated_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
    handed_over: str | None = Field(default=None, max_length=26)
    """What the resident who holds this screen is asked: until the helper takes it back, nothing else opens."""


class Throttle(SQLModel, table=True):
    """Bad tries by account, by network address or by code; keys are hashed."""

    __tablename__: ClassVar[Any] = "throttle"

    key: str = Field(primary_key=True, max_length=64)
    count: int = 0
    since: datetime = Field(sa_type=UtcDateTime)
