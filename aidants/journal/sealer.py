"""The thread that seals in the server: woken by each commit, at most once a second, and never dead."""

from __future__ import annotations

import logging
import threading
from typing import Final
from weakref import WeakKeyDictionary

from aidants.db import Database
from aidants.journal.seal import seal_now, signer_of, still_hashes
from aidants.journal.signer import SignerRefused

LONGEST_PAUSE: Final = 60.0
_running: WeakKeyDictionary[Database, Sealer] = WeakKeyDictionary()
_log = logging.getLogger(__name__)


def wake(database: Database) -> None:
    """Wake the sealer of this database, if this process runs one."""
    sealer = _running.get(database)
    if sealer is not None:
        sealer.wake()


def sealing(database: Database) -> bool:
    """Tell whether the sealer this process runs for the database did its last work; True when it runs none."""
    sealer = _running.get(database)
    return sealer is None or sealer.healthy


class Sealer:
    """A daemon thread that seals when woken, at most once every ``seconds``; a failure is logged and tried again."""

    def __init__(self, database: Database, seconds: float = 1.0) -> None:
        self._database = database
        self._seconds = seconds
        self.healthy = True
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="journal-sealer", daemon=True)

    def start(self) -> None:
        """Seal what an earlier process left, then start the thread, which first reads everything signed once more."""
        _running[self._database] = self
        self._seal()
        self._wanted.set()
        self._thread.start()

    def wake(self) -> None:
        """Say that entries were committed; returns at once."""
        self._wanted.set()

    def stop(self) -> None:
        """Seal what is left and end the thread."""
        _running.pop(self._database, None)
        self._stopped.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        pause = self._seconds
        self._read_again()
        while True:
            self._wanted.wait()
            self._wanted.clear()
            if self._seal():
                pause = self._seconds
            else:
                pause = min(pause * 2, LONGEST_PAUSE)
                self._wanted.set()
            if self._stopped.wait(pause):
                self._seal()
                return

    def _read_again(self) -> None:
        """Refuse writes when leaves were changed while nothing ran."""
        try:
            last = signer_of(self._database).last()
            if last is not None and not still_hashes(self._database, last[0]):
                self._database.refused = SignerRefused()
                _log.error("the journal's leaves no longer hash to what was signed: nothing is written any more")
        except Exception:
            _log.exception("the journal could not be read at start")

    def _seal(self) -> bool:
        """Seal once; the thread must outlive any error, so all are caught here and nowhere else."""
        try:
            seal_now(self._database)
        except Exception:
            _log.exception("sealing the journal failed; it will be tried again")
            self.healthy = False
        else:
            self.healthy = True
        return self.healthy
