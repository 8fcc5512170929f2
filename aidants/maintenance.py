"""What is to be done every day without anybody asking, as one list of jobs. Each is idempotent: cron, a timer and every
server may run them at once and as often as they like.
"""

from __future__ import annotations

import logging
import threading
from collections.abc import Callable
from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import Membership, Person
from aidants.counter.reminders import remind
from aidants.dates import local_day, long_date
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.journal.actions import CheckpointPublished
from aidants.journal.publication import message
from aidants.journal.seal import cover, last_checkpoint
from aidants.journal.services import record
from aidants.journal.signer import kept_outside
from aidants.mandates.renewal import end_what_is_over
from aidants.messages.models import Channel, OutboxMessage
from aidants.messages.services import available, enqueue
from aidants.policy import Role
from aidants.residents.merges import forget_merged

EVERY: Final = 3600.0
"""Seconds between two rounds in the server."""
_log: Final = logging.getLogger(__name__)


def publish_checkpoint(database: Database) -> int:
    """Mail the signed checkpoint to every auditor, once a local day; return how many messages were queued.

    Nothing is sealed or recorded when there is nobody left to write to today, or no mail.
    """
    with unit_of_work(database, Mode.READ) as work:
        if not available(work.settings, Channel.MAIL) or not _unserved(work):
            return 0
    cover(database)
    with unit_of_work(database, Mode.WRITE) as work:
        stored = last_checkpoint(work.session)
        if stored is None or stored.note is None:
            return 0
        settings = work.settings
        verifier = kept_outside(settings.signer_path)[0]
        text = message(stored.note, stored.size, verifier.vkey() if verifier else "", settings)
        values = {"day": long_date(local_day(work.now, settings.zone), settings.locale), "text": text}
        queued = sum(
            enqueue(work, Channel.MAIL, address, "checkpoint", values, dedup=dedup, language=settings.locale)
            for dedup, address in _unserved(work).items()
        )
        if queued:
            record(work, CheckpointPublished(size=stored.size, root=stored.root.hex()))
        return queued


def _unserved(work: Work) -> dict[str, str]:
    """Return the occasion and address of each active auditor whose message of today does not exist."""
    day = local_day(work.now, work.settings.zone).isoformat()
    auditors = select(Person.id, Person.email).join(Membership, col(Membership.person_id) == Person.id)
    wanted = {
        f"checkpoint|{day}|{person}": address
        for person, address in work.session.exec(
            auditors.where(Membership.role == Role.AUDITOR, col(Person.active).is_(True))
        )
    }
    known = work.session.exec(select(OutboxMessage.dedup).where(col(OutboxMessage.dedup).in_(wanted))).all()
    return {dedup: address for dedup, address in wanted.items() if dedup not in known}


def settle_merges(database: Database) -> int:
    """Make the merges that can no longer be undone final; return how many."""
    with unit_of_work(database, Mode.WRITE) as work:
        return forget_merged(work)


JOBS: Final[dict[str, Callable[[Database], int]]] = {
    "ends": end_what_is_over,
    "reminders": remind,
    "merges": settle_merges,
    "checkpoint": publish_checkpoint,
}
"""Each job by its name, in order; it returns how much it did."""


def run(database: Database) -> dict[str, int | None]:
    """Run every job; one that fails is logged, told as None, and does not stop the others."""
    done: dict[str, int | None] = {}
    for name, job in JOBS.items():
        try:
            done[name] = job(database)
        except Exception:
            _log.exception("maintenance failed: %s", name)
            done[name] = None
    return done


class Keeper:
    """A daemon thread that runs the jobs at its start and then every hour."""

    def __init__(self, database: Database, every: float = EVERY) -> None:
        self._database = database
        self._every = every
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="maintenance", daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """End the thread; a job half done is rolled back or done again tomorrow."""
        self._stopped.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopped.is_set():
            run(self._database)
            self._stopped.wait(self._every)
