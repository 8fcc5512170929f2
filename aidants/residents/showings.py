"""When a list or a search showed a resident: read back from the journal's sealed payloads, for the resident's own file."""

from __future__ import annotations

from contextlib import suppress
from datetime import datetime
from typing import Any

from sqlmodel import col, select

from aidants.db import Work
from aidants.errors import Corrupted, NotFound
from aidants.journal import actions, labels
from aidants.journal.models import JournalRecord
from aidants.journal.services import open_payload
from aidants.residents.services import organisation_key


def searches_showing(work: Work, organisation_id: str, ids: frozenset[str]) -> list[dict[str, Any]]:
    """Return when a list or a search of an organisation showed one of these residents, and to whom (pseudonym)."""
    key = organisation_key(work, organisation_id)
    query = select(JournalRecord).where(
        JournalRecord.organisation == organisation_id, JournalRecord.type == actions.ResidentSearched.type
    )
    found = []
    for entry in work.session.exec(query.order_by(col(JournalRecord.seq))):
        with suppress(NotFound, Corrupted):
            if ids & set(open_payload(work, entry.id, key).get("shown", "").split()):
                at = datetime.fromisoformat(entry.ts)
                found.append({"number": entry.seq, "at": at, "who": labels.person(entry.actor)})
    return found
