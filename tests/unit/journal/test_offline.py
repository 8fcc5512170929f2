"""An exported log: our own verifier and a second reader agree, on the intact one and on every tampering."""

from __future__ import annotations

import base64
import shutil
import tracemalloc
import warnings
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from aidants.db import Database
from aidants.errors import NotFound
from aidants.journal import export
from aidants.journal.export import writer
from aidants.journal.files import Folder, Unreadable, open_files
from aidants.journal.models import JournalRecord
from aidants.journal.notes import Checkpoint, Signer, Verifier, open_checkpoint
from aidants.journal.offline import verify_files
from aidants.journal.report import Report
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.tiles import Tile, path, read_bundle, write_bundle
from tests.support import second_reader

Write = Callable[[int], list[str]]
BUNDLE, LAST_BUNDLE = "tile/entries/000", "tile/entries/002.p/10"


@pytest.fixture
def verifier(database: Database, write: Write) -> Verifier:
    """A journal of 522 entries, sealed three times."""
    for count in (5, 300, 217):
        write(count)
        seal_now(database)
    return signer_of(database).verifier


@pytest.fixture
def folder(database: Database, verifier: Verifier, tmp_path: Path) -> Path:
    target = tmp_path / "export"
    with writer(target) as write_file:
        assert export.export(database, verifier, write_file, records=sa.true()) == 522
    return target


def check(folder: Path, verifier: Verifier, *kept: Checkpoint) -> Report:
    return verify_files(Folder(folder), verifier, kept)


def sentences(report: Report) -> list[str]:
    return [fault.sentence.replace("\u00a0", " ") for fault in report.faults]


def test_both_readers_accept_it(database: Database, folder: Path, verifier: Verifier, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    report = verify_files(Folder(folder), None, progress=lambda done, total: seen.append((done, total)))
    assert (report.ok, report.size, report.signed) == (True, 522, 522)
    assert seen == [(256, 522), (512, 522), (522, 522)]
    assert second_reader.check_log(folder, verifier.vkey()) == (522, report.root)
    assert (folder / "vkey").read_text(encoding="utf-8").strip() == verifier.vkey()
    assert len((folder / "records.jsonl").read_bytes().splitlines()) == 522
    assert {found.name for found in (folder / "checkpoints").iterdir()} == {"5", "305"}
    with writer(tmp_path / "log.zip") as write_file:
        export.export(database, verifier, write_file)
    zipped = verify_files(open_files(tmp_path / "log.zip"), verifier)
    assert (zipped.ok, zipped.root) == (True, report.root)
    assert not (tmp_path / "log.zip.part").exists()


def test_nothing_signed_nothing_to_export(database: Database, write: Write) -> None:
    write(1)
    with pytest.raises(NotFound):
        export.export(database, signer_of(database).verifier, lambda _name, _data: None)


def bend(path: Path, at: int) -> None:
    data = bytearray(path.read_bytes())
    data[at] ^= 1
    path.write_bytes(bytes(data))


def rewrite(folder: Path, change: Callable[[list[bytes]], list[bytes]], name: str = BUNDLE) -> None:
    place = folder / name
    place.write_bytes(write_bundle(change(read_bundle(place.read_bytes()))))


TAMPERINGS: dict[str, Callable[[Path], object]] = {
    "an entry edited": lambda folder: rewrite(
        folder, lambda entries: [*entries[:7], entries[7].replace(b"t", b"T", 1), *entries[8:]]
    ),
    "an entry removed": lambda folder: rewrite(folder, lambda entries: entries[:-1]),
    "an entry added": lambda folder: rewrite(folder, lambda entries: [*entries, entries[0]]),
    "entries exchanged": lambda folder: rewrite(folder, lambda entries: [entries[1], entries[0], *entries[2:]]),
    "the last entry edited": lambda folder: rewrite(folder, lambda entries: [*entries[:-1], b"{}"], LAST_BUNDLE),
    "a bundle missing": lambda folder: (folder / BUNDLE).unlink(),
    "a bundle cut": lambda folder: (folder / BUNDLE).write_bytes((folder / BUNDLE).read_bytes()[:-3]),
    "a tile edited": lambda folder: bend(folder / "tile/0/001", 40),
    "a tile missing": lambda folder: (folder / "tile/0/002.p/10").unlink(),
    "a tile too long": lambda folder: (folder / "tile/0/000").write_bytes((folder / "tile/0/000").read_bytes() + b"x"),
    "an upper tile edited": lambda folder: bend(folder / "tile/1/000.p/2", 3),
    "an earlier checkpoint edited": lambda folder: bend(folder / "checkpoints/305", 60),
    "an earlier checkpoint exchanged": lambda folder: (folder / "checkpoints/305").write_bytes(b"x"),
    "a record edited": lambda folder: (folder / "records.jsonl").write_bytes(
        (folder / "records.jsonl").read_bytes().replace(b'"fr"', b'"en"', 1)
    ),
    "a salt edited": lambda folder: (folder / "records.jsonl").write_bytes(
        (folder / "records.jsonl").read_bytes().replace(b'"salt": "', b'"salt": "00', 1)
    ),
}


@pytest.mark.parametrize("name", TAMPERINGS)
def test_both_readers_refuse(folder: Path, verifier: Verifier, name: str) -> None:
    TAMPERINGS[name](folder)
    report = check(folder, verifier)
    assert not report.ok
    with pytest.raises((second_reader.Refused, OSError, ValueError, IndexError)):
        second_reader.check_log(folder, verifier.vkey())


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("a tile edited", "La tuile tile/0/001 ne correspond pas aux entrées n° 258 à 258."),
        ("an upper tile edited", "La tuile tile/1/000.p/2 ne correspond pas aux entrées n° 1 à 256."),
        ("an earlier checkpoint edited", "La signature du fichier checkpoints/305 est fausse."),
        ("a bundle cut", "Les entrées n° 1 à 256 manquent ou ne se lisent pas (tile/entries/000)."),
        ("an entry edited", "Le point de contrôle ne correspond pas aux 522 premières entrées."),
    ],
)
def test_what_is_wrong_is_named(folder: Path, verifier: Verifier, name: str, sentence: str) -> None:
    TAMPERINGS[name](folder)
    assert sentence in sentences(check(folder, verifier))


def test_the_edited_record_is_named(folder: Path, verifier: Verifier) -> None:
    TAMPERINGS["a record edited"](folder)
    (fault,) = check(folder, verifier).faults
    assert fault.seq == 3
    assert "ne correspond pas à son engagement" in fault.sentence


@pytest.mark.parametrize(
    "line",
    [
        b"not json\n",
        b"[]\n",
        b"{}\n",
        b'{"seq": 900, "salt": "", "record": {}}\n',
        b'{"seq": 1, "salt": "zz", "record": {}}\n',
        b'{"seq": 1, "salt": "", "record": [1]}\n',
        b"[" * 100_000 + b"\n",
    ],
)
def test_hostile_records_are_faults_not_crashes(folder: Path, verifier: Verifier, line: bytes) -> None:
    (folder / "records.jsonl").write_bytes(line)
    assert not check(folder, verifier).ok


def test_an_older_checkpoint_catches_a_history_rewritten_and_signed_again(
    database: Database, folder: Path, verifier: Verifier, write: Write, tmp_path: Path
) -> None:
    """Somebody who holds the database and the key makes another journal: only what was kept elsewhere shows it."""
    older = open_checkpoint((folder / "checkpoints/5").read_text(encoding="utf-8"), verifier)
    signer = signer_of(database)
    rewritten = tmp_path / "rewritten"
    shutil.copytree(folder, rewritten)
    for name in ("tile", "checkpoints"):
        shutil.rmtree(rewritten / name)
    entries = read_bundle((folder / BUNDLE).read_bytes())[:200]
    forged = [b"{}", *entries[1:]]
    hashes = [second_reader.sha256(b"\x00" + found) for found in forged]
    for name, data in (
        (path(Tile(None, 0, 200)), write_bundle(forged)),
        (path(Tile(0, 0, 200)), b"".join(hashes)),
        ("records.jsonl", b""),
    ):
        (rewritten / name).parent.mkdir(parents=True, exist_ok=True)
        (rewritten / name).write_bytes(data)
    root = second_reader.tree_hash(hashes)
    resigned = signer._signer.sign(Checkpoint(verifier.name, 200, root).text())
    (rewritten / "checkpoint").write_text(resigned, encoding="utf-8")
    assert "L’entrée n° 1 est illisible." in sentences(check(rewritten, verifier))
    kept = "Le point de contrôle que vous avez gardé ne correspond pas aux 5 premières entrées."
    assert kept in sentences(check(rewritten, verifier, older))
    longer = open_checkpoint((folder / "checkpoint").read_text(encoding="utf-8"), verifier)
    assert "Ce journal est plus court que le point de contrôle que vous avez gardé : 522 entrées." in sentences(
        check(rewritten, verifier, longer)
    )


def foreign(folder: Path, verifier: Verifier) -> str:
    """A checkpoint over the same tree, signed by somebody else under the same name."""
    return Signer(verifier.name, bytes(32)).sign(
        (folder / "checkpoint").read_text(encoding="utf-8").split("\n\n")[0] + "\n"
    )


@pytest.mark.parametrize("name", ["foreign", "missing", "empty", "binary", "huge", "folder"])
def test_a_checkpoint_that_is_not_this_journals(folder: Path, verifier: Verifier, name: str) -> None:
    place = folder / "checkpoint"
    forged = foreign(folder, verifier)
    place.unlink()
    if name == "foreign":
        place.write_text(forged, encoding="utf-8")
    elif name == "folder":
        place.mkdir()
    elif name != "missing":
        place.write_bytes({"empty": b"", "binary": b"\xff\x00", "huge": b"x" * 100_000}[name])
    with pytest.raises(Unreadable):
        check(folder, verifier)


def zip_of(tmp_path: Path, files: list[tuple[str, bytes]]) -> Path:
    target = tmp_path / "made.zip"
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for name, data in files:
            archive.writestr(name, data)
    return target


def test_zips_that_are_none_or_lie(folder: Path, verifier: Verifier, tmp_path: Path) -> None:
    files = [
        (str(found.relative_to(folder)), found.read_bytes()) for found in sorted(folder.rglob("*")) if found.is_file()
    ]
    whole = zip_of(tmp_path, files)
    assert verify_files(open_files(whole), verifier).ok
    data = whole.read_bytes()
    for broken in (b"", b"PK", data[:-30], data[: len(data) // 2], b"x" * 5000):
        whole.write_bytes(broken)
        with pytest.raises(Unreadable):
            verify_files(open_files(whole), verifier)
    with pytest.raises(Unreadable, match="deux fois"):
        open_files(zip_of(tmp_path, [*files, ("checkpoint", b"another")]))
    tricks = [("../../outside", b"x"), ("/etc/outside", b"x"), ("tile/../../outside", b"x"), ("checkpoints/../x", b"x")]
    assert verify_files(open_files(zip_of(tmp_path, files + tricks)), verifier).ok
    assert not list(tmp_path.rglob("outside"))
    with pytest.raises(Unreadable):
        open_files(tmp_path / "nowhere")


def test_a_zip_bomb_is_not_unfolded(folder: Path, verifier: Verifier, tmp_path: Path) -> None:
    files = {str(found.relative_to(folder)): found.read_bytes() for found in folder.rglob("*") if found.is_file()}
    for name in ("checkpoint", "vkey", "records.jsonl", "tile/0/000", BUNDLE):
        bomb = zip_of(tmp_path, list((files | {name: b"0" * (1 << 27)}).items()))
        assert bomb.stat().st_size < 1 << 21
        tracemalloc.start()
        if "tile" in name:
            assert not verify_files(open_files(bomb)).ok
        else:
            with pytest.raises(Unreadable, match="trop grand"):
                verify_files(open_files(bomb))
        assert tracemalloc.get_traced_memory()[1] < 1 << 26, "the whole was never in memory"
        tracemalloc.stop()


def test_a_proof_opens_its_entry_and_nothing_else(database: Database, verifier: Verifier) -> None:
    with Session(database.engine) as session:
        for seq in (1, 2, 256, 257, 522):
            row = session.exec(select(JournalRecord).where(JournalRecord.seq == seq)).one()
            text = export.proof_of(session, row)[0].text()
            opened = second_reader.check_proof(text, verifier.vkey())
            assert opened["record"]["id"] == row.id  # type: ignore[index]
            for changed in (text.replace("index ", "index 9", 1), text.replace("\n522\n", "\n521\n", 1)):
                with pytest.raises((second_reader.Refused, ValueError)):
                    second_reader.check_proof(changed, verifier.vkey())
            header, extra, *rest = text.split("\n")
            opening = base64.b64decode(extra.removeprefix("extra "))
            bent = base64.b64encode(opening.replace(b'"v":1', b'"v":2', 1)).decode()
            with pytest.raises(second_reader.Refused):
                second_reader.check_proof("\n".join([header, f"extra {bent}", *rest]), verifier.vkey())


def test_no_proof_before_a_checkpoint_covers_the_entry(database: Database, verifier: Verifier, write: Write) -> None:
    write(1)
    with Session(database.engine) as session:
        row = session.exec(select(JournalRecord).where(JournalRecord.seq == 523)).one()
        with pytest.raises(NotFound):
            export.proof_of(session, row)
