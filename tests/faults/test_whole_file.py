"""Single bits changed anywhere in the database's file: what the journal proves and what it does not, page by page.

Whatever changes what a table of the journal says is found; elsewhere the verification may be content. It never breaks down.
"""

from __future__ import annotations

import io
import os
import random
import sqlite3
import struct
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import closing, redirect_stderr, redirect_stdout
from pathlib import Path

import pytest

from aidants.cli import main
from aidants.db import Database, Mode, unit_of_work
from aidants.journal import stored_tables, verify
from aidants.journal.actions import SignedOut
from aidants.journal.seal import seal_now
from aidants.journal.services import record
from aidants.settings import Settings
from tests.security.tools import prepare

LONG = os.environ.get("FAULTS") == "long"
"""``make faults``: five hundred bits of the file and every one of the headers, where an ordinary run takes some."""
FLIPS = 500 if LONG else 100
STRIDE = 1 if LONG else 11
SEED = 20261124
ENTRIES = 300
JOURNAL = ("journal_leaf", "journal_record", "journal_payload", "journal_tile", "journal_checkpoint")
NOT_PROVED = {"journal_checkpoint": {"made_at"}}
"""The journal does not prove the hour at which it was sealed."""
HEADER = 100
LEAF_PAGE = 13
COLUMNS = ("flipped", "changed", "found", "not found", "missed")

pytestmark = pytest.mark.sqlite_only("changes bits in the file")


class Sample:
    """The intact file, copies of it with one bit changed, and the command that verifies them."""

    def __init__(self, path: Path) -> None:
        self.path, self.intact = path, path.read_bytes()
        self.counts: dict[str, Counter[str]] = {}
        with closing(sqlite3.connect(path)) as connection:
            tables = dict(connection.execute("SELECT name, tbl_name FROM sqlite_schema"))
            (self.page,) = connection.execute("PRAGMA page_size").fetchone()
            self._owners = {
                number: name if tables.get(name, name) == name else f"{tables[name]}, indexes"
                for number, name in connection.execute("SELECT pageno, name FROM dbstat")
            }
            self._columns = {table: self._said_by(connection, table) for table in set(tables.values())}
        self._before = {table: self.says(table) for table in self._columns}

    def owner(self, offset: int) -> str:
        """Return the table whose page holds this byte, or whose indexes do."""
        return "file header" if offset < HEADER else self._owners.get(offset // self.page + 1, "free pages")

    @staticmethod
    def _said_by(connection: sqlite3.Connection, table: str) -> list[str]:
        columns = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        return [name for name in columns if name not in NOT_PROVED.get(table, ())]

    def says(self, table: str) -> list[str] | None:
        """Return the table's rows as SQL reads them from the table itself, None when it does not read."""
        columns = ", ".join(self._columns[table])
        with closing(sqlite3.connect(f"file:{self.path}?mode=ro&immutable=1", uri=True)) as connection:
            connection.text_factory = bytes
            try:
                return [repr(row) for row in connection.execute(f"SELECT {columns} FROM {table} NOT INDEXED")]
            except (sqlite3.Error, UnicodeDecodeError):
                return None

    def write(self, content: bytes) -> None:
        """Make this the database's file, with nothing left of the one before."""
        for suffix in ("-wal", "-shm"):
            self.path.with_name(self.path.name + suffix).unlink(missing_ok=True)
        self.path.write_bytes(content)

    def accepted(self) -> bool:
        """Run the command; tell whether it accepts the journal. It says why in one sentence, or the test ends here."""
        said = io.StringIO()
        with redirect_stdout(said), redirect_stderr(said), pytest.raises(SystemExit) as ended:
            main()
        assert said.getvalue().strip()
        assert "Traceback" not in said.getvalue()
        assert ended.value.code in {0, 1}
        return ended.value.code == 0

    def flip(self, offset: int, bit: int) -> bool:
        """Change one bit, verify and count; tell whether the journal says something else and nobody noticed."""
        content = bytearray(self.intact)
        content[offset] ^= 1 << bit
        self.write(bytes(content))
        owner = self.owner(offset)
        changed = owner in self._before and self.says(owner) != self._before[owner]
        try:
            accepted = self.accepted()
        except Exception as error:
            raise AssertionError(f"bit {bit} of byte {offset} ({owner})") from error
        counts = self.counts.setdefault(owner, Counter())
        counts.update(["flipped", *["changed"] * changed, "not found" if accepted else "found"])
        counts.update(["missed"] * (changed and accepted))
        return owner in JOURNAL and changed and accepted

    def try_all(self, places: Iterable[tuple[int, int]]) -> list[tuple[int, int]]:
        """Flip each of these bits in turn; return those that were missed."""
        missed = [place for place in places if self.flip(*place)]
        self.write(self.intact)
        assert self.accepted()
        return missed

    def anywhere(self, count: int, owners: Iterable[str] = ()) -> Iterator[tuple[int, int]]:
        """Yield random places in the file, of these owners only when some are given."""
        chance, wanted = random.Random(SEED), set(owners)
        while count:
            offset, bit = chance.randrange(len(self.intact)), chance.randrange(8)
            if not wanted or self.owner(offset) in wanted:
                count -= 1
                yield offset, bit

    def headers(self, tables: Iterable[str] = JOURNAL) -> Iterator[tuple[int, int]]:
        """Yield the bits of a row's header, where the types of its values stand, of one row in each table."""
        for table in tables:
            starts = ((page - 1) * self.page for page, owner in self._owners.items() if owner == table)
            start = next(start for start in starts if self.intact[start] == LEAF_PAGE)
            (cell,) = struct.unpack_from(">H", self.intact, start + 8)
            length = 48 if table == "journal_record" else 14
            for offset in range(start + cell, start + cell + length):
                yield from ((offset, bit) for bit in range(8))

    def table(self) -> str:
        """Return the counts, one line an owner."""
        total = sum(self.counts.values(), Counter[str]())
        lines = [f"{'owner of the page':<32}" + "".join(f"{name:>12}" for name in COLUMNS)]
        for owner, counts in [*sorted(self.counts.items()), ("all", total)]:
            lines.append(f"{owner:<32}" + "".join(f"{counts[name]:>12}" for name in COLUMNS))
        return "\n".join(lines)


@pytest.fixture
def sample(demo_database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Sample:
    """The demonstration and three hundred more entries, sealed, in one file."""
    prepare(demo_database)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        for _ in range(ENTRIES):
            record(work, SignedOut())
    seal_now(demo_database)
    demo_database.dispose()
    path = Path(str(demo_database.url.database))
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    monkeypatch.setenv("AIDANTS_DATA_DIR", str(settings.data_dir))
    monkeypatch.setattr("sys.argv", ["aidants", "journal", "verify"])
    return Sample(path)


def test_bits_anywhere_in_the_file(sample: Sample) -> None:
    missed = sample.try_all(sample.anywhere(FLIPS))
    print(f"\n{FLIPS} bits of {len(sample.intact)} bytes, seed {SEED}\n{sample.table()}")
    assert missed == []
    assert sum(sample.counts[table]["changed"] for table in JOURNAL if table in sample.counts) > FLIPS // 10


def test_bits_where_the_types_of_values_stand(sample: Sample) -> None:
    missed = sample.try_all(list(sample.headers())[::STRIDE])
    print(f"\n{sample.table()}")
    assert missed == []
    assert all(sample.counts[table]["changed"] for table in JOURNAL)


@pytest.mark.parametrize(("where", "skipped"), [(verify, "_entry"), (stored_tables, "_differ")])
def test_a_verifier_that_skips_something_misses_some(
    sample: Sample, monkeypatch: pytest.MonkeyPatch, where: object, skipped: str
) -> None:
    monkeypatch.setattr(where, skipped, lambda *_: None)
    places = sample.headers(["journal_payload"]) if skipped == "_differ" else sample.anywhere(40, JOURNAL)
    assert any(sample.flip(*place) for place in places)
