"""Five hundred acts by two processes at once, both sealing: each acknowledged one is in the journal once, no other is."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa
from sqlmodel import select

from aidants.db import Database, Mode, unit_of_work
from aidants.journal.models import JournalLeaf, JournalRecord
from aidants.journal.notes import Checkpoint
from aidants.journal.seal import last_checkpoint, seal_now
from aidants.journal.signer import kept_outside
from aidants.journal.verify import verify
from aidants.settings import Settings
from tests.support import acts

PROCESSES, THREADS, UNITS = 2, 5, 50
LIMIT = 60
GAPLESS = sa.text("SELECT count(*), coalesce(min(seq), 1), coalesce(max(seq), 0) FROM journal_leaf")


def launch(settings: Settings) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", acts.__name__, str(settings.data_dir), settings.database_url]
    command += [str(THREADS), str(UNITS)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def act_together(settings: Settings) -> list[dict[str, Any]]:
    """Start the processes, let them go at the same moment and return what each says it did."""
    processes = [launch(settings) for _ in range(PROCESSES)]
    try:
        for process in processes:
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
        for process in processes:
            assert process.stdin is not None
            process.stdin.write("go\n")
            process.stdin.flush()
        answers = [process.communicate(timeout=LIMIT) for process in processes]
        assert [(process.returncode, error) for process, (_, error) in zip(processes, answers, strict=True)] == [
            (0, "")
        ] * PROCESSES
        return [json.loads(answer) for answer, _ in answers]
    finally:
        for process in processes:
            process.kill()
            process.wait()


class Watch:
    """What somebody saw who looked all the time: journals that were not whole, checkpoints that were signed."""

    def __init__(self, database: Database, settings: Settings) -> None:
        self.broken: list[tuple[int, int, int]] = []
        self.looks = 0
        self.checkpoints: dict[int, Checkpoint] = {}
        self._database, self._settings = database, settings

    def look(self) -> None:
        with unit_of_work(self._database, Mode.READ) as work:
            count, first, last = work.session.connection().execute(GAPLESS).one()
        if (first, last) != (1, count):
            self.broken.append((count, first, last))
        for checkpoint in kept_outside(self._settings.signer_path)[1]:
            self.checkpoints[checkpoint.size] = checkpoint
        self.looks += 1


@contextmanager
def watching(database: Database, settings: Settings) -> Iterator[Watch]:
    watch, stop = Watch(database, settings), threading.Event()

    def look() -> None:
        while not stop.wait(0.02):
            watch.look()

    thread = threading.Thread(target=look)
    thread.start()
    try:
        yield watch
    finally:
        stop.set()
        thread.join()


def test_two_processes_leave_no_gap_and_no_duplicate(database: Database, settings: Settings) -> None:
    with watching(database, settings) as watch:
        answers = act_together(settings)
    assert [(answer["failed"], answer["healthy"]) for answer in answers] == [([], True)] * PROCESSES
    done = [acts.Done(**one) for answer in answers for one in answer["done"]]
    kept = {one.entry: one for one in done if one.kept}
    assert len({(one.thread, one.began) for one in kept.values()}) == PROCESSES * THREADS * UNITS
    assert any(not one.kept for one in done)
    with unit_of_work(database, Mode.READ) as work:
        numbers = {entry: seq for seq, entry in work.session.exec(select(JournalRecord.seq, JournalRecord.id))}
        leaves = work.session.exec(select(JournalLeaf.seq)).all()
        sealed = last_checkpoint(work.session)
    assert numbers.keys() == kept.keys()
    assert sorted(numbers.values()) == sorted(leaves) == list(range(1, len(kept) + 1))
    assert in_order(list(kept.values()), numbers)
    assert sealed is not None
    assert sealed.size == len(kept), "each process sealed what was left when it ended"
    assert (watch.broken, watch.looks > 5, len(watch.checkpoints) > 3) == ([], True, True)
    seal_now(database)
    report = verify(database, None, (), kept_outside(settings.signer_path)[0], watch.checkpoints.values())
    assert (report.ok, report.size, report.signed) == (True, len(kept), len(kept))


def in_order(done: list[acts.Done], numbers: dict[str, int]) -> bool:
    """Say whether whoever began after another was answered has the larger number, in whatever process."""
    answered, highest = sorted(done, key=lambda one: one.ended), 0
    at = 0
    for one in sorted(done, key=lambda one: one.began):
        while at < len(answered) and answered[at].ended < one.began:
            highest = max(highest, numbers[answered[at].entry])
            at += 1
        if numbers[one.entry] < highest:
            return False
    return True
