"""Sealing: the tree's root is computed over new leaves and stored as a checkpoint, shortly after each commit."""

from __future__ import annotations

import logging
import threading
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlmodel import Session, col, select

from aidants import clock
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Corrupted
from aidants.journal.merkle import Frontier, leaf_hash
from aidants.journal.models import JournalCheckpoint, JournalLeaf, lock_sequence

BATCH: Final = 1000
LONGEST_PAUSE: Final = 60.0
_running: WeakKeyDictionary[Database, Sealer] = WeakKeyDictionary()
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The state of the tree: how many entries, the root over them, since when (None for the empty journal)."""

    size: int
    root: bytes
    made_at: datetime | None


def last_checkpoint(session: Session) -> JournalCheckpoint | None:
    """Return the checkpoint of the largest size."""
    return session.exec(select(JournalCheckpoint).order_by(col(JournalCheckpoint.size).desc()).limit(1)).first()


def seal_now(database: Database) -> Checkpoint:
    """Integrate the leaves after the last checkpoint and store the new one; return the last either way.

    Leaves are read and hashed in a READ unit, a thousand rows at a time, so that writers wait only for one insertion.
    Raises Corrupted when the stored checkpoint contradicts itself or the leaves, Unavailable when the database is busy.
    """
    with unit_of_work(database, Mode.READ) as work:
        stored = last_checkpoint(work.session)
        frontier = _resume(work.session, stored)
        start = frontier.size
        while _integrate(work.session, frontier):
            pass
    if frontier.size == start:
        return Checkpoint(start, frontier.root(), stored.made_at if stored else None)
    return _store(database, frontier)


def _resume(session: Session, stored: JournalCheckpoint | None) -> Frontier:
    """Return the frontier to go on from, after checking it against its own root and size and the leaves."""
    if stored is None:
        return Frontier()
    try:
        frontier = Frontier.from_bytes(stored.frontier)
    except ValueError as error:
        raise Corrupted from error
    last_leaf = session.exec(select(sa.func.max(JournalLeaf.seq))).one() or 0
    if frontier.size != stored.size or frontier.root() != stored.root or last_leaf < stored.size:
        raise Corrupted
    return frontier


def _integrate(session: Session, frontier: Frontier) -> bool:
    """Append the next batch of leaves; tell whether there may be more. Raises Corrupted at a gap."""
    seq = col(JournalLeaf.seq)
    rows = session.exec(
        select(JournalLeaf.seq, JournalLeaf.leaf).where(seq > frontier.size).order_by(seq).limit(BATCH)
    ).all()
    if any(row[0] != expected for expected, row in enumerate(rows, start=frontier.size + 1)):
        raise Corrupted
    frontier.extend([leaf_hash(leaf) for _, leaf in rows])
    return len(rows) == BATCH


def _store(database: Database, frontier: Frontier) -> Checkpoint:
    """Insert the checkpoint unless another sealer already went as far."""
    made_at = clock.now()
    with unit_of_work(database, Mode.WRITE) as work:
        lock_sequence(work.session.connection())
        latest = last_checkpoint(work.session)
        if latest is not None and latest.size >= frontier.size:
            return Checkpoint(latest.size, latest.root, latest.made_at)
        root = frontier.root()
        work.session.add(
            JournalCheckpoint(size=frontier.size, root=root, frontier=frontier.to_bytes(), made_at=made_at)
        )
    return Checkpoint(frontier.size, root, made_at)


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
        """Start the thread; it first seals what an earlier process left."""
        _running[self._database] = self
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
