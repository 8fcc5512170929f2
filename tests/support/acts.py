"""A worker process that acts: ``python -m tests.support.acts FOLDER DATABASE_URL THREADS UNITS``, for tests of many at once.

It says ``ready``, waits for a line, lets every thread do its units while its own sealer runs, then prints what it did as JSON.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from aidants.app import open_database
from aidants.crypto import Keyring, new_id
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Unavailable
from aidants.journal.actions import ResidentViewed, SignedOut
from aidants.journal.sealer import Sealer
from aidants.journal.services import Private, record
from aidants.policy import Actor, Role
from aidants.settings import Settings

SEAL_SECONDS = 0.05
ROLLED_BACK = 7
"""Before every unit with a number divisible by this, another one records and then fails."""


class Undone(Exception):
    """Ends a unit that must leave nothing."""


@dataclass
class Done:
    """One entry that was acknowledged, or undone; instants of the clock that all processes share."""

    entry: str
    thread: str
    began: float
    ended: float
    kept: bool


class Worker:
    """One thread's acts."""

    def __init__(self, database: Database, name: str, units: int) -> None:
        self.done: list[Done] = []
        self.failed: list[str] = []
        self.busy = 0
        self._database = database
        self._units = units
        self._actor = Actor(new_id(), name, new_id(), frozenset({Role.HELPER}), new_id(), trained=True)

    def run(self) -> None:
        """Do every unit, again when the database was busy, as a person would."""
        try:
            for number in range(self._units):
                if number % ROLLED_BACK == 0:
                    self._act(number, kept=False)
                while not self._act(number, kept=True):
                    self.busy += 1
        except BaseException as error:
            self.failed.append(repr(error))
            raise

    def _act(self, number: int, *, kept: bool) -> bool:
        began, entries = time.monotonic(), []
        try:
            with unit_of_work(self._database, Mode.WRITE, actor=self._actor, request_id="r") as work:
                private = Private("installation", bytes(32), {"number": str(number)}) if number % 3 == 0 else None
                entries.append(record(work, ResidentViewed(resident=new_id()), private))
                if number % 10 == 0:
                    entries.append(record(work, SignedOut()))
                if not kept:
                    work.before_commit.append(_undo)
        except Undone:
            pass
        except Unavailable:
            return False
        ended = time.monotonic()
        self.done += [Done(entry, self._actor.name, began, ended, kept) for entry in entries]
        return True


def _undo(_work: Any) -> None:
    raise Undone


def main() -> None:
    """Be the process."""
    folder, url, threads, units = sys.argv[1:]
    settings = Settings(data_dir=Path(folder), database_url=url)
    database = open_database(settings, Keyring.load(settings.keys_path))
    sealer = Sealer(database, SEAL_SECONDS)
    sealer.start()
    workers = [Worker(database, f"{time.monotonic_ns()}-{number}", int(units)) for number in range(int(threads))]
    running = [threading.Thread(target=worker.run) for worker in workers]
    print("ready", flush=True)
    sys.stdin.readline()
    for thread in running:
        thread.start()
    for thread in running:
        thread.join()
    sealer.stop()
    database.dispose()
    found = {
        "done": [asdict(done) for worker in workers for done in worker.done],
        "failed": [text for worker in workers for text in worker.failed],
        "busy": sum(worker.busy for worker in workers),
        "healthy": sealer.healthy,
    }
    print(json.dumps(found))


if __name__ == "__main__":
    main()
