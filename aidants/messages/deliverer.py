"""The thread that delivers in the server: woken by each commit that queued a message, and never dead."""

from __future__ import annotations

import logging
import threading
from typing import Final

from aidants import clock
from aidants.db import Database
from aidants.messages import waking
from aidants.messages.delivery import deliver_due, next_due
from aidants.messages.transports import Transport

LONGEST_PAUSE: Final = 60.0
_log = logging.getLogger(__name__)


class Deliverer:
    """A daemon thread; a failure is logged and tried again. Without a transport it only sleeps."""

    def __init__(self, database: Database, transports: dict[str, Transport]) -> None:
        self._database = database
        self._transports = transports
        self._wanted = threading.Event()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._run, name="messages-deliverer", daemon=True)

    def start(self) -> None:
        """Start the thread, which first sends what an earlier process left."""
        if self._transports:
            waking.listen(self._database, self._wanted)
            self._thread.start()

    def stop(self) -> None:
        """End the thread; a message in its hands gets ten seconds, then its lease brings it back."""
        waking.forget(self._database)
        self._stopped.set()
        self._wanted.set()
        if self._thread.is_alive():
            self._thread.join(timeout=10)

    def _run(self) -> None:
        while not self._stopped.is_set():
            self._wanted.clear()
            pause = self._pass()
            self._wanted.wait(pause)

    def _pass(self) -> float:
        """Deliver once and return the seconds to wait; the thread must outlive any error, so all are caught here."""
        try:
            tally = deliver_due(self._database, self._transports)
            due = None if tally.down else next_due(self._database, self._transports)
        except Exception:
            _log.exception("delivering messages failed; it will be tried again")
            return LONGEST_PAUSE
        seconds = (due - clock.now()).total_seconds() if due is not None else LONGEST_PAUSE
        return min(max(seconds, 1.0), LONGEST_PAUSE)
