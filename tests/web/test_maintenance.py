"""The jobs of each day: once a day however often they run, and one that fails stops neither the others nor the server."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
import sqlalchemy as sa

from aidants import maintenance
from aidants.accounts.models import Person
from aidants.db import Database
from aidants.journal.notes import open_checkpoint
from aidants.journal.seal import signer_of
from aidants.maintenance import Keeper, publish_checkpoint, run
from aidants.messages.delivery import deliver_due
from aidants.messages.transports import transports
from tests.security.tools import Clock, digest, kinds_after, last_entry
from tests.support.client import utc
from tests.support.outbox import configure, received, rows


def published(database: Database, since: int) -> int:
    """Return how many checkpoints were handed out since an entry."""
    return kinds_after(database, since).count("checkpoint_published")


def test_auditors_get_the_signed_checkpoint(demo_database: Database, tmp_path: Path) -> None:
    settings = configure(demo_database, mail_url=f"file://{tmp_path}/out")
    before = last_entry(demo_database)
    assert publish_checkpoint(demo_database) == 1
    assert published(demo_database, before) == 1
    deliver_due(demo_database, transports(settings))
    (letter,) = received(tmp_path / "out")
    assert letter["To"].startswith("paul")
    note = letter.get_content().replace("\r\n", "\n").split("-" * 32 + "\n")[1]
    verifier = signer_of(demo_database).verifier
    assert open_checkpoint(note, verifier).size == before
    assert verifier.vkey() in letter.get_content()


def test_once_a_local_day(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    settings = configure(demo_database, mail_url="file:///nowhere")
    assert settings.zone == ZoneInfo("Europe/Paris")
    time_machine, before = Clock(monkeypatch), last_entry(demo_database)
    time_machine.at = utc(2027, 3, 1, 22, 30)
    counts = []
    for _ in range(5):
        counts.append(publish_checkpoint(demo_database))
        time_machine.at += timedelta(minutes=20)
    assert counts == [1, 0, 1, 0, 0], "midnight in Paris is at 23:00 UTC"
    assert published(demo_database, before) == 2


def test_all_at_once(demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    start, before = threading.Barrier(4), last_entry(demo_database)

    def publish(_number: int) -> int:
        start.wait()
        return publish_checkpoint(demo_database)

    with ThreadPoolExecutor(4) as pool:
        assert sum(pool.map(publish, range(4))) == 1
    assert published(demo_database, before) == 1


def test_nothing_happens_without_mail_or_auditor(demo_database: Database) -> None:
    before, held = last_entry(demo_database), digest(demo_database)
    assert publish_checkpoint(demo_database) == 0
    configure(demo_database, mail_url="file:///nowhere")
    with demo_database.engine.begin() as connection:
        connection.execute(sa.update(Person).where(sa.column("email").startswith("paul")).values(active=False))
    held = digest(demo_database)
    assert publish_checkpoint(demo_database) == 0
    assert (digest(demo_database), last_entry(demo_database)) == (held, before)


def test_a_job_that_fails_stops_nothing(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(demo_database, mail_url="file:///nowhere")

    def broken(_database: Database) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(maintenance, "JOBS", {"broken": broken, "checkpoint": publish_checkpoint})
    assert run(demo_database) == {"broken": None, "checkpoint": 1}


def test_the_server_does_it_too(demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    done = threading.Event()
    keeper = Keeper(demo_database, every=0.05)
    keeper.start()
    try:
        for _ in range(200):
            if rows(demo_database):
                done.set()
                break
            threading.Event().wait(0.05)
    finally:
        keeper.stop()
    assert done.is_set()
    assert len(rows(demo_database)) == 1
