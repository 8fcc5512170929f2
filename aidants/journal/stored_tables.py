"""Whether the journal's tables fit together: nothing that no leaf covers, and indexes that hold what their tables do."""

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
from aidants.journal.report import MOST_FAULTS, Findings

_leaves: Final = table_of(JournalLeaf)
_records: Final = table_of(JournalRecord)
_payloads: Final = table_of(JournalPayload)
_checkpoints: Final = table_of(JournalCheckpoint)
_TABLES: Final = tuple(
    table_of(model).name for model in (JournalLeaf, JournalRecord, JournalPayload, JournalTile, JournalCheckpoint)
)


def strays(connection: sa.Connection, findings: Findings, size: int) -> None:
    """Find what no leaf covers: records, payloads, checkpoints beyond the end; and numbers below the first."""
    alone = _records.outerjoin(_leaves, _leaves.c.seq == _records.c.seq)
    records = sa.select(_records.c.seq, _records.c.id).select_from(alone).where(_leaves.c.seq.is_(None))
    for seq, entry_id in connection.execute(records.limit(MOST_FAULTS)):
        findings.fault(seq, entry_id, _("L’enregistrement n° {seq} (id {id}) n’a pas de feuille."))
    orphans = _payloads.outerjoin(_records, _records.c.id == _payloads.c.entry_id)
    payloads = sa.select(_payloads.c.entry_id).select_from(orphans).where(_records.c.id.is_(None))
    for entry_id in connection.execute(payloads.limit(MOST_FAULTS)).scalars():
        findings.fault(None, entry_id, _("Des données scellées (id {id}) n’ont pas d’enregistrement."))
    for column in (_leaves.c.seq, _checkpoints.c.size):
        for number in connection.execute(sa.select(column).where(column < 1).limit(MOST_FAULTS)).scalars():
            findings.fault(number, None, _("Le numéro {seq} n’existe pas dans un journal : il commence à 1."))
    last = connection.execute(sa.select(sa.func.max(_checkpoints.c.size))).scalar() or 0
    if last > size:
        text = _("Le journal a perdu des entrées : le point de contrôle en couvre {last}, il en reste {size}.")
        findings.fault(size + 1, None, text, last=last, size=size)


def compare(connection: sa.Connection, findings: Findings) -> None:
    """Let SQLite compare each table with its indexes; a server keeps its own checksums (``pg_amcheck``).

    SQLite reads some values from the one, some from the other: a changed bit is seen only by who reads where it is.
    """
    for table in _TABLES if connection.dialect.name == "sqlite" else ():
        if _differ(connection, table):
            text = _("La table {table} et ses index se contredisent : la base de données est abîmée.")
            findings.fault(None, None, text, table=table)


def _differ(connection: sa.Connection, table: str) -> bool:
    return bool(connection.exec_driver_sql(f"PRAGMA integrity_check({table})").scalar() != "ok")
