"""A resident is erased, an older backup comes back, and still no byte of theirs is in any file of the database."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from aidants import clock
from aidants.app import create_app, open_database
from aidants.assistance.services import receive
from aidants.counter import erasure
from aidants.counter.erasure import erase, reapply
from aidants.crypto import Keyring
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound, Unavailable
from aidants.guides.models import Run
from aidants.journal import actions
from aidants.journal.erasures import LIST_FILE, ErasureList, owner_of, spans
from aidants.journal.models import JournalPayload, JournalRecord
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.services import Private, record, shred_payloads
from aidants.journal.verify import verify
from aidants.mandates.models import Mandate, MandateFrozenText
from aidants.mandates.queries import get_with_resident, verification_code
from aidants.mandates.services import draft_mandate
from aidants.messages.services import About
from aidants.residents.models import Resident, ResidentToken
from aidants.residents.services import everybody, resident_key
from aidants.settings import Settings
from tests.security.tools import Places, actor_of, digest, kinds_after, last_entry, prepare
from tests.support.client import Browser
from tests.support.outbox import configure, queue, rows


def fill(database: Database, places: Places) -> dict[str, bytes]:
    """Give Monique Aubert a sealed payload; return the bytes that only she can be known by: keys, names, sealed texts."""
    who = places.residents["Aubert"]
    configure(database, mail_url="file:///nowhere")
    queue(database, about=About(resident=who))
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        row = work.session.get_one(Resident, who)
        key = resident_key(work, row)
        record(work, actions.ResidentViewed(resident=who), Private(owner_of(who), key, {"reference": "CAF 123"}))
    with unit_of_work(database, Mode.READ) as work:
        row = work.session.get_one(Resident, who)
        found = {"wrapped key": row.wrapped_key, "key": resident_key(work, row), "identity": row.sealed}
        found |= {"name": b"Aubert", "given name": b"Monique", "birth date": b"1948-03-04"}
        mandates = work.session.exec(select(Mandate).where(Mandate.resident_id == who)).all()
        for mandate in mandates:
            assert mandate.code_sealed is not None
            found[f"code of {mandate.id}"] = mandate.code_sealed
        texts = select(MandateFrozenText).where(col(MandateFrozenText.mandate_id).in_([row.id for row in mandates]))
        found |= {f"text {text.id}": text.sealed for text in work.session.exec(texts)}
        payloads = select(JournalPayload).join(JournalRecord, col(JournalRecord.id) == JournalPayload.entry_id)
        for payload in work.session.exec(payloads.where(JournalRecord.owner == owner_of(who))):
            found[f"payload {payload.entry_id}"] = payload.sealed
    found |= {f"message {message.id}": message.sealed for message in rows(database) if message.sealed}
    assert len(found) >= 10
    return found


def traces(folder: Path, secrets: dict[str, bytes]) -> list[str]:
    """Name what of the secrets is in a file of the folder; every sixteen bytes of a sealed value count."""
    data = b"\0".join(
        path.read_bytes() for path in folder.rglob("*") if path.is_file() and "aidants.sqlite" in path.name
    )
    pieces = {
        name: [value[at : at + 16] for at in range(0, max(1, len(value) - 15), 16)] for name, value in secrets.items()
    }
    return [name for name, parts in pieces.items() if any(part in data for part in parts)]


def everything(database: Database) -> bytes:
    """Return every value of every table, as bytes."""
    parts = []
    with database.engine.connect() as connection:
        for table in sa.inspect(connection).get_table_names():
            for row in connection.exec_driver_sql(f'SELECT * FROM "{table}"'):
                parts += [
                    bytes(value) if isinstance(value, bytes | memoryview) else str(value).encode() for value in row
                ]
    return b"\0".join(parts)


def erase_her(database: Database, who: str, outcome: str = "request") -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        erase(work, who, outcome)


def test_nothing_of_her_remains_and_every_proof_holds(demo_database: Database) -> None:
    places = prepare(demo_database)
    secrets = fill(demo_database, places)
    who = places.residents["Aubert"]
    seal_now(demo_database)
    held = signer_of(demo_database).last()
    before, content = last_entry(demo_database), everything(demo_database)
    assert {name for name, value in secrets.items() if value in content} == secrets.keys() - {
        "key", "name", "given name", "birth date",
    }  # fmt: skip
    erase_her(demo_database, who)
    content = everything(demo_database)
    assert [name for name, value in secrets.items() if value in content] == []
    assert kinds_after(demo_database, before) == [
        "mandate_revoked",
        "run_finished",
        "assistance_ended",
        "resident_erased",
    ]
    seal_now(demo_database)
    assert held is not None
    report = verify(demo_database, None, (), signer_of(demo_database).verifier, [held[0]])
    assert (report.ok, report.faults) == (True, ())
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.get(Resident, who) is None
        assert work.session.exec(select(ResidentToken).where(ResidentToken.resident_id == who)).all() == []
        mandate = work.session.get_one(Mandate, places.mandate_of[who])
        assert (mandate.state, mandate.end_reason, mandate.resident_id) == ("revoked", "erased", None)
        run = work.session.get_one(Run, places.run)
        assert (run.state, run.resident_id) == ("stopped", None)
        said = work.session.exec(select(JournalRecord).where(JournalRecord.type == "resident_erased")).one()
        assert (said.resident, said.outcome, said.organisation) == (who, "request", mandate.organisation_id)
    assert ErasureList(signer_folder(demo_database)).residents() == (who,)


def signer_folder(database: Database) -> Path:
    assert database.settings is not None
    return database.settings.signer_path


@pytest.mark.sqlite_only("searches the bytes of its files; what PostgreSQL keeps until it vacuums is documented")
def test_no_byte_is_left_in_the_files(demo_database: Database, settings: Settings) -> None:
    secrets = fill(demo_database, prepare(demo_database))
    stored = secrets.keys() - {"key", "name", "given name", "birth date"}
    assert set(traces(settings.data_dir, secrets)) == stored
    with unit_of_work(demo_database, Mode.READ) as work:
        who = next(row.id for row in work.session.exec(select(Resident)) if row.wrapped_key == secrets["wrapped key"])
    erase_her(demo_database, who)
    assert traces(settings.data_dir, secrets) == []
    wal = settings.data_dir / "aidants.sqlite-wal"
    assert not wal.exists() or wal.stat().st_size == 0


@pytest.mark.sqlite_only("an older copy of the file is the backup")
def test_an_older_backup_is_cleared_before_anybody_is_served(demo_database: Database, settings: Settings) -> None:
    places = prepare(demo_database)
    secrets = fill(demo_database, places)
    seal_now(demo_database)
    backup = settings.data_dir.parent / f"{settings.data_dir.name}-backup.sqlite"
    with sqlite3.connect(settings.data_dir / "aidants.sqlite") as source, sqlite3.connect(backup) as target:
        source.backup(target)
    erase_her(demo_database, places.residents["Aubert"])
    seal_now(demo_database)
    demo_database.dispose()
    for path in settings.data_dir.glob("aidants.sqlite*"):
        path.unlink()
    shutil.copy(backup, settings.data_dir / "aidants.sqlite")
    assert traces(settings.data_dir, secrets)
    again = open_database(settings, Keyring.load(settings.keys_path))
    with Browser(settings, again, {}).http:  # starts the application, as a server does
        assert traces(settings.data_dir, secrets) == []
        with unit_of_work(again, Mode.READ) as work:
            assert work.session.get(Resident, places.residents["Aubert"]) is None
            said = work.session.exec(select(JournalRecord).where(JournalRecord.type == "resident_erased")).one()
            assert said.outcome == "reapplied"
        assert again.refused is not None, "an older backup must not be written on"
    again.dispose()
    backup.unlink()


def test_an_erasure_entry_about_somebody_still_here_is_a_fault(demo_database: Database) -> None:
    """Whoever writes to the database cannot excuse a deleted payload by an erasure that did not happen."""
    places = prepare(demo_database)
    fill(demo_database, places)
    who = places.residents["Aubert"]
    with unit_of_work(demo_database, Mode.WRITE) as work:
        gone = spans(shred_payloads(work, who))
        record(work, actions.ResidentErased(resident=who, outcome="request", entries=gone))
    assert verify(demo_database).ok, "the journal alone cannot know"
    report = verify(demo_database, here=everybody())
    assert [fault.entry_id for fault in report.faults] == [who]
    erase_her(demo_database, places.residents["Belkacem"])
    assert len(verify(demo_database, here=everybody()).faults) == 1


def test_applying_the_list_again_changes_nothing(demo_database: Database) -> None:
    who = prepare(demo_database).residents["Aubert"]
    erase_her(demo_database, who)
    ErasureList(signer_folder(demo_database)).add("z" * 26, clock.now())
    before = digest(demo_database)
    assert reapply(demo_database) == 0
    assert digest(demo_database) == before


def test_an_erasure_whose_list_cannot_be_written_erases_nothing(demo_database: Database) -> None:
    who = prepare(demo_database).residents["Aubert"]
    (signer_folder(demo_database) / LIST_FILE).mkdir(parents=True)
    before, entries = digest(demo_database), last_entry(demo_database)
    with pytest.raises(Unavailable):
        erase_her(demo_database, who)
    assert (digest(demo_database), last_entry(demo_database)) == (before, entries)


def test_nobody_is_erased_twice_and_a_stranger_not_at_all(demo_database: Database) -> None:
    who = prepare(demo_database).residents["Aubert"]
    erase_her(demo_database, who)
    before, entries = digest(demo_database), last_entry(demo_database)
    for reference in (who, "z" * 26, "", "' OR 1=1 --"):
        with pytest.raises(NotFound):
            erase_her(demo_database, reference)
    assert (digest(demo_database), last_entry(demo_database)) == (before, entries)


def test_a_server_that_was_slower_applies_the_list_all_the_same(
    demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two servers start together after an older backup came back: the second finds nobody, and serves."""
    who = prepare(demo_database).residents["Aubert"]
    ErasureList(signer_folder(demo_database)).add(who, clock.now())

    def after_the_other(work: Work, resident_id: str, outcome: str) -> None:
        raise NotFound

    with monkeypatch.context() as patched:
        patched.setattr(erasure, "erase", after_the_other)
        assert reapply(demo_database) == 0
    assert reapply(demo_database) == 1


def test_an_act_that_is_not_over_yet_delays_the_erasure(demo_database: Database) -> None:
    who = prepare(demo_database).residents["Belkacem"]
    drafted, leave = threading.Event(), threading.Event()

    def draft() -> str:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            work.actor = actor_of(work, "nadia")
            mandate = draft_mandate(work, who, receive(work, who).id)
            drafted.set()
            leave.wait(5)
            return mandate

    with ThreadPoolExecutor(2) as pool:
        act = pool.submit(draft)
        assert drafted.wait(5)
        erasing = pool.submit(erase_her, demo_database, who)
        time.sleep(0.3)
        leave.set()
        mandate, _ = act.result(), erasing.result()
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.get(Resident, who) is None
        row = work.session.get_one(Mandate, mandate)
        assert (row.state, row.resident_id) == ("abandoned", None)


@pytest.mark.sqlite_only("PostgreSQL has no write-ahead log that readers hold")
def test_writers_do_not_wait_while_a_long_reading_holds_the_history(demo_database: Database) -> None:
    who = prepare(demo_database).residents["Aubert"]
    with unit_of_work(demo_database, Mode.READ) as reading, ThreadPoolExecutor(1) as pool:
        reading.session.connection().exec_driver_sql("SELECT count(*) FROM journal_record").all()
        erasing = pool.submit(erase_her, demo_database, who)
        time.sleep(0.5)
        waits = []
        for _ in range(5):
            start = time.monotonic()
            with unit_of_work(demo_database, Mode.WRITE) as work:
                record(work, actions.ClockAnomaly(seconds=3))
            waits.append(time.monotonic() - start)
        reading.session.rollback()
        erasing.result()
    assert max(waits) < 1


def test_her_pages_are_gone_and_her_code_says_stopped(demo_database: Database, browse: Callable[..., Browser]) -> None:
    places = prepare(demo_database)
    who, mandate = places.residents["Aubert"], places.mandate_of[places.residents["Aubert"]]
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        code = verification_code(work, *get_with_resident(work, mandate))
    nadia = browse("nadia")
    assert nadia.get(f"/personnes/{who}").status_code == 200
    erase_her(demo_database, who)
    for path in (
        f"/personnes/{who}",
        f"/mandats/{mandate}",
        f"/mandats/{mandate}/imprimer",
        f"/mandats/{mandate}/recu",
    ):
        assert nadia.get(path).status_code == 404, path
    assert "Aubert" not in nadia.get("/personnes").text + nadia.get("/aujourdhui").text
    answer = browse().get(f"/v/{code}")
    assert answer.status_code == 200
    assert "arrêté" in answer.text


@pytest.mark.sqlite_only("one engine shows the command")
def test_the_command(demo_database: Database, settings: Settings) -> None:
    who = prepare(demo_database).residents["Aubert"]
    demo_database.dispose()

    def aidants(*words: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aidants.cli", *words]
        environment = {"AIDANTS_DATA_DIR": str(settings.data_dir), "PATH": "/usr/bin:/bin"}
        return subprocess.run(
            command, env=environment, input=typed, capture_output=True, text=True, timeout=60, check=False
        )

    refused = aidants("resident", "erase", who, typed="n\n")
    unknown = aidants("resident", "erase", "z" * 26, "--yes")
    assert (refused.returncode, unknown.returncode) == (1, 1)
    assert "Traceback" not in refused.stderr + unknown.stderr
    database = open_database(settings, Keyring.load(settings.keys_path))
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.get(Resident, who) is not None
    done = aidants("resident", "erase", who, typed="y\n")
    assert done.returncode == 0, done.stderr
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.get(Resident, who) is None
        said = work.session.exec(select(JournalRecord).where(JournalRecord.type == "resident_erased")).one()
        assert said.actor == "console"
        assert (said.auth or "").startswith("os:")
    assert create_app(settings) is not None
    database.dispose()
