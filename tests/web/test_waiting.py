"""The lists of what waits for the team: complete, in order, paged, flat, and of nobody else."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from lxml import html
from sqlmodel import col, select

from aidants.assistance.services import receive
from aidants.counter.waiting import PAGE, Wait, waiting
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.mandates.answers import Answers
from aidants.mandates.models import Mandate
from aidants.mandates.services import new_draft
from aidants.residents.identity import Identity
from aidants.residents.services import create_resident
from tests.security.tools import actor_of, entries_after, last_entry
from tests.support.client import Browser, text_of
from tests.support.plans import cost

Open = Callable[..., Browser]
MANY = 2 * PAGE + 5
FIELDS = {
    Wait.DRAFT: {"state": "draft"},
    Wait.CONSENT: {"state": "awaiting_consent"},
    Wait.END: {"state": "active"},
}


def fill(database: Database, wait: Wait, count: int, who: str = "nadia") -> list[str]:
    """Write mandates that wait, and return their ids in the order of the list; half of them share their instant."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, who)
        made = []
        for number in range(count):
            person = create_resident(work, Identity(f"Personne{'abcdefghij'[number % 10]}", f"N{number}"))
            made.append(new_draft(work, person, receive(work, person).id, Answers(procedures=("demander-apl",))))
        work.session.flush()
        for number, row in enumerate(work.session.exec(select(Mandate).where(col(Mandate.id).in_(made)))):
            at = work.now - timedelta(minutes=number // 2)
            row.created_at, row.state = at, FIELDS[wait]["state"]
            if wait is Wait.END:
                row.activated_at, row.ends_at = at, work.now + timedelta(hours=1 + number // 2)
    with unit_of_work(database, Mode.READ) as work:
        rows = work.session.exec(select(Mandate).where(col(Mandate.id).in_(made))).all()
    if wait is Wait.END:
        return [row.id for row in sorted(rows, key=lambda row: (row.ends_at, row.id))]
    return [row.id for row in sorted(rows, key=lambda row: (row.created_at, row.id), reverse=True)]


def walk(work: Work, wait: Wait) -> list[str]:
    found, after, pages = [], "", 0
    while pages < 10:
        page = waiting(work, wait, after)
        found += [line.mandate.id for line in page.lines]
        if page.after is None:
            return found
        after, pages = page.after, pages + 1
    raise AssertionError("pages without end")


@pytest.mark.parametrize("wait", list(Wait))
def test_each_once_in_order_over_all_pages(demo_database: Database, wait: Wait) -> None:
    expected = fill(demo_database, wait, MANY)
    fill(demo_database, wait, 3, "youssef")
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "tom")
        found = walk(work, wait)
    assert len(found) == len(set(found))
    mine = set(expected)
    assert [one for one in found if one in mine] == expected
    with unit_of_work(demo_database, Mode.READ) as work:
        others = work.session.exec(select(Mandate.organisation_id).where(col(Mandate.id).in_(found))).all()
    assert len(set(others)) == 1


@pytest.mark.parametrize("wait", list(Wait))
def test_the_same_work_however_many_there_are(demo_database: Database, wait: Wait) -> None:
    fill(demo_database, wait, PAGE + 1)

    def read() -> None:
        with unit_of_work(demo_database, Mode.READ) as work:
            work.actor = actor_of(work, "nadia")
            waiting(work, wait)

    read()
    few = cost(demo_database, read)
    fill(demo_database, wait, 4 * PAGE)
    many = cost(demo_database, read)
    if demo_database.is_sqlite:
        assert many.dear() == []
    assert many.read <= few.read * 1.5


def test_the_page_goes_on_and_is_recorded(browse: Open, demo_database: Database) -> None:
    fill(demo_database, Wait.DRAFT, PAGE + 2)
    nadia = browse("nadia")
    before = last_entry(demo_database)
    first = nadia.open("/mandats?liste=brouillons")
    entry = entries_after(demo_database, before)[-1]
    assert (entry.type, entry.detail) == ("resident_searched", f'{{"criteria":["waiting"],"results":{PAGE}}}')
    following = html.fromstring(first.text).xpath("//a[@rel='next']/@href")
    assert len(following) == 1
    assert not re.search("Personne", following[0])
    shown = [link for page in (first, nadia.open(following[0])) for link in links(page.text)]
    assert len(shown) == len(set(shown)) >= PAGE + 2


def links(text: str) -> list[str]:
    return [str(link) for link in html.fromstring(text).xpath("//ul[@class='rows']//a/@href")]


@pytest.mark.parametrize(
    "query",
    ["", "?liste=", "?liste=tous", "?apres=", "?apres=0", "?apres=99999999T000000.0-x", "?apres=20260101T000000.0-" + "é" * 900,
     "?liste=fins&apres=' OR 1=1 --", "?liste=fins&liste=accords"],
)  # fmt: skip
def test_a_list_that_is_none_begins_anew(browse: Open, query: str) -> None:
    assert browse("nadia").get(f"/mandats{query}").status_code == 200


def test_empty_lists_say_so(browse: Open, demo_database: Database) -> None:
    youssef = browse("youssef")
    for wait, says in ((Wait.CONSENT, "n’attend de signature"), (Wait.DRAFT, "en route"), (Wait.END, "31 prochains")):
        before = last_entry(demo_database)
        assert says in text_of(youssef.open(f"/mandats?liste={wait}"))
        assert entries_after(demo_database, before) == []
