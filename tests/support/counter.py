"""A counter for tests that drive mandates: one installation, everybody signed in; mandates as the domain tells their life."""

from __future__ import annotations

import itertools
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import httpx2
import sqlalchemy as sa
from sqlmodel import col, select

from aidants.accounts.models import BrowserSession
from aidants.app import open_database
from aidants.crypto import Keyring, open_sealed
from aidants.db import Database, Mode, unit_of_work
from aidants.guides.models import Run
from aidants.guides.queries import walk_of
from aidants.mandates.models import Authorisation, Mandate
from aidants.procedures import PROCEDURES
from aidants.residents.identity import Identity
from aidants.residents.models import Resident, ResidentVisit
from aidants.residents.services import create_resident, resident_key
from aidants.settings import Settings
from tests.security.tools import actor_of
from tests.support.client import Browser, people_of
from tests.support.own import come_in
from tests.support.services import postgres_server

PARIS = ZoneInfo("Europe/Paris")
OPEN = ("draft", "awaiting")
DAYS = {"MONTH": 31, "SEMESTER": 182, "LONG": 365}
GUIDES = {"demander-apl": "foyer", "carte-grise-adresse": "choisir-demarche"}
"""Guides walked, each up to the step that needs a mandate."""
PERSONS = (
    Identity("Zbigniewska", "Ewa", birth_date="1951-03-04"),
    Identity("Okafor", "Chidi", birth_date="1979-08-21"),
)
STAFF = ("nadia", "tom", "youssef", "paul")
_numbers = itertools.count()


@dataclass
class Given:
    """A mandate as the domain tells its life; instants are UTC."""

    id: str
    person: int
    helper: str
    born: datetime
    procedures: tuple[str, ...] = ()
    duration: str = ""
    witnessed: bool = False
    complete: bool = False
    state: str = "draft"
    asked: datetime | None = None
    ends: datetime | None = None
    version: int = 0
    granted: dict[str, str] = field(default_factory=dict)
    """Scope → who took it back, "" while it stands."""
    superseded: bool = False
    renews: str | None = None

    def at(self, now: datetime) -> str:
        if self.state in OPEN and now - (self.asked or self.born) > timedelta(hours=24):
            return "abandoned"
        if self.state == "active" and self.ends is not None and now > self.ends:
            return "expired"
        return self.state

    def scopes(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for name in self.procedures:
            for scope in PROCEDURES[name].scopes:
                found.setdefault(scope, []).append(name)
        return found

    def allows(self, scope: str, procedure: str, now: datetime) -> bool:
        standing = self.at(now) == "active" and self.granted.get(scope) == ""
        return standing and procedure in self.scopes().get(scope, ())


def last_second(day: datetime, days: int) -> datetime:
    """Return 23:59:59 in Paris, so many days after the local day of an instant."""
    local = day.astimezone(PARIS).date() + timedelta(days=days)
    return datetime.combine(local, time(23, 59, 59), tzinfo=PARIS).astimezone(UTC)


class Counter:
    """One installation, with everybody signed in however far the clock goes."""

    def __init__(self, template: Template, folder: Path, url: str) -> None:
        self.persons, self.runs, self.tokens = template.persons, template.runs, template.tokens
        self._settings = Settings(data_dir=folder, database_url=url, threads=8)
        self.database = open_database(self._settings, Keyring.load(self._settings.keys_path))
        people = people_of(self.database)
        self.stranger = Browser(self._settings, self.database, people)
        self.browsers = {who: self.stranger.again() for who in template.cookies}
        for who, cookies in template.cookies.items():
            self.browsers[who].http.cookies.update(cookies)

    def post(self, who: str, path: str, fields: Mapping[str, object] | None = None) -> httpx2.Response:
        """Send a form as one of the staff."""
        return self.browsers[who].post(path, dict(fields or {}), token=self.tokens[who])

    def keep_signed_in(self, now: datetime) -> None:
        """Let the sessions last: how they end is tested elsewhere."""
        with unit_of_work(self.database, Mode.WRITE) as work:
            for kind in (BrowserSession, ResidentVisit):
                work.session.connection().execute(sa.update(kind).values(created_at=now, last_seen_at=now))

    def place_of(self, run_id: str) -> tuple[str, int]:
        """Return the step where a walk stands, and the number that its page bears."""
        with unit_of_work(self.database, Mode.READ) as work:
            walk = walk_of(work, work.session.get_one(Run, run_id))
            return walk.state.shown.id, walk.row.revision

    def version_of(self, person: int) -> int:
        """Return the version of a person's record."""
        with unit_of_work(self.database, Mode.READ) as work:
            return work.session.get_one(Resident, self.persons[person]).version

    def code_of(self, mandate_id: str) -> str | None:
        """Return the verification code of a mandate, None before there is one."""
        with unit_of_work(self.database, Mode.READ) as work:
            row = work.session.get_one(Mandate, mandate_id)
            if row.code_sealed is None:
                return None
            key = resident_key(work, work.session.get_one(Resident, row.resident_id))
            return open_sealed(key, row.code_sealed, row.id).decode("ascii")

    def mandates(self) -> dict[str, tuple[Mandate, dict[str, tuple[str, str]]]]:
        """Return the mandates of the two persons: each row, and its scopes with their procedures and who took them back."""
        with unit_of_work(self.database, Mode.READ) as work:
            rows = work.session.exec(select(Mandate).where(col(Mandate.resident_id).in_(self.persons))).all()
            found: dict[str, tuple[Mandate, dict[str, tuple[str, str]]]] = {row.id: (row, {}) for row in rows}
            for item in work.session.exec(select(Authorisation).where(col(Authorisation.mandate_id).in_(found))):
                taken = (item.withdrawn_by or "?") if item.withdrawn_at is not None else ""
                found[item.mandate_id][1][item.scope] = (item.procedures, taken)
        return found

    def close(self) -> None:
        """Throw the installation away."""
        self.database.dispose()
        shutil.rmtree(self._settings.data_dir)
        if self._settings.database_url:
            postgres_server().drop_database(self._settings.database_url.rsplit("/", 1)[1])


@dataclass
class Template:
    """A demonstration with two more persons, walks that stand before a step under mandate, and people signed in."""

    settings: Settings
    persons: list[str]
    runs: dict[tuple[int, str], str]
    cookies: dict[str, dict[str, str]]
    tokens: dict[str, str]

    def open(self) -> Counter:
        """Return a copy of its own, to be closed."""
        folder, url = Path(tempfile.mkdtemp(prefix="aidants-counter-")), ""
        shutil.copytree(self.settings.data_dir, folder, dirs_exist_ok=True)
        if self.settings.database_url:
            name = f"counter_{os.getpid()}_{next(_numbers)}"
            url = postgres_server().create_database(name, self.settings.database_url.rsplit("/", 1)[1])
        return Counter(self, folder, url)


def make_template(settings: Settings, walk: Callable[[Database, str, str, str], str]) -> Template:
    """Fill a demonstration and sign everybody in. ``walk(database, person, guide, step)`` brings a walk there."""
    database = open_database(settings, Keyring.load(settings.keys_path))
    staff = {who: Browser(settings, database, people_of(database)) for who in STAFF}
    for who, browser in staff.items():
        browser.sign_in(who)
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        persons = [create_resident(work, identity) for identity in PERSONS]
    for number, person in enumerate(persons):
        staff[f"person {number}"] = alone = staff["nadia"].again()
        year, month, day = PERSONS[number].birth_date.split("-")
        born = {"naissance-year": year, "naissance-month": month, "naissance-day": day}
        come_in(alone, database, person, **born)
    runs = {
        (number, guide): walk(database, person, guide, step)
        for number, person in enumerate(persons)
        for guide, step in GUIDES.items()
    }
    cookies = {who: dict(browser.http.cookies) for who, browser in staff.items()}
    tokens = {
        who: browser.token("/ma-page/donnees" if "person" in who else "/guides") for who, browser in staff.items()
    }
    database.dispose()
    return Template(settings, persons, runs, cookies, tokens)
