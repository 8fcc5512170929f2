"""Walking a guide with a resident, and reading guides alone."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa
from lxml import html
from sqlalchemy import event
from sqlmodel import col, select

from aidants.accounts.models import Membership, Person
from aidants.assistance.services import close, receive
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import BadRequest, Conflict, NotFound, Refused
from aidants.guides import engine, queries, services
from aidants.guides.engine import NotOnThisStep, Outcome
from aidants.guides.models import Run
from aidants.guides.schema import GuideError, Kind, Status
from aidants.journal.models import JournalRecord
from aidants.mandates.models import Mandate
from aidants.mandates.services import revoke
from aidants.policy import Actor, Role
from aidants.residents.models import Resident
from aidants.residents.services import get_resident
from tests.support.client import Browser, form_of, text_of

Browse = Callable[..., Browser]
GUIDE = "carte-grise-adresse"


@contextmanager
def working(database: Database, name: str = "Nadia Ferrand") -> Iterator[Work]:
    """Open a writing unit of work as one of the demonstration's helpers."""
    with unit_of_work(database, Mode.READ) as work:
        query = select(Person, Membership).join(Membership, col(Membership.person_id) == Person.id)
        person, member = work.session.exec(query.where(Person.name == name)).one()
    actor = Actor(
        person_id=person.id,
        name=person.name,
        session_id="session-of-the-test",
        roles=frozenset({Role.HELPER}),
        organisation_id=member.organisation_id,
        trained=True,
    )
    with unit_of_work(database, Mode.WRITE, actor=actor, request_id="test") as work:
        yield work


def resident_with(database: Database, state: str, procedure: str = GUIDE) -> tuple[str, str]:
    """Return a resident of the demonstration whose mandate is in this state, and that mandate."""
    with unit_of_work(database, Mode.READ) as work:
        rows = work.session.exec(select(Mandate).where(Mandate.state == state)).all()
        return next((row.resident_id or "", row.id) for row in rows if procedure in row.answers)


def started(database: Database, resident_id: str | None) -> str:
    with working(database) as work:
        return services.start_run(work, receive(work, resident_id).id, GUIDE)


def state_of(database: Database, run_id: str) -> tuple[str, str, int, str | None]:
    with unit_of_work(database, Mode.READ) as work:
        row = work.session.get_one(Run, run_id)
        return row.state, row.trail, row.revision, row.help_step


def reach(database: Database, run_id: str, wanted: str | Kind) -> None:
    """Pass over steps, first answers given, until this step or the first of this kind."""
    for _ in range(60):
        with working(database) as work:
            walk = queries.get_run(work, run_id)
            step = walk.state.step
            if wanted in (step.id, step.kind):
                return
            outcome = Outcome.ANSWERED if step.choices else Outcome.SKIPPED
            choice = step.choices[0].id if step.choices else None
            services.mark(work, run_id, step.id, outcome, revision=walk.row.revision, choice=choice)
    raise AssertionError(wanted)


def mark(database: Database, run_id: str, outcome: Outcome = Outcome.DONE, **more: str) -> None:
    """Mark the current step, as a page just opened would."""
    with working(database) as work:
        walk = queries.get_run(work, run_id)
        services.mark(work, run_id, walk.state.shown.id, outcome, revision=walk.row.revision, **more)


def entries(database: Database, *types: str) -> list[JournalRecord]:
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord).where(col(JournalRecord.type).in_(types)).order_by(col(JournalRecord.seq))
        return list(work.session.exec(query).all())


# The mandate, checked at the very moment


def test_a_mandate_step_without_cover_is_refused_and_changes_nothing(demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "draft")[0])
    reach(demo_database, run_id, "choisir-demarche")
    before, journal = state_of(demo_database, run_id), len(entries(demo_database, "step_done", "sensitive_act"))
    with pytest.raises(Refused) as refused:
        mark(demo_database, run_id)
    assert refused.value.code == "no_mandate"
    assert state_of(demo_database, run_id) == before
    assert len(entries(demo_database, "step_done", "sensitive_act")) == journal


def test_stopping_the_mandate_refuses_the_very_next_click_in_an_open_tab(
    browse: Browse, demo_database: Database
) -> None:
    resident_id, mandate_id = resident_with(demo_database, "active")
    run_id = started(demo_database, resident_id)
    reach(demo_database, run_id, "choisir-demarche")
    nadia = browse("nadia")
    shown = nadia.open(f"/parcours/{run_id}")
    assert "Le mandat couvre cette étape" in text_of(shown)
    assert "Vérifié à l’instant" in text_of(shown)
    with working(demo_database) as work:
        revoke(work, mandate_id, None, "resident")
    before = state_of(demo_database, run_id)
    nadia.last = shown
    answer = nadia.submit({"act": "done"}, action=f"/parcours/{run_id}")
    assert answer.status_code == 409
    assert "Le mandat a été arrêté" in text_of(answer)
    assert state_of(demo_database, run_id) == before
    refusal = entries(demo_database, "access_refused")[-1]
    assert (refusal.outcome, refusal.run) == ("mandate_revoked", run_id)
    page = html.fromstring(nadia.open(f"/parcours/{run_id}").text)
    assert page.xpath("//button[@value='done']") == []
    assert page.xpath(f"//form[@action='/personnes/{resident_id}/mandats']")


def test_an_act_under_mandate_is_journaled_with_mandate_scope_and_exact_words(demo_database: Database) -> None:
    resident_id, mandate_id = resident_with(demo_database, "active")
    run_id = started(demo_database, resident_id)
    reach(demo_database, run_id, "choisir-demarche")
    mark(demo_database, run_id)
    act = entries(demo_database, "sensitive_act")[-1]
    done = entries(demo_database, "step_done")[-1]
    assert (act.mandate, act.scope, act.procedure) == (mandate_id, "transports", GUIDE)
    assert (done.guide, done.version, done.lang, done.run) == (GUIDE, act.version, "fr", run_id)
    assert done.step == "choisir-demarche"
    assert done.step_sha256 == act.step_sha256
    assert len(done.step_sha256 or "") == 64


def test_what_the_resident_does_alone_needs_no_mandate_and_is_said_to_be_theirs(
    browse: Browse, demo_database: Database
) -> None:
    run_id = started(demo_database, resident_with(demo_database, "draft")[0])
    reach(demo_database, run_id, "se-connecter")
    assert "Regardez ailleurs" in text_of(browse("nadia").open(f"/parcours/{run_id}"))
    mark(demo_database, run_id)
    assert '"by":"resident"' in (entries(demo_database, "step_done")[-1].detail or "")


def test_without_a_file_no_mandate_step_is_ever_done(browse: Browse, demo_database: Database) -> None:
    run_id = started(demo_database, None)
    reach(demo_database, run_id, "choisir-demarche")
    with pytest.raises(Refused):
        mark(demo_database, run_id)
    assert "Un mandat porte un nom" in text_of(browse("nadia").open(f"/parcours/{run_id}"))
    assert browse("nadia").open(f"/parcours/{run_id}/fiche").status_code == 200


# One state, however many tabs


def test_another_organisation_sees_nothing(browse: Browse, demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    before = state_of(demo_database, run_id)
    youssef = browse("youssef")
    for path in (f"/parcours/{run_id}", f"/parcours/{run_id}/fiche", "/parcours/inconnu"):
        assert youssef.get(path).status_code == 404, path
    act = {"step": "bienvenue", "act": "done", "revision": "1"}
    assert youssef.post(f"/parcours/{run_id}", act).status_code == 404
    assert youssef.post(f"/parcours/{run_id}/terminer", {"act": "stop", "revision": "1"}).status_code == 404
    assert state_of(demo_database, run_id) == before
    with working(demo_database, "Youssef Karam") as work, pytest.raises(NotFound):
        services.start_run(work, work.session.get_one(Run, run_id).assistance_id, GUIDE)
    for who in ("ines", "claire", "paul"):
        assert browse(who).get(f"/parcours/{run_id}").status_code == 403, who


def test_a_stale_tab_is_told_and_led_back(browse: Browse, demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    nadia = browse("nadia")
    old = nadia.open(f"/parcours/{run_id}")
    mark(demo_database, run_id)
    reach(demo_database, run_id, "documents")
    before = state_of(demo_database, run_id)
    nadia.last = old
    answer = nadia.submit({"act": "skip"}, action=f"/parcours/{run_id}")
    assert answer.status_code == 409
    assert html.fromstring(answer.text).xpath(f"//main//a[@href='/parcours/{run_id}']")
    assert state_of(demo_database, run_id) == before


def test_the_same_answer_sent_twice_counts_once(demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    for _ in range(2):
        with working(demo_database) as work:
            services.mark(work, run_id, "bienvenue", Outcome.DONE, revision=1)
    assert len(entries(demo_database, "step_done")) == 1
    assert state_of(demo_database, run_id)[2] == 2


def test_starting_twice_or_coming_back_takes_up_the_same_walk(demo_database: Database) -> None:
    resident_id = resident_with(demo_database, "active")[0]
    run_id = started(demo_database, resident_id)
    assert started(demo_database, resident_id) == run_id
    reach(demo_database, run_id, "ouvrir")
    with working(demo_database) as work:
        close(work, receive(work, resident_id).id)
    with working(demo_database) as work:
        sitting = receive(work, resident_id)
        assert services.start_for_procedure(work, sitting.id, GUIDE) == run_id
        walk = queries.get_run(work, run_id)
        assert (walk.row.assistance_id, walk.state.step_id) == (sitting.id, "ouvrir")
        close(work, sitting.id)
        with pytest.raises(Conflict):
            services.start_run(work, sitting.id, GUIDE)
        with pytest.raises(NotFound):
            services.start_run(work, sitting.id, "../../etc")
    assert len(entries(demo_database, "run_started")) == 1


def test_an_act_after_the_sitting_ended_receives_the_person_anew(demo_database: Database) -> None:
    resident_id = resident_with(demo_database, "active")[0]
    run_id = started(demo_database, resident_id)
    with working(demo_database) as work:
        first = receive(work, resident_id).id
        close(work, first)
    mark(demo_database, run_id)
    done = entries(demo_database, "step_done")[-1]
    assert done.assistance not in (None, first)
    assert done.assistance == entries(demo_database, "assistance_started")[-1].assistance


# Blocked, help, back, end


def test_blocked_asks_why_from_a_fixed_list_and_stays_there(browse: Browse, demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    reach(demo_database, run_id, "ouvrir")
    nadia, path = browse("nadia"), f"/parcours/{run_id}"
    nadia.open(f"{path}?bloque=oui")
    assert nadia.submit(action=path).status_code == 422
    assert nadia.submit({"reason": "mon mot de passe est 1234"}, action=path).status_code == 422
    assert nadia.submit({"reason": "site_down"}, action=path).status_code == 303
    assert "Le site ne marche pas" in text_of(nadia.open(path))
    blocked = entries(demo_database, "step_blocked")
    assert [(entry.step, entry.outcome) for entry in blocked] == [("ouvrir", "site_down")]
    with pytest.raises(BadRequest):
        mark(demo_database, run_id, Outcome.DONE, reason="1234")
    nadia.open(path)
    assert nadia.submit({"act": "back"}, action=path).status_code == 303
    with working(demo_database) as work:
        assert queries.get_run(work, run_id).state.step_id == "adresse-officielle"


def test_help_opens_beside_the_step_and_returns_to_it(browse: Browse, demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    reach(demo_database, run_id, "ouvrir")
    trail = state_of(demo_database, run_id)[1]
    nadia, path = browse("nadia"), f"/parcours/{run_id}"
    nadia.open(path)
    nadia.submit({"act": "help"}, action=path)
    assert state_of(demo_database, run_id)[3] == "aide-site"
    page = nadia.open(path)
    assert html.fromstring(page.text).xpath("//button[@value='done' or @value='skip']") == []
    nadia.submit({"act": "close_help"}, action=path)
    assert state_of(demo_database, run_id)[1::2] == (trail, None)


def test_the_end_gives_a_sheet_then_closes(browse: Browse, demo_database: Database) -> None:
    resident_id = resident_with(demo_database, "active")[0]
    run_id = started(demo_database, resident_id)
    reach(demo_database, run_id, "choisir-demarche")
    mark(demo_database, run_id)
    with working(demo_database) as work, pytest.raises(NotOnThisStep):
        services.finish(work, run_id, revision=state_of(demo_database, run_id)[2])
    reach(demo_database, run_id, Kind.END)
    nadia, path = browse("nadia"), f"/parcours/{run_id}"
    assert "Ce qui se passe ensuite" in text_of(nadia.open(path))
    viewed = len(entries(demo_database, "resident_viewed"))
    sheet = nadia.open(f"{path}/fiche")
    assert len(entries(demo_database, "resident_viewed")) == viewed + 1
    with working(demo_database) as work:
        who = get_resident(work, resident_id).identity
        steps = queries.get_run(work, run_id).guide.steps
    words = text_of(sheet)
    for expected in (who.short_name, "Trouver la bonne demande", "immatriculation.ants.gouv.fr", "05 00 00 12 34"):
        assert expected in words, expected
    assert "Guide pas encore vérifié sur le site réel" in words
    assert who.birthplace not in words
    assert who.birth_date[:4] not in words
    assert not any(step.helper_note[:40] in words for step in steps if step.helper_note)
    nadia.open(path)
    assert nadia.submit(action=f"{path}/terminer").headers["location"] == f"/personnes/{resident_id}"
    assert entries(demo_database, "run_finished")[-1].outcome == "partial"
    assert "Parcours terminé" in text_of(nadia.open(path))
    with pytest.raises(services.RunEnded):
        mark(demo_database, run_id, Outcome.SKIPPED)


def test_stopping_on_the_way_keeps_what_was_done(browse: Browse, demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    mark(demo_database, run_id)
    nadia = browse("nadia")
    nadia.open(f"/parcours/{run_id}")
    assert nadia.submit(action=f"/parcours/{run_id}/terminer").status_code == 303
    assert state_of(demo_database, run_id)[0] == "stopped"
    assert entries(demo_database, "run_finished")[-1].outcome == "abandoned"
    assert "Parcours arrêté" in text_of(nadia.open(f"/parcours/{run_id}"))


def test_a_guide_taken_back_goes_no_further(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    shipped = queries.library()
    withdrawn = shipped[GUIDE].model_copy(update={"status": Status.WITHDRAWN, "version": 99})
    monkeypatch.setattr(queries, "library", lambda: {**shipped, GUIDE: withdrawn})
    with pytest.raises(Refused) as refused:
        mark(demo_database, run_id)
    assert refused.value.code == "guide_withdrawn"
    mark(demo_database, run_id, Outcome.BLOCKED, reason="other")


# The journal of what is shown and chosen


def test_a_step_shown_again_to_the_same_session_adds_no_entry_and_few_reads(
    browse: Browse, demo_database: Database
) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    reach(demo_database, run_id, "choisir-demarche")
    nadia = browse("nadia")
    before = state_of(demo_database, run_id)
    for _ in range(3):
        nadia.open(f"/parcours/{run_id}")
    shown = entries(demo_database, "step_shown")
    assert [(entry.step, entry.run) for entry in shown] == [("choisir-demarche", run_id)]
    assert state_of(demo_database, run_id) == before
    reads: list[str] = []

    def count(_c: object, _cursor: object, statement: str, *_rest: object) -> None:
        if statement.lstrip().upper().startswith("SELECT"):
            reads.append(statement)

    event.listen(demo_database.engine, "before_cursor_execute", count)
    nadia.open(f"/parcours/{run_id}")
    event.remove(demo_database.engine, "before_cursor_execute", count)
    assert len(reads) <= 6, reads
    browse("tom").open(f"/parcours/{run_id}")
    assert len(entries(demo_database, "step_shown")) == 2


def test_an_answer_is_journaled_only_where_the_step_says_so(demo_database: Database) -> None:
    run_id = started(demo_database, resident_with(demo_database, "active")[0])
    reach(demo_database, run_id, "vehicule")
    mark(demo_database, run_id, Outcome.ANSWERED, choice="plaque-ancienne")
    assert entries(demo_database, "choice_made") == []
    assert entries(demo_database, "step_done")[-1].step == "vehicule"
    with unit_of_work(demo_database, Mode.READ) as work:
        kept = " ".join(str(row.detail) for row in work.session.exec(select(JournalRecord)))
    assert "plaque-ancienne" not in kept


# Revisions


def test_words_once_frozen_never_change(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    shipped = queries.library()
    with working(demo_database) as work:
        services.freeze_library(work)
    changed = shipped[GUIDE].model_copy(update={"summary": "Autre chose."})
    monkeypatch.setattr(queries, "library", lambda: {**shipped, GUIDE: changed})
    with working(demo_database) as work, pytest.raises(GuideError, match="sans changer de version"):
        services.freeze_library(work)
    monkeypatch.setattr(queries, "library", lambda: {GUIDE: changed.model_copy(update={"version": 99})})
    with working(demo_database) as work:
        services.freeze_library(work)
    for statement in ("UPDATE guide_revision SET content = ''", "DELETE FROM guide_revision"):
        with pytest.raises(sa.exc.DBAPIError), demo_database.engine.begin() as connection:
            connection.exec_driver_sql(statement)


# Alone


def test_pages_read_alone_never_show_the_helper_s_notes(browse: Browse) -> None:
    stranger = browse()
    for guide in queries.published().values():
        notes = [engine_text(step.helper_note) for step in guide.steps if step.helper_note]
        assert notes
        pages = [f"/guides/{guide.id}", *(f"/guides/{guide.id}/{step.id}" for step in guide.steps)]
        for path in pages:
            words = text_of(stranger.open(path))
            assert "Guide pas encore vérifié" in words, path
            assert not [note for note in notes if note in words], path


def engine_text(note: str) -> str:
    """Return the beginning of a note as a page would show it."""
    return " ".join(note.replace("*", "").split())[:50]


def test_every_step_alone_leads_on_and_back(browse: Browse) -> None:
    stranger = browse()
    guide = queries.published()[GUIDE]
    for step in guide.steps:
        links = html.fromstring(stranger.open(f"/guides/{GUIDE}/{step.id}").text).xpath("//main//a/@href")
        paths = {link.split("?")[0] for link in links}
        wanted = {step.next, step.if_not, *(choice.next for choice in step.choices)} - {""}
        assert {f"/guides/{GUIDE}/{name}" for name in wanted} <= paths, step.id
        number, _total = engine.position(guide, step.id)
        assert number == 1 or any(path.startswith(f"/guides/{GUIDE}/") for path in paths - {step.next}), step.id
    page = html.fromstring(stranger.open(f"/guides/{GUIDE}/documents?depuis=plaque-ancienne").text)
    assert page.xpath("//a[@class='govuk-back-link']/@href") == [f"/guides/{GUIDE}/plaque-ancienne"]
    site = html.fromstring(stranger.open(f"/guides/{GUIDE}/ouvrir").text).xpath("//main//a[@target='_blank']")
    assert [(link.get("href"), "noopener" in link.get("rel")) for link in site] == [
        ("https://immatriculation.ants.gouv.fr/", True)
    ]


@pytest.mark.parametrize(
    "path",
    ["inconnu", "..%2f..%2fetc", "carte-grise-adresse/inconnue", "carte-grise-adresse/%3Cscript%3E", "%E2%80%AE"],
)
def test_hostile_addresses_answer_404(browse: Browse, path: str) -> None:
    assert browse().get(f"/guides/{path}").status_code == 404


def test_guides_are_found_in_people_s_words(browse: Browse) -> None:
    stranger = browse()
    assert "Changer l’adresse de ma carte grise" in text_of(stranger.open("/guides"))
    found = html.fromstring(stranger.open("/guides?q=déménagement voiture").text)
    assert found.xpath("//section[@role='status']//a/@href")[0] == f"/guides/{GUIDE}"
    nothing = text_of(stranger.open("/guides?q=<script>zzzz"))
    assert "Aucun guide pour" in nothing
    assert "Essayez un seul mot" in nothing
    assert stranger.get("/guides?q=" + "a" * 101).status_code == 422
    one = html.fromstring(stranger.open("/guides?theme=transports").text)
    assert {link for link in one.xpath("//main//a/@href") if link.startswith("/guides/")} == {
        f"/guides/{guide.id}" for guide in queries.published().values() if guide.scope[:1] == ("transports",)
    }


def test_the_guide_page_opens_a_walk_only_in_a_sitting(browse: Browse, demo_database: Database) -> None:
    with working(demo_database) as work:
        sitting = receive(work, resident_with(demo_database, "active")[0])
    nadia = browse("nadia")
    nadia.open(f"/guides/{GUIDE}")
    answer = nadia.submit(action=f"/accompagnements/{sitting.id}/parcours")
    assert answer.status_code == 303
    page = nadia.follow(answer)
    assert form_of(page, str(page.url.path)) is not None
    assert nadia.post(f"/accompagnements/{sitting.id}/parcours", {"guide": "A B"}).status_code == 400
    assert browse("tom").post(f"/accompagnements/{sitting.id}/parcours", {"guide": GUIDE}).status_code == 404
    with working(demo_database) as work:
        line = queries.open_run(work)
        assert line is not None
        assert line.resident is not None
        assert (line.number, line.id) == (1, queries.runs_of(work, line.resident.id)[0].id)
        assert work.session.get_one(Resident, line.resident.id).id == sitting.resident_id
