"""Acts that a mandate does not allow: refused at the very moment, journaled with their reason, nothing changed."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta

import pytest

from aidants.assistance import services as assistance
from aidants.crypto import new_id
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import AppError, Conflict, NotFound, Refused
from aidants.guides import queries, services
from aidants.guides.engine import Outcome, requirement
from aidants.guides.queries import Walk
from aidants.guides.schema import SensitiveMode
from aidants.mandates import consent
from aidants.mandates import services as mandates
from aidants.mandates.lifecycle import Cover
from aidants.mandates.models import Mandate
from aidants.mandates.queries import covered
from aidants.residents.identity import Identity
from aidants.residents.services import create_resident
from tests.security.tools import QUESTIONS, Clock, Places, actor_of, digest, entries_after, last_entry, prepare
from tests.support.client import Browser

Open = Callable[..., Browser]


def at_a_sensitive_step(database: Database, run_id: str) -> Walk:
    """Walk Nadia's run up to its first step that needs the mandate."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        for _ in range(60):
            walk = queries.get_run(work, run_id)
            step = walk.state.step
            if requirement(step) is SensitiveMode.MANDATE:
                return walk
            if step.choices:
                first = step.choices[0].id
                services.mark(work, run_id, step.id, Outcome.ANSWERED, revision=walk.row.revision, choice=first)
            else:
                services.mark(work, run_id, step.id, Outcome.DONE, revision=walk.row.revision)
    raise AssertionError("no step needs a mandate")


def done(walk: Walk) -> dict[str, object]:
    return {"step": walk.state.step.id, "act": "done", "revision": str(walk.row.revision)}


def ends_at(database: Database, mandate_id: str) -> datetime:
    with unit_of_work(database, Mode.READ) as work:
        end = work.session.get_one(Mandate, mandate_id).ends_at
    assert end is not None
    return end


def refused(browser: Browser, database: Database, path: str, fields: dict[str, object], reason: str) -> None:
    """Send an act that is refused with 409, journaled once with its reason, and changes nothing."""
    token = browser.token()
    before, entries = digest(database), last_entry(database)
    assert browser.post(path, fields, token=token).status_code == 409
    assert digest(database) == before
    assert [(entry.type, entry.outcome) for entry in entries_after(database, entries)] == [("access_refused", reason)]


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database)


def test_the_last_second_is_covered_the_next_is_not(
    browse: Open, demo_database: Database, places: Places, time_is: Clock
) -> None:
    walk = at_a_sensitive_step(demo_database, places.run)
    end = ends_at(demo_database, places.mandates["active"])
    time_is.at = end - timedelta(minutes=2)
    nadia = browse("nadia")
    path = f"/parcours/{places.run}"
    time_is.at = end + timedelta(seconds=1)
    refused(nadia, demo_database, path, done(walk), "mandate_expired")
    time_is.at = end
    entries = last_entry(demo_database)
    assert nadia.post(path, done(walk)).status_code == 303
    (act, step) = [entry for entry in entries_after(demo_database, entries) if entry.run == places.run]
    assert (act.type, act.mandate, step.type) == ("sensitive_act", places.mandates["active"], "step_done")


def test_an_act_in_an_open_tab_after_revocation(browse: Open, demo_database: Database, places: Places) -> None:
    walk = at_a_sensitive_step(demo_database, places.run)
    nadia, tom = browse("nadia"), browse("tom")
    mandate = f"/mandats/{places.mandates['active']}"
    assert tom.post(f"{mandate}/arreter", {"par": "resident", "theme": "transports"}).status_code == 303
    refused(nadia, demo_database, f"/parcours/{places.run}", done(walk), "mandate_revoked")
    assert tom.post(f"{mandate}/arreter", {"par": "resident"}).status_code == 303
    refused(nadia, demo_database, f"/parcours/{places.run}", done(walk), "mandate_revoked")


@pytest.mark.parametrize(
    ("name", "procedure", "scope", "answer"),
    [
        ("Aubert", "carte-grise-adresse", "transports", Cover.YES),
        ("Aubert", "declarer-revenus", "argent", Cover.OUTSIDE),
        ("Aubert", "carte-grise-adresse", "logement", Cover.OUTSIDE),
        ("Belkacem", "declarer-revenus", "argent", Cover.NO_MANDATE),
        ("Vidal", "acte-etat-civil", "papiers", Cover.REVOKED),
        ("Le Goff", "carte-grise-adresse", "transports", Cover.NO_MANDATE),
    ],
)
def test_only_what_is_written_is_covered(
    demo_database: Database, places: Places, name: str, procedure: str, scope: str, answer: Cover
) -> None:
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        assert covered(work, places.residents[name], [scope], procedure)[0] is answer
        work.actor = actor_of(work, "youssef")
        assert covered(work, places.residents[name], [scope], procedure)[0] is Cover.NO_MANDATE


def test_a_walk_without_mandate_stops_at_the_step_that_needs_one(
    browse: Open, demo_database: Database, places: Places
) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        sitting = assistance.receive(work, places.residents["Le Goff"])
        run = services.start_run(work, sitting.id, "carte-grise-adresse")
    walk = at_a_sensitive_step(demo_database, run)
    refused(browse("nadia"), demo_database, f"/parcours/{run}", done(walk), "no_mandate")


def test_an_untrained_helper_and_another_organisation_do_nothing(
    browse: Open, demo_database: Database, places: Places
) -> None:
    walk = at_a_sensitive_step(demo_database, places.run)
    ines, youssef = browse("ines"), browse("youssef")
    before = digest(demo_database)
    for path, fields in (
        (f"/parcours/{places.run}", done(walk)),
        (f"/personnes/{places.residents['Aubert']}/mandats", {}),
        (f"/mandats/{places.mandates['awaiting_consent']}/activer", {"signe": "oui", "code": ines.code("ines")}),
        (f"/mandats/{places.mandates['active']}/arreter", {"par": "helper"}),
    ):
        assert ines.post(path, fields).status_code == 403, path
        assert youssef.post(path, fields).status_code == 404, path
    after = digest(demo_database)
    assert {table for table in before if before[table] != after[table]} <= {"person"}  # the code made for the test


def test_a_sitting_belongs_to_its_helper(browse: Open, demo_database: Database, places: Places) -> None:
    tom = browse("tom")
    before = digest(demo_database)
    assert tom.post(f"/accompagnements/{places.sitting}/fin").status_code == 404
    fields = {"guide": "carte-grise-adresse"}
    assert tom.post(f"/accompagnements/{places.sitting}/parcours", fields).status_code == 404
    assert digest(demo_database) == before


def awaiting(database: Database, places: Places, duration: str) -> str:
    """Ask Monique Aubert's consent for a new mandate, now."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        sitting = assistance.receive(work, places.residents["Aubert"])
        mandate = mandates.draft_mandate(work, places.residents["Aubert"], sitting.id)
        said = {"more_asked": True, "regime": "aucune", "consent": "paper", "read_aloud": True, "duration": duration}
        mandates.answer(work, mandate, procedures=("demander-apl",), **said)
        consent.ask_consent(work, mandate)
    return mandate


def paris(text: str) -> datetime:
    from zoneinfo import ZoneInfo

    return datetime.fromisoformat(text).replace(tzinfo=ZoneInfo("Europe/Paris"))


@pytest.mark.parametrize(
    ("duration", "asked", "activated", "fresh"),
    [
        ("MONTH", "2026-11-24T10:00", "2026-11-24T23:59:59", True),
        ("MONTH", "2026-11-24T10:00", "2026-11-25T00:00:00", False),
        ("MONTH", "2026-11-24T23:59", "2026-11-25T00:00:01", False),
        ("SHORT", "2026-11-24T10:00", "2026-11-24T12:00:00", True),
        ("SHORT", "2026-11-24T10:00", "2026-11-24T12:00:01", False),
        ("SHORT", "2026-11-24T23:00", "2026-11-25T00:00:00", False),
    ],
)
def test_a_text_too_old_is_not_activated(
    demo_database: Database, places: Places, time_is: Clock, duration: str, asked: str, activated: str, fresh: bool
) -> None:
    time_is.at = paris(asked)
    mandate = awaiting(demo_database, places, duration)
    end = ends_at(demo_database, mandate)
    time_is.at = paris(activated)
    before = digest(demo_database)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        if fresh:
            consent.activate(work, mandate)
        else:
            with pytest.raises(Refused) as error:
                consent.activate(work, mandate)
            assert error.value.code == "text_too_old"
    assert (digest(demo_database) == before) is not fresh
    assert ends_at(demo_database, mandate) == end


@pytest.mark.parametrize("act", [consent.activate, lambda work, it: mandates.answer(work, it, duration="LONG")])
@pytest.mark.parametrize("state", ["revoked", "draft", "active"])
def test_a_mandate_goes_only_forward(
    demo_database: Database, places: Places, act: Callable[..., object], state: str
) -> None:
    if (state, act) == ("draft", consent.activate) or state == "revoked":
        allowed: type[AppError] | None = Conflict
    else:
        allowed = None if act is consent.activate or state == "draft" else Conflict
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        if allowed is None:
            act(work, places.mandates[state])
            return
        with pytest.raises(allowed):
            act(work, places.mandates[state])


def test_a_changed_answer_after_the_text_was_shown_is_refused(
    browse: Open, demo_database: Database, places: Places
) -> None:
    nadia = browse("nadia")
    path = f"/mandats/{places.mandates['awaiting_consent']}"
    token, before = nadia.token(), digest(demo_database)
    for question in QUESTIONS:
        answer = nadia.post(f"{path}/{question}", {"duree": "LONG", "demarches": ["demander-apl"]}, token=token)
        assert answer.headers["location"] == path, question
    assert digest(demo_database) == before


@pytest.mark.parametrize(("born", "refusal"), [("2009", True), ("2008-12", True), ("2008-11-24", False), ("", False)])
def test_somebody_who_may_be_under_age_is_refused(
    demo_database: Database, time_is: Clock, born: str, refusal: bool
) -> None:
    time_is.at = paris("2026-11-24T10:00")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        resident = create_resident(work, Identity("Jeune", new_id(), birth_date=born))
        sitting = assistance.receive(work, resident)
        mandate = mandates.draft_mandate(work, resident, sitting.id)
        said = {"more_asked": True, "regime": "aucune", "consent": "paper", "read_aloud": True, "duration": "MONTH"}
        mandates.answer(work, mandate, procedures=("demander-apl",), **said)
        if not refusal:
            consent.ask_consent(work, mandate)
            return
        with pytest.raises(Refused) as error:
            consent.ask_consent(work, mandate)
        assert error.value.code == "minor"


def test_a_resident_of_another_organisation_cannot_be_received(demo_database: Database, places: Places) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "youssef")
        with pytest.raises(NotFound):
            assistance.receive(work, places.residents["Aubert"])
        with pytest.raises(NotFound):
            mandates.draft_mandate(work, places.residents["Aubert"], places.sitting)
