"""A server of the demonstration that dies, helpers who work until it does, and what must be true of the data afterwards."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

import httpx2
import sqlalchemy as sa

from aidants.accounts.models import BrowserSession
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.journal.export import export, writer
from aidants.journal.models import JournalLeaf, JournalRecord, table_of
from aidants.journal.notes import Checkpoint
from aidants.journal.signer import kept_outside
from aidants.journal.verify import verify
from aidants.mandates.queries import printed_roots
from aidants.residents.models import Resident
from aidants.settings import Settings
from tests.support import second_reader
from tests.support.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
HELPERS = ("nadia.ferrand@brivette.example", "tom.lacaze@brivette.example", "youssef.karam@orsenne.example")
"""Whom each thread signs in as: all who may create residents; somebody who signs in twice ends their first session."""
START_SECONDS = 30
PAUSE = "0.1"
"""Seconds between two sealings: ten times more often than in real life, so that more of them meet the load."""

_records, _residents, _sessions = (table_of(model) for model in (JournalRecord, Resident, BrowserSession))


class CrashServer:
    """The command ``aidants serve`` on a demonstration's data, in a process that may kill itself."""

    def __init__(self, settings: Settings) -> None:
        self.base_url = ""
        self._settings = settings
        self._log = settings.data_dir / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    def start(self, point: str = "none", count: int = 0) -> bool:
        """Start, to be killed the ``count``-th time ``point`` is reached; tell whether it lived until it was ready."""
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        environment = {name: value for name, value in os.environ.items() if not name.startswith("AIDANTS_")}
        environment |= {
            "AIDANTS_DATA_DIR": str(self._settings.data_dir),
            "AIDANTS_DATABASE_URL": self._settings.database_url,
            "AIDANTS_BASE_URL": self.base_url,
            "AIDANTS_CHECKPOINT_SECONDS": PAUSE,
            "CRASH_POINT": point,
            "CRASH_COUNT": str(count),
        }
        command = [sys.executable, "-m", "tests.support.crash_server", "serve", "--port", str(port)]
        with self._log.open("wb") as log:
            self._process = subprocess.Popen(command, stdout=log, stderr=log, cwd=ROOT, env=environment)
        return self._ready(self._process)

    def _ready(self, process: subprocess.Popen[bytes]) -> bool:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None:
            assert time.monotonic() < deadline, self.log()
            try:
                if httpx2.get(f"{self.base_url}/readyz", timeout=5).status_code == 200:
                    return True
            except httpx2.TransportError:
                time.sleep(0.02)
        return False

    def died(self, seconds: float) -> bool:
        """Wait for the death that was planned; tell whether it came."""
        assert self._process is not None
        try:
            return self._process.wait(seconds) == -signal.SIGKILL
        except subprocess.TimeoutExpired:
            return False

    def kill(self) -> bool:
        """Kill it from outside, as a power cut of the process alone; tell whether that is what ended it."""
        assert self._process is not None
        self._process.kill()
        return self.died(10)

    def stop(self) -> int:
        """End it as an operator would, if it still runs; return its exit code."""
        if self._process is None:
            return 0
        if self._process.poll() is None:
            self._process.terminate()
        try:
            return self._process.wait(15)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def log(self) -> str:
        """Return what this run of the server has said."""
        return self._log.read_text(encoding="utf-8", errors="replace")


class Load:
    """Three helpers who create residents, each under a name never used before, as fast as they are answered."""

    def __init__(self, base_url: str, label: str) -> None:
        self.acknowledged: list[str] = []
        """Ids of the residents whose creation was answered."""
        self.unexpected: list[object] = []
        self._base_url, self._label = base_url, label
        self._threads = [threading.Thread(target=self._run, args=(desk,), daemon=True) for desk in range(len(HELPERS))]

    def start(self) -> None:
        """Let them work until the server is gone."""
        for thread in self._threads:
            thread.start()

    def join(self) -> None:
        """Wait until they all have noticed that it is gone."""
        for thread in self._threads:
            thread.join(30)
            assert not thread.is_alive()

    def _run(self, desk: int) -> None:
        headers = {"sec-fetch-site": "same-origin"}
        try:
            with httpx2.Client(base_url=self._base_url, headers=headers, timeout=20) as client:
                self._work(client, desk)
        except httpx2.TransportError:
            return
        except Exception as error:
            self.unexpected.append(error)

    def _work(self, client: httpx2.Client, desk: int) -> None:
        found = re.search(r'name="csrf" value="([^"]+)"', client.get("/demo").text)
        assert found is not None
        form = {"csrf": found.group(1)}
        assert client.post("/demo", data={**form, "email": HELPERS[desk]}).status_code == 303
        for number in range(10_000):
            names = {
                "birth_name": f"Bureau {letters(desk)} {letters(number)}",
                "given_names": self._label,
                "autre": "oui",
            }
            answer = client.post("/personnes/nouvelle", data={**form, **names})
            place, _, resident = answer.headers.get("location", "").rpartition("/")
            if (answer.status_code, place) == (303, "/personnes"):
                self.acknowledged.append(resident)
            else:
                self.unexpected.append((answer.status_code, answer.headers.get("location"), answer.text[:500]))
                return


def letters(number: int) -> str:
    """Return a number as letters, which a name may hold."""
    return "".join(chr(ord("a") + int(digit)) for digit in str(number))


def lost(database: Database, acknowledged: Iterable[str]) -> set[str]:
    """Return the acknowledged residents of whom the row or the journal's entry is not there."""
    with unit_of_work(database, Mode.READ) as work:
        entries = _values(work, _records.c.resident, _records.c.type == "resident_created")
        return set(acknowledged) - (set(entries) & set(_values(work, _residents.c.id)))


def contradictions(database: Database, kept: Sequence[Checkpoint], folder: Path) -> list[str]:
    """Return everything that is wrong with data nobody writes to: numbers, pairs, verification, the log as files.

    ``kept``: the checkpoints that somebody may have kept; ``folder``: a new one for the export.
    """
    assert database.settings is not None
    verifier, last = kept_outside(database.settings.signer_path)
    assert verifier is not None
    with unit_of_work(database, Mode.READ) as work:
        found = [*_numbers(work), *_pairs(work)]
    report = verify(database, None, printed_roots(database), verifier, [*last, *kept])
    found += [fault.sentence for fault in report.faults]
    with writer(folder) as write:
        size = export(database, verifier, write, records=sa.true())
    try:
        read, _root = second_reader.check_log(folder, verifier.vkey())
    except second_reader.Refused as refused:
        return [*found, f"the second reader refuses: {refused}"]
    return found if read == size == report.signed else [*found, f"{read} read, {size} exported, {report.signed} signed"]


def not_yet_sealed(database: Database) -> int:
    """Return how many entries no checkpoint covers."""
    return verify(database).not_yet_sealed


def _values(work: Work, column: sa.ColumnElement[Any], *conditions: sa.ColumnElement[bool]) -> list[Any]:
    return sorted(work.session.connection().execute(sa.select(column).where(*conditions)).scalars())


def _numbers(work: Work) -> Iterator[str]:
    """Say which numbers have a gap or come twice."""
    for table in (table_of(JournalLeaf), _records):
        numbers = _values(work, table.c.seq)
        if numbers != list(range(1, len(numbers) + 1)):
            yield f"{table.name}: a gap, or a number twice"


def _pairs(work: Work) -> Iterator[str]:
    """Say which acts have no entry, which entries no act, and which of either come twice."""
    for table, subject, kind in ((_residents, "resident", "resident_created"), (_sessions, "session", "signed_in")):
        if _values(work, table.c.id) != _values(work, _records.c[subject], _records.c.type == kind):
            yield f"{table.name}: rows and entries {kind} are not of the same"
