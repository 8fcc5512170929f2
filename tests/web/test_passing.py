"""A mandate given to another organisation goes on here as a new one, with the code of the paper and a new consent."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import select

from aidants.accounts.models import Organisation
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates.answers import Answers
from aidants.mandates.passing import LIMIT
from aidants.mandates.queries import get_with_resident, verification_code
from aidants.mandates.renewal import RENEWABLE
from tests.security.tools import Clock, actor_of, digest, entries_after, kinds_after, last_entry
from tests.support.client import Browser, text_of
from tests.web.test_mandate_journey import active_mandate, mandate_row, new_resident

Open = Callable[..., Browser]


def ref(path: str) -> str:
    return path.split("/")[2]


def code_of(database: Database, mandate: str) -> str:
    with unit_of_work(database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        return verification_code(work, *get_with_resident(work, ref(mandate)))


def take_over(browser: Browser, card: str, code: str) -> int:
    browser.open(f"{card}/reprise")
    return browser.submit({"code": code}, action=f"{card}/reprise").status_code


def test_a_new_draft_here_and_the_other_untouched(browse: Open, demo_database: Database) -> None:
    _, old = active_mandate(browse("nadia"), "carte-grise-adresse", "demander-apl")
    before_old = mandate_row(demo_database, ref(old))
    youssef = browse("youssef")
    card = new_resident(youssef)
    before = last_entry(demo_database)
    code = code_of(demo_database, old)
    assert take_over(youssef, card, f" {code[:4].lower()} - {code[4:]} ") == 303
    assert youssef.last is not None
    new = ref(youssef.last.headers["location"])
    row = mandate_row(demo_database, new)
    assert (row.state, row.renews_id, row.resident_id) == ("draft", ref(old), ref(card))
    assert row.organisation_id != before_old.organisation_id
    assert Answers.from_json(row.answers) == Answers(
        procedures=("carte-grise-adresse", "demander-apl"), duration="MONTH"
    )
    assert mandate_row(demo_database, ref(old)) == before_old
    told = [entry for entry in entries_after(demo_database, before) if entry.type == "mandate_verified"]
    assert [(entry.mandate, entry.organisation, entry.outcome, entry.resident) for entry in told] == [
        (ref(old), before_old.organisation_id, "taken_over", None)
    ], "the other organisation's journal says it"
    assert take_over(youssef, card, code) == 303
    assert ref(youssef.last.headers["location"]) == new, "pressed twice, it is one draft"
    nadia = browse("nadia")
    again = nadia.post(f"{old}/renouveler")
    assert ref(again.headers["location"]) != new, "the draft of another organisation is not ours"
    assert mandate_row(demo_database, ref(again.headers["location"])).organisation_id == before_old.organisation_id


def test_somebody_else_s_code_is_as_unknown_as_none(browse: Open, demo_database: Database) -> None:
    _, old = active_mandate(browse("nadia"), "demander-apl")
    youssef = browse("youssef")
    card = new_resident(youssef, given_names="Zofia")
    before = digest(demo_database)
    pages = []
    for code in (code_of(demo_database, old), "ABCDEFGH"):
        assert take_over(youssef, card, code) == 422
        assert youssef.last is not None
        pages.append(text_of(youssef.last).replace(code, ""))
    assert pages[0] == pages[1]
    assert digest(demo_database) == before


@pytest.mark.parametrize("code", ["", "0", "K" * 41, "<b>", "1 85 05 78 006 084 91"])
def test_what_is_no_code(browse: Open, demo_database: Database, code: str) -> None:
    youssef = browse("youssef")
    card = new_resident(youssef)
    before = digest(demo_database)
    assert take_over(youssef, card, code) == 422
    assert digest(demo_database) == before


def test_guessing_ends_after_five(browse: Open, demo_database: Database) -> None:
    _, old = active_mandate(browse("nadia"), "demander-apl")
    youssef = browse("youssef")
    card = new_resident(youssef)
    for number in range(LIMIT):
        assert take_over(youssef, card, f"ABCDEF{number + 2}H") == 422
    before = digest(demo_database)
    assert youssef.post(f"{card}/reprise", {"code": code_of(demo_database, old)}).status_code == 429
    assert digest(demo_database) == before


def test_our_own_is_renewed_not_taken_over(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card, old = active_mandate(nadia, "demander-apl")
    before = digest(demo_database)
    assert take_over(nadia, card, code_of(demo_database, old)) == 422
    assert nadia.last is not None
    assert "déjà le vôtre" in text_of(nadia.last)
    assert digest(demo_database) == before


def test_not_once_stopped_nor_a_year_after(
    browse: Open, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nadia = browse("nadia")
    _, old = active_mandate(nadia, "demander-apl")
    ends_at = mandate_row(demo_database, ref(old)).ends_at
    assert ends_at is not None
    code = code_of(demo_database, old)
    time_is = Clock(monkeypatch)
    time_is.at = ends_at + RENEWABLE + timedelta(seconds=1)
    youssef = browse("youssef")
    card = new_resident(youssef)
    assert take_over(youssef, card, code) == 422
    time_is.at = ends_at
    nadia = browse("nadia")
    nadia.post(f"{old}/arreter", {"par": "resident"})
    youssef = browse("youssef")
    assert take_over(youssef, card, code) == 422
    assert youssef.last is not None
    assert "a été arrêté" in text_of(youssef.last)


def test_only_durations_allowed_here(browse: Open, demo_database: Database) -> None:
    _, old = active_mandate(browse("nadia"), "demander-apl")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        for place in work.session.exec(select(Organisation)):
            place.durations = "SHORT"
    youssef = browse("youssef")
    card = new_resident(youssef)
    assert take_over(youssef, card, code_of(demo_database, old)) == 303
    assert youssef.last is not None
    assert Answers.from_json(mandate_row(demo_database, ref(youssef.last.headers["location"])).answers).duration == ""


def test_not_for_another_organisation_s_person(browse: Open, demo_database: Database) -> None:
    card, old = active_mandate(browse("nadia"), "demander-apl")
    youssef = browse("youssef")
    before, entries = digest(demo_database), last_entry(demo_database)
    assert youssef.get(f"{card}/reprise").status_code == 404
    assert youssef.post(f"{card}/reprise", {"code": code_of(demo_database, old)}).status_code == 404
    assert digest(demo_database) == before
    assert "mandate_renewed" not in kinds_after(demo_database, entries)
