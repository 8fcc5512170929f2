"""A hundred thousand residents and three hundred thousand mandates, made by the product's own services, beside a few.

``python -m bench.crowd [RESIDENTS]`` fills both and prints the table; a hundred thousand take about an hour on one core.
"""

from __future__ import annotations

import random
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final

from sqlmodel import col, select

from aidants import clock, demo
from aidants.app import open_database
from aidants.counter.waiting import Wait, waiting
from aidants.crypto import Keyring
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.journal.seal import seal_now
from aidants.mandates import consent
from aidants.mandates import services as mandates
from aidants.mandates.answers import Answers
from aidants.mandates.models import Mandate
from aidants.migrate import upgrade
from aidants.policy import Actor
from aidants.residents.identity import Identity, understand
from aidants.residents.services import create_resident, search
from aidants.settings import Settings
from bench.figures import Figure, print_table
from bench.turns import RATIO, by_turns
from tests.security.tools import actor_of
from tests.support.client import Browser, people_of
from tests.support.plans import cost

RESIDENTS: Final = 100_000
FEW: Final = 10
EACH: Final = 3
PER_UNIT: Final = 20
"""Residents a transaction: a commit for each would measure the disk."""
YEARS: Final = timedelta(days=3 * 365)
SEARCH: Final = 60.0
STATEMENTS: Final = 10
SECTION: Final = "a crowd"
_GRANTS: Final = (
    (("demander-apl", "caf-changement"), "MONTH"),
    (("carte-grise-adresse",), "SEMESTER"),
    (("compte-ameli", "acte-etat-civil"), "LONG"),
)
_GIVEN: Final = ("Monique", "Ahmed", "Rosa", "Simone", "Yann", "Fatou", "Marcel", "Odette", "Lucienne", "Ewa")


@dataclass(frozen=True, slots=True)
class Crowd:
    """An installation with a helper signed in, and one of its residents and mandates to open."""

    database: Database
    browser: Browser
    resident: str
    mandate: str
    name: str


def make(folder: Path, residents: int) -> Crowd:
    """Fill an installation: mandates given over three years, the last of them today."""
    settings = Settings(data_dir=folder)
    database = open_database(settings, Keyring.create(settings.keys_path))
    upgrade(database)
    now = clock.now()
    with _time() as say:
        say(now - YEARS)
        demo.fill(database)
        with unit_of_work(database, Mode.READ) as work:
            nadia = actor_of(work, "nadia")
        people, done = _identities(), 0
        while done < residents:
            say(now - YEARS + YEARS * done / residents)
            done += _unit(database, nadia, people, min(PER_UNIT, residents - done))
            if done % 2000 == 0:
                seal_now(database)
                print(f"{done:,} residents", file=sys.stderr, flush=True)
    seal_now(database)
    browser = Browser(settings, database, people_of(database))
    browser.sign_in("nadia")
    with unit_of_work(database, Mode.READ, actor=nadia) as work:
        query = select(Mandate).where(Mandate.state == "active").order_by(col(Mandate.created_at).desc())
        mandate = work.session.exec(query.limit(1)).one()
        known = search(work, understand(_name(random.Random(residents)))).residents
    assert mandate.resident_id is not None
    name = known[0].identity.birth_name if known else "Aubert"
    return Crowd(database, browser, mandate.resident_id, mandate.id, name)


@contextmanager
def _time() -> Iterator[Callable[[datetime], None]]:
    """Let the only clock say what it is told."""
    real, told = clock.now, [clock.now()]
    clock.now = lambda: told[0]
    try:
        yield lambda instant: told.__setitem__(0, instant)
    finally:
        clock.now = real


def _identities() -> Iterator[Identity]:
    number = 0
    while True:
        number += 1
        name = _name(random.Random(number))
        given = f"{_GIVEN[number % 10]} {_GIVEN[number // 10 % 10]}"
        born = f"{1930 + number % 75:04}-{1 + number % 12:02}-{1 + number % 28:02}"
        yield Identity(name, given, birth_date=born, phone=f"06 {number // 1000000:02} {number % 1000000:06}")


def _name(chance: random.Random) -> str:
    """Return an invented name; its first three letters spread about as those of real surnames do."""
    consonants, vowels = "bcdfghjklmnprstvz", "aeiou"
    return "".join(chance.choice(consonants) + chance.choice(vowels) for _ in range(chance.randint(2, 4))).capitalize()


def _unit(database: Database, nadia: Actor, people: Iterator[Identity], count: int) -> int:
    with unit_of_work(database, Mode.WRITE, actor=replace(nadia, reauthenticated_at=clock.now())) as work:
        for _ in range(count):
            resident = create_resident(work, next(people))
            work.session.flush()
            for procedures, duration in _GRANTS[:EACH]:
                _grant(work, resident, procedures, duration)
            work.session.expunge_all()
    return count


def _grant(work: Work, resident: str, procedures: tuple[str, ...], duration: str) -> None:
    mandate = mandates.new_draft(work, resident, None, Answers())
    said = {"regime": "aucune", "consent": "paper", "read_aloud": True}
    mandates.answer(work, mandate, procedures=procedures, more_asked=True, duration=duration, **said)
    consent.ask_consent(work, mandate)
    consent.activate(work, mandate)
    work.session.flush()


def measure(few: Crowd, many: Crowd) -> list[Figure]:
    """Return what each page and search costs in a crowd, against a few."""
    pages = {
        "today": lambda _: "/aujourdhui",
        "persons": lambda _: "/personnes",
        "a person": lambda crowd: f"/personnes/{crowd.resident}",
        "a mandate": lambda crowd: f"/mandats/{crowd.mandate}",
        "consents awaited": lambda _: "/mandats?liste=accords",
        "ending within a month": lambda _: "/mandats?liste=fins",
    }
    figures = [_page(name, few, many, path) for name, path in pages.items()]
    figures += [_list(wait, few, many) for wait in Wait]
    searches = {"a name": many.name, "a birth date": "02/02/1931", "a phone": "06 00 000002", "nobody": "Xyzzygrec"}
    return figures + [_search(what, words, many) for what, words in searches.items()]


def _page(name: str, few: Crowd, many: Crowd, path: Callable[[Crowd], str]) -> Figure:
    def ask(crowd: Crowd) -> Callable[[], object]:
        return lambda: crowd.browser.open(path(crowd))

    small, large = by_turns(ask(few), ask(many), time.process_time, time.process_time)
    return Figure(SECTION, f"page: {name}", large / small, "times", RATIO, note=f"{small:.1f} to {large:.1f} ms")


def _list(wait: Wait, few: Crowd, many: Crowd) -> Figure:
    def read(crowd: Crowd) -> Callable[[], None]:
        def ask() -> None:
            with unit_of_work(crowd.database, Mode.READ) as work:
                work.actor = actor_of(work, "nadia")
                waiting(work, wait)

        return ask

    costs = [cost(crowd.database, read(crowd)) for crowd in (few, many)]
    note = f"reads {costs[0].read:,} to {costs[1].read:,}"
    return Figure(SECTION, f"list: {wait.value}, scans and sorts", len(costs[1].dear()), "lines", 0, note=note)


def _search(what: str, words: str, many: Crowd) -> Figure:
    found: list[int] = []

    def ask() -> None:
        with unit_of_work(many.database, Mode.READ) as work:
            work.actor = actor_of(work, "nadia")
            found.append(len(search(work, understand(words)).residents))

    _, milliseconds = by_turns(ask, ask, time.process_time, time.process_time)
    return Figure(SECTION, f"search: {what}", milliseconds, "ms CPU", SEARCH, note=f"{found[-1]} found")


def main() -> None:
    """Fill, measure, print."""
    residents = int(sys.argv[1]) if len(sys.argv) > 1 else RESIDENTS
    with tempfile.TemporaryDirectory(prefix="aidants-crowd-") as folder:
        began = time.perf_counter()
        crowds = [make(Path(folder) / str(count), count) for count in (FEW, residents)]
        seconds = time.perf_counter() - began
        size = (Path(folder) / str(residents) / "aidants.sqlite").stat().st_size
        made = Figure(SECTION, f"filling {residents:,} residents, {EACH * residents:,} mandates", seconds, "s")
        print_table([made, Figure(SECTION, "the database", size / 1e6, "MB"), *measure(*crowds)])
        for crowd in crowds:
            crowd.database.dispose()


if __name__ == "__main__":
    main()
