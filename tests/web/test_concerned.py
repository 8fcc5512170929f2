"""Whether a mandate concerns the person in front of an agent: yes or no, limited, journaled, nothing shown."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import select

from aidants.counter.erasure import erase
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates.models import Mandate
from aidants.mandates.queries import get_with_resident, verification_code
from aidants.residents.identity import Identity, is_named
from tests.security.tools import Places, actor_of, entries_after, last_entry, prepare
from tests.support.client import Browser, text_of

Open = Callable[..., Browser]
BORN = {"naissance-day": "4", "naissance-month": "3", "naissance-year": "1948"}
MARIE = Identity("Vidal", "Marie-Claude Anne", usual_name="Peyrat", birth_date="1955-11-02")


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database)


def code_of(database: Database, places: Places, name: str = "Aubert") -> str:
    with unit_of_work(database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        return verification_code(work, *get_with_resident(work, places.mandate_of[places.residents[name]]))


@pytest.mark.parametrize(
    ("typed", "born", "named"),
    [
        ("Marie-Claude Vidal", "1955-11-02", True),
        ("PEYRAT Marie Claude", "1955-11-02", True),
        ("vidal peyrat marie-claude anne", "1955-11-02", True),
        ("Anne Vidal", "1955-11-02", True),
        ("Vidal", "1955-11-02", False),
        ("Marie-Claude", "1955-11-02", False),
        ("Marie-Claude Vidal", "1955-11-03", False),
        ("Marie-Claude Vidal", "1955-11", False),
        ("Marie-Claude Vidal", "", False),
        ("Marie-Claude Vidal Dupont", "1955-11-02", False),
        ("Marie Vidale", "1955-11-02", False),
        ("", "1955-11-02", False),
    ],
)
def test_who_is_named(typed: str, born: str, named: bool) -> None:
    assert is_named(MARIE, typed, born) is named


def test_an_unknown_birth_date_is_never_confirmed() -> None:
    assert not is_named(Identity("Vidal", "Anne"), "Anne Vidal", "")
    assert not is_named(Identity("Vidal", "Anne", birth_date="1955"), "Anne Vidal", "1955-01-01")


def test_yes_and_no_are_journaled_and_show_nothing(browse: Open, demo_database: Database, places: Places) -> None:
    code, stranger = code_of(demo_database, places), browse()
    assert f"/v/{code}/personne" in stranger.open(f"/v/{code}").text
    path = f"/v/{code}/personne"
    stranger.open(path)
    before = last_entry(demo_database)
    yes = stranger.submit({"nom": "Aubert Monique", **BORN}, action=path)
    assert "Oui, il la concerne" in text_of(yes)
    no = stranger.submit({"nom": "Autre Monique", **BORN}, action=path)
    assert "Non, pas avec ce nom" in text_of(no)
    assert "Aubert" not in no.text + yes.text
    assert [(row.type, row.outcome, row.actor) for row in entries_after(demo_database, before)] == [
        ("mandate_verified", "person_yes", "public"),
        ("mandate_verified", "person_no", "public"),
    ]
    assert {row.sealed for row in entries_after(demo_database, before)} == {None}


def test_five_wrong_answers_then_no_more(browse: Open, demo_database: Database, places: Places) -> None:
    code = code_of(demo_database, places)
    path = f"/v/{code}/personne"
    for number in range(5):
        stranger = browse()
        stranger.open(path)
        assert stranger.submit({"nom": f"Aubert Monica{number}", **BORN}, action=path).status_code == 200
    stranger = browse()
    stranger.open(path)
    before = last_entry(demo_database)
    assert stranger.submit({"nom": "Aubert Monique", **BORN}, action=path).status_code == 429
    assert "person_yes" not in {row.outcome for row in entries_after(demo_database, before)}


@pytest.mark.parametrize(
    "fields",
    [{}, {"nom": "Au", **BORN}, {"nom": "x" * 161, **BORN}, {"nom": "Aubert Monique"},
     {"nom": "Aubert Monique", **BORN, "naissance-day": "31", "naissance-month": "2"},
     {"nom": "1 85 05 78 006 084 91", **BORN}],
    ids=["nothing", "short", "long", "no date", "impossible", "nir"],
)  # fmt: skip
def test_a_question_that_is_none(browse: Open, demo_database: Database, places: Places, fields: dict[str, str]) -> None:
    path, stranger = f"/v/{code_of(demo_database, places)}/personne", browse()
    stranger.open(path)
    before = last_entry(demo_database)
    assert stranger.submit(fields, action=path).status_code == 422
    assert entries_after(demo_database, before) == []


def test_only_for_a_mandate_that_is_valid_now(browse: Open, demo_database: Database, places: Places) -> None:
    stranger = browse()
    with unit_of_work(demo_database, Mode.READ) as work:
        rows = work.session.exec(select(Mandate)).all()
    stopped = next(row for row in rows if row.state == "revoked")
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        code = verification_code(work, *get_with_resident(work, stopped.id))
    for asked in (code, "ABCDEFGH", "x"):
        assert stranger.get(f"/v/{asked}/personne").headers["location"] == f"/v/{asked}"
        assert (
            stranger.post(f"/v/{asked}/personne", {"nom": "Aubert Monique", **BORN}).headers["location"]
            == f"/v/{asked}"
        )


def test_who_was_erased_is_nobody(browse: Open, demo_database: Database, places: Places) -> None:
    code = code_of(demo_database, places)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        erase(work, places.residents["Aubert"], "request")
    assert browse().get(f"/v/{code}/personne").headers["location"] == f"/v/{code}"
