"""``aidants serve`` that kills itself: CRASH_POINT names a step between an act and its publication, CRASH_COUNT the n-th time.

Every hook is put in from here, into the real command: the product has no such switch, and the wheel nothing of this file.
"""

from __future__ import annotations

import itertools
import os
import signal
from collections.abc import Callable
from typing import Any

from sqlalchemy import event
from sqlmodel import Session

from aidants import cli
from aidants.db import Database
from aidants.journal import seal, services
from aidants.journal.models import JournalCheckpoint
from aidants.journal.seal import signer_of
from aidants.journal.sealer import wake
from aidants.journal.signer import SignerFolder

Step = Callable[[str], None]


def killer(point: str, count: int) -> Step:
    """Return what each step calls; at the ``count``-th call of ``point`` the process says so and is gone."""
    numbers = itertools.count(1)

    def step(name: str) -> None:
        if name == point and next(numbers) == count:
            os.write(2, f"killed: {name}\n".encode())
            os.kill(os.getpid(), signal.SIGKILL)

    return step


def watch(step: Step) -> None:
    """Call ``step`` at each point."""

    def woken(database: Database) -> None:
        step("after leaf commit")
        wake(database)

    def watched_signer(database: Database) -> SignerFolder:
        signer = signer_of(database)
        signer.step = step
        return signer

    def flushed(session: Session, _context: Any) -> None:
        if any(isinstance(row, JournalCheckpoint) for row in session.new):
            step("before publication")

    vars(services)["wake"] = woken
    vars(seal)["signer_of"] = watched_signer
    event.listen(Session, "after_flush", flushed)


if __name__ == "__main__":
    watch(killer(os.environ["CRASH_POINT"], int(os.environ["CRASH_COUNT"])))
    cli.main()
