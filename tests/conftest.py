"""Fixtures of every test: real databases in temporary places, the whole application, signed-in people.

Databases are prepared once a process and engine (empty, and filled with the demonstration), then copied for each test.
"""

from __future__ import annotations

import functools
import itertools
import os
import shutil
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
from tests.support.languages import strict
from tests.support.services import postgres_server

hypothesis_settings.register_profile("project", deadline=None, max_examples=100)
hypothesis_settings.load_profile("project")
_numbers = itertools.count()


@pytest.fixture(autouse=True)
def _clean_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("AIDANTS_")]:
        monkeypatch.delenv(name)
    i18n.use("fr")


@pytest.fixture
def no_silent_french(monkeypatch: pytest.MonkeyPatch) -> None:
    """Fail on any sentence that a catalogue does not hold, instead of showing French."""
    monkeypatch.setattr(i18n, "catalogue", strict())


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    """Every test that touches a database runs on SQLite and on PostgreSQL, under the same id but for the engine.

    Those marked ``sqlite_only`` say why they do not.
    """
    if "engine" in metafunc.fixturenames:
        only = metafunc.definition.get_closest_marker("sqlite_only")
        metafunc.parametrize("engine", ["sqlite"] if only else ["sqlite", "postgresql"], scope="session")


def _settings(folder: Path, url: str = "") -> Settings:
    return Settings(data_dir=folder, database_url=url, threads=8)


@pytest.fixture(scope="session")
def prepare(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Settings]]:
    """Make the installations of an engine at most once, in whatever order the files of the two engines come."""
    return functools.cache(lambda engine: _installations(engine, tmp_path_factory))


@pytest.fixture(scope="session")
def prepared(engine: str, prepare: Callable[[str], dict[str, Settings]]) -> dict[str, Settings]:
    """One empty and one filled installation, to be copied."""
    return prepare(engine)


def _installations(engine: str, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Settings]:
    made = {}
    for name in ("empty", "demo"):
        folder = tmp_path_factory.mktemp(f"{engine}-{name}")
        url = postgres_server().create_database(f"template_{name}") if engine == "postgresql" else ""
        settings = _settings(folder, url)
        database = open_database(settings, Keyring.create(settings.keys_path))
        upgrade(database)
        if name == "demo":
            demo.fill(database)
        database.dispose()
        made[name] = settings
    return made


@pytest.fixture
def settings(
    request: pytest.FixtureRequest, engine: str, prepared: dict[str, Settings], tmp_path: Path
) -> Iterator[Settings]:
    """Settings of a throw-away installation: filled for tests that use ``demo_database``, else empty."""
    name = "demo" if "demo_database" in request.fixturenames else "empty"
    shutil.copytree(prepared[name].data_dir, tmp_path, dirs_exist_ok=True)
    if engine == "sqlite":
        yield _settings(tmp_path)
        return
    copy = f"test_{os.getpid()}_{next(_numbers)}"
    with postgres_server().database(copy, f"template_{name}") as url:
        yield _settings(tmp_path, url)


@pytest.fixture
def database(settings: Settings) -> Iterator[Database]:
    """A migrated database; without rows unless the test also takes ``demo_database``."""
    database = open_database(settings, Keyring.load(settings.keys_path))
    yield database
    database.dispose()


@pytest.fixture
def demo_database(database: Database) -> Database:
    """The demonstration's people, residents, mandates and journal."""
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
