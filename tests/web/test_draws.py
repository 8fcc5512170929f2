"""The draw of mandates: the same for two auditors, from the right mandates, noted in the journal."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest
from sqlmodel import col, select

from aidants.audit.sample import draw
from aidants.db import Database, Mode, unit_of_work
from aidants.journal import labels
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now
from aidants.journal.services import open_payload, under_installation
from tests.security.tools import entries_after, last_entry
from tests.support.client import Browser, text_of
from tests.web.test_flags import limit_paul_to

Browse = Callable[..., Browser]


def activated(database: Database) -> list[str]:
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord.mandate).where(JournalRecord.type == "mandate_activated")
        return [mandate for mandate in work.session.exec(query) if mandate]


def drawn(page: str) -> list[str]:
    return re.findall(r'href="/journal\?mandat=([a-z2-7]{26})"', page)


def test_two_auditors_draw_the_same(demo_database: Database, browse: Browse) -> None:
    page = browse("paul").open("/journal/tirage?graine=4f1c&combien=2")
    expected, population = draw("4f1c", activated(demo_database), 2)
    assert drawn(page.text) == expected
    assert len(expected) == 2
    assert f"Mandats commencés{population}" in text_of(page)
    assert labels.mandate(expected[0]) in text_of(page)
    for name in ("Aubert", "Nadia", "Peyrat"):
        assert name not in page.text
    address = re.search(r'href="(/journal/tirage\?[^"]+)"', page.text)
    assert address is not None
    assert drawn(browse("paul").open(address.group(1).replace("&amp;", "&")).text) == expected


def test_the_seed_nobody_chose(demo_database: Database, browse: Browse) -> None:
    root = seal_now(demo_database).root.hex()[:16]
    paul = browse("paul")
    seal_now(demo_database)
    page = paul.open("/journal/tirage")
    seed = re.search(r'name="graine"[^>]* value="([0-9a-f]{16})"', page.text)
    assert seed is not None
    assert seed.group(1) != root, "the sign-in was sealed since"
    assert drawn(page.text) == draw(seed.group(1), activated(demo_database), 10)[0]


def test_the_draw_is_an_entry(demo_database: Database, browse: Browse) -> None:
    paul, before = browse("paul"), last_entry(demo_database)
    paul.open("/journal/tirage?graine=secrete")
    row = entries_after(demo_database, before)[-1]
    assert (row.type, row.detail) == ("journal_searched", '{"filters":["graine"],"view":"sample"}')
    with unit_of_work(demo_database, Mode.READ) as work:
        assert open_payload(work, row.id, under_installation(work, {}).key) == {"graine": "secrete"}


@pytest.mark.parametrize(
    "query",
    ["combien=0", "combien=101", "combien=-1", "combien=dix", "combien=1e2", "combien=9999999", "graine=" + "x" * 65,
     "du=2026-11-24&au=2026-11-01", "du=hier", "combien=٣"],
)  # fmt: skip
def test_a_draw_that_is_none(demo_database: Database, browse: Browse, query: str) -> None:
    answer = browse("paul").get(f"/journal/tirage?{query}")
    assert answer.status_code == 422
    assert drawn(answer.text) == []


def test_a_period_without_mandates(demo_database: Database, browse: Browse) -> None:
    page = browse("paul").open("/journal/tirage?du=2001-01-01&au=2001-12-31")
    assert "Aucun mandat n’a commencé dans cette période" in text_of(page)


def test_mandates_of_another_organisation_are_not_drawn(demo_database: Database, browse: Browse) -> None:
    limit_paul_to(demo_database, "Association Le Fil d’Orsenne")
    page = browse("paul").open("/journal/tirage")
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.exec(select(JournalRecord).where(col(JournalRecord.type) == "mandate_activated")).all()
    assert drawn(page.text) == []
