"""A server killed at each step between an act and its publication, under load: nothing that was answered is ever lost."""

from __future__ import annotations

import itertools
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from aidants.db import Database, Mode, unit_of_work
from aidants.journal.notes import Checkpoint
from aidants.journal.seal import seal_now
from aidants.journal.signer import kept_outside
from aidants.residents.identity import Identity
from aidants.residents.services import create_resident
from aidants.settings import Settings
from tests.security.tools import actor_of
from tests.support.crash import CrashServer, Load, contradictions, lost, not_yet_sealed

OUTSIDE = "random"
POINTS = (
    "after leaf commit",
    "before publication",
    "after signature",
    "after tiles",
    "before rename",
    OUTSIDE,
)
LONG = os.environ.get("FAULTS") == "long"
"""``make faults``: fifty rounds on SQLite, where an ordinary run makes one of each kind."""
ROUNDS = {"sqlite": 50, "postgresql": 24} if LONG else {"sqlite": 6, "postgresql": 3}
COLUMNS = ("rounds", "killed", "acknowledged", "lost", "at restart")
SEED = 20261124
TOO_LONG = 30.0


class Campaign:
    """Rounds on the same data, each beginning where the one before was killed."""

    def __init__(self, database: Database, settings: Settings, folder: Path) -> None:
        self.counts: dict[str, Counter[str]] = {}
        self.server = CrashServer(settings)
        self._database, self._settings, self._folder = database, settings, folder
        self._acknowledged: list[str] = []
        self._kept: list[Checkpoint] = []
        self._chance = random.Random(SEED)
        self._exports = itertools.count()

    def round(self, number: int) -> None:
        """Start, check what the round before left, work until the kill, check what is there."""
        point = POINTS[number % len(POINTS)]
        # The start may reach each step twice, for a signature not yet stored and for the entries after it.
        count = self._chance.randrange(12, 60) if point == POINTS[0] else self._chance.randrange(3, 9)
        assert self.server.start(point, count), self.server.log()
        self.check()
        assert not_yet_sealed(self._database) == 0, "the start seals what was left"
        load = Load(self.server.base_url, f"Tour {chr(ord('a') + number // 26)}{chr(ord('a') + number % 26)}")
        load.start()
        if point == OUTSIDE:
            time.sleep(self._chance.uniform(0.1, 2.0))
            killed = self.server.kill()
        else:
            killed = self.server.died(TOO_LONG) and f"killed: {point}" in self.server.log()
        load.join()
        assert load.unexpected == []
        self._acknowledged += load.acknowledged
        counts = self.counts.setdefault(point, Counter())
        counts.update(rounds=1, killed=int(killed), acknowledged=len(load.acknowledged))
        counts.update(lost=len(lost(self._database, load.acknowledged)))
        self.check()
        if number % 5 == 1:
            counts["at restart"] += self.die_again(point)

    def die_again(self, point: str) -> bool:
        """Start on what was left, to be killed at the first such step of the restart; tell whether there was one."""
        again = not self.server.start(point, 1)
        assert self.server.died(0) if again else self.server.kill()
        self.check()
        return again

    def check(self) -> None:
        """Nothing acknowledged is lost, nothing contradicts itself, and whoever kept a checkpoint still finds it true."""
        self._kept += kept_outside(self._settings.signer_path)[1]
        assert lost(self._database, self._acknowledged) == set()
        folder = self._folder / str(next(self._exports))
        assert contradictions(self._database, self._kept, folder) == []

    def table(self) -> str:
        """Return the figures, one line a point."""
        total = sum(self.counts.values(), Counter[str]())
        lines = [f"{'point':<20}" + "".join(f"{name:>14}" for name in COLUMNS)]
        for point, counts in {**self.counts, "all": total}.items():
            lines.append(f"{point:<20}" + "".join(f"{counts[name]:>14}" for name in COLUMNS))
        return "\n".join(lines)


@pytest.fixture
def campaign(demo_database: Database, settings: Settings, tmp_path: Path) -> Iterator[Campaign]:
    """A campaign whose server never outlives the test."""
    found = Campaign(demo_database, settings, tmp_path / "exports")
    yield found
    found.server.stop()


def test_nothing_acknowledged_is_lost(campaign: Campaign, engine: str) -> None:
    for number in range(ROUNDS[engine]):
        campaign.round(number)
    assert campaign.server.start(), campaign.server.log()
    campaign.check()
    assert campaign.server.stop() in {0, -signal.SIGTERM}
    print(f"\n{engine}, seed {SEED}\n{campaign.table()}")
    for point, counts in campaign.counts.items():
        assert (counts["killed"], counts["lost"]) == (counts["rounds"], 0), point
    total = sum(campaign.counts.values(), Counter[str]())
    assert total["acknowledged"] > 10 * ROUNDS[engine]
    assert total["at restart"] > 0


TAKEN = {
    "the whole act": ("journal_leaf", "journal_record", "resident"),
    "its entry": ("journal_leaf", "journal_record"),
    "its row": ("resident",),
}


@pytest.mark.sqlite_only("one engine shows what the checks see")
@pytest.mark.parametrize("what", TAKEN)
def test_a_loss_is_seen(demo_database: Database, tmp_path: Path, what: str) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        resident = create_resident(work, Identity("Perdue", "Lise"))
    seal_now(demo_database)
    assert lost(demo_database, [resident]) == set()
    assert contradictions(demo_database, (), tmp_path / "before") == []
    with demo_database.engine.begin() as connection:
        for name in ("insert", "update", "delete"):
            connection.execute(sa.text(f"DROP TRIGGER journal_leaf_{name}"))
        seq = connection.execute(sa.text("SELECT max(seq) FROM journal_leaf")).scalar_one()
        connection.execute(sa.text("DELETE FROM resident_token WHERE resident_id = :id"), {"id": resident})
        for table in TAKEN[what]:
            which = "id = :id" if table == "resident" else "seq = :seq"
            connection.execute(sa.text(f"DELETE FROM {table} WHERE {which}"), {"id": resident, "seq": seq})
    assert lost(demo_database, [resident]) == {resident}
    assert contradictions(demo_database, (), tmp_path / "after")
