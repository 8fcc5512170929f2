"""Fixtures of every test: real databases in temporary places, the whole application, signed-in people."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from hypothesis import settings as hypothesis_settings

from aidants import demo, i18n
from aidants.app import open_database
from aidants.crypto import Keyring
from aidants.db import Database
from aidants.migrate import upgrade
from aidants.settings import Settings
from tests.support.client import Browser, people_of
from tests.support.services import postgres_server

hypothesis_settings.register_profile("project", deadline=None, max_examples=100)
hypothesis_settings.load_profile("project")


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AIDANTS_")]:
        monkeypatch.delenv(name)
    i18n.use("fr")


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that touches a database runs on SQLite and on PostgreSQL, under the same id but for the engine."""
    if "engine" in metafunc.fixturenames:
        metafunc.parametrize("engine", ["sqlite", "postgresql"], scope="session", indirect=False)


@pytest.fixture
def settings(tmp_path: Path, engine: str) -> Iterator[Settings]:
    """Settings of a throw-away installation."""
    common = {"data_dir": tmp_path, "write_wait_seconds": 5.0, "threads": 8}
    if engine == "sqlite":
        yield Settings(**common)  # type: ignore[arg-type]
        return
    with postgres_server().database(f"t{os.getpid()}_{abs(hash(tmp_path)) % 10**10}") as url:
        yield Settings(database_url=url, **common)  # type: ignore[arg-type]


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A migrated database without rows."""
    database = open_database(settings, Keyring.create(settings.keys_path))
    upgrade(database)
    yield database
    database.dispose()


@pytest.fixture
def demo_database(database: Database) -> Database:
    """The demonstration's people, residents, mandates and journal."""
    demo.fill(database)
    return database


@pytest.fixture
def browse(demo_database: Database, settings: Settings) -> Callable[..., Browser]:
    """Open a browser on the whole application: ``browse()`` for a stranger, ``browse("nadia")`` for somebody signed in."""
    people = people_of(demo_database)

    def open_browser(who: str | None = None, **overrides: object) -> Browser:
        browser = Browser(settings.model_copy(update=overrides), demo_database, people)
        if who is not None:
            browser.sign_in(who)
        return browser

    return open_browser
