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
    __table_args__ = (sa.Index("ix_resident_visits", "organisation_id", "last_visit_at", "id"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    wrapped_key: bytes
    sealed: bytes
    version: int = 1
    created_by: str = Field(foreign_key="person.id", max_length=26)
    created_at: datetime = Field(sa_type=UtcDateTime)
    last_visit_at: datetime = Field(sa_type=UtcDateTime)


class ResidentToken(SQLModel, table=True):
    """A blind index entry: keyed, truncated, useless without the organisation's key."""

    __tablename__: ClassVar[Any] = "resident_token"

    organisation_id: str = Field(foreign_key="organisation.id", primary_key=True, max_length=26)
    kind: str = Field(primary_key=True, max_length=1)
    token: int = Field(primary_key=True, sa_type=sa.BigInteger)
    resident_id: str = Field(foreign_key="resident.id", primary_key=True, max_length=26, index=True)
