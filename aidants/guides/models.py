"""Tables of guides: the frozen revisions, append-only, and the walks through them."""

from __future__ import annotations

from datetime import datetime
from typing import Any, ClassVar, Final

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.crypto import new_id
from aidants.db import UtcDateTime


class GuideRevision(SQLModel, table=True):
    """The exact words of one guide, version and language (canonical JSON); never changed, never deleted."""

    __tablename__: ClassVar[Any] = "guide_revision"

    guide: str = Field(primary_key=True, max_length=60)
    version: int = Field(primary_key=True, sa_type=sa.Integer)
    lang: str = Field(primary_key=True, max_length=5)
    sha256: str = Field(max_length=64)
    content: str = Field(sa_type=sa.Text)
    frozen_at: datetime = Field(sa_type=UtcDateTime)


class Run(SQLModel, table=True):
    """One walk through a guide, within a sitting. It holds step ids and codes only, nothing that a person typed."""

    __tablename__: ClassVar[Any] = "run"
    __table_args__ = (
        sa.ForeignKeyConstraint(
            ["guide", "version", "lang"], ["guide_revision.guide", "guide_revision.version", "guide_revision.lang"]
        ),
        sa.CheckConstraint("state IN ('open','finished','stopped')", name="state"),
        sa.CheckConstraint("(state = 'open') = (ended_at IS NULL)", name="ended"),
        sa.Index("ix_run_helper", "helper_id", "state", "last_at"),
        sa.Index("ix_run_resident", "resident_id", "started_at"),
    )

    id: str = Field(default_factory=new_id, primary_key=True, max_length=26)
    organisation_id: str = Field(foreign_key="organisation.id", max_length=26)
    assistance_id: str = Field(foreign_key="assistance.id", index=True, max_length=26)
    resident_id: str | None = Field(default=None, foreign_key="resident.id", max_length=26)
    helper_id: str = Field(foreign_key="person.id", max_length=26)
    guide: str = Field(max_length=60)
    version: int = Field(sa_type=sa.Integer)
    lang: str = Field(max_length=5)
    sha256: str = Field(max_length=64)
    """Of the revision followed: the key of the process's cache."""
    procedure: str = Field(default="", max_length=60)
    trail: str = Field(default="[]", sa_type=sa.Text)
    """JSON list of the steps passed: see ``queries.Trace``."""
    help_step: str | None = Field(default=None, max_length=60)
    shown: str = Field(default="", sa_type=sa.Text)
    """The session and the steps already journaled as shown to it, so that reloading a page adds no entry."""
    state: str = Field(default="open", max_length=10)
    revision: int = Field(default=1, sa_type=sa.Integer)
    """Counts the acts; a page that shows an older number is stale."""
    started_at: datetime = Field(sa_type=UtcDateTime)
    last_at: datetime = Field(sa_type=UtcDateTime)
    ended_at: datetime | None = Field(default=None, sa_type=UtcDateTime)


TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (
        # INSERT OR REPLACE deletes a row without firing DELETE triggers unless recursive_triggers is on: hence this one.
        "CREATE TRIGGER IF NOT EXISTS guide_revision_insert BEFORE INSERT ON guide_revision "
        "WHEN EXISTS (SELECT 1 FROM guide_revision "
        "WHERE guide = NEW.guide AND version = NEW.version AND lang = NEW.lang) "
        "BEGIN SELECT RAISE(ABORT, 'guide_revision is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS guide_revision_update BEFORE UPDATE ON guide_revision "
        "BEGIN SELECT RAISE(ABORT, 'guide_revision is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS guide_revision_delete BEFORE DELETE ON guide_revision "
        "BEGIN SELECT RAISE(ABORT, 'guide_revision is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION guide_revision_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "RAISE EXCEPTION 'guide_revision is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER guide_revision_row BEFORE UPDATE OR DELETE ON guide_revision "
        "FOR EACH ROW EXECUTE FUNCTION guide_revision_append_only()",
        "CREATE OR REPLACE TRIGGER guide_revision_truncate BEFORE TRUNCATE ON guide_revision "
        "FOR EACH STATEMENT EXECUTE FUNCTION guide_revision_append_only()",
    ),
}
"""Statements that make the revisions append-only, by dialect: no update, no deletion."""


def install_triggers(connection: sa.Connection) -> None:
    """Execute TRIGGERS for the connection's dialect; harmless when they are already there."""
    for statement in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
