"""A page of the journal costs the same in a long journal as in a short one, whatever is asked: values that are frequent,
that happened once long ago, or never; by everybody who may ask.
"""

from __future__ import annotations

import dataclasses
import itertools
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from aidants import clock
from aidants.app import open_database
from aidants.audit import paging, queries
from aidants.audit.paging import PAGE, Filters, Found, Reach
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.actions import SignedOut
from aidants.journal.services import record
from aidants.policy import Actor, Role
from aidants.settings import Settings
from bench import filler
from tests.support.plans import Cost, cost
from tests.support.services import postgres_server

SHORT, LONG = 2_000, 20_000
MARGIN = 1.1
"""Near the edge of a period a few entries more are read: those of five minutes."""
WIDE = 2
"""Where entries between those of a page are read too, their number varies: a journal ten times as long would show."""
SORTS = {"Sort", "USE TEMP B-TREE FOR ORDER BY"}
"""Several ways are merged by sorting one page of each."""
NOBODY = "x" * 26
BUSY = "SELECT {0} FROM journal_record WHERE session IS NOT NULL GROUP BY {0} ORDER BY count(*) DESC, {0}"
CLOSED = "SELECT {0} FROM journal_record WHERE session IS NOT NULL GROUP BY {0} ORDER BY max(seq), {0}"
MANDATES = """SELECT mandate FROM journal_record WHERE mandate IS NOT NULL
    AND organisation = '{}' GROUP BY mandate HAVING count(*) = 14 ORDER BY min(seq)"""


@dataclass(frozen=True)
class Journal:
    """A journal and what there is to search in it."""

    database: Database
    places: list[str]
    people: list[str]
    closed: str
    gone: str
    mandates: frozenset[str]
    records: list[Any]
    """What every entry says, the newest first."""


@dataclass(frozen=True)
class Search:
    """One search: what is asked for, how many organisations the person audits (None: all), the screen."""

    filters: Callable[[Journal], Filters]
    audits: int | None = None
    reach: Reach = Reach.AUDITED


def days(start: int | None, end: int | None, actors: frozenset[str] | None = None) -> Filters:
    """Ask for a period given in days before today."""
    today = clock.now().date()
    first, last = (None if ago is None else today - timedelta(days=ago) for ago in (start, end))
    return Filters(start=first, end=last, actors=actors)


SEARCHES = {
    "first page": Search(lambda _: Filters()),
    "last page": Search(lambda _: Filters(before=PAGE + 2)),
    "du": Search(lambda _: days(500, None)),
    "du, in the future": Search(lambda _: days(-9, None)),
    "au": Search(lambda _: days(None, 500)),
    "au, before the journal": Search(lambda _: days(None, 4000)),
    "du au": Search(lambda _: days(500, 300)),
    "structure": Search(lambda known: Filters(organisation=known.places[0])),
    "structure, closed": Search(lambda known: Filters(organisation=known.closed)),
    "structure, absent": Search(lambda _: Filters(organisation=NOBODY)),
    "par": Search(lambda known: Filters(actors=frozenset(known.people[:1]))),
    "par, gone": Search(lambda known: Filters(actors=frozenset({known.gone}))),
    "par, two behind a pseudonym": Search(lambda known: Filters(actors=frozenset(known.people[:2]))),
    "par, nobody behind a pseudonym": Search(lambda _: Filters(actors=frozenset())),
    "par, absent": Search(lambda _: Filters(actors=frozenset({NOBODY}))),
    "acte": Search(lambda _: Filters(action="step_done")),
    "acte, old": Search(lambda _: Filters(action="organisation_created")),
    "acte, absent": Search(lambda _: Filters(action=filler.ABSENT_ACTION)),
    "theme": Search(lambda _: Filters(scope="argent")),
    "theme, old": Search(lambda _: Filters(scope=filler.RARE_SCOPE)),
    "theme, absent": Search(lambda _: Filters(scope="x")),
    "mandat": Search(lambda known: Filters(mandates=frozenset({min(known.mandates)}))),
    "mandat, two behind a pseudonym": Search(lambda known: Filters(mandates=known.mandates)),
    "mandat, absent": Search(lambda _: Filters(mandates=frozenset({NOBODY}))),
    "structure acte": Search(lambda known: Filters(organisation=known.places[0], action="step_done")),
    "structure acte, absent": Search(lambda known: Filters(organisation=known.places[0], action=filler.ABSENT_ACTION)),
    "structure acte, done elsewhere only": Search(
        lambda known: Filters(organisation=known.closed, action=filler.LOCAL_ACTION)
    ),
    "structure mandat": Search(lambda known: Filters(organisation=known.places[0], mandates=known.mandates)),
    "par du au": Search(lambda known: days(1000, 50, frozenset(known.people[:1]))),
    "two organisations": Search(lambda _: Filters(), audits=2),
    "two organisations, acte": Search(lambda _: Filters(action="step_done"), audits=2),
    "two organisations, acte, old": Search(lambda _: Filters(action="organisation_created"), audits=2),
    "two organisations, acte, absent": Search(lambda _: Filters(action=filler.ABSENT_ACTION), audits=2),
    "two organisations, theme": Search(lambda _: Filters(scope="argent"), audits=2),
    "two organisations, mandat": Search(lambda known: Filters(mandates=known.mandates), audits=2),
    "two organisations, au": Search(lambda _: days(None, 500), audits=2),
    "two organisations, another": Search(lambda known: Filters(organisation=known.places[4]), audits=2),
    "no organisation": Search(lambda _: Filters(), audits=0),
    "own": Search(lambda _: Filters(), reach=Reach.OWN),
    "organisation": Search(lambda _: Filters(), reach=Reach.ORGANISATION),
}


@pytest.fixture(scope="module")
def journals(
    engine: str, prepared: dict[str, Settings], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Journal, Journal]]:
    """The short journal and the long one."""
    made = [_journal(engine, prepared["empty"], tmp_path_factory, count) for count in (SHORT, LONG)]
    yield made[0], made[1]
    for journal in made:
        journal.database.dispose()


def _journal(engine: str, empty: Settings, folders: pytest.TempPathFactory, count: int) -> Journal:
    folder, url = folders.mktemp(f"{engine}-{count}"), ""
    shutil.copytree(empty.data_dir, folder, dirs_exist_ok=True)
    if engine == "postgresql":
        url = postgres_server().create_database(f"flat_{os.getpid()}_{count}", "template_empty")
    database = open_database(Settings(data_dir=folder, database_url=url))
    filler.fill(database, count)
    with database.engine.connect() as connection:

        def found(query: str) -> list[str]:
            return list(connection.execute(sa.text(query)).scalars())

        places, people = found(BUSY.format("organisation")), found(BUSY.format("actor"))
        closed, gone = (found(CLOSED.format(name))[0] for name in ("organisation", "actor"))
        mandates = found(MANDATES.format(places[0]))
        records = list(connection.execute(sa.text("SELECT * FROM journal_record ORDER BY seq DESC")))
    return Journal(database, places, people, closed, gone, frozenset({mandates[0], mandates[-1]}), records)


def run(journal: Journal, search: Search) -> tuple[Found, Cost]:
    audited = None if search.audits is None else frozenset(journal.places[: search.audits])
    person = Actor(journal.people[0], "", "", frozenset({Role.AUDITOR}), journal.places[0], audited=audited)
    pages: list[Found] = []

    def ask() -> None:
        with unit_of_work(journal.database, Mode.READ, actor=person) as work:
            zone = Settings().zone
            pages.append(paging.search(work, search.reach, search.filters(journal), zone))

    found = cost(journal.database, ask)
    return pages[0], found


def expected(journal: Journal, search: Search) -> list[int]:
    """Return the numbers of the page, found by looking at every entry."""
    asked, zone = search.filters(journal), Settings().zone
    seen: dict[str, Any] = {
        "type": asked.action and {asked.action},
        "organisation": asked.organisation and {asked.organisation},
        "scope": asked.scope and {asked.scope},
        "actor": asked.actors,
        "mandate": asked.mandates,
    }
    own = {Reach.OWN: ("actor", journal.people[:1]), Reach.ORGANISATION: ("organisation", journal.places[:1])}
    place = ("organisation", None if search.audits is None else journal.places[: search.audits])
    limits = [*seen.items(), own.get(search.reach, place)]

    def fits(record: Any) -> bool:
        day = datetime.fromisoformat(record.ts).astimezone(zone).date()
        return (
            all(values is None or getattr(record, name) in values for name, values in limits)
            and (asked.start or day) <= day <= (asked.end or day)
            and record.seq < (asked.before or record.seq + 1)
        )

    return [record.seq for record in itertools.islice(filter(fits, journal.records), PAGE)]


@pytest.mark.parametrize("name", SEARCHES)
def test_a_page_reads_as_much_in_a_long_journal_as_in_a_short_one(journals: tuple[Journal, Journal], name: str) -> None:
    (few, short), (many, long) = (run(journal, SEARCHES[name]) for journal in journals)
    assert len(many.entries) == len(few.entries)
    filters = SEARCHES[name].filters(journals[1])
    assert set(long.dear()) <= (SORTS if "two" in name or name == "structure mandat" else set())
    asked = sum(value is not None for value in dataclasses.asdict(filters).values())
    single = asked + (SEARCHES[name].audits is not None) < 2
    assert long.read <= short.read * (MARGIN if single else WIDE)
    assert [entry.seq for entry in many.entries] == expected(journals[1], SEARCHES[name])


def test_the_state_of_the_journal_reads_no_more(journals: tuple[Journal, Journal]) -> None:
    def ask(journal: Journal) -> Cost:
        def read() -> None:
            with unit_of_work(journal.database, Mode.READ) as work:
                assert queries.state(work.session).size in {SHORT, LONG}

        return cost(journal.database, read)

    short, long = map(ask, journals)
    assert long.read <= short.read


def test_a_period_finds_what_a_clock_gone_back_put_out_of_order(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each day holds its entries though numbers and times disagree around midnight."""
    midnight = datetime(2026, 12, 1, tzinfo=(zone := Settings().zone))
    person = Actor("p", "", "s", frozenset({Role.AUDITOR}), audited=None)
    for minutes in (-30, 45, -10, 5, 90):
        monkeypatch.setattr(clock, "now", lambda minutes=minutes: midnight + timedelta(minutes=minutes))
        with unit_of_work(database, Mode.WRITE, actor=person) as work:
            record(work, SignedOut())
    with unit_of_work(database, Mode.READ, actor=person) as work:
        before, after = (
            [entry.seq for entry in paging.search(work, Reach.AUDITED, period, zone).entries]
            for period in (Filters(end=date(2026, 11, 30)), Filters(start=date(2026, 12, 1)))
        )
        anomalies = paging.search(work, Reach.AUDITED, Filters(action="clock_anomaly"), zone).entries
    assert [entry.seq for entry in anomalies] == [3]
    assert (before, after) == ([4, 3, 1], [6, 5, 2])
