"""Assistances as stored."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.crypto import new_id
from aidants.db import UtcDateTime


class Assistance(SQLModel, table=True):
    """A sitting, with a resident or anonymous."""

    __tablename__: ClassVar[Any] = "assistance"
    __table_args__ = (sa.Index("ix_assistance_open", "helper_id", "closed_at"),)

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    helper_id: str = Field(foreign_key="person.id", max_length=26)
    resident_id: str | None = Field(default=None, foreign_key="resident.id", index=True, max_length=26)
    opened_at: datetime = Field(sa_type=UtcDateTime)
    closed_at: datetime | None = Field(default=None, sa_type=UtcDateTime)
