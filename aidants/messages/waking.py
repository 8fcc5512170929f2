"""Which deliverer to wake for a database: what queues messages knows no more of the thread than this."""

from __future__ import annotations

import threading
from typing import Final
from weakref import WeakKeyDictionary

from aidants.db import Database

_wanted: Final[WeakKeyDictionary[Database, threading.Event]] = WeakKeyDictionary()


def listen(database: Database, wanted: threading.Event) -> None:
    """Have the event set whenever messages of this database are queued in this process."""
    _wanted[database] = wanted


def forget(database: Database) -> None:
    """Wake nobody any more."""
    _wanted.pop(database, None)


def wake(database: Database) -> None:
    """Say that messages were committed; returns at once."""
    wanted = _wanted.get(database)
    if wanted is not None:
        wanted.set()
