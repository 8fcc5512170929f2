"""Whether the journal's tables and their indexes hold the same: SQLite reads some values from one, some from the other.

A changed bit in one of the two is otherwise seen only by who reads that one.
"""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa

from aidants.i18n import gettext as _
from aidants.journal.models import (
    JournalCheckpoint,
    JournalLeaf,
    JournalPayload,
    JournalRecord,
    JournalTile,
    table_of,
)
from aidants.journal.report import Findings

_TABLES: Final = tuple(
    table_of(model).name for model in (JournalLeaf, JournalRecord, JournalPayload, JournalTile, JournalCheckpoint)
)


def check_tables(connection: sa.Connection, findings: Findings) -> None:
    """Let SQLite compare them; a server keeps its own checksums (``pg_amcheck``)."""
    for table in _TABLES if connection.dialect.name == "sqlite" else ():
        if _differ(connection, table):
            text = _("La table {table} et ses index se contredisent : la base de données est abîmée.")
            findings.fault(None, None, text, table=table)


def _differ(connection: sa.Connection, table: str) -> bool:
    return bool(connection.exec_driver_sql(f"PRAGMA integrity_check({table})").scalar() != "ok")
