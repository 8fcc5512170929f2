"""Five hundred single bytes changed where the journal keeps what it proves: each is found, and the right entry named."""

from __future__ import annotations

import random
import sqlite3
from pathlib import Path
from typing import NamedTuple

import pytest

from aidants.db import Database
from aidants.journal import stored_tiles, verify
from aidants.journal.merkle import HASH_BYTES
from aidants.journal.report import Report
from aidants.journal.seal import seal_now, signer_of
from tests.security.tools import prepare

MUTATIONS = 500
PLACES = {
    "journal_leaf": ("leaf",),
    "journal_record": ("id", "type", "ts", "actor", "session", "resident", "detail", "sealed", "salt"),
    "journal_payload": ("sealed",),
    "journal_tile": ("hashes",),
    "journal_checkpoint": ("root", "frontier", "note"),
}
KEYS = {
    "journal_leaf": "seq",
    "journal_record": "seq",
    "journal_payload": "entry_id",
    "journal_tile": "level",
    "journal_checkpoint": "size",
}


class Place(NamedTuple):
    """A value in the database file; ``key`` names its row."""

    table: str
    column: str
    key: object
    value: bytes | str


def places(connection: sqlite3.Connection) -> list[Place]:
    found = []
    for table, columns in PLACES.items():
        for column in columns:
            query = f"SELECT {KEYS[table]}, {column} FROM {table} WHERE {column} IS NOT NULL"
            found += [Place(table, column, key, value) for key, value in connection.execute(query)]
    return found


def changed(value: bytes | str, chance: random.Random) -> tuple[bytes | str, int]:
    """Return a value with one byte (of text: one letter) changed, and where."""
    at = chance.randrange(len(value))
    if isinstance(value, bytes):
        return value[:at] + bytes([value[at] ^ (1 << chance.randrange(8))]) + value[at + 1 :], at
    letter = chance.choice([other for other in "0123456789abcdefXYZ" if other != value[at]])
    return value[:at] + letter + value[at + 1 :], at


def put(connection: sqlite3.Connection, place: Place, value: bytes | str) -> None:
    table, column, key, _value = place
    connection.execute(f"UPDATE {table} SET {column} = ? WHERE {KEYS[table]} = ?", (value, key))
    connection.commit()


def named(place: Place, at: int, report: Report, seqs: dict[str, int]) -> bool:
    """Say whether the report names what was changed: the entry, or the checkpoint's size."""
    if place.table == "journal_checkpoint":
        return any(f"taille {place.key}" in fault.sentence for fault in report.faults)
    if place.table == "journal_tile":
        return any(fault.seq == at // HASH_BYTES + 1 for fault in report.faults)
    seq = seqs[str(place.key)] if place.table == "journal_payload" else place.key
    return any(fault.seq == seq for fault in report.faults)


@pytest.fixture
def connection(demo_database: Database) -> sqlite3.Connection:
    """The demonstration's file, sealed to its end, its triggers dropped."""
    prepare(demo_database)
    seal_now(demo_database)
    demo_database.dispose()
    connection = sqlite3.connect(Path(str(demo_database.url.database)))
    for what in ("insert", "update", "delete"):
        connection.execute(f"DROP TRIGGER journal_leaf_{what}")
    return connection


def try_all(
    database: Database, connection: sqlite3.Connection, count: int, found: list[Place] | None = None
) -> list[Place]:
    """Change one byte, verify, put it back, ``count`` times; return those that were not named."""
    chance, missed = random.Random(20261124), []
    found = found or places(connection)
    seqs = dict(connection.execute("SELECT id, seq FROM journal_record"))
    signer = signer_of(database)
    last = signer.last()
    assert last is not None
    for _ in range(count):
        place = chance.choice(found)
        value, at = changed(place.value, chance)
        put(connection, place, value)
        report = verify.verify(database, verifier=signer.verifier, kept=[last[0]])
        if report.ok or not named(place, at, report, seqs):
            missed.append(place)
        put(connection, place, place.value)
    assert verify.verify(database, verifier=signer.verifier, kept=[last[0]]).ok
    return missed


@pytest.mark.sqlite_only("changes bytes in the file; the same statements on PostgreSQL are in tests/unit/journal")
def test_each_changed_byte_is_named(demo_database: Database, connection: sqlite3.Connection) -> None:
    missed = try_all(demo_database, connection, MUTATIONS)
    print(f"mutations: {MUTATIONS - len(missed)} of {MUTATIONS} named")
    assert missed == []


@pytest.mark.sqlite_only("one engine shows it")
@pytest.mark.parametrize("skipped", ["_entry", "_checkpoint", "_grow", "compare"])
def test_a_verifier_that_skips_something_fails_the_suite(
    demo_database: Database, connection: sqlite3.Connection, monkeypatch: pytest.MonkeyPatch, skipped: str
) -> None:
    where = stored_tiles.TileCheck if skipped == "compare" else verify
    monkeypatch.setattr(where, skipped, lambda *_: None)
    assert try_some(demo_database, connection)


def try_some(database: Database, connection: sqlite3.Connection) -> list[Place]:
    """Like ``try_all``, as often in each table, with a verifier that may not even accept the intact journal."""
    chance, found = random.Random(20261124), places(connection)
    evenly = [
        one for table in PLACES for one in chance.choices([place for place in found if place.table == table], k=50)
    ]
    try:
        return try_all(database, connection, 150, evenly)
    except AssertionError:
        return [Place("", "", None, b"")]
