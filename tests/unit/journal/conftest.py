"""A journal in a real database, on both kinds of database, and hands to write to it and to tamper with it."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from aidants.db import Database, Mode, unit_of_work
from aidants.journal.actions import MandateViewed, ResidentViewed, StepDone
from aidants.journal.models import (
    TRIGGERS,
    JournalCheckpoint,
    JournalDay,
    JournalLeaf,
    JournalPayload,
    JournalRecord,
    JournalTile,
    install_triggers,
    table_of,
)
from aidants.journal.services import Private, record
from aidants.policy import Actor, Role
from aidants.settings import Settings
from tests.support.postgres import postgres_server

_MODELS = (JournalLeaf, JournalRecord, JournalPayload, JournalTile, JournalCheckpoint, JournalDay)
TABLES = [table_of(model) for model in _MODELS]
DROP_TRIGGERS = {
    "sqlite": [f"DROP TRIGGER journal_leaf_{what}" for what in ("insert", "update", "delete")],
    "postgresql": ["ALTER TABLE journal_leaf DISABLE TRIGGER USER"],
}
KEY = bytes(range(32))
ACTOR = Actor(
    person_id="person-1",
    name="Aïda Morel",
    session_id="session-1",
    roles=frozenset({Role.HELPER}),
    organisation_id="org-1",
)
_numbers = itertools.count()

Write = Callable[[int], list[str]]
Tamper = Callable[..., None]


@pytest.fixture(params=["sqlite", pytest.param("postgresql", marks=pytest.mark.postgres)])
def database(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Database]:
    """An empty journal with its triggers."""
    if request.param == "sqlite":
        url = f"sqlite:///{tmp_path / 'journal.db'}"
    else:
        url = postgres_server().create_database(f"journal_{next(_numbers)}")
    found = Database(url, settings=Settings(data_dir=tmp_path))
    assert found.engine.dialect.name in TRIGGERS
    with found.engine.begin() as connection:
        SQLModel.metadata.create_all(connection, tables=TABLES)
        install_triggers(connection)
    yield found
    found.dispose()


@pytest.fixture
def write(database: Database) -> Write:
    """Write entries, one unit each, with every kind of column filled and a payload in every third."""

    def write(count: int) -> list[str]:
        ids = []
        for number in range(count):
            with unit_of_work(database, Mode.WRITE, actor=ACTOR, request_id="r") as work:
                private = Private("resident:res-1", KEY, {"reason": f"motif {number}"}) if number % 3 == 2 else None
                ids.append(record(work, _action(number), private))
        return ids

    return write


@pytest.fixture
def tamper(database: Database) -> Tamper:
    """Execute statements as somebody who holds the database itself: the triggers are dropped first."""

    def tamper(*statements: str, **values: object) -> None:
        with database.engine.begin() as connection:
            for statement in DROP_TRIGGERS[connection.dialect.name]:
                connection.exec_driver_sql(statement)
            for statement in statements:
                connection.execute(sa.text(statement), values)

    return tamper


def _action(number: int) -> ResidentViewed | MandateViewed | StepDone:
    if number % 3 == 0:
        return ResidentViewed(resident="res-1", assistance="sit-1")
    if number % 3 == 1:
        return MandateViewed(mandate="man-1", resident="res-1")
    return StepDone(
        assistance="sit-1",
        resident="res-1",
        mandate="man-1",
        run="run-1",
        guide="carte-grise",
        version=3,
        lang="fr",
        scope="transports",
        procedure="carte-grise-adresse",
        step="adresse",
        step_sha256="ab" * 32,
        by="helper",
        corrects="entry-0",
    )
