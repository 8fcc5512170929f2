"""A resident's own pages over HTTP: the door, what is shown, stopping, asking; and what must never open."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from lxml import html
from sqlmodel import select

from aidants import clock
from aidants.accounts.models import BrowserSession
from aidants.counter.erasure import erase
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.models import JournalRecord
from aidants.mandates.models import Authorisation, Mandate
from aidants.residents.identity import Identity
from aidants.residents.models import AccessCode, ResidentRequest, ResidentVisit
from aidants.residents.services import create_resident
from tests.security.tools import Clock, Places, actor_of, digest, entries_after, kinds_after, last_entry, prepare
from tests.support.client import Browser, form_of, text_of
from tests.support.own import BORN, come_in, knock, print_code

Open = Callable[..., Browser]
DOOR = "/ma-page?fermee=1"


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database, question=False)


@pytest.fixture
def mine(browse: Open, demo_database: Database, places: Places) -> Browser:
    """Monique Aubert on her own pages."""
    browser = browse()
    come_in(browser, demo_database, places.residents["Aubert"])
    return browser


def state_of(database: Database, mandate: str) -> tuple[str, str | None]:
    with unit_of_work(database, Mode.READ) as work:
        row = work.session.get_one(Mandate, mandate)
        return row.state, row.end_reason


# The door


def test_unknown_codes_and_wrong_dates_are_answered_alike(
    browse: Open, demo_database: Database, places: Places
) -> None:
    code, stranger = print_code(demo_database, places.residents["Aubert"]), browse()
    wrong = [
        knock(stranger, code, **{"naissance-year": "1950"}),
        knock(stranger, "ZZZZZ-ZZZZZ", **{"naissance-year": "1950"}),
    ]
    assert [answer.status_code for answer in wrong] == [422, 422]
    said = [text_of(answer) for answer in wrong]
    assert said[0] == said[1]
    assert "Ce code et cette date ne vont pas ensemble" in said[0]
    assert not any("visite" in answer.headers.get("set-cookie", "") for answer in wrong)


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({}, "Tapez le code"),
        ({"code": "ABC"}, "10 lettres et chiffres"),
        ({"code": "<script>alert(1)</script>"}, "10 lettres et chiffres"),
        ({"code": "x" * 100_000}, "40 signes"),
        ({"code": "ABCDEFGH23", "naissance-year": "deux"}, "en chiffres"),
        ({"code": "ABCDEFGH23", "naissance-year": "1948", "naissance-month": "13"}, "n’existe pas"),
        ({"code": "ABCDEFGH23", "naissance-year": "2999"}, "pas encore passée"),
        ({"code": "ABCDEFGH23", "naissance-day": "4"}, "Écrivez"),
    ],
)
def test_what_cannot_be_is_said_at_the_field(
    browse: Open, demo_database: Database, fields: dict[str, str], said: str
) -> None:
    before, stranger = last_entry(demo_database), browse()
    stranger.open("/ma-page")
    answer = stranger.submit(fields, action="/ma-page")
    assert answer.status_code == 422
    assert said in text_of(answer)
    assert "<script>alert" not in answer.text
    assert kinds_after(demo_database, before) == []


def test_the_sixth_wrong_date_waits_for_everybody(browse: Open, demo_database: Database, places: Places) -> None:
    code, stranger = print_code(demo_database, places.residents["Aubert"]), browse()
    for _ in range(5):
        assert knock(stranger, code, **{"naissance-year": "1950"}).status_code == 422
    assert knock(stranger, code).status_code == 429
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.exec(select(ResidentVisit)).all() == []


def test_the_code_is_typed_as_people_do(browse: Open, demo_database: Database, places: Places) -> None:
    code, browser = print_code(demo_database, places.residents["Aubert"]), browse()
    assert knock(browser, f" {code[:5].lower()} {code[5:].lower()}").status_code == 303


def test_a_cookie_of_one_kind_opens_nothing_of_the_other(browse: Open, mine: Browser) -> None:
    helper = browse("nadia")
    session = next(value for name, value in helper.http.cookies.items() if name.endswith("session"))
    visit = next(value for name, value in mine.http.cookies.items() if name.endswith("visite"))
    thief = browse()
    thief.http.cookies.set("aidants_session", visit)
    assert thief.get("/aujourdhui").headers["location"].startswith("/connexion")
    thief.http.cookies.clear()
    thief.http.cookies.set("aidants_visite", session)
    assert thief.get("/ma-page/accueil").headers["location"] == DOOR


def test_neither_extends_the_other(
    browse: Open, demo_database: Database, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    both = browse("nadia")
    come_in(both, demo_database, places.residents["Aubert"])
    moving = Clock(monkeypatch)

    def seen() -> tuple[Any, Any]:
        with unit_of_work(demo_database, Mode.READ) as work:
            live = select(BrowserSession.last_seen_at).order_by(BrowserSession.last_seen_at.desc())  # type: ignore[attr-defined]
            return work.session.exec(live).first(), work.session.exec(select(ResidentVisit.last_seen_at)).one()

    first = seen()
    moving.at += timedelta(minutes=2)
    page = both.open("/ma-page/accueil")
    assert "Nadia Ferrand" not in html.fromstring(page.text).xpath("string(//header)")
    second = seen()
    assert second[0] == first[0]
    assert second[1] > first[1]
    both.open("/aujourdhui")
    third = seen()
    assert third[0] > second[0]
    assert third[1] == second[1]


def test_leaving_leaves_nothing(mine: Browser, demo_database: Database) -> None:
    before = last_entry(demo_database)
    mine.post("/langue", {"locale": "en", "usager": "oui", "next": "/ma-page/accueil"})
    old = dict(mine.http.cookies)
    mine.open("/ma-page/accueil")
    answer = mine.submit(action="/ma-page/fin")
    assert answer.headers["location"] == "/ma-page?fini=1"
    assert answer.headers["clear-site-data"] == '"cache"'
    assert set(mine.http.cookies) == {"aidants_poste"}
    assert "own_page_closed" in kinds_after(demo_database, before)
    for name, value in old.items():
        mine.http.cookies.set(name, value)
    assert mine.get("/ma-page/accueil").headers["location"] == DOOR


def test_every_page_is_kept_by_no_cache(mine: Browser, places: Places) -> None:
    for path in ("/ma-page/accueil", f"/ma-page/mandats/{places.mandates['active']}", "/ma-page/questions"):
        assert mine.open(path).headers["cache-control"] == "no-store"


@pytest.mark.parametrize("path", ["accueil", "actes", "mandats", "questions", "donnees", "encore"])
def test_a_visit_that_is_over_leads_to_the_door(mine: Browser, path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    Clock(monkeypatch).at += timedelta(minutes=16)
    assert mine.get(f"/ma-page/{path}").headers["location"] == DOOR


def test_staying_keeps_the_page_open(mine: Browser, monkeypatch: pytest.MonkeyPatch) -> None:
    moving = Clock(monkeypatch)
    for _ in range(4):
        moving.at += timedelta(minutes=14)
        assert mine.get("/ma-page/encore").status_code == 204
    moving.at += timedelta(minutes=5)
    assert mine.get("/ma-page/encore").status_code == 303, "an hour at most"


def test_a_form_of_the_visitor_before_does_nothing(mine: Browser, demo_database: Database, places: Places) -> None:
    old = form_of(mine.open("/ma-page/questions"), "/ma-page/questions")
    token = dict(old.form_values())["csrf"]
    mine.open("/ma-page/accueil")
    mine.submit(action="/ma-page/fin")
    come_in(
        mine,
        demo_database,
        places.residents["Le Goff"],
        **{"naissance-year": "1937", "naissance-month": "5", "naissance-day": "21"},
    )
    answer = mine.http.post("/ma-page/questions", data={"csrf": token, "question": "De l’autre"})
    assert answer.status_code == 403
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.exec(select(ResidentRequest)).all() == []


@pytest.mark.parametrize("header", [{"sec-fetch-site": "cross-site"}, {"sec-fetch-site": "same-site"}])
def test_other_sites_send_nothing(
    mine: Browser, demo_database: Database, places: Places, header: dict[str, str]
) -> None:
    page = mine.open(f"/ma-page/mandats/{places.mandates['active']}/arreter")
    fields = dict(form_of(page).form_values())
    before = digest(demo_database)
    for path in (f"/ma-page/mandats/{places.mandates['active']}/arreter", "/ma-page/fin", "/ma-page/questions"):
        assert mine.http.post(path, data={**fields, "question": "x"}, headers=header).status_code == 403
    assert digest(demo_database) == before


# What is theirs


def test_others_mandates_answer_like_those_that_do_not_exist(
    mine: Browser, browse: Open, demo_database: Database, places: Places
) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "youssef")
        stranger = create_resident(work, Identity("Ailleurs", "Paul", birth_date="1950"))
    elsewhere, before = browse(), digest(demo_database)
    code = print_code(demo_database, stranger, "youssef")
    assert knock(elsewhere, code, **{"naissance-year": "1950"}).status_code == 303
    before = digest(demo_database)
    other = next(key for who, key in places.mandate_of.items() if who == places.residents["Vidal"])
    for browser, theirs in ((mine, other), (elsewhere, places.mandates["active"]), (mine, "a" * 26)):
        for page in ("", "/arreter", "/arret", "/mandat.pdf"):
            assert browser.get(f"/ma-page/mandats/{theirs}{page}").status_code == 404, page
        token = dict(form_of(browser.open("/ma-page/questions"), "/ma-page/questions").form_values())["csrf"]
        answer = browser.http.post(f"/ma-page/mandats/{theirs}/arreter", data={"csrf": token})
        assert answer.status_code == 404
    assert digest(demo_database) == before


def test_reads_are_recorded_as_theirs(mine: Browser, demo_database: Database, places: Places) -> None:
    before = last_entry(demo_database)
    mine.open("/ma-page/accueil")
    mine.open("/ma-page/actes")
    mine.open(f"/ma-page/mandats/{places.mandates['active']}")
    assert mine.get(f"/ma-page/mandats/{places.mandates['active']}/mandat.pdf").content.startswith(b"%PDF")
    entries = entries_after(demo_database, before)
    assert [entry.type for entry in entries] == ["resident_viewed", "mandate_viewed", "mandate_printed"]
    with unit_of_work(demo_database, Mode.READ) as work:
        visit = work.session.exec(select(ResidentVisit.id)).one()
    assert {(entry.actor, entry.auth, entry.session) for entry in entries} == {("resident", "access_code", visit)}


def test_the_story_names_helpers_and_says_you(mine: Browser, browse: Open, places: Places) -> None:
    browse("tom").open(f"/personnes/{places.residents['Aubert']}")
    page = mine.open("/ma-page/accueil")
    said = text_of(page)
    assert "Tom Lacaze a regardé votre fiche." in said
    assert "Agent d’accueil" in said
    first = html.fromstring(page.text).xpath("//ul[@class='history']/li[1]")[0]
    assert "Tom Lacaze" in first.text_content()
    assert first.xpath("span[contains(@class, 'dot--you')]") == []
    (yes,) = (
        item
        for item in html.fromstring(mine.open("/ma-page/actes").text).xpath("//ul[@class='history']/li")
        if "dit oui" in item.text_content()
    )
    assert yes.xpath("span[contains(@class, 'dot--you')]")


def test_hostile_names_and_words_stay_text(mine: Browser, demo_database: Database, browse: Open) -> None:
    hostile = "<img src=x onerror=alert(1)> {who} %s {0} \u202eevil"
    answer = mine_asks(mine, hostile)
    assert answer.status_code == 303
    page = mine.open("/ma-page/questions?envoyee=1")
    assert "<img src=x" not in page.text
    assert "\u202e" not in page.text
    assert "{who} %s {0}" in text_of(page)
    nadia = browse("nadia")
    listed = nadia.open("/demandes")
    request = html.fromstring(listed.text).xpath("//main//a[starts-with(@href, '/demandes/')]/@href")[0]
    assert "<img src=x" not in nadia.open(request).text


def test_pages_go_on_without_gap(mine: Browser, demo_database: Database, browse: Open, places: Places) -> None:
    nadia = browse("nadia")
    for number in range(30):
        nadia.post(f"/personnes/{places.residents['Aubert']}/modifier", {})
        with unit_of_work(demo_database, Mode.WRITE) as work:
            from aidants.journal.actions import ResidentChanged
            from aidants.journal.services import record

            work.actor = actor_of(work, "nadia")
            record(work, ResidentChanged(resident=places.residents["Aubert"], fields=(str(number),)))
    seen, path, pages = 0, "/ma-page/actes", 0
    while path:
        document = html.fromstring(mine.open(path).text)
        seen += len(document.xpath("//ul[@class='history']/li"))
        path = next(iter(document.xpath("//a[@rel='next']/@href")), "")
        pages += 1
    with unit_of_work(demo_database, Mode.READ) as work:
        changed = select(JournalRecord).where(JournalRecord.type == "resident_changed")
        assert len(work.session.exec(changed).all()) == 30
    assert pages >= 4
    assert seen >= 40
    for odd in ("0", "abc", "-1", "9" * 30, "²"):
        assert mine.get(f"/ma-page/actes?avant={odd}").status_code == 200


# Stopping


def test_stopping_bites_on_the_helpers_next_request(
    mine: Browser, browse: Open, demo_database: Database, places: Places
) -> None:
    nadia, mandate = browse("nadia"), places.mandates["active"]
    assert "Suivre le guide" in nadia.open(f"/mandats/{mandate}").text
    before = last_entry(demo_database)
    mine.open(f"/ma-page/mandats/{mandate}/arreter")
    answer = mine.submit()
    assert answer.headers["location"] == f"/ma-page/mandats/{mandate}/arret"
    assert state_of(demo_database, mandate) == ("revoked", "resident")
    entries = [entry for entry in entries_after(demo_database, before) if "revoked" in entry.type]
    assert {(entry.actor, entry.outcome) for entry in entries} == {("resident", "resident")}
    assert "Ce mandat est arrêté" in text_of(nadia.open(f"/mandats/{mandate}"))
    assert "Suivre le guide" not in nadia.open(f"/mandats/{mandate}").text
    said = text_of(mine.open(f"/ma-page/mandats/{mandate}/arret"))
    assert "Monique Aubert" in said
    assert "art. 2004" in said


def test_one_theme_is_stopped_and_the_rest_goes_on(mine: Browser, demo_database: Database, places: Places) -> None:
    mandate = places.mandates["active"]
    mine.open(f"/ma-page/mandats/{mandate}/arreter?theme=logement")
    assert mine.submit().status_code == 303
    with unit_of_work(demo_database, Mode.READ) as work:
        rows = work.session.exec(select(Authorisation).where(Authorisation.mandate_id == mandate)).all()
        assert {row.scope: row.withdrawn_by for row in rows} == {"logement": "resident", "transports": None}
    assert state_of(demo_database, mandate)[0] == "active"
    assert "Le reste continue" in text_of(mine.open(f"/ma-page/mandats/{mandate}/arret"))
    assert mine.get(f"/ma-page/mandats/{mandate}/arreter?theme=logement").status_code == 303, "already stopped"


def test_a_second_tab_stops_nothing_twice(mine: Browser, demo_database: Database, places: Places) -> None:
    path = f"/ma-page/mandats/{places.mandates['active']}/arreter"
    fields = dict(form_of(mine.open(path), path).form_values())
    assert mine.http.post(path, data=fields).status_code == 303
    before = last_entry(demo_database)
    assert mine.http.post(path, data=fields).status_code == 303
    assert kinds_after(demo_database, before) == []


@pytest.mark.parametrize("theme", ["justice", "'; DROP TABLE mandate; --", "x" * 5000])
def test_a_theme_that_is_not_there_stops_nothing(
    mine: Browser, demo_database: Database, places: Places, theme: str
) -> None:
    path = f"/ma-page/mandats/{places.mandates['active']}/arreter"
    fields = dict(form_of(mine.open(path), path).form_values())
    before = digest(demo_database)
    assert mine.http.post(path, data={**fields, "theme": theme}).status_code == 404
    assert digest(demo_database) == before


def test_an_expired_mandate_has_nothing_to_stop(
    browse: Open, demo_database: Database, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    Clock(monkeypatch).at = clock.now() + timedelta(days=40)
    late, mandate = browse(), places.mandates["active"]
    come_in(late, demo_database, places.residents["Aubert"])
    page = late.open(f"/ma-page/mandats/{mandate}")
    assert "n’autorise plus rien" in text_of(page)
    token = dict(form_of(late.open("/ma-page/questions"), "/ma-page/questions").form_values())["csrf"]
    assert late.http.post(f"/ma-page/mandats/{mandate}/arreter", data={"csrf": token}).status_code == 409


# Their file, and asking


@pytest.mark.parametrize("form", ["html", "json"])
def test_everything_held_is_theirs_and_nobody_else_s(
    mine: Browser, demo_database: Database, places: Places, form: str
) -> None:
    assert mine_asks(mine, "Ma question").status_code == 303
    before = last_entry(demo_database)
    mine.open("/ma-page/donnees")
    answer = mine.submit({"forme": form}, action="/ma-page/dossier")
    assert answer.headers["content-disposition"] == f'attachment; filename="dossier.{form}"'
    assert "Ma question" in answer.text
    assert "Aubert" in answer.text
    for name in ("Belkacem", "Kouadio", "Le Goff", "Vidal"):
        assert name not in answer.text
    (entry,) = (one for one in entries_after(demo_database, before) if one.type == "access_requested")
    assert (entry.actor, json.loads(entry.detail or "")) == ("resident", {"view": form})
    if form == "json":
        assert answer.json()["codes"]
        assert answer.json()["visits"]


def mine_asks(browser: Browser, words: str) -> Any:
    browser.open("/ma-page/questions")
    return browser.submit({"question": words}, action="/ma-page/questions")


def test_a_question_goes_and_its_answer_comes_back(
    mine: Browser, browse: Open, demo_database: Database, places: Places
) -> None:
    assert mine_asks(mine, "Pourquoi mardi ?").headers["location"] == "/ma-page/questions?envoyee=1"
    nadia = browse("nadia")
    assert "1 demande d’usager attend" in text_of(nadia.open("/aujourdhui"))
    before = last_entry(demo_database)
    listed = nadia.open("/demandes")
    assert "Monique Aubert" in text_of(listed)
    path = html.fromstring(listed.text).xpath("//main//a[starts-with(@href, '/demandes/')]/@href")[0]
    assert "Pourquoi mardi ?" in text_of(nadia.open(path))
    assert kinds_after(demo_database, before) == ["resident_searched", "resident_viewed"]
    for words, said in (
        ("", "Écrivez votre réponse"),
        ("Votre numéro 2 94 03 75 120 005 91", "sécurité sociale"),
        ("x" * 1001, "1000 signes"),
    ):
        nadia.open(path)
        answer = nadia.submit({"reponse": words}, action=path)
        assert (answer.status_code, said in text_of(answer)) == (422, True), words
    nadia.open(path)
    assert nadia.submit({"reponse": "C’était Tom, avec vous."}, action=path).headers["location"] == "/demandes"
    assert "C’était Tom, avec vous." in text_of(mine.open("/ma-page/questions"))
    assert "attend une réponse" not in text_of(nadia.open("/aujourdhui"))
    youssef = browse("youssef")
    assert youssef.get(path).status_code == 404
    assert "Monique" not in text_of(youssef.open("/demandes"))


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ("", "Écrivez votre question"),
        ("   ", "Écrivez votre question"),
        ("x" * 1001, "1000 signes"),
        ("Ma carte est 4970 1012 3456 7890 et 4111 1111 1111 1111", "carte bancaire"),
        ("FR14 2004 1010 0505 0001 3M02 606", "compte bancaire"),
        ("Mon numéro est 2 94 03 75 120 005 91", "sécurité sociale"),
        ("a\u0007b", "ne peut pas enregistrer"),
    ],
)
def test_words_that_must_not_be_kept(mine: Browser, demo_database: Database, words: str, said: str) -> None:
    answer = mine_asks(mine, words)
    assert answer.status_code == 422
    assert said in text_of(answer)
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.exec(select(ResidentRequest)).all() == []


def test_five_requests_wait_at_most(mine: Browser, demo_database: Database) -> None:
    for number in range(5):
        assert mine_asks(mine, f"Question {number}").status_code == 303
    answer = mine_asks(mine, "Une de plus")
    assert answer.status_code == 422
    assert "cinq demandes" in text_of(answer)
    mine.open("/ma-page/donnees")
    assert mine.submit({"demande": "erasure"}, action="/ma-page/donnees").status_code == 422


@pytest.mark.parametrize(("kind", "leads"), [("access", "/acces"), ("erasure", "/effacer")])
def test_asking_for_the_file_or_to_be_erased(
    mine: Browser, browse: Open, demo_database: Database, places: Places, kind: str, leads: str
) -> None:
    mine.open("/ma-page/donnees")
    assert mine.submit({}, action="/ma-page/donnees").status_code == 422
    mine.open("/ma-page/donnees")
    assert mine.submit({"demande": kind, "mot": "Merci"}, action="/ma-page/donnees").status_code == 303
    nadia = browse("nadia")
    path = html.fromstring(nadia.open("/demandes").text).xpath("//main//a[starts-with(@href, '/demandes/')]/@href")[0]
    assert f"/personnes/{places.residents['Aubert']}{leads}" in nadia.open(path).text
    assert nadia.submit({}, action=path).status_code == 303
    assert "C’est fait." in text_of(mine.open("/ma-page/questions"))


def test_once_erased_nothing_opens(mine: Browser, demo_database: Database, places: Places, browse: Open) -> None:
    code = print_code(demo_database, places.residents["Le Goff"])
    assert mine_asks(mine, "À moi").status_code == 303
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        erase(work, places.residents["Aubert"], "request")
        erase(work, places.residents["Le Goff"], "request")
    assert mine.get("/ma-page/accueil").headers["location"] == DOOR
    late = knock(browse(), code, **{"naissance-day": "21", "naissance-month": "5", "naissance-year": "1937"})
    assert late.status_code == 422


# The sheet


def test_the_sheet_is_drawn_with_a_code_that_opens(browse: Open, demo_database: Database, places: Places) -> None:
    nadia, who, before = browse("nadia"), places.residents["Aubert"], last_entry(demo_database)
    answer = nadia.post(f"/personnes/{who}/feuille")
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["cache-control"] == "no-store"
    assert answer.content.startswith(b"%PDF")
    assert kinds_after(demo_database, before) == ["access_code_issued"]
    with unit_of_work(demo_database, Mode.READ) as work:
        assert len(work.session.exec(select(AccessCode)).all()) == 1


def test_who_may_not_print_a_sheet(browse: Open, demo_database: Database, places: Places) -> None:
    who = places.residents["Aubert"]
    for name, status in (("ines", 403), ("youssef", 404), ("claire", 403), ("paul", 403), ("sofia", 403)):
        assert browse(name).post(f"/personnes/{who}/feuille").status_code == status, name
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.exec(select(AccessCode)).all() == []


def test_a_press_that_fails_leaves_the_old_code_good(
    browse: Open, demo_database: Database, places: Places, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, nadia = print_code(demo_database, places.residents["Aubert"]), browse("nadia")
    with monkeypatch.context() as broken:
        broken.setattr("aidants.mandates.paper.SECONDS", 0)
        assert nadia.post(f"/personnes/{places.residents['Aubert']}/feuille").status_code == 503
    assert knock(browse(), code, **BORN).status_code == 303


def test_a_translation_that_nobody_read_over_says_so_on_every_page(mine: Browser) -> None:
    mine.post("/langue", {"locale": "uk", "next": "/ma-page/accueil", "usager": "oui"})
    for path in ("accueil", "actes", "mandats", "questions", "donnees"):
        page = mine.get(f"/ma-page/{path}")
        assert 'lang="uk"' in page.text
        assert "n’a encore relu cette traduction" in text_of(page)
    mine.post("/langue", {"locale": "fr", "next": "/ma-page/accueil", "usager": "oui"})
    assert "encore relu" not in text_of(mine.get("/ma-page/accueil"))
