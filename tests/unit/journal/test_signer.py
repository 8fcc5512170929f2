"""The signer: what it keeps, what it refuses to sign, and a journal that stops anywhere and goes on."""

from __future__ import annotations

import errno
import shutil
import stat
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Unavailable, WritesRefused
from aidants.journal import seal
from aidants.journal.actions import SignedOut
from aidants.journal.models import JournalCheckpoint
from aidants.journal.notes import Checkpoint, NoteError, open_checkpoint
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.sealer import Sealer
from aidants.journal.services import record
from aidants.journal.signer import KEY_FILE, LAST_FILE, SignerFolder, SignerRefused, kept_outside, read_vkey
from aidants.journal.verify import verify
from tests.property.test_merkle import reference
from tests.property.test_tiles import subproof

Write = Callable[[int], list[str]]
Tamper = Callable[..., None]
ORIGIN = "aidants.brivette.example/journal/log"
STEPS = ("after tiles", "before rename", "after signature")


class Stopped(BaseException):
    """The process ends here."""


def forget(database: Database) -> None:
    """What a new process knows of the signer: its folder."""
    seal._signers.pop(database, None)
    database.refused = None


def newest(database: Database) -> JournalCheckpoint:
    with Session(database.engine) as session:
        return session.exec(select(JournalCheckpoint).order_by(sa.desc("size"))).first()  # type: ignore[return-value]


def test_the_key_is_its_owners_alone_and_comes_back(tmp_path: Path) -> None:
    made = SignerFolder.create(tmp_path / "signer", ORIGIN)
    assert stat.S_IMODE((tmp_path / "signer" / KEY_FILE).stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "signer").stat().st_mode) == 0o700
    assert SignerFolder.load(tmp_path / "signer").verifier == made.verifier == read_vkey(tmp_path / "signer")
    assert made.verifier.name == ORIGIN
    with pytest.raises(FileExistsError):
        SignerFolder.create(tmp_path / "signer", ORIGIN)
    assert SignerFolder.load(tmp_path / "signer").verifier == made.verifier
    assert sorted(path.name for path in (tmp_path / "signer").iterdir()) == [KEY_FILE, "vkey"]


def test_no_key_no_folder(tmp_path: Path) -> None:
    with pytest.raises(FileNotFoundError):
        SignerFolder.load(tmp_path)
    assert read_vkey(tmp_path) is None
    with pytest.raises(ValueError, match="name of a log"):
        SignerFolder.create(tmp_path, "deux mots")


@pytest.mark.parametrize(("old", "new"), [("PRIVATE", "PUBLIC"), ("brivette", "brivexte"), ("", "x")])
def test_a_spoilt_key_is_no_key(tmp_path: Path, old: str, new: str) -> None:
    SignerFolder.create(tmp_path, ORIGIN)
    path = tmp_path / KEY_FILE
    text = path.read_text(encoding="utf-8")
    path.write_text(text.replace(old, new, 1) if old else text.strip() + new, encoding="utf-8")
    with pytest.raises(NoteError):
        SignerFolder.load(tmp_path)


def test_it_signs_only_what_goes_on_from_what_it_signed(tmp_path: Path) -> None:
    signer = SignerFolder.create(tmp_path, ORIGIN)
    first = Checkpoint(ORIGIN, 7, reference(0, 7))
    signer.sign(first, [])
    assert signer.last() == (first, (tmp_path / LAST_FILE).read_text(encoding="utf-8"))
    before = (tmp_path / LAST_FILE).read_bytes()
    proof = subproof(7, 0, 20)
    for checkpoint, way in (
        (Checkpoint(ORIGIN, 6, reference(0, 6)), []),
        (Checkpoint(ORIGIN, 7, reference(1, 8)), []),
        (Checkpoint(ORIGIN, 20, reference(0, 20)), []),
        (Checkpoint(ORIGIN, 20, reference(1, 21)), proof),
        (Checkpoint(ORIGIN, 20, reference(0, 20)), proof[::-1]),
    ):
        with pytest.raises(SignerRefused):
            signer.sign(checkpoint, way)
        assert (tmp_path / LAST_FILE).read_bytes() == before
    note = signer.sign(Checkpoint(ORIGIN, 20, reference(0, 20)), proof)
    assert open_checkpoint(note, signer.verifier).size == 20


def test_an_altered_memory_is_no_memory(tmp_path: Path) -> None:
    signer = SignerFolder.create(tmp_path, ORIGIN)
    signer.sign(Checkpoint(ORIGIN, 7, reference(0, 7)), [])
    path = tmp_path / LAST_FILE
    for spoilt in (path.read_bytes().replace(b"\n7\n", b"\n6\n"), b"", b"\xff"):
        path.write_bytes(spoilt)
        with pytest.raises(SignerRefused):
            signer.last()


@pytest.mark.parametrize("where", STEPS)
def test_a_stop_anywhere_leaves_a_journal_that_goes_on(database: Database, write: Write, where: str) -> None:
    write(3)
    seal_now(database)
    write(300)
    signer = signer_of(database)

    def stop(step: str) -> None:
        if step == where:
            raise Stopped

    signer.step = stop
    with pytest.raises(Stopped):
        seal_now(database)
    assert newest(database).size == 3
    assert verify(database, verifier=signer.verifier).ok
    forget(database)
    write(2)
    assert seal_now(database).size == 305
    report = verify(database, verifier=signer.verifier)
    assert (report.ok, report.signed) == (True, 305)


def test_each_checkpoint_is_signed_and_is_what_the_signer_remembers(database: Database, write: Write) -> None:
    for count in (1, 254, 2, 600):
        write(count)
        sealed = seal_now(database)
        known = signer_of(database).last()
        assert known is not None
        assert (known[0].size, known[0].root) == (sealed.size, sealed.root)
        assert newest(database).note == known[1]


def test_a_database_from_before_the_signer_is_signed_from_its_first_entry(
    database: Database, write: Write, tamper: Tamper
) -> None:
    write(5)
    seal_now(database)
    tamper("UPDATE journal_checkpoint SET note = NULL", "DELETE FROM journal_tile")
    shutil.rmtree(signer_of(database).folder)
    forget(database)
    assert seal_now(database).size == 5
    write(1)
    seal_now(database)
    report = verify(database, verifier=signer_of(database).verifier)
    assert (report.ok, report.signed) == (True, 6)


@pytest.mark.parametrize(
    "statements",
    [
        ["DELETE FROM journal_checkpoint WHERE size > 4", "DELETE FROM journal_leaf WHERE seq > 4"],
        ["DELETE FROM journal_checkpoint", "DELETE FROM journal_leaf WHERE seq > 4", "DELETE FROM journal_tile"],
    ],
)
def test_an_old_backup_may_be_read_and_not_written(
    database: Database, write: Write, tamper: Tamper, statements: list[str]
) -> None:
    write(4)
    seal_now(database)
    write(4)
    seal_now(database)
    tamper(*statements, "DELETE FROM journal_record WHERE seq > 4")
    forget(database)
    sealer = Sealer(database, 0.05)
    sealer.start()
    sealer.stop()
    assert not sealer.healthy
    with pytest.raises(WritesRefused), unit_of_work(database, Mode.WRITE, request_id="r") as work:
        record(work, SignedOut())
    with Session(database.engine) as session:
        assert session.connection().execute(sa.text("SELECT count(*) FROM journal_leaf")).scalar_one() == 4
    assert signer_of(database).last()[0].size == 8  # type: ignore[index]


def test_a_signer_without_memory_signs_nothing(database: Database, write: Write) -> None:
    write(4)
    seal_now(database)
    write(1)
    (signer_of(database).folder / LAST_FILE).unlink()
    with pytest.raises(SignerRefused):
        seal_now(database)
    assert newest(database).size == 4


def test_a_journal_without_its_key_is_not_written(database: Database, write: Write) -> None:
    write(4)
    seal_now(database)
    (signer_of(database).folder / KEY_FILE).unlink()
    forget(database)
    with pytest.raises(SignerRefused):
        seal_now(database)
    assert database.refused is not None
    assert not (database.settings.signer_path / KEY_FILE).exists()  # type: ignore[union-attr]


def test_leaves_changed_while_nothing_ran_are_found_at_the_start(
    database: Database, write: Write, tamper: Tamper
) -> None:
    write(30)
    seal_now(database)
    tamper("UPDATE journal_leaf SET leaf = :leaf WHERE seq = 7", leaf=b"{}")
    forget(database)
    sealer = Sealer(database, 0.05)
    sealer.start()
    sealer.stop()
    assert isinstance(database.refused, SignerRefused)


def test_another_process_seals(database: Database, write: Write) -> None:
    assert database.settings is not None
    write(3)
    known = seal.cover(database)
    elsewhere = Database(
        database.url.render_as_string(hide_password=False),
        settings=database.settings.model_copy(update={"seal_here": False}),
    )
    write(1)
    assert seal_now(database).size == 4
    assert (known.size, seal.cover(elsewhere).size) == (3, 4)
    elsewhere.dispose()


def test_a_full_disk_while_signing_is_busy_for_now_and_recovers(database: Database, write: Write) -> None:
    write(3)
    seal_now(database)
    write(2)

    def full(_step: str) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    signer_of(database).step = full
    with pytest.raises(Unavailable) as said:
        seal_now(database)
    assert (said.value.code, database.refused, newest(database).size) == ("signer", None, 3)
    write(1)
    signer_of(database).step = lambda _step: None
    assert seal_now(database).size == 6
    assert verify(database, verifier=signer_of(database).verifier).ok


def test_a_folder_that_this_account_may_not_read_is_no_crash(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    SignerFolder.create(tmp_path, ORIGIN)

    def closed(*_: object, **__: object) -> str:
        raise PermissionError

    assert kept_outside(tmp_path)[0] is not None
    monkeypatch.setattr(Path, "read_text", closed)
    assert kept_outside(tmp_path) == (None, ())
