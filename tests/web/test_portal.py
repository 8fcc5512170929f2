"""What needs no account: home, verification of a mandate, language, statements required by law, help, error pages."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from lxml import html
from sqlmodel import select

from aidants import clock, demo
from aidants.app import ROUTES
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import NotFound, Unavailable
from aidants.guides.queries import published
from aidants.journal.models import JournalRecord, lock_sequence
from aidants.mandates.models import Authorisation, Mandate
from aidants.mandates.queries import code_index
from aidants.mandates.terms import CONSENTS as SIGNED_CONSENTS
from aidants.portal import help as guidance
from aidants.portal import queries, services, verification
from aidants.portal.queries import CONSENTS, KINDS, TITLES, Answer
from aidants.settings import Settings
from tests.support.client import Browser, form_of, text_of

Browse = Callable[..., Browser]
UNKNOWN = "ZZZZ2222"
REFERENCE = "a" * 26
PATIENCE = verification.PATIENCE
NAMES = ("Aubert", "Monique", "Belkacem", "Vidal", "Peyrat", "Pereira", "Rosa", "Nadia", "Ferrand", "1948", "Guéret")


@pytest.fixture(autouse=True)
def _patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """A check waits for the journal as long as a busy test machine needs; a person waits a tenth of a second."""
    monkeypatch.setattr(verification, "PATIENCE", 5.0)


def code_of(database: Database, state: str) -> str:
    return next(row["code"] for row in demo.codes(database) if row["state"] == state)


def mandate_of(work: Any, code: str) -> Mandate:
    found = work.session.exec(select(Mandate).where(Mandate.code_index == code_index(work, code))).one()
    assert isinstance(found, Mandate)
    return found


def verifications(database: Database) -> list[JournalRecord]:
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord).where(JournalRecord.type == "mandate_verified").order_by(sa.text("seq"))
        return list(work.session.exec(query))


def eventually(found: Callable[[], bool]) -> bool:
    """Wait up to ten seconds: the journal may be written beside the answer."""
    for _ in range(100):
        if found():
            return True
        time.sleep(0.1)
    return False


def kind_of(text: str) -> str:
    return str(html.fromstring(text).xpath("string(//section[contains(@class, 'verdict')]/@class)")).split("--")[-1]


# Home


def test_home_offers_guides_verification_and_sign_in_and_counts_the_true_guides(browse: Browse) -> None:
    browser = browse()
    page = html.fromstring(browser.open("/").text)
    assert len(page.xpath("//h1")) == 1
    doors = page.xpath("//ul[@class='doors']//a/@href")
    assert len(doors) == 6
    for href in ["/guides", *doors]:
        browser.open(href)
    assert str(len(published())) in page.xpath("string(//a[@href='/guides' and contains(., 'Voir')])")
    assert page.xpath("//main//a[@href='/connexion']")
    assert not page.xpath("//a[contains(@href, '/moi')]"), "the resident's own page is not there yet"


def test_home_of_somebody_signed_in_shows_their_name(browse: Browse) -> None:
    page = html.fromstring(browse("nadia").open("/").text)
    assert "Nadia Ferrand" in page.xpath("string(//header)")
    assert page.xpath("//main//a[@href='/aujourdhui']")


# Verification


@pytest.mark.parametrize("written", ["{}", "{}-{}", " {} {} "])
def test_a_code_is_read_as_people_type_it(browse: Browse, demo_database: Database, written: str) -> None:
    code, browser = code_of(demo_database, "active"), browse()
    halves = (code[:4], code[4:]) if written.count("{}") == 2 else (code,)
    browser.open("/")
    answer = browser.submit({"code": written.format(*halves).lower()}, action="/verifier")
    assert (answer.status_code, answer.headers["location"]) == (303, f"/v/{code}")


@pytest.mark.parametrize("typed", ["", "ABC", "0OI10OI1", "KX7M4Q2R9", "monique aubert"])
def test_what_is_no_code_stays_in_the_form_and_never_in_an_address(browse: Browse, typed: str) -> None:
    browser = browse()
    browser.open("/verifier")
    answer = browser.submit({"code": typed})
    assert answer.status_code == 422
    assert (form_of(answer).fields["code"] or "") == typed
    assert html.fromstring(answer.text).xpath("//a[@href='#code']"), "the summary leads to the field"


def test_a_valid_mandate_is_described_without_any_identity(browse: Browse, demo_database: Database) -> None:
    code = code_of(demo_database, "active")
    answer = browse().get(f"/v/{code[:4]}-{code[4:].lower()}")
    words = text_of(answer)
    assert answer.status_code == 200
    assert kind_of(answer.text) == "valid"
    for expected in ("Ce mandat est valable", f"{code[:4]}-{code[4:]}", "Maison commune de Brivette", demo.PHONE):
        assert expected in words
    for expected in ("papier", "code civil", "Commencé", "Finit", "deux mille", "Vérifié le", "notée au journal"):
        assert expected in words
    assert [name for name in NAMES if name in words] == []
    assert answer.headers["cache-control"] == "no-store"
    assert "<s>" not in answer.text


def test_a_stopped_mandate_says_when_and_by_whom(browse: Browse, demo_database: Database) -> None:
    answer = browse().get(f"/v/{code_of(demo_database, 'revoked')}")
    words = text_of(answer)
    assert kind_of(answer.text) == "stopped"
    assert "Ce mandat est arrêté" in words
    assert "par la personne elle-même" in words
    assert "Demander l’APL" in words
    assert "<s>" not in answer.text, "the whole is stopped: nothing needs to be struck line by line"
    assert [name for name in NAMES if name in words] == []


def test_a_mandate_not_signed_says_nothing_of_what_it_will_be_for(browse: Browse, demo_database: Database) -> None:
    answer = browse().get(f"/v/{code_of(demo_database, 'awaiting_consent')}")
    words = text_of(answer)
    assert answer.status_code == 200
    assert "Ce mandat n’est pas encore signé" in words
    assert "n’autorise rien" in words
    assert "revenus" not in words


@pytest.mark.parametrize(
    ("changes", "title"),
    [
        ({"state": "abandoned", "end_reason": "refused", "activated_at": None}, "Ce mandat n’a jamais été signé"),
        ({"state": "revoked", "end_reason": "superseded"}, "Ce mandat est remplacé"),
        ({"state": "revoked", "end_reason": "helper"}, "Ce mandat est arrêté"),
        ({"state": "draft", "activated_at": None}, "Ce mandat n’est pas encore signé"),
    ],
)
def test_each_way_to_end_has_its_words(
    browse: Browse, demo_database: Database, changes: dict[str, Any], title: str
) -> None:
    code = code_of(demo_database, "active")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        row = mandate_of(work, code)
        for name, value in {**changes, "ended_at": work.now}.items():
            setattr(row, name, value)
        work.session.add(row)
    words = text_of(browse().open(f"/v/{code}"))
    assert title in words
    assert ("par la structure" in words) is (changes.get("end_reason") == "helper")


def test_an_expired_mandate_is_over_one_second_after_its_end(
    browse: Browse, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    code, browser = code_of(demo_database, "active"), browse()
    with unit_of_work(demo_database, Mode.READ) as work:
        ends_at = mandate_of(work, code).ends_at
    assert ends_at is not None
    monkeypatch.setattr(clock, "now", lambda: ends_at)
    assert "Ce mandat est valable" in text_of(browser.open(f"/v/{code}"))
    monkeypatch.setattr(clock, "now", lambda: ends_at + timedelta(seconds=1))
    answer = browser.open(f"/v/{code}")
    assert "Ce mandat est terminé" in text_of(answer)
    assert kind_of(answer.text) == "stopped"


def test_a_procedure_taken_back_is_struck_with_its_date_also_under_its_other_theme(
    browse: Browse, demo_database: Database
) -> None:
    code = code_of(demo_database, "active")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        row = mandate_of(work, code)
        for item in work.session.exec(select(Authorisation).where(Authorisation.mandate_id == row.id)):
            work.session.delete(item)
        work.session.flush()
        gone, kept = "porter-plainte", "demander-apl"
        held = {"argent": gone, "logement": kept, "justice": gone}
        for scope, names in held.items():
            item = Authorisation(mandate_id=row.id, scope=scope, procedures=names)
            if scope == "justice":
                item.withdrawn_at, item.withdrawn_by = work.now, "resident"
            work.session.add(item)
    answer = browse().open(f"/v/{code}")
    page = html.fromstring(answer.text)
    struck = [element.text_content() for element in page.xpath("//s")]
    assert len(struck) == 2
    assert len(set(struck)) == 1
    assert "retirée le" in text_of(answer)
    assert "par la personne elle-même" in text_of(answer)
    assert "Ce mandat est valable" in text_of(answer)
    assert [item for item in struck if "APL" in item] == []


@pytest.mark.parametrize("typed", [UNKNOWN, "abc", "0OI10OI1", "%3Cscript%3E", "A" * 300])
def test_unknown_and_malformed_codes_get_the_same_kind_page(browse: Browse, typed: str) -> None:
    answer = browse().get(f"/v/{typed}")
    assert answer.status_code == 404
    assert kind_of(answer.text) == "unknown"
    assert "Ce code n’existe pas" in text_of(answer)
    assert "<script>" not in answer.text


def test_guessing_is_stopped_after_thirty_unknown_codes(browse: Browse, demo_database: Database) -> None:
    browser, letters = browse(), "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
    for number in range(services.LIMIT):
        guess = f"ZZZZZZ{letters[number // 32]}{letters[number % 32]}"
        assert browser.get(f"/v/{guess}").status_code == 404
    assert eventually(lambda: browser.get(f"/v/{code_of(demo_database, 'active')}").status_code == 429)
    assert "Attendez" in text_of(browser.get(f"/v/{UNKNOWN}"))
    browser.open("/verifier")
    unknown = [row for row in verifications(demo_database) if row.outcome == "unknown"]
    assert 0 < len(unknown) <= 10, "beyond ten a minute the journal counts instead of writing"


def test_each_check_is_journaled_with_its_answer_for_the_right_organisation(
    browse: Browse, demo_database: Database
) -> None:
    before = len(verifications(demo_database))
    browser = browse()
    browser.get(f"/v/{code_of(demo_database, 'active')}")
    browser.get(f"/v/{UNKNOWN}")
    browser.get("/v/abc")
    assert eventually(lambda: len(verifications(demo_database)) == before + 2)
    good, bad = sorted(verifications(demo_database)[before:], key=lambda row: row.mandate is None)
    with unit_of_work(demo_database, Mode.READ) as work:
        mandate = mandate_of(work, code_of(demo_database, "active"))
    assert (good.mandate, good.organisation, good.outcome) == (mandate.id, mandate.organisation_id, "active")
    assert (bad.mandate, bad.organisation, bad.outcome) == (None, None, "unknown")
    assert {good.actor, bad.actor} == {"public"}


def test_a_busy_journal_neither_delays_nor_breaks_the_page(
    browse: Browse, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(verification, "PATIENCE", PATIENCE)
    code, browser = code_of(demo_database, "active"), browse()
    browser.open("/verifier")
    before = len(verifications(demo_database))
    with demo_database.exclusive_writer(), demo_database.engine.begin() as connection:
        lock_sequence(connection)
        started = time.perf_counter()
        answer = browser.get(f"/v/{code}")
        waited = time.perf_counter() - started
        assert answer.status_code == 200
        assert "Ce mandat est valable" in text_of(answer)
        assert "notée au journal" not in text_of(answer), "the page does not say what is not yet true"
        assert waited < 1.0
        assert len(verifications(demo_database)) == before
    assert eventually(lambda: len(verifications(demo_database)) == before + 1)


def test_every_answer_and_every_consent_has_its_words() -> None:
    assert set(TITLES) == set(KINDS) == set(Answer)
    assert set(CONSENTS) == set(SIGNED_CONSENTS)


# Language


@pytest.mark.parametrize(
    ("asked", "location"),
    [
        ("/verifier", "/verifier"),
        ("/guides?theme=logement", "/guides?theme=logement"),
        (f"/mandats/{REFERENCE}/refus", f"/mandats/{REFERENCE}"),
        (f"/personnes/{REFERENCE}/mandats", f"/personnes/{REFERENCE}"),
        ("/nulle/part", "/"),
        ("//ailleurs.example", "/"),
        ("https://ailleurs.example/", "/"),
        ("", "/"),
    ],
)
def test_the_language_is_kept_and_the_person_stays_on_our_pages(browse: Browse, asked: str, location: str) -> None:
    answer = browse().post("/langue", {"locale": "en", "next": asked})
    assert (answer.status_code, answer.headers["location"]) == (303, location)
    cookie = answer.headers["set-cookie"].lower()
    assert cookie.startswith("aidants_langue=en;")
    assert "httponly" in cookie
    assert "samesite=lax" in cookie


def test_an_unknown_language_changes_nothing(browse: Browse) -> None:
    answer = browse().post("/langue", {"locale": "../etc", "next": "/verifier"})
    assert answer.headers["location"] == "/verifier"
    assert "aidants_langue" not in answer.headers.get("set-cookie", "")


# Statements


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/accessibilite", ("non conforme", "n’a pas encore été auditée", "Défenseur des droits", "05 00 00 12 34")),
        ("/vos-donnees", ("Brivette", "dpo@brivette.example", "CNIL", "trois ans", "un mois", "cookies", "journal")),
        ("/mentions-legales", ("Brivette", "Orsenne", "publication", "hébergeur", "MIT")),
    ],
)
def test_statements_say_what_the_law_asks(browse: Browse, path: str, words: tuple[str, ...]) -> None:
    answer = browse().open(path)
    main = " ".join(html.fromstring(answer.text).xpath("string(//main)").split())
    assert [word for word in words if word not in main] == []


def test_no_page_claims_a_conformity_that_nobody_measured(browse: Browse) -> None:
    main = html.fromstring(browse().open("/accessibilite").text).xpath("string(//main)")
    assert "partiellement" not in main
    assert not re.search(r"\d\s?%", main)


# Help


def test_help_lists_every_page_and_each_one_opens(browse: Browse) -> None:
    browser = browse()
    links = html.fromstring(browser.open("/aide").text).xpath("//main//a/@href")
    assert links == [f"/aide/{name}" for name in guidance.PAGES]
    for href in links:
        assert len(html.fromstring(browser.open(href).text).xpath("//h1")) == 1
    assert browser.get("/aide/../../etc/passwd").status_code == 404
    assert browser.get("/aide/inconnue").status_code == 404


@pytest.mark.parametrize("locale", ["fr", "en"])
@pytest.mark.parametrize("name", guidance.PAGES)
def test_each_help_page_is_whole_short_and_well_formed(name: str, locale: str) -> None:
    page = guidance.help_page(name, locale)
    assert page.title
    assert len(page.title) < 60
    body = html.fromstring(f"<div>{page.body}</div>")
    assert not body.xpath("//h1")
    assert "&lt;" not in page.body
    assert len(body.text_content().split()) < 330
    for href in body.xpath("//a/@href"):
        assert href in {route.path for route in ROUTES}
    if locale == "fr":
        assert not re.search(r"[^\u00a0][:;?!»]( |\n|$)|« ", body.text_content()), "French typography"


def test_both_languages_have_the_same_headings() -> None:
    for french, english in zip(guidance.help_pages("fr"), guidance.help_pages("en"), strict=True):
        counts = [[page.body.count(tag) for tag in ("<h2>", "<li>", "<strong>")] for page in (french, english)]
        assert counts[0] == counts[1], french.name


def test_an_unknown_help_page_does_not_exist() -> None:
    with pytest.raises(NotFound):
        guidance.help_page("../errors/error", "fr")


@pytest.mark.parametrize(
    ("path", "page"),
    [
        ("/connexion/code", "connexion"),
        ("/confirmer", "connexion"),
        ("/aujourdhui", "aujourdhui"),
        ("/personnes", "personnes"),
        ("/personnes/chercher", "personnes"),
        ("/personnes/nouvelle", "personnes"),
        ("/personnes/abc", "fiche-personne"),
        ("/personnes/abc/modifier", "personnes"),
        ("/mandats/abc/duree", "mandat"),
        ("/mandats/abc", "mandat-signature"),
        ("/mandats/abc/activer", "mandat-signature"),
        ("/mandats/abc/preuve", "mandat-accord"),
        ("/mandats/abc/accord", "mandat"),
        ("/reprendre", "mandat-accord"),
        ("/votre-accord", "mandat-accord"),
        ("/mandats/abc/arreter", "mandat-arreter"),
        ("/parcours/abc", "guide-parcours"),
        ("/guides", "guides-seul"),
        ("/guides/carte-grise-adresse/etape", "guides-seul"),
        ("/verifier", "verifier"),
        ("/v/KX7M4Q2R", "verifier"),
        ("/mon-journal", "journal-aidant"),
        ("/journal-structure", "journal-structure"),
        ("/journal", "journal-auditeur"),
        ("/journal/entrees/abc", "journal-auditeur"),
        ("/messages", "messages"),
    ],
)
def test_each_screen_leads_to_its_help(path: str, page: str) -> None:
    assert guidance.help_page_for(path) == f"/aide/{page}"


def test_every_screen_of_a_signed_in_person_has_its_help_page() -> None:
    own = {"/", "/langue", "/accessibilite", "/vos-donnees", "/mentions-legales", "/aide", "/aide/{name}"}
    screens = {route.path for route in ROUTES if "GET" in (route.methods or ())} - own
    screens = {path for path in screens if not path.startswith(("/demo", "/session"))}
    assert {path for path in screens if guidance.help_page_for(path) == "/aide"} == set()
    assert {guidance.help_page_for(path).removeprefix("/aide/") for path in screens} == set(guidance.PAGES)


# Errors


def test_a_missing_page_says_so_and_leads_back(browse: Browse) -> None:
    for who, home in ((None, "/"), ("nadia", "/aujourdhui")):
        browser = browse(who)
        answer = browser.get("/v" if who is None else f"/personnes/{REFERENCE}")
        assert answer.status_code == 404
        assert html.fromstring(answer.text).xpath(f"//main//a[@href='{home}']")
        assert answer.headers["x-request-id"] in text_of(answer)


@pytest.mark.parametrize("code", ["busy", "disk_full"])
def test_when_nothing_can_be_written_the_page_says_that_nothing_is_lost(
    browse: Browse, monkeypatch: pytest.MonkeyPatch, code: str
) -> None:
    def fail(_work: object) -> None:
        raise Unavailable(code=code)

    monkeypatch.setattr(queries, "organisations", fail)
    answer = browse().get("/mentions-legales")
    words = text_of(answer)
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    for expected in ("Rien n’est perdu", "les guides restent ouverts", answer.headers["x-request-id"]):
        assert expected in words
    assert ("plus de place" in words) is (code == "disk_full")


def test_the_error_page_needs_no_database(browse: Browse, monkeypatch: pytest.MonkeyPatch, settings: Settings) -> None:
    browser = browse()

    def fail(_self: Database, _mode: Mode) -> None:
        raise Unavailable(code="busy")

    monkeypatch.setattr(Database, "session", fail)
    answer = browser.get("/")
    assert answer.status_code == 503
    assert "Rien n’est perdu" in text_of(answer)
