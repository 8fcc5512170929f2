"""Delivery when things break: the mail server dies between taking a message and saying so, or we do; nothing is lost.

``MESSAGES_KILLS`` makes the suite longer (``MESSAGES_KILLS=200``).
"""

from __future__ import annotations

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path

import pytest
import sqlalchemy as sa

from aidants import clock
from aidants.db import Database
from aidants.journal.verify import verify
from aidants.messages import delivery
from aidants.messages.deliverer import Deliverer
from aidants.messages.delivery import PAUSES, deliver_due
from aidants.messages.models import Channel, OutboxMessage
from aidants.messages.transports import Outgoing, Undelivered, transports
from aidants.settings import Settings
from tests.security.tools import Clock, entries_after, last_entry
from tests.support.outbox import (
    configure,
    mail_server,
    make_due,
    queue,
    received,
    rows,
    sms_gateway,
    states,
    texts,
    wait_for,
)

KILLS = int(os.environ.get("MESSAGES_KILLS", "6"))
A_KILL = 3
"""Messages queued before each kill."""
DIES_AFTER_THE_YES = """
import os, signal
from aidants import cli
from aidants.messages import delivery
delivery._note = lambda *_: os.kill(os.getpid(), signal.SIGKILL)
cli.main()
"""


def mail_url(port: int) -> str:
    return f"smtp://127.0.0.1:{port}"


def ids(folder: Path) -> Counter[str]:
    """Count the letters received by Message-ID."""
    return Counter(letter["Message-ID"] for letter in received(folder))


def told(folder: Path, database: Database, kills: int, what: str) -> None:
    """Nothing is lost, and at most one letter a kill came twice; print the table."""
    found = ids(folder)
    wanted = {f"<{row.id}@localhost>" for row in rows(database)}
    twice = sum(count - 1 for count in found.values())
    lost = len(wanted - set(found))
    print(f"\n| {what} | kills {kills} | queued {len(wanted)} | lost {lost} | twice {twice} |")
    assert set(found) == wanted
    assert twice <= kills
    assert max(found.values(), default=0) <= 2
    assert states(database) == {"sent": len(wanted)}


def test_the_mail_server_is_killed(database: Database, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as server:
        settings = configure(database, mail_url=mail_url(server.port))
        numbers = itertools.count()
        for kill in range(KILLS):
            for _ in range(A_KILL):
                queue(database, f"trial|{next(numbers):05d}")
            server.stop()
            server.start(SMTP_MODE="kill", SMTP_AFTER=str(kill % A_KILL))
            make_due(database)
            tally = deliver_due(database, transports(settings))
            assert tally.put_off == 1
            assert server.stop() == -signal.SIGKILL
            server.start()
            make_due(database)
            deliver_due(database, transports(settings))
        told(tmp_path / "mail", database, KILLS, f"mail server, {database.engine.name}")
    assert verify(database, None, ()).ok


def test_we_are_killed_before_we_note_it(demo_database: Database, settings: Settings, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as server:
        configured = configure(demo_database, mail_url=mail_url(server.port))
        env = {name: value for name, value in os.environ.items() if not name.startswith("AIDANTS_")}
        env |= {"AIDANTS_DATA_DIR": str(settings.data_dir), "AIDANTS_DATABASE_URL": settings.database_url}
        env |= {"AIDANTS_MAIL_URL": configured.mail_url}
        kills = max(2, KILLS // 3)
        for number in range(kills):
            queue(demo_database, f"trial|{number}")
            command = [sys.executable, "-c", DIES_AFTER_THE_YES, "messages", "deliver"]
            assert subprocess.run(command, env=env, check=False).returncode == -signal.SIGKILL
            assert states(demo_database)["sending"] == 1
            assert deliver_due(demo_database, transports(configured)).sent == 0, "its lease is not over"
            make_due(demo_database)
            command = [sys.executable, "-m", "aidants.cli", "messages", "deliver"]
            done = subprocess.run(command, env=env, check=False, capture_output=True, text=True)
            assert (done.returncode, done.stdout) == (0, "1 envoyé(s), 0 remis à plus tard, 0 abandonné(s).\n"), done
        told(tmp_path / "mail", demo_database, kills, f"our own process, {demo_database.engine.name}")


def test_two_deliverers_at_once_send_each_message_once(database: Database, tmp_path: Path) -> None:
    with mail_server(tmp_path / "mail") as server:
        settings = configure(database, mail_url=mail_url(server.port))
        for number in range(12):
            queue(database, f"trial|{number:03d}")
        start = threading.Barrier(3)

        def deliver(_number: int) -> int:
            start.wait()
            return deliver_due(database, transports(settings)).sent

        with ThreadPoolExecutor(3) as pool:
            sent = list(pool.map(deliver, range(3)))
        assert sum(sent) == 12
        assert set(ids(tmp_path / "mail").values()) == {1}
        assert len(ids(tmp_path / "mail")) == 12


def test_waits_grow_and_end(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    configure(database, mail_url="smtp://127.0.0.1:1")
    time_machine, before = Clock(monkeypatch), last_entry(database)
    queue(database)
    start, tried = time_machine.at, []

    def down(_message: Outgoing) -> str:
        tried.append(time_machine.at - start)
        raise Undelivered("no_answer", down=True)

    for _ in range(16 * 60):
        deliver_due(database, {"mail": down})
        time_machine.at += timedelta(minutes=1)
    waits = [later - earlier for earlier, later in itertools.pairwise(tried)]
    assert (tried[0], waits) == (timedelta(0), list(PAUSES))
    (row,) = rows(database)
    assert (row.state, row.attempts, row.error) == ("failed", 6, "no_answer")
    (entry,) = entries_after(database, before)
    assert (entry.type, entry.actor, entry.outcome) == ("message_failed", "system", "no_answer")
    assert "exemple" not in (entry.detail or "")


def test_a_server_that_is_down_is_tried_once_a_pass(database: Database) -> None:
    settings = configure(database, mail_url="smtp://127.0.0.1:1")
    for number in range(5):
        queue(database, f"trial|{number}")
    tally = deliver_due(database, transports(settings))
    assert (tally.put_off, tally.sent, tally.down) == (1, 0, {"mail"})
    assert sorted(row.attempts for row in rows(database)) == [0, 0, 0, 0, 1]


@pytest.mark.parametrize(("mode", "state", "attempts"), [("451", "queued", 1), ("550", "failed", 1)])
def test_one_refused_address_does_not_stop_the_others(
    database: Database, tmp_path: Path, mode: str, state: str, attempts: int
) -> None:
    with mail_server(tmp_path / "mail", SMTP_MODE=mode) as server:
        settings = configure(database, mail_url=mail_url(server.port))
        queue(database, "one")
        queue(database, "two")
        deliver_due(database, transports(settings))
        assert [(row.state, row.attempts) for row in rows(database)] == [(state, attempts)] * 2


def test_a_slow_sms_gateway_does_not_hold_mail_up(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("aidants.messages.gateway._WHOLE", 1.0)
    with sms_gateway(tmp_path / "sms", SMS_MODE="hang") as gateway, mail_server(tmp_path / "mail") as server:
        sms_url = f"http://127.0.0.1:{gateway.port}/?to={{to}}&text={{text}}"
        settings = configure(database, mail_url=mail_url(server.port), sms_url=sms_url)
        for number in range(3):
            queue(database, f"sms|{number}", "06 12 34 56 78", Channel.SMS)
        queue(database, "mail")
        began = time.monotonic()
        tally = deliver_due(database, transports(settings))
        assert time.monotonic() - began < 3
        assert (tally.sent, tally.put_off, tally.down) == (1, 1, {"sms"})
        gateway.stop()
        gateway.start()
        make_due(database)
        assert deliver_due(database, transports(settings)).sent == 3
    assert {said["to"] for said in texts(tmp_path / "sms")} == {"+33612345678"}


def test_a_message_that_kills_its_deliverer_is_given_up(database: Database) -> None:
    configure(database, mail_url="file:///nowhere")
    queue(database)
    for _ in range(len(PAUSES) + 1):
        with pytest.raises(SystemExit):
            deliver_due(database, {"mail": lambda _message: sys.exit("killed")})
        make_due(database)
    assert deliver_due(database, {"mail": lambda _message: "sent"}).failed == 1
    assert rows(database)[0].error == "interrupted"


def test_a_sent_message_is_noted_although_the_database_was_busy(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(delivery, "_PAUSE", 0.05)
    configure(database, mail_url="file:///nowhere")
    queue(database)
    database.wait, taken, held = 0.1, [], threading.Event()

    def lock_for_a_while() -> None:
        with database.engine.connect() as connection:
            if database.is_sqlite:
                connection = connection.execution_options(aidants_write=True)
                connection.execute(sa.text("SELECT 1"))
            else:
                connection.execute(sa.text("LOCK TABLE outbox_message IN ACCESS EXCLUSIVE MODE"))
            held.set()
            time.sleep(0.4)

    def send(message: Outgoing) -> str:
        taken.append(message.id)
        threading.Thread(target=lock_for_a_while, daemon=True).start()
        assert held.wait(5)
        return "sent"

    assert deliver_due(database, {"mail": send}).sent == 1
    assert (len(taken), states(database)) == (1, {"sent": 1})


def test_the_thread_wakes_at_the_commit_and_outlives_errors(database: Database) -> None:
    configure(database, mail_url="file:///nowhere")
    taken: list[str] = []

    def send(message: Outgoing) -> str:
        taken.append(message.id)
        if len(taken) == 1:
            raise ZeroDivisionError
        return "sent"

    thread = Deliverer(database, {"mail": send})
    thread.start()
    try:
        queue(database, "one")
        wait_for(lambda: len(taken) == 1)
        queue(database, "two")
        wait_for(lambda: states(database) == {"sending": 1, "sent": 1})
        make_due(database)
        queue(database, "three")
        wait_for(lambda: states(database) == {"sent": 3})
    finally:
        thread.stop()


def test_nothing_personal_stays_after_it_was_sent(database: Database, tmp_path: Path) -> None:
    settings = configure(database, mail_url=f"file://{tmp_path}/mail")
    before = last_entry(database)
    queue(database)
    queue(database, "later")
    with database.engine.begin() as connection:
        later = sa.update(OutboxMessage).where(sa.column("dedup") == "later")
        connection.execute(later.values(next_attempt_at=clock.now() + timedelta(days=1)))
    assert deliver_due(database, transports(settings)).sent == 1
    sent = next(row for row in rows(database) if row.dedup != "later")
    assert (sent.state, sent.sealed, sent.receipt) == ("sent", None, f"{sent.id}.eml")
    (entry,) = entries_after(database, before)
    assert (entry.type, entry.actor) == ("message_sent", "system")
    assert f'"message":"{sent.id}"' in (entry.detail or "")
