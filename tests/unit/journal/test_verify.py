"""Verification finds each way to tamper that leaves a trace, and names the entry."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from aidants.db import Database
from aidants.journal import verify as verification
from aidants.journal.entry import FIELDS, make_leaf
from aidants.journal.models import JournalRecord, table_of
from aidants.journal.report import MOST_FAULTS, Report
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.signer import SignerRefused
from aidants.journal.verify import verify

Write = Callable[[int], list[str]]
Tamper = Callable[..., None]
SEQ = 6  # an entry with every column filled and a payload
NUMBERS = {"v": 2, "version": 4}
RECORD = table_of(JournalRecord)


@pytest.fixture
def ids(database: Database, write: Write) -> list[str]:
    """Nine entries, sealed at the seventh."""
    found = write(7)
    seal_now(database)
    return found + write(2)


def named(report: Report) -> set[int | None]:
    return {fault.seq for fault in report.faults}


def test_an_intact_journal(database: Database, ids: list[str]) -> None:
    seen: list[tuple[int, int]] = []
    report = verify(database, lambda done, total: seen.append((done, total)))
    assert (report.ok, report.size, report.faults, report.not_yet_sealed, report.more) == (True, 9, (), 2, 0)
    assert seen == [(9, 9)]
    assert report.sentence() == f"Journal intact\u00a0: 9 entrées, racine {report.root.hex()[:12]}…"
    assert seal_now(database).root == report.root
    assert verify(database).not_yet_sealed == 0


def test_an_empty_journal(database: Database) -> None:
    report = verify(database)
    assert (report.ok, report.size, report.not_yet_sealed) == (True, 0, 0)
    assert report.sentence().startswith("Journal intact\u00a0: 0 entrée, racine e3b0c44298fc…")


def test_batches_give_the_same_answer(database: Database, ids: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    whole = verify(database)
    monkeypatch.setattr(verification, "BATCH", 2)
    seen: list[int] = []
    assert verify(database, lambda done, total: seen.append(done)) == whole
    assert seen == [2, 4, 6, 8, 9]


@pytest.mark.parametrize("column", [name for name in FIELDS if name != "id"])
def test_any_changed_column_of_a_record(database: Database, ids: list[str], tamper: Tamper, column: str) -> None:
    with database.engine.connect() as connection:
        assert connection.execute(sa.select(RECORD.c[column]).where(RECORD.c.seq == 7)).scalar() != "x"
    tamper(f"UPDATE journal_record SET {column} = :value WHERE seq = :seq", value=NUMBERS.get(column, "x"), seq=SEQ)
    report = verify(database)
    assert not report.ok
    assert named(report) == {SEQ}
    assert report.faults[0].entry_id == ids[SEQ - 1]
    assert report.sentence().startswith(f"L’entrée n°\u00a0{SEQ} (id {ids[SEQ - 1]}) a été modifiée\u00a0: ")


@pytest.mark.parametrize("column", sorted(set(FIELDS) - {"v", "id", "ts", "kind", "type", "actor", "organisation"}))
def test_any_emptied_column_of_a_record(database: Database, ids: list[str], tamper: Tamper, column: str) -> None:
    with database.engine.connect() as connection:
        full = connection.execute(sa.select(RECORD.c[column]).where(RECORD.c.seq == SEQ)).scalar() is not None
    assert full == (column not in {"outcome"})
    tamper(f"UPDATE journal_record SET {column} = NULL WHERE seq = :seq", seq=SEQ)
    assert named(verify(database)) == ({SEQ} if full else set())


def test_spaces_added_to_the_detail(database: Database, ids: list[str], tamper: Tamper) -> None:
    tamper("UPDATE journal_record SET detail = detail || ' ' WHERE seq = :seq", seq=SEQ)
    assert named(verify(database)) == {SEQ}


def test_changed_id_salt_and_number(database: Database, ids: list[str], tamper: Tamper) -> None:
    tamper(
        "UPDATE journal_record SET id = 'x' WHERE seq = 2",
        "UPDATE journal_record SET salt = (SELECT salt FROM journal_record WHERE seq = 1) WHERE seq = 3",
        "UPDATE journal_record SET seq = 44 WHERE seq = 4",
    )
    report = verify(database)
    assert named(report) == {2, 3, 4, 44}
    assert {fault.seq: fault.entry_id for fault in report.faults}[4] == ids[3]


@pytest.mark.parametrize(
    ("table", "column", "where"),
    [
        ("journal_leaf", "leaf", f"seq = {SEQ}"),
        ("journal_record", "salt", f"seq = {SEQ}"),
        ("journal_payload", "sealed", f"entry_id = (SELECT id FROM journal_record WHERE seq = {SEQ})"),
    ],
)
@pytest.mark.parametrize("at", [0, 15, -1])
def test_one_flipped_bit(
    database: Database, ids: list[str], tamper: Tamper, table: str, column: str, where: str, at: int
) -> None:
    with database.engine.connect() as connection:
        found = connection.execute(sa.text(f"SELECT {column} FROM {table} WHERE {where}")).scalar()
    assert found is not None
    flipped = bytearray(found)
    flipped[at] ^= 1
    tamper(f"UPDATE {table} SET {column} = :value WHERE {where}", value=bytes(flipped))
    report = verify(database)
    assert SEQ in named(report)
    assert named(report) <= {SEQ, None}


@pytest.mark.parametrize(
    ("statements", "expected"),
    [
        (["DELETE FROM journal_record WHERE seq = 5"], {5}),
        (["DELETE FROM journal_payload WHERE entry_id = (SELECT id FROM journal_record WHERE seq = 6)"], {6}),
        (["UPDATE journal_record SET sealed = NULL, owner = NULL WHERE seq = 6"], {6}),
        (["INSERT INTO journal_payload SELECT id, salt FROM journal_record WHERE seq = 1"], {1}),
        (["INSERT INTO journal_payload SELECT 'nobody', salt FROM journal_record WHERE seq = 1"], {None}),
        (["DELETE FROM journal_leaf WHERE seq = 5"], {5, None}),
        (["DELETE FROM journal_leaf WHERE seq = 5", "DELETE FROM journal_record WHERE seq = 5"], {5, None}),
        (["DELETE FROM journal_leaf WHERE seq > 6", "DELETE FROM journal_record WHERE seq > 6"], {7}),
        (["DELETE FROM journal_leaf", "DELETE FROM journal_record", "DELETE FROM journal_payload"], {1}),
        (["UPDATE journal_leaf SET seq = 0 WHERE seq = 9"], {0, 9}),
        (["UPDATE journal_checkpoint SET root = substr(frontier, 1, 32)"], {None}),
        (["UPDATE journal_checkpoint SET frontier = root"], {None}),
        (["UPDATE journal_checkpoint SET size = 8"], {None, 8}),
        (["UPDATE journal_checkpoint SET size = 10"], {8, 10}),
        (["UPDATE journal_checkpoint SET size = 0"], {0}),
        (["UPDATE journal_checkpoint SET size = -7"], {-7}),
    ],
)
def test_what_is_missing_added_or_rewritten(
    database: Database, ids: list[str], tamper: Tamper, statements: list[str], expected: set[int | None]
) -> None:
    tamper(*statements)
    report = verify(database)
    assert not report.ok
    assert named(report) == expected


def test_two_leaves_exchanged(database: Database, ids: list[str], tamper: Tamper) -> None:
    tamper(
        "UPDATE journal_leaf SET seq = 900 WHERE seq = 2",
        "UPDATE journal_leaf SET seq = 2 WHERE seq = 4",
        "UPDATE journal_leaf SET seq = 4 WHERE seq = 900",
    )
    assert named(verify(database)) == {2, 4, None}


def test_whole_entries_exchanged_contradict_the_checkpoint(database: Database, ids: list[str], tamper: Tamper) -> None:
    tamper(
        *(
            statement.format(table=table)
            for table in ("journal_leaf", "journal_record")
            for statement in (
                "UPDATE {table} SET seq = 900 WHERE seq = 2",
                "UPDATE {table} SET seq = 2 WHERE seq = 4",
                "UPDATE {table} SET seq = 4 WHERE seq = 900",
            )
        )
    )
    report = verify(database)
    assert [fault.sentence for fault in report.faults] == [
        "Le point de contrôle de taille 7 ne correspond pas aux 7 premières entrées.",
        "La tuile tile/0/000 ne correspond plus aux entrées n° 2 à 2.",
    ]


def test_an_entry_rewritten_with_its_leaf_contradicts_the_checkpoint(
    database: Database, ids: list[str], tamper: Tamper
) -> None:
    with database.engine.connect() as connection:
        row = dict(connection.execute(sa.select(RECORD).where(RECORD.c.seq == 1)).mappings().one())
    leaf = make_leaf(row | {"actor": "somebody-else"})
    tamper(
        "UPDATE journal_record SET actor = 'somebody-else' WHERE seq = 1",
        "UPDATE journal_leaf SET leaf = :leaf WHERE seq = 1",
        leaf=leaf,
    )
    assert named(verify(database)) == {None, 1}


def test_rewriting_everything_and_the_roots_is_found_by_what_was_signed(
    database: Database, ids: list[str], tamper: Tamper
) -> None:
    signer = signer_of(database)
    known = signer.last()
    assert known is not None
    with database.engine.connect() as connection:
        row = dict(connection.execute(sa.select(RECORD).where(RECORD.c.seq == 1)).mappings().one())
    tamper(
        "DELETE FROM journal_checkpoint",
        "DELETE FROM journal_tile",
        "UPDATE journal_record SET actor = 'somebody-else' WHERE seq = 1",
        "UPDATE journal_leaf SET leaf = :leaf WHERE seq = 1",
        leaf=make_leaf(row | {"actor": "somebody-else"}),
    )
    assert verify(database).ok, "without anything from outside, what is left agrees with itself"
    assert [fault.sentence for fault in verify(database, kept=[known[0]]).faults] == [
        "Un point de contrôle gardé au-dehors donne une autre racine pour les 7 premières entrées."
    ]
    with pytest.raises(SignerRefused):
        seal_now(database)
    shutil.rmtree(signer.folder)
    stranger = Database(database.url.render_as_string(hide_password=False), settings=database.settings)
    seal_now(stranger)
    report = verify(stranger, verifier=signer.verifier)
    assert "La signature du point de contrôle de taille 9 est fausse." in [fault.sentence for fault in report.faults]
    stranger.dispose()


@pytest.mark.parametrize("at", [0, 31, 32, 223, 224])
def test_one_flipped_bit_of_a_tile_names_its_entry(database: Database, ids: list[str], tamper: Tamper, at: int) -> None:
    with database.engine.connect() as connection:
        hashes = bytearray(connection.execute(sa.text("SELECT hashes FROM journal_tile")).scalar_one())
    if at == len(hashes):
        hashes.extend(bytes(96))  # the journal has two entries more, the third is nobody's
    else:
        hashes[at] ^= 1
    tamper("UPDATE journal_tile SET hashes = :value", value=bytes(hashes))
    (fault,) = verify(database).faults
    if at == 224:
        assert fault.sentence == "La tuile 0/0 contient ce que le journal n’a pas."
    else:
        assert fault.seq == at // 32 + 1


@pytest.mark.parametrize(
    ("statements", "sentence"),
    [
        (["UPDATE journal_tile SET hashes = substr(hashes, 1, 64)"], "n° 3 à 3"),
        (["DELETE FROM journal_tile"], "n° 1 à 1"),
        (["UPDATE journal_tile SET number = 5"], "n° 1 à 1"),
        (["UPDATE journal_tile SET level = 1"], "n° 1 à 1"),
        (["INSERT INTO journal_tile SELECT 1, 0, hashes FROM journal_tile"], "La tuile 1/0 contient"),
        (["UPDATE journal_checkpoint SET note = NULL"], "n’est plus signé"),
        (
            ["UPDATE journal_checkpoint SET note = replace(note, '7', '8')"],
            "signature du point de contrôle de taille 7",
        ),
        (["UPDATE journal_checkpoint SET note = 'x'"], "signature du point de contrôle de taille 7 est fausse"),
    ],
)
def test_tiles_and_signatures(
    database: Database, ids: list[str], tamper: Tamper, statements: list[str], sentence: str
) -> None:
    tamper(*statements)
    signer = signer_of(database)
    known = signer.last()
    assert known is not None
    report = verify(database, verifier=signer.verifier, kept=[known[0]])
    sentences = [fault.sentence.replace("\u00a0", " ") for fault in report.faults]
    assert any(sentence in said for said in sentences), sentences
    assert report.signed == (7 if "tile" in statements[0] else 0)


def test_a_leaf_that_is_no_leaf(database: Database, ids: list[str], tamper: Tamper) -> None:
    tamper("UPDATE journal_leaf SET leaf = :leaf WHERE seq = 9", leaf=b"\xff not JSON")
    (fault,) = verify(database).faults
    assert (fault.seq, fault.entry_id) == (9, ids[8])
    assert "illisible" in fault.sentence


def test_many_faults_are_counted_not_kept(database: Database, write: Write, tamper: Tamper) -> None:
    write(MOST_FAULTS + 7)
    tamper("UPDATE journal_record SET lang = 'xx'")
    report = verify(database)
    assert (len(report.faults), report.more) == (MOST_FAULTS, 7)


def test_a_lost_table_is_a_fault(database: Database, ids: list[str], tamper: Tamper) -> None:
    tamper("ALTER TABLE journal_record RENAME TO elsewhere")
    report = verify(database)
    assert len(report.faults) == 1
    assert not report.ok


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_text_that_is_not_text(database: Database, ids: list[str], tamper: Tamper) -> None:
    """A byte changed on the disk: the driver refuses the row, the verification names it."""
    tamper("UPDATE journal_record SET guide = CAST(x'ff' AS TEXT) WHERE seq = 6")
    (fault,) = verify(database).faults
    assert fault.seq == SEQ
    assert "abîmée" in fault.sentence


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
def test_a_broken_file(tmp_path: Path, write: Write, database: Database) -> None:
    write(120)
    database.dispose()
    path = tmp_path / "journal.db"
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        (page,) = connection.execute("SELECT max(pageno) FROM dbstat WHERE name = 'journal_leaf'").fetchone() or (0,)
    connection.close()
    with path.open("r+b") as file:
        file.seek((page - 1) * 4096)
        file.write(b"\xa5" * 4096)
    report = verify(database)
    assert not report.ok
    assert "abîmée" in report.sentence()


@pytest.mark.parametrize("database", ["sqlite"], indirect=True)
@pytest.mark.parametrize("value", ["x'05'", "5", "''"])
def test_a_note_that_is_no_text(database: Database, ids: list[str], tamper: Tamper, value: str) -> None:
    tamper(f"UPDATE journal_checkpoint SET note = {value}")
    (fault,) = verify(database, verifier=signer_of(database).verifier).faults
    assert "signature" in fault.sentence


@pytest.mark.parametrize("root", ["", "zz", "É"])
def test_a_printed_root_that_does_not_read(database: Database, ids: list[str], root: str) -> None:
    (fault,) = verify(database, printed=[(3, root)]).faults
    assert "imprimé" in fault.sentence
