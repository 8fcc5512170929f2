"""What the tests of messages share: servers in processes of their own, messages queued, what was received."""

from __future__ import annotations

import email
import json
import os
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from email.message import EmailMessage
from email.policy import default
from pathlib import Path

import sqlalchemy as sa
from sqlmodel import select

from aidants.db import Database, Mode, unit_of_work
from aidants.messages.models import Channel, OutboxMessage
from aidants.messages.services import About, enqueue
from aidants.settings import Settings
from tests.support.postgres import free_port

HERE = Path(__file__).parent


class Server:
    """A server of ``tests/support`` in its own process; it can be started again at the same port."""

    def __init__(self, script: str, store: Path) -> None:
        self.script, self.store, self.port = script, store, free_port()
        self.process: subprocess.Popen[str] | None = None

    def start(self, **env: str) -> None:
        """Start, and wait until it listens."""
        command = [sys.executable, str(HERE / self.script), str(self.port), str(self.store)]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **env})
        assert self.process.stdout is not None
        assert self.process.stdout.readline() == "ready\n"

    def stop(self) -> int:
        """End it and return its exit code."""
        process, self.process = self.process, None
        if process is None:
            return 0
        process.kill()
        assert process.stdout is not None
        process.stdout.close()
        return process.wait(10)


@contextmanager
def mail_server(folder: Path, **env: str) -> Iterator[Server]:
    """Run the mail server for the block."""
    folder.mkdir(exist_ok=True)
    server = Server("smtp_server.py", folder)
    server.start(**env)
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def sms_gateway(file: Path, **env: str) -> Iterator[Server]:
    """Run the gateway for the block."""
    server = Server("sms_gateway.py", file)
    server.start(**env)
    try:
        yield server
    finally:
        server.stop()


def configure(database: Database, **values: object) -> Settings:
    """Give the database other settings and return them; values are checked as at a start."""
    assert database.settings is not None
    settings = Settings(**(database.settings.model_dump() | values))
    database.settings = settings
    return settings


def queue(
    database: Database,
    dedup: str = "trial|1",
    to: str = "claire@exemple.fr",
    channel: Channel = Channel.MAIL,
    about: About | None = None,
    address: str = "https://aidants.exemple.fr",
) -> bool:
    """Queue a trial message in a unit of its own."""
    with unit_of_work(database, Mode.WRITE) as work:
        return enqueue(work, channel, to, "trial", {"address": address}, dedup=dedup, about=about)


def rows(database: Database) -> Sequence[OutboxMessage]:
    """Return every message, in the order they were queued."""
    with unit_of_work(database, Mode.READ) as work:
        return work.session.exec(select(OutboxMessage).order_by(sa.text("created_at, dedup"))).all()


def states(database: Database) -> dict[str, int]:
    """Return how many messages are in each state."""
    return dict(Counter(row.state for row in rows(database)))


def received(folder: Path) -> list[EmailMessage]:
    """Return what the mail server or the folder holds."""
    found = [path for path in sorted(folder.iterdir()) if not path.name.startswith(".")]
    return [email.message_from_bytes(path.read_bytes(), policy=default) for path in found]


def texts(file: Path) -> list[dict[str, str]]:
    """Return what the gateway received."""
    return [json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] if file.exists() else []


def make_due(database: Database) -> None:
    """Let the waits and leases of every message be over."""
    with database.engine.begin() as connection:
        connection.execute(sa.text("UPDATE outbox_message SET next_attempt_at = created_at"))


def wait_for(condition: Callable[[], bool], seconds: float = 10) -> None:
    """Wait until a condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.05)
