"""A journal of a million entries: how fast it is verified, raw and whole, and in how much memory."""

from __future__ import annotations

import shutil
import sqlite3
import time
from pathlib import Path
from typing import Final

from aidants import demo
from aidants.app import open_database
from aidants.crypto import Keyring
from aidants.db import Database
from aidants.journal.merkle import Frontier, leaf_hash
from aidants.journal.seal import seal_now
from aidants.migrate import upgrade
from aidants.settings import Settings
from bench import filler
from bench.child import run
from bench.figures import Figure
from bench.journal import VERIFY_FLOOR

ENTRIES: Final = 1_000_000
MEMORY: Final = 300.0
BATCH: Final = 1000
SECTION: Final = "a million"


def make(settings: Settings, count: int) -> Database:
    """Create an installation whose journal begins with ``count`` entries, then the demonstration's."""
    settings.data_dir.mkdir(parents=True)
    database = open_database(settings, Keyring.create(settings.keys_path))
    upgrade(database)
    filler.fill(database, count, seals=True)
    demo.fill(database)
    seal_now(database)
    return database


def measure(database: Database, plain: float) -> list[Figure]:
    """Return rates and memory; ``plain`` is C, leaf hashes a second of one core."""
    assert database.settings is not None
    settings = database.settings
    rate, size = _raw(settings)
    verified = run(settings, "journal", "verify", "--json")
    assert f'"size": {size}' in verified.printed
    note = f"{rate:,.0f} entries/s"
    return [
        Figure(SECTION, "leaves and tree of the raw rows", rate / plain, "C", VERIFY_FLOOR, at_least=True, note=note),
        Figure(
            SECTION, "journal verify", size / verified.seconds, "entries/s", note=f"{verified.seconds:.0f} s in all"
        ),
        Figure(SECTION, "journal verify, peak", verified.peak, "MB", MEMORY),
        *_bundle(settings, size),
    ]


def _raw(settings: Settings) -> tuple[float, int]:
    """Rebuild the tree from the rows as the driver gives them; return entries a second of processor, the best of two."""
    best, frontier = 0.0, Frontier()
    for _ in range(2):
        began, frontier = time.process_time(), Frontier()
        with sqlite3.connect(settings.data_dir / "aidants.sqlite") as connection:
            rows = connection.execute("SELECT seq, leaf FROM journal_leaf ORDER BY seq")
            while batch := rows.fetchmany(BATCH):
                assert batch[0][0] == frontier.size + 1
                frontier.extend([leaf_hash(leaf) for _, leaf in batch])
        connection.close()
        best = max(best, frontier.size / (time.process_time() - began))
    return best, frontier.size


def _bundle(settings: Settings, size: int) -> list[Figure]:
    """Export everything with its records, and verify the files."""
    target = Path(settings.data_dir) / "export"
    exported = run(settings, "journal", "export", "--records", str(target))
    verified = run(settings, "journal", "verify", "--bundle", str(target))
    shutil.rmtree(target)
    name = "journal verify --bundle, records too"
    return [
        Figure(SECTION, "journal export --records", size / exported.seconds, "entries/s"),
        Figure(SECTION, "journal export --records, peak", exported.peak, "MB"),
        Figure(SECTION, name, size / verified.seconds, "entries/s", note=f"{verified.seconds:.0f} s in all"),
        Figure(SECTION, f"{name}, peak", verified.peak, "MB", MEMORY),
    ]
