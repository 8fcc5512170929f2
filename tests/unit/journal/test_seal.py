"""Sealing: stored roots, in order, whoever seals."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest
from sqlmodel import Session, select

from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Unavailable
from aidants.journal import seal, sealer
from aidants.journal.actions import SignedOut
from aidants.journal.merkle import EMPTY_ROOT, Frontier, leaf_hash
from aidants.journal.models import JournalCheckpoint, JournalLeaf
from aidants.journal.seal import seal_now
from aidants.journal.sealer import Sealer
from aidants.journal.services import record
from aidants.journal.signer import SignerRefused
from aidants.journal.verify import verify

Write = Callable[[int], list[str]]


def sizes(database: Database) -> list[int]:
    with Session(database.engine) as session:
        return [row.size for row in session.exec(select(JournalCheckpoint).order_by("size")).all()]


def wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not condition():
        assert time.monotonic() < deadline, "waited ten seconds in vain"
        time.sleep(0.02)


def test_empty_journal(database: Database) -> None:
    checkpoint = seal_now(database)
    assert (checkpoint.size, checkpoint.root, checkpoint.made_at) == (0, EMPTY_ROOT, None)
    assert sizes(database) == []


def test_root_is_that_of_the_leaves(database: Database, write: Write) -> None:
    write(5)
    first = seal_now(database)
    write(4)
    second = seal_now(database)
    assert seal_now(database) == second
    assert sizes(database) == [5, 9]
    with Session(database.engine) as session:
        hashes = [leaf_hash(row.leaf) for row in session.exec(select(JournalLeaf).order_by("seq")).all()]
    for checkpoint in (first, second):
        frontier = Frontier()
        frontier.extend(hashes[: checkpoint.size])
        assert checkpoint.root == frontier.root()


def test_a_long_backlog_is_one_checkpoint(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(seal, "BATCH", 10)
    with unit_of_work(database, Mode.WRITE) as work:
        for _ in range(95):
            record(work, SignedOut())
    assert seal_now(database).size == 95
    assert sizes(database) == [95]
    assert verify(database).ok


def test_several_sealers_at_once(database: Database, write: Write) -> None:
    failures: list[BaseException] = []

    def seal_often() -> None:
        try:
            for _ in range(15):
                seal_now(database)
        except BaseException as error:
            failures.append(error)

    threads = [threading.Thread(target=seal_often) for _ in range(4)]
    for thread in threads:
        thread.start()
    write(40)
    for thread in threads:
        thread.join()
    assert failures == []
    assert seal_now(database).size == 40
    assert verify(database).ok


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE journal_checkpoint SET frontier = root",
        "UPDATE journal_checkpoint SET root = frontier",
        "UPDATE journal_checkpoint SET size = 2",
        "DELETE FROM journal_leaf WHERE seq = 3",
        "UPDATE journal_leaf SET seq = 9 WHERE seq = 4",
    ],
)
def test_nothing_is_sealed_on_top_of_a_contradiction(
    database: Database, write: Write, tamper: Callable[..., None], statement: str
) -> None:
    write(3)
    seal_now(database)
    write(1 if "seq = 4" in statement else 0)
    tamper(statement)
    with pytest.raises(SignerRefused):
        seal_now(database)
    assert len(sizes(database)) == 1
    with pytest.raises(SignerRefused), unit_of_work(database, Mode.WRITE):
        raise AssertionError("nothing more is written")
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.exec(select(JournalLeaf)).first() is not None


def test_the_thread_seals_after_commits_and_at_its_end(database: Database, write: Write) -> None:
    write(2)
    sealer = Sealer(database, seconds=0.05)
    sealer.start()
    wait_for(lambda: sizes(database)[-1:] == [2])
    write(3)
    wait_for(lambda: sizes(database)[-1:] == [5])
    sealer.stop()
    assert not sealer._thread.is_alive()
    write(1)
    time.sleep(0.15)
    assert sizes(database)[-1] == 5, "a stopped sealer is woken no more"


def test_the_thread_survives_errors(database: Database, write: Write, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: list[int] = []

    def fails_twice(found: Database) -> seal.Sealed:
        calls.append(1)
        if len(calls) < 3:
            raise Unavailable
        return seal_now(found)

    monkeypatch.setattr(sealer, "seal_now", fails_twice)
    write(1)
    thread = Sealer(database, seconds=0.01)
    thread.start()
    wait_for(lambda: sizes(database) == [1])
    thread.stop()
    assert len(calls) >= 3
