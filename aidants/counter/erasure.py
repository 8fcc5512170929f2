"""Erasing a resident: what names them goes, the proof that acts took place stays.

Identity, key, search tokens, texts of mandates, messages, requests, access codes and sealed payloads of the journal are
deleted; mandates, sittings and walks then name nobody. No proof of the journal changes: its tree never held personal data
(RGPD art. 17).
"""

from __future__ import annotations

import logging
import time
from contextlib import suppress
from typing import Final

from sqlmodel import col, select

from aidants.assistance import services as assistance
from aidants.counter.merging import put_back
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.guides import services as guides
from aidants.journal.actions import ResidentErased
from aidants.journal.erasures import ErasureList, spans
from aidants.journal.services import record, shred_payloads
from aidants.mandates import services as mandates
from aidants.messages import services as messages
from aidants.residents import codes, merges, requests
from aidants.residents import services as residents
from aidants.residents.holds import refuse_held
from aidants.residents.models import Resident

_AT_ONCE: Final = 1000
_TRIES: Final = 20
_PAUSE: Final = 0.25
_log: Final = logging.getLogger(__name__)


def erase(work: Work, resident_id: str, outcome: str) -> None:
    """Erase a resident of any organisation; who may ask for it is the caller's to check.

    ``outcome`` is one of ``ResidentErased``. Records set aside for this one go with it; one that is itself set aside is first
    made a record of its own again. The list outside the database is written just before the commit: an erasure cut
    off in between is finished at the next start. Raises NotFound for who is not there, Refused for who is held back,
    Unavailable when the list cannot be written.
    """
    row = residents.hold(work, resident_id)  # first: what begins meanwhile waits, and then finds nobody
    work.session.refresh(row)
    if outcome != "reapplied":
        refuse_held(work, row)
    put_back(work, row)
    for former in list(merges.set_aside(work, resident_id)):
        _erase(work, former, outcome)
    _erase(work, row, outcome)
    if work.database is not None:
        database = work.database
        work.after_commit.append(lambda: shed(database))


def _erase(work: Work, row: Resident, outcome: str) -> None:
    resident_id = row.id
    mandates.forget(work, resident_id)
    guides.forget(work, resident_id)
    assistance.forget(work, resident_id)
    messages.forget(work, resident_id)
    merges.forget_merges(work, resident_id)
    requests.forget(work, resident_id)
    codes.forget(work, resident_id)
    work.session.flush()
    residents.forget(work, row)
    entries = spans(shred_payloads(work, resident_id))
    erased = ResidentErased(resident=resident_id, organisation=row.organisation_id, outcome=outcome, entries=entries)
    record(work, erased)
    kept = ErasureList(work.settings.signer_path)
    work.before_commit.append(lambda _: kept.add(resident_id, work.now))


def shed(database: Database) -> None:
    """Leave no deleted byte in SQLite's write-ahead log, as soon as readers let go of it."""
    for _ in range(_TRIES):
        if database.shed_history():
            return
        time.sleep(_PAUSE)
    _log.warning("the write-ahead log could not be emptied after an erasure; the next start will try again")


def reapply(database: Database) -> int:
    """Erase again whoever the list names and the database holds, as after the return of a backup; return how many."""
    assert database.settings is not None
    try:
        listed = ErasureList(database.settings.signer_path).residents()
    except PermissionError:
        _log.error("the list of erasures belongs to another account: it cannot be applied")
        return 0
    back: list[str] = []
    erased = 0
    for start in range(0, len(listed), _AT_ONCE):
        with unit_of_work(database, Mode.READ) as work:
            here = select(Resident.id).where(col(Resident.id).in_(listed[start : start + _AT_ONCE]))
            back += work.session.exec(here)
    for resident_id in back:
        with suppress(NotFound), unit_of_work(database, Mode.WRITE) as work:  # another server starts, and was faster
            erase(work, resident_id, "reapplied")
            erased += 1
    shed(database)
    return erased
