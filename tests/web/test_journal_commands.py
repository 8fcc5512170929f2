"""``aidants journal …``: the last line is one sentence, the exit code says the rest, never a traceback."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import select

from aidants import clock
from aidants.cli import main
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.erasures import ErasureList
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now, signer_of
from aidants.residents.models import Resident
from aidants.settings import Settings
from tests.security.tools import prepare


@pytest.fixture
def here(demo_database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Database:
    """The demonstration, named by the environment as a command finds it."""
    monkeypatch.setenv("AIDANTS_DATA_DIR", str(settings.data_dir))
    if settings.database_url:
        monkeypatch.setenv("AIDANTS_DATABASE_URL", settings.database_url)
    seal_now(demo_database)
    return demo_database


def run(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, *words: str) -> tuple[int, str, str]:
    """Exit code, standard output and standard error of a command."""
    monkeypatch.setattr("sys.argv", ["aidants", "journal", *words])
    with pytest.raises(SystemExit) as ended:
        main()
    out, err = capsys.readouterr()
    assert "Traceback" not in out + err
    return int(ended.value.code or 0), out, err


def test_from_the_database_to_a_stranger(
    here: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    vkey = signer_of(here).verifier.vkey()
    code, out, _ = run(capsys, monkeypatch, "verify")
    assert (code, len(out.splitlines())) == (0, 1)
    assert out.startswith("Journal intact")
    assert run(capsys, monkeypatch, "checkpoint", "--vkey")[1].strip() == vkey
    kept = tmp_path / "kept"
    kept.write_text(run(capsys, monkeypatch, "checkpoint")[1], encoding="utf-8")
    for target in (tmp_path / "log.zip", tmp_path / "log"):
        assert run(capsys, monkeypatch, "export", str(target))[0] == 0
        code, out, _ = run(
            capsys, monkeypatch, "verify", "--bundle", str(target), "--vkey", vkey, "--checkpoint", str(kept), "--json"
        )
        found = json.loads(out)
        assert (code, found["ok"], found["faults"]) == (0, True, [])
        code, _, err = run(capsys, monkeypatch, "export", str(target))
        assert (code, "déjà quelque chose" in err) == (1, True)
    with here.engine.connect() as connection:
        exported = "SELECT count(*) FROM journal_record WHERE type = 'journal_exported'"
        assert connection.execute(sa.text(exported)).scalar_one() == 2
    assert run(capsys, monkeypatch, "seal")[0] == 0


def test_the_sealer_applies_the_list_of_erasures(
    here: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It may be the only account that reads the signer's folder."""
    assert here.settings is not None
    who = prepare(here).residents["Aubert"]
    ErasureList(here.settings.signer_path).add(who, clock.now())
    assert run(capsys, monkeypatch, "seal")[0] == 0
    with unit_of_work(here, Mode.READ) as work:
        assert work.session.get(Resident, who) is None
        said = work.session.exec(select(JournalRecord).where(JournalRecord.type == "resident_erased")).one()
        assert (said.resident, said.outcome, said.actor) == (who, "reapplied", "console")


def test_what_cannot_be_checked_is_one_sentence(
    here: Database, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    target = tmp_path / "log.zip"
    run(capsys, monkeypatch, "export", str(target))
    broken = tmp_path / "broken.zip"
    broken.write_bytes(target.read_bytes()[:-40])
    foreign = "sum.golang.org+033de0ae+Ac4zctda0e5eza+HJyk9SxEdh+s3Ux18htTTAD8OuAn8"
    for words in (
        ("--bundle", str(broken)),
        ("--bundle", str(tmp_path / "nowhere")),
        ("--bundle", str(target), "--vkey", foreign),
        ("--bundle", str(target), "--vkey", "a+b+c"),
        ("--bundle", str(target), "--vkey", str(tmp_path / "nowhere")),
        ("--bundle", str(target), "--checkpoint", str(target)),
        ("--checkpoint", str(tmp_path / "nowhere")),
    ):
        code, out, err = run(capsys, monkeypatch, "verify", *words)
        assert (code, out, len(err.splitlines())) == (1, "", 1), words


def test_a_changed_entry_is_named_and_a_base_of_before_is_not_called_damaged(
    here: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    with here.engine.begin() as connection:
        connection.execute(sa.text("UPDATE journal_record SET actor = 'x' WHERE seq = 7"))
    code, out, _ = run(capsys, monkeypatch, "verify")
    assert (code, "7" in out.splitlines()[-1]) == (1, True)
    with here.engine.begin() as connection:
        connection.execute(sa.text("UPDATE alembic_version SET version_num = '0001'"))
    code, out, err = run(capsys, monkeypatch, "verify")
    assert (code, out, "aidants migrate" in err) == (1, "", True)


@pytest.mark.sqlite_only("changes bytes in the file")
@pytest.mark.parametrize("byte", [b"@", b"\xff"])
def test_a_damaged_schema_is_one_sentence(
    here: Database, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch, byte: bytes
) -> None:
    path = Path(str(here.url.database))
    with here.engine.connect() as connection:
        connection.execute(sa.text("PRAGMA wal_checkpoint(TRUNCATE)"))
    here.dispose()
    content = path.read_bytes()
    damaged = content.replace(b"CREATE TABLE run (", b"CREATE TABLE run " + byte)
    assert damaged != content
    path.write_bytes(damaged)
    for command in ("verify", "seal"):
        code, out, err = run(capsys, monkeypatch, command)
        assert (code, out, len(err.splitlines())) == (1, "", 1)
        assert "abîmée" in err
