"""Sealing: new leaves enter the tree's tiles, then a signed checkpoint over them is published, shortly after each commit.

The order never changes: leaves committed, tiles committed, checkpoint signed and remembered by the signer, checkpoint stored.
A stop anywhere in between leaves a journal that the next sealing completes.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Final
from weakref import WeakKeyDictionary

import sqlalchemy as sa
from sqlmodel import Session, col, select

from aidants import clock
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Unavailable
from aidants.journal import tally
from aidants.journal.merkle import HASH_BYTES, TILE_HEIGHT, Frontier, leaf_hash
from aidants.journal.models import JournalCheckpoint, JournalLeaf, JournalTile
from aidants.journal.notes import Checkpoint, NoteError
from aidants.journal.signer import SignerFolder, SignerRefused
from aidants.journal.tiles import WIDTH, ReadTile, Tile, Tree

BATCH: Final = 1000
COVER_WAIT: Final = 3.0
_signers: WeakKeyDictionary[Database, SignerFolder] = WeakKeyDictionary()


@dataclass(frozen=True, slots=True)
class Sealed:
    """The state of the tree: how many entries, the root over them, since when (None for the empty journal)."""

    size: int
    root: bytes
    made_at: datetime | None


def last_checkpoint(session: Session) -> JournalCheckpoint | None:
    """Return the signed checkpoint of the largest size."""
    signed = select(JournalCheckpoint).where(col(JournalCheckpoint.note).is_not(None))
    return session.exec(signed.order_by(col(JournalCheckpoint.size).desc()).limit(1)).first()


def signed_at(session: Session, size: int) -> Checkpoint | None:
    """Return the checkpoint published at this size, as its note says it; None when none was signed."""
    row = session.get(JournalCheckpoint, size)
    return Checkpoint(row.note.split("\n", 1)[0], row.size, row.root) if row is not None and row.note else None


def stored_tiles(session: Session) -> ReadTile:
    """Return a reader of the tiles in the database, cut to the width asked; a missing one is empty."""

    def read(tile: Tile) -> bytes:
        row = session.get(JournalTile, (tile.level, tile.number))
        return row.hashes[: tile.width * HASH_BYTES] if row else b""

    return read


def signer_of(database: Database) -> SignerFolder:
    """Return the signer of a database's journal; a journal that never had one gets it. Raises SignerRefused without its key."""
    known = _signers.get(database)
    if known is None:
        assert database.settings is not None
        folder = database.settings.signer_path
        try:
            known = SignerFolder.load(folder)
        except FileNotFoundError:
            with unit_of_work(database, Mode.READ) as work:
                if last_checkpoint(work.session) is not None:
                    raise SignerRefused from None
            known = _create(folder, database.settings.log_origin)
        except NoteError as error:
            raise SignerRefused from error
        _signers[database] = known
    return known


def _create(folder: Path, origin: str) -> SignerFolder:
    try:
        return SignerFolder.create(folder, origin)
    except FileExistsError:  # another process was faster
        return SignerFolder.load(folder)


def seal_now(database: Database) -> Sealed:
    """Bring the tree to the last leaf committed and publish a signed checkpoint of it; return the last either way.

    Raises SignerRefused, and lets nothing more be written, when the database does not go on from what was signed;
    Unavailable when it is busy or full.
    """
    try:
        signer = signer_of(database)
        with signer.alone():
            return _Sealing(database, signer).run()
    except SignerRefused as refusal:
        database.refused = refusal
        raise
    except OSError as error:  # the signer's disk is full, or its folder out of reach: nothing was signed
        raise Unavailable(code="signer") from error


def cover(database: Database) -> Sealed:
    """Return a checkpoint over everything committed: sealed here, or awaited a few seconds when another process seals."""
    if database.settings is None or database.settings.seal_here:
        return seal_now(database)
    deadline = time.monotonic() + COVER_WAIT
    while True:
        with unit_of_work(database, Mode.READ) as work:
            stored, count = last_checkpoint(work.session), _count(work.session)
        if stored is not None and (stored.size >= count or time.monotonic() > deadline):
            return Sealed(stored.size, stored.root, stored.made_at)
        if time.monotonic() > deadline:
            return Sealed(0, Frontier().root(), None)
        time.sleep(0.1)


class _Sealing:
    """One sealing, alone with the signer. Leaves are read and hashed in READ units: writers wait for the insertions only."""

    def __init__(self, database: Database, signer: SignerFolder) -> None:
        self._database = database
        self._signer = signer
        self._last = signer.last()

    def run(self) -> Sealed:
        """Go to what was signed last, then to the last leaf."""
        with unit_of_work(self._database, Mode.READ) as work:
            stored, count = last_checkpoint(work.session), _count(work.session)
        frontier = _resume(stored)
        if self._last is None and stored is not None:
            raise SignerRefused  # its memory is lost: what it signed may be more than what is here
        if count < max(frontier.size, self._last[0].size if self._last else 0):
            raise SignerRefused
        tally.catch_up(self._database, frontier.size)
        self._publish_what_was_signed(frontier, stored)
        start = frontier.size
        self._grow(frontier, count)
        if frontier.size == start:
            return Sealed(start, frontier.root(), stored.made_at if stored else None)
        self._signer.step("after tiles")
        return self._publish(frontier, self._sign(frontier))

    def _publish_what_was_signed(self, frontier: Frontier, stored: JournalCheckpoint | None) -> None:
        """Store the signer's last checkpoint when the process stopped between its signature and its publication."""
        if self._last is None:
            return
        last, note = self._last
        if last.size > frontier.size:
            self._grow(frontier, last.size)
            if frontier.root() != last.root:
                raise SignerRefused
            self._publish(frontier, note)
        elif stored is not None and last.size == stored.size and last.root != stored.root:
            raise SignerRefused

    def _grow(self, frontier: Frontier, size: int) -> None:
        """Take the leaves up to ``size`` into the frontier and the tiles. Raises SignerRefused at a gap."""
        seq = col(JournalLeaf.seq)
        while frontier.size < size:
            before = frontier.size
            until = min(size, before + BATCH)
            query = select(JournalLeaf.seq, JournalLeaf.leaf).where(seq > before, seq <= until).order_by(seq)
            with unit_of_work(self._database, Mode.READ) as work:
                rows = work.session.exec(query).all()
            if [row[0] for row in rows] != list(range(before + 1, until + 1)):
                raise SignerRefused
            added = frontier.extend([leaf_hash(leaf) for _, leaf in rows])
            with unit_of_work(self._database, Mode.WRITE) as work:
                _store_tiles(work.session, before, added)
                tally.add(work, rows)

    def _sign(self, frontier: Frontier) -> str:
        """Sign a checkpoint of the frontier, after a proof from the tiles that it extends the last."""
        checkpoint = Checkpoint(self._signer.verifier.name, frontier.size, frontier.root())
        proof: list[bytes] = []
        if self._last is not None:
            with unit_of_work(self._database, Mode.READ) as work:
                try:
                    proof = Tree(frontier.size, stored_tiles(work.session)).consistency(self._last[0].size)
                except ValueError as error:
                    raise SignerRefused from error
        note = self._signer.sign(checkpoint, proof)
        self._signer.step("after signature")
        return note

    def _publish(self, frontier: Frontier, note: str) -> Sealed:
        """Store a signed checkpoint."""
        made_at, root = clock.now(), frontier.root()
        with unit_of_work(self._database, Mode.WRITE) as work:
            row = work.session.get(JournalCheckpoint, frontier.size) or JournalCheckpoint(
                size=frontier.size, root=root, frontier=frontier.to_bytes(), made_at=made_at
            )
            row.note = note
            work.session.add(row)
        return Sealed(frontier.size, root, made_at)


def _count(session: Session) -> int:
    return session.exec(select(sa.func.max(JournalLeaf.seq))).one() or 0


def _resume(stored: JournalCheckpoint | None) -> Frontier:
    """Return the frontier to go on from, after checking it against its own root and size."""
    if stored is None:
        return Frontier()
    try:
        frontier = Frontier.from_bytes(stored.frontier)
    except ValueError as error:
        raise SignerRefused from error
    if frontier.size != stored.size or frontier.root() != stored.root:
        raise SignerRefused
    return frontier


def _store_tiles(session: Session, before: int, added: Sequence[Sequence[bytes]]) -> None:
    """Add hashes at the right edge of each tile level, for a tree that had ``before`` leaves; repeating is harmless."""
    for level, hashes in enumerate(added):
        at = before >> TILE_HEIGHT * level
        while hashes:
            number, kept = divmod(at, WIDTH)
            row = session.get(JournalTile, (level, number)) or JournalTile(level=level, number=number, hashes=b"")
            if len(row.hashes) < kept * HASH_BYTES:
                raise SignerRefused
            piece, hashes = hashes[: WIDTH - kept], hashes[WIDTH - kept :]
            row.hashes = row.hashes[: kept * HASH_BYTES] + b"".join(piece)
            session.add(row)
            at += len(piece)


def still_hashes(database: Database, checkpoint: Checkpoint) -> bool:
    """Read every leaf a checkpoint covers, and say whether they still hash to it; in flat memory."""
    frontier, seq = Frontier(), col(JournalLeaf.seq)
    while frontier.size < checkpoint.size:
        until = min(checkpoint.size, frontier.size + BATCH)
        query = select(JournalLeaf.seq, JournalLeaf.leaf).where(seq > frontier.size, seq <= until).order_by(seq)
        with unit_of_work(database, Mode.READ) as work:
            rows = work.session.exec(query).all()
        if [row[0] for row in rows] != list(range(frontier.size + 1, until + 1)):
            return False
        frontier.extend([leaf_hash(leaf) for _, leaf in rows])
    return frontier.root() == checkpoint.root
