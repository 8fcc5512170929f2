"""How many statements a page costs: few, and the same for one resident or three hundred."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

from sqlalchemy import event

from aidants.assistance.services import receive
from aidants.db import Database, Mode, unit_of_work
from aidants.guides.services import start_run
from aidants.mandates.models import Mandate
from aidants.residents.identity import Identity
from aidants.residents.services import create_resident
from tests.security.tools import Places, actor_of, concrete, prepare
from tests.support.client import Browser
from tests.support.own import come_in

SELECTS = 6
JOURNALED = 4
PAGES = [
    "/aujourdhui",
    "/personnes",
    "/personnes/nouvelle",
    "/personnes/{id:ref}",
    "/personnes/{id:ref}/modifier",
    "/personnes/{id:ref}/doublon",
    "/personnes/{id:ref}/effacer",
    "/personnes/{id:ref}/suspendre",
    "/personnes/{id:ref}/acces",
    "/reunions/{id:ref}",
    "/mandats/{id:ref}",
    "/mandats/{id:ref}/arreter",
    "/mandats/{id:ref}/demarches",
    "/mandats/{id:ref}/duree",
    "/mandats/{id:ref}/relire",
    "/parcours/{id:ref}",
    "/parcours/{id:ref}/fiche",
    "/guides",
    "/guides/{id}",
    "/mon-journal",
    "/demandes",
    "/demandes/{id:ref}",
    "/confirmer",
]
OWN = [
    "/ma-page/accueil",
    "/ma-page/actes",
    "/ma-page/mandats",
    "/ma-page/mandats/{id:ref}",
    "/ma-page/mandats/{id:ref}/arreter",
    "/ma-page/questions",
    "/ma-page/donnees",
]
AUDITED = [
    "/journal",
    "/journal/entrees/{id}",
    "/journal/entrees/{id}/voir",
    "/journal/signalements",
    "/journal/signalements/{key}",
    "/journal/tirage",
    "/journal/actes",
    "/journal/exporter",
]


@contextmanager
def statements(database: Database) -> Iterator[list[str]]:
    """Collect the statements of the block; beginning, end and lock of transactions are not counted."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if not statement.startswith(("BEGIN", "COMMIT", "ROLLBACK", "SELECT pg_advisory")):
            seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


def fill(database: Database, places: Places, count: int = 300) -> None:
    """Add residents, and for one of them mandates and walks."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        now, monique = work.now, places.residents["Aubert"]
        for number in range(count):
            work.now = now - timedelta(days=30) + timedelta(minutes=3 * number)
            create_resident(work, Identity(f"Nom{number}", "Prénom"))
            draft = Mandate(
                organisation_id=work.actor.organisation_id or "",
                resident_id=monique,
                helper_id=work.actor.person_id,
                reference=f"M-{number}",
                answers='{"procedures":["demander-apl"]}',
                created_at=work.now,
            )
            work.session.add(draft)
        work.now = now
        sitting = receive(work, monique)
        start_run(work, sitting.id, "demander-apl")


def costs(
    browser: Browser, database: Database, places: Places, pages: Sequence[str] = PAGES
) -> dict[str, tuple[int, int]]:
    """Return reads and all statements by page; the second visit, when what is kept in memory is there."""
    found = {}
    for pattern in pages:
        path = concrete(pattern, places)
        browser.open(path)
        with statements(database) as seen:
            assert browser.get(path).status_code == 200, path
        reads = [statement for statement in seen if statement.lstrip().upper().startswith("SELECT")]
        found[pattern] = (len(reads), len(seen))
    return found


def test_pages_cost_few_statements_however_many_residents(
    browse: Callable[..., Browser], demo_database: Database
) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia")
    few = costs(nadia, demo_database, places)
    fill(demo_database, places)
    many = costs(nadia, demo_database, places)
    assert many == few
    assert {page: cost for page, cost in many.items() if cost[1] > SELECTS + JOURNALED} == {}
    assert {page: cost for page, cost in many.items() if cost[0] > SELECTS + JOURNALED // 2} == {}


def test_an_auditor_s_pages_cost_few_statements_however_long_the_journal(
    browse: Callable[..., Browser], demo_database: Database
) -> None:
    places = prepare(demo_database)
    paul = browse("paul")
    few = costs(paul, demo_database, places, AUDITED)
    fill(demo_database, places)
    many = costs(paul, demo_database, places, AUDITED)
    assert many == few
    assert {page: cost for page, cost in many.items() if cost[1] > SELECTS + JOURNALED} == {}


def test_a_resident_s_own_pages_cost_few_statements_however_much_was_done(
    browse: Callable[..., Browser], demo_database: Database
) -> None:
    places = prepare(demo_database)
    mine = browse()
    come_in(mine, demo_database, places.residents["Aubert"])
    few = costs(mine, demo_database, places, OWN)
    fill(demo_database, places)
    many = costs(mine, demo_database, places, OWN)
    assert many == few
    assert {page: cost for page, cost in many.items() if cost[1] > SELECTS + JOURNALED} == {}
    assert {page: cost for page, cost in many.items() if cost[0] > SELECTS + JOURNALED // 2} == {}
