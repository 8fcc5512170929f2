"""The auditor's pages in a journal of ten thousand entries and in one of a million, on both engines, by turns."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import sqlalchemy as sa
from sqlmodel import Session, select

from aidants import clock, demo
from aidants.accounts.models import Person
from aidants.app import open_database
from aidants.audit import paging
from aidants.audit.forms import JournalForm, read_filters
from aidants.audit.paging import Reach
from aidants.crypto import Keyring
from aidants.db import Database, Mode, unit_of_work
from aidants.migrate import upgrade
from aidants.policy import Actor, Role
from aidants.settings import Settings
from bench import filler, million
from bench.figures import Figure
from bench.turns import RATIO, by_turns
from tests.support.client import Browser, people_of
from tests.support.plans import Cost, cost
from tests.support.postgres import OwnServer

SMALL: Final = 10_000
_ONE: Final = """SELECT organisation, actor, scope, mandate FROM journal_record
    WHERE seq BETWEEN (SELECT max(seq) FROM journal_leaf) - 3000 AND (SELECT max(seq) FROM journal_leaf) - 500
    AND mandate IN (SELECT mandate FROM journal_record WHERE seq > (SELECT max(seq) FROM journal_leaf) - 3000
                    GROUP BY mandate HAVING count(*) = 14) AND scope IS NOT NULL ORDER BY seq LIMIT 1"""


@dataclass(frozen=True, slots=True)
class Site:
    """An installation with an auditor signed in; ``searches``: what the address asks for, by name."""

    database: Database
    browser: Browser
    auditor: Actor
    searches: dict[str, dict[str, str]]
    cpu: Callable[[], float]
    """Seconds of processor so far: this process and, beside it, the database server."""


def measure(folder: Path, long: Database) -> list[Figure]:
    """Compare each page in a short journal and in ``long``, which is copied to PostgreSQL."""
    short = million.make(Settings(data_dir=folder / "short"), SMALL)
    figures = _compare("auditor, SQLite", _site(short, time.process_time), _site(long, time.process_time))
    with _postgres() as server:
        sites = [_site(_copy(server, source), lambda: _cpu(server)) for source in (short, long)]
        figures += _compare("auditor, PostgreSQL", *sites)
        for site in sites:
            site.database.dispose()
    short.dispose()
    return figures


def _compare(section: str, short: Site, long: Site) -> list[Figure]:
    """Return, for each page, how much more processor it takes in the long journal: the medians of pages asked by turns."""
    figures = []
    for name in short.searches:
        small, large = by_turns(_open(short, name), _open(long, name), short.cpu, long.cpu)
        read = [_search(site, name) for site in (short, long)]
        dear = f"; {', '.join(read[1].dear())}" if read[1].dear() else ""
        note = f"{small:.1f} to {large:.1f} ms; reads {read[0].read:,} to {read[1].read:,}{dear}"
        figures.append(Figure(section, name, large / small, "times", RATIO, note=note))
    return figures


def _open(site: Site, name: str) -> Callable[[], object]:
    return lambda: site.browser.open(f"/journal?{urlencode(site.searches[name])}")


def _search(site: Site, name: str) -> Cost:
    """Return what the search itself reads, and how."""

    def ask() -> None:
        with unit_of_work(site.database, Mode.READ, actor=site.auditor) as work:
            filters = read_filters(work, JournalForm(**site.searches[name]))
            paging.search(work, Reach.AUDITED, filters, work.settings.zone)

    return cost(site.database, ask)


def _site(database: Database, cpu: Callable[[], float]) -> Site:
    assert database.settings is not None
    browser = Browser(database.settings, database, people_of(database))
    browser.sign_in("paul")
    with Session(database.engine) as session:
        auditor = session.exec(select(Person).where(Person.name == "Paul Mérou")).one()
        one = session.connection().execute(sa.text(_ONE)).mappings().one()
    actor = Actor(auditor.id, auditor.name, "", frozenset({Role.AUDITOR}), audited=None)
    return Site(database, browser, actor, _searches(dict(one)), cpu)


def _searches(one: dict[str, str]) -> dict[str, dict[str, str]]:
    """Return the address of each page: ``one`` is an entry of a mandate with fourteen."""
    today = clock.now().date()
    early, start, end = ((today - timedelta(days=ago)).isoformat() for ago in (1000, 500, 400))
    return {
        "first page": {},
        "last page": {"avant": str(paging.PAGE + 2)},
        "du": {"du": start},
        "au": {"au": end},
        "du au": {"du": start, "au": end},
        "structure": {"structure": one["organisation"]},
        "par": {"par": one["actor"]},
        "acte": {"acte": "step_done"},
        "acte, five long ago": {"acte": "organisation_created"},
        "acte, never": {"acte": filler.ABSENT_ACTION},
        "theme": {"theme": one["scope"]},
        "mandat": {"mandat": one["mandate"]},
        "structure acte": {"structure": one["organisation"], "acte": "step_done"},
        "par du au": {"par": one["actor"], "du": early, "au": end},
    }


def _copy(server: OwnServer, source: Database) -> Database:
    """Return an installation on the server with the journal, the people and the places of a SQLite one."""
    assert source.settings is not None
    folder = source.settings.data_dir / "postgresql"
    folder.mkdir()
    url = server.create_database(f"audit_{source.settings.data_dir.name}".replace("-", "_"))
    settings = Settings(data_dir=folder, database_url=url)
    database = open_database(settings, Keyring.create(settings.keys_path))
    upgrade(database)
    filler.copy(source, database)
    demo.fill(database)
    return database


@contextlib.contextmanager
def _postgres() -> Iterator[OwnServer]:
    server = OwnServer()
    try:
        yield server
    finally:
        server.stop()


def _cpu(server: OwnServer) -> float:
    """Return processor seconds of this process and of the server's (proc(5), schedstat: nanoseconds on a processor)."""
    assert server.process is not None
    postmaster = server.process.pid
    total = time.process_time()
    children = Path(f"/proc/{postmaster}/task/{postmaster}/children").read_text(encoding="ascii")
    for pid in children.split():
        with contextlib.suppress(OSError):
            total += int(Path(f"/proc/{pid}/schedstat").read_text(encoding="ascii").split()[0]) / 1e9
    return total
