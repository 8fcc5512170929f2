"""Tables of the journal, and the triggers that keep its leaves append-only.

``seq`` counts from 1: it is the number people see and the size of the first tree that covers the entry, so the leaf's
index in the tree is ``seq - 1``. The canonical record is rebuilt from the columns of ``journal_record``: there is no second
copy of it that could stay right while a column is changed.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import Field, SQLModel

from aidants.db import UtcDateTime

_Sequence: Final = sa.BigInteger().with_variant(sa.Integer(), "sqlite")
_ADVISORY_LOCK: Final = 0x6A6F75726E616C
_STRICT: Final = {"sqlite_strict": True}


def _key(name: str) -> Any:
    return sa.Column(name, _Sequence, primary_key=True, autoincrement=False)


def _paged(column: str, *more: str) -> sa.Index:
    """Filters with keyset paging by sequence; rows without a value in the first column stay out of the index."""
    present = sa.text(f"{column} IS NOT NULL")
    return sa.Index(None, column, *more, "seq", sqlite_where=present, postgresql_where=present)


class JournalLeaf(SQLModel, table=True):
    """The bytes hashed into the tree; never changed, never deleted."""

    __tablename__ = "journal_leaf"
    __table_args__ = _STRICT

    seq: int = Field(sa_column=_key("seq"))
    leaf: bytes = Field(sa_type=sa.LargeBinary)


class JournalRecord(SQLModel, table=True):
    """What an entry says, for auditors. ``owner`` names the key of the sealed payload, ``sealed`` is its SHA-256."""

    __tablename__ = "journal_record"
    __table_args__ = (
        sa.Index(None, "type", "seq"),
        sa.Index(None, "actor", "seq"),
        sa.Index(None, "ts", "seq"),
        *(_paged(column) for column in ("organisation", "resident", "mandate", "scope")),
        _paged("organisation", "type"),
        _STRICT,
    )

    id: str = Field(primary_key=True, sa_type=sa.Text)
    seq: int = Field(sa_column=sa.Column("seq", _Sequence, nullable=False, unique=True))
    v: int = Field(sa_type=sa.Integer)
    ts: str = Field(sa_type=sa.Text)
    kind: str = Field(sa_type=sa.Text)
    type: str = Field(sa_type=sa.Text)
    organisation: str | None = Field(default=None, sa_type=sa.Text)
    actor: str = Field(sa_type=sa.Text)
    auth: str | None = Field(default=None, sa_type=sa.Text)
    level: str | None = Field(default=None, sa_type=sa.Text)
    session: str | None = Field(default=None, sa_type=sa.Text)
    resident: str | None = Field(default=None, sa_type=sa.Text)
    mandate: str | None = Field(default=None, sa_type=sa.Text)
    assistance: str | None = Field(default=None, sa_type=sa.Text)
    run: str | None = Field(default=None, sa_type=sa.Text)
    guide: str | None = Field(default=None, sa_type=sa.Text)
    version: int | None = Field(default=None, sa_type=sa.Integer)
    step: str | None = Field(default=None, sa_type=sa.Text)
    step_sha256: str | None = Field(default=None, sa_type=sa.Text)
    lang: str | None = Field(default=None, sa_type=sa.Text)
    scope: str | None = Field(default=None, sa_type=sa.Text)
    procedure: str | None = Field(default=None, sa_type=sa.Text)
    outcome: str | None = Field(default=None, sa_type=sa.Text)
    corrects: str | None = Field(default=None, sa_type=sa.Text)
    detail: str | None = Field(default=None, sa_type=sa.Text)
    owner: str | None = Field(default=None, sa_type=sa.Text)
    sealed: str | None = Field(default=None, sa_type=sa.Text)
    salt: bytes = Field(sa_type=sa.LargeBinary)


class JournalPayload(SQLModel, table=True):
    """Personal data of an entry, sealed under its owner's key; deletable."""

    __tablename__ = "journal_payload"
    __table_args__ = _STRICT

    entry_id: str = Field(primary_key=True, sa_type=sa.Text)
    sealed: bytes = Field(sa_type=sa.LargeBinary)


class JournalTile(SQLModel, table=True):
    """Up to 256 consecutive hashes of one tile level (C2SP tlog-tiles), concatenated; grows until it is full."""

    __tablename__ = "journal_tile"
    __table_args__ = _STRICT

    level: int = Field(sa_column=_key("level"))
    number: int = Field(sa_column=_key("number"))
    hashes: bytes = Field(sa_type=sa.LargeBinary)


class JournalCheckpoint(SQLModel, table=True):
    """The tree's root at one size. ``note`` is the checkpoint as signed; those made before there was a signer have none."""

    __tablename__ = "journal_checkpoint"

    size: int = Field(sa_column=_key("size"))
    root: bytes = Field(sa_type=sa.LargeBinary)
    frontier: bytes = Field(sa_type=sa.LargeBinary)
    made_at: datetime = Field(sa_type=UtcDateTime)
    note: str | None = Field(default=None, sa_type=sa.Text)


class JournalDay(SQLModel, table=True):
    """How many entries of a kind an organisation ("" for the installation) has on a local day: for plots, proves nothing.

    ``through`` is the last entry counted in the row, so the largest of all says what is counted.
    """

    __tablename__ = "journal_day"
    __table_args__ = (sa.Index(None, "through"), _STRICT)

    day: str = Field(primary_key=True, sa_type=sa.Text)
    organisation: str = Field(primary_key=True, sa_type=sa.Text)
    kind: str = Field(primary_key=True, sa_type=sa.Text)
    acts: int = Field(sa_type=sa.Integer)
    through: int = Field(sa_column=sa.Column("through", _Sequence, nullable=False))


TRIGGERS: Final[dict[str, tuple[str, ...]]] = {
    "sqlite": (
        # INSERT OR REPLACE deletes a row without firing DELETE triggers unless recursive_triggers is on: hence this one.
        "CREATE TRIGGER IF NOT EXISTS journal_leaf_insert BEFORE INSERT ON journal_leaf "
        "WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM journal_leaf) "
        "BEGIN SELECT RAISE(ABORT, 'journal_leaf is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS journal_leaf_update BEFORE UPDATE ON journal_leaf "
        "BEGIN SELECT RAISE(ABORT, 'journal_leaf is append-only'); END",
        "CREATE TRIGGER IF NOT EXISTS journal_leaf_delete BEFORE DELETE ON journal_leaf "
        "BEGIN SELECT RAISE(ABORT, 'journal_leaf is append-only'); END",
    ),
    "postgresql": (
        "CREATE OR REPLACE FUNCTION journal_leaf_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN "
        "IF TG_OP = 'INSERT' THEN "
        "IF NEW.seq = (SELECT coalesce(max(seq), 0) + 1 FROM journal_leaf) THEN RETURN NEW; END IF; END IF; "
        "RAISE EXCEPTION 'journal_leaf is append-only'; END $$",
        "CREATE OR REPLACE TRIGGER journal_leaf_row BEFORE INSERT OR UPDATE OR DELETE ON journal_leaf "
        "FOR EACH ROW EXECUTE FUNCTION journal_leaf_append_only()",
        "CREATE OR REPLACE TRIGGER journal_leaf_truncate BEFORE TRUNCATE ON journal_leaf "
        "FOR EACH STATEMENT EXECUTE FUNCTION journal_leaf_append_only()",
    ),
}
"""Statements that make the leaves append-only, by dialect: no update, no deletion, insertion only at the next number."""


def table_of(model: type[SQLModel]) -> sa.Table:
    """Return the table behind a model, for statements on many rows."""
    return SQLModel.metadata.tables[str(model.__tablename__)]


def lock_sequence(connection: sa.Connection) -> None:
    """Make this transaction the only one that numbers entries until it ends; SQLite's write lock already does."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.select(sa.func.pg_advisory_xact_lock(_ADVISORY_LOCK)))


def install_triggers(connection: sa.Connection) -> None:
    """Execute TRIGGERS for the connection's dialect; harmless when they are already there."""
    for statement in TRIGGERS[connection.dialect.name]:
        connection.exec_driver_sql(statement)
