"""Alembic's entry: the models' metadata, the database handed over by the command (or the settings')."""

from __future__ import annotations

from typing import Any, Literal

from alembic import context
from sqlmodel import SQLModel

import aidants.models  # noqa: F401 - every table
from aidants import settings
from aidants.app import open_database
from aidants.db import Database, UtcDateTime


def render_item(kind: str, item: Any, _context: Any) -> str | Literal[False]:
    """Write our time column as what it is in the database, so that migrations import nothing of ours."""
    return "sa.DateTime(timezone=True)" if kind == "type" and isinstance(item, UtcDateTime) else False


def check_references(ctx: Any, **_step: Any) -> None:
    """Stop a step, before it is committed, that leaves a row pointing nowhere: SQLite was not looking meanwhile."""
    if ctx.dialect.name == "sqlite" and ctx.connection.exec_driver_sql("PRAGMA foreign_key_check").first():
        raise RuntimeError("a migration left a dangling reference")


database: Database = context.config.attributes.get("database") or open_database(settings.load())

with database.engine.connect() as connection:
    connection.detach()  # closed at the end, also of a step that fails, rather than given back to the pool as set here
    if database.is_sqlite:  # a table is changed by making it anew; no effect inside a transaction, hence by the driver
        connection.connection.cursor().execute("PRAGMA foreign_keys=OFF")
    context.configure(
        connection=connection,
        target_metadata=SQLModel.metadata,
        render_as_batch=True,
        compare_type=True,
        render_item=render_item,
        transaction_per_migration=True,
        on_version_apply=check_references,
    )
    with context.begin_transaction():
        context.run_migrations()
    connection.commit()
