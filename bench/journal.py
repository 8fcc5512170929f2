"""The journal: hashing rates against the plain SHA-256 rate of one core, the cost of an entry, durable acts a second."""

from __future__ import annotations

import secrets
import sqlite3
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from aidants.app import open_database
from aidants.crypto import Keyring, new_id
from aidants.db import Database, Mode, unit_of_work
from aidants.journal import actions
from aidants.journal.merkle import Frontier, leaf_hash
from aidants.journal.notes import Checkpoint, Signer, open_checkpoint
from aidants.journal.seal import seal_now
from aidants.journal.services import record
from aidants.journal.verify import verify
from aidants.migrate import upgrade
from aidants.policy import Actor, Role
from aidants.settings import Settings
from bench.figures import Figure

ENTRIES: Final = 100_000
BATCH: Final = 100
PER_UNIT: Final = 1000
ACTS: Final = 300
NOTES: Final = 2000
TREE_FLOOR: Final = 0.25
VERIFY_FLOOR: Final = 0.30
RECORD_BUDGET: Final = 1.0
PLAIN: Final = "C: leaf hashes, one core"
_ACTOR: Final = Actor(new_id(), "Camille", new_id(), frozenset({Role.HELPER}), new_id(), trained=True)


def measure(folder: Path) -> list[Figure]:
    """Return every rate of the journal; the log is a database of its own in ``folder``."""
    settings = Settings(data_dir=folder)
    database = open_database(settings, Keyring.create(settings.keys_path))
    upgrade(database)
    figures = hashing()
    plain = figures[0].value
    filling = _fill(database)
    figures += [_raw(settings, plain), _sealing(database, plain), _whole(database), _signature()]
    figures += _acts(database)
    database.dispose()
    return [*figures, filling]


def _rate(count: int, work: Callable[[], object], times: int = 3) -> float:
    """Return items a second of processor time, the best of ``times``."""
    best = 0.0
    for _ in range(times):
        began = time.process_time()
        work()
        best = max(best, count / (time.process_time() - began))
    return best


def hashing() -> list[Figure]:
    leaves = [secrets.token_bytes(190) for _ in range(ENTRIES)]
    plain = _rate(ENTRIES, lambda: [leaf_hash(leaf) for leaf in leaves])
    tree = _rate(ENTRIES, lambda: _grow(leaves))
    return [
        Figure("journal", PLAIN, plain, "leaves/s"),
        _compared(f"tree in memory, batches of {BATCH}, root each", tree, plain, TREE_FLOOR),
    ]


def _compared(name: str, rate: float, plain: float, floor: float | None) -> Figure:
    return Figure("journal", name, rate / plain, "C", floor, at_least=True, note=f"{rate:,.0f} entries/s")


def _grow(leaves: Sequence[bytes]) -> bytes:
    frontier = Frontier()
    for start in range(0, len(leaves), BATCH):
        frontier.extend([leaf_hash(leaf) for leaf in leaves[start : start + BATCH]])
        root = frontier.root()
    return root


def _raw(settings: Settings, plain: float) -> Figure:
    """Rebuild the tree from the rows as the driver gives them."""
    path = settings.data_dir / "aidants.sqlite"

    def rebuild() -> None:
        frontier = Frontier()
        with sqlite3.connect(path) as connection:
            rows = connection.execute("SELECT seq, leaf FROM journal_leaf ORDER BY seq")
            while batch := rows.fetchmany(PER_UNIT):
                assert batch[0][0] == frontier.size + 1
                frontier.extend([leaf_hash(leaf) for _, leaf in batch])
        assert frontier.size == ENTRIES

    return _compared(f"leaves and tree of {ENTRIES:,} raw rows", _rate(ENTRIES, rebuild), plain, VERIFY_FLOOR)


def _sealing(database: Database, plain: float) -> Figure:
    """Seal everything at once, as after a long stop; it can be done only once."""
    rate = _rate(ENTRIES, lambda: seal_now(database), times=1)
    return _compared("sealing them in one go", rate, plain, None)


def _whole(database: Database) -> Figure:
    began = time.process_time()
    report = verify(database)
    seconds = time.process_time() - began
    assert report.ok, report.faults[0].sentence
    note = "leaves, tree, commitments, payloads, checkpoints"
    return Figure("journal", "whole verification", ENTRIES / seconds, "entries/s", note=note)


def _signature() -> Figure:
    """Check one note again and again: a journal sealed at each act holds a signed checkpoint for every act."""
    signer = Signer("example.org/log", bytes(range(32)))
    note, verifier = signer.sign(Checkpoint(signer.name, ENTRIES, bytes(32)).text()), signer.verifier()
    rate = _rate(NOTES, lambda: [open_checkpoint(note, verifier) for _ in range(NOTES)])
    return Figure("journal", "a signed checkpoint verified, processor", 1000 / rate, "ms")


def _action(number: int) -> actions.StepDone:
    return actions.StepDone(
        assistance=_ACTOR.person_id,
        resident=f"{number:026}",
        run=_ACTOR.session_id,
        guide="carte-grise-adresse",
        version=1,
        lang="fr",
        step="adresse",
        step_sha256="ab" * 32,
        by="helper",
    )


def _fill(database: Database) -> Figure:
    """Write the log through the product's own recording, a thousand entries a unit."""
    began = time.process_time()
    for start in range(0, ENTRIES, PER_UNIT):
        with unit_of_work(database, Mode.WRITE, actor=_ACTOR, request_id="bench") as work:
            for number in range(start, start + PER_UNIT):
                record(work, _action(number))
    cost = 1000 * (time.process_time() - began) / ENTRIES
    return Figure("journal", f"an entry, among {PER_UNIT:,} in a unit, processor", cost, "ms")


def _acts(database: Database) -> list[Figure]:
    """Compare units that write one entry with units that write none: the difference is what the journal costs."""
    empty, _ = _units(database, entries=0)
    one, seconds = _units(database, entries=1)
    return [
        Figure("journal", "one entry in its unit, processor", one - empty, "ms", RECORD_BUDGET),
        Figure("journal", "the whole unit with one entry, processor", one, "ms"),
        Figure("journal", "durable acts, one writer", ACTS / seconds, "acts/s", note="each synced to disk"),
    ]


def _units(database: Database, entries: int) -> tuple[float, float]:
    cpu, began = time.process_time(), time.perf_counter()
    for number in range(ACTS):
        with unit_of_work(database, Mode.WRITE, actor=_ACTOR, request_id="bench") as work:
            for _ in range(entries):
                record(work, _action(ENTRIES + number))
    return 1000 * (time.process_time() - cpu) / ACTS, time.perf_counter() - began
