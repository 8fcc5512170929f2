"""Signing in: what a wrong try shows, costs and counts; one-time codes; the half session between the two pages."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from aidants.accounts import factors
from aidants.accounts.models import Person
from aidants.db import Database, Mode, unit_of_work
from tests.security.tools import Clock, digest, entries_after, kinds_after, last_entry, masked
from tests.support.client import Browser, text_of

Open = Callable[..., Browser]


def try_password(browser: Browser, email: str, password: str = "pas le bon mot de passe", **headers: str) -> int:
    token = browser.token()
    browser.post("/connexion", {"email": email, "password": password}, token=token, headers=headers)
    assert browser.last is not None
    return browser.last.status_code


def give_password(browser: Browser, who: str) -> None:
    somebody = browser.people[who]
    assert try_password(browser, somebody.email, somebody.password) == 303
    assert browser.last is not None
    browser.follow(browser.last)


def give_code(browser: Browser, code: str) -> int:
    browser.open("/connexion/code")
    return browser.submit({"code": code}, action="/connexion/code").status_code


def deactivate(database: Database, email: str) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.exec(select(Person).where(Person.email == email)).one().active = False


def test_wrong_password_and_unknown_account_answer_alike_after_the_same_work(
    browse: Open, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    hashed: list[str] = []

    class Counting:
        def hash(self, password: str) -> str:
            hashed.append("hash")
            return true.hash(password)

        def verify(self, stored: str, password: str) -> bool:
            hashed.append("verify")
            return true.verify(stored, password)

    true = factors._hasher()
    monkeypatch.setattr(factors, "_hasher", Counting)
    factors._nobody.cache_clear()
    deactivate(demo_database, browse().people["tom"].email)
    browser, seen, work = browse(), [], []
    for email in (browser.people["nadia"].email, "personne@exemple.example", browser.people["tom"].email):
        hashed.clear()
        assert try_password(browser, email) == 422
        work.append(hashed.count("verify"))
        assert browser.last is not None
        seen.append(masked(browser.last).replace(email.encode(), b"EMAIL"))
    assert work == [1, 1, 1]
    assert seen[0] == seen[1] == seen[2]
    assert b"EMAIL" in seen[0]
    hashed.clear()
    try_password(browser, "encore@exemple.example")
    assert hashed == ["verify"]


def test_the_first_unknown_account_costs_no_more_than_the_first_known_one(monkeypatch: pytest.MonkeyPatch) -> None:
    """The stand-in hash is made by whichever check comes first, known or not."""
    made: list[str] = []
    true = factors._hasher()

    class Counting:
        def hash(self, password: str) -> str:
            made.append("hash")
            return true.hash(password)

        verify = true.verify

    stored = factors.hash_password("un mot de passe connu")
    monkeypatch.setattr(factors, "_hasher", Counting)
    factors._nobody.cache_clear()
    assert factors.check_password(stored, "un mot de passe connu")
    assert made == ["hash"]
    assert not factors.check_password(None, "un mot de passe connu")
    assert made == ["hash"]


def test_a_failed_try_is_journaled_without_the_address_in_clear(browse: Open, demo_database: Database) -> None:
    entries = last_entry(demo_database)
    try_password(browse(), "quelqu.un@exemple.example")
    (entry,) = entries_after(demo_database, entries)
    assert (entry.type, entry.outcome, entry.actor) == ("sign_in_failed", "password", "public")
    assert "exemple" not in repr(entry)
    assert entry.sealed


def test_the_eleventh_bad_try_waits_and_the_owner_elsewhere_does_not(browse: Open, time_is: Clock) -> None:
    browser = browse(trusted_proxies="127.0.0.1")
    email = browser.people["nadia"].email
    here = {"x-forwarded-for": "192.0.2.1"}
    assert [try_password(browser, email, **here) for _ in range(10)] == [422] * 10
    assert try_password(browser, email, **here) == 429
    assert browser.last is not None
    assert browser.last.headers["retry-after"]
    assert "Trop d’essais" in text_of(browser.last)
    right = browser.people["nadia"].password
    assert try_password(browser, email, right, **here) == 429
    assert try_password(browse(trusted_proxies="127.0.0.1"), email, right, **{"x-forwarded-for": "192.0.2.2"}) == 303
    time_is.at += timedelta(minutes=16)
    assert try_password(browser, email, right, **here) == 303


def test_an_address_is_limited_ten_times_higher_but_never_a_known_device(
    browse: Open, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factors, "check_password", lambda stored, password: stored is not None)
    known = browse("nadia")
    known.post("/deconnexion")
    stranger = browse()
    token = stranger.token()
    for number in range(100):
        answer = stranger.post("/connexion", {"email": f"a{number}@b.example", "password": "x" * 12}, token=token)
        assert answer.status_code == 422
    assert try_password(browse(), stranger.people["tom"].email, stranger.people["tom"].password) == 429
    assert try_password(known, known.people["tom"].email, known.people["tom"].password) == 303


def test_bad_codes_are_limited_for_the_person_wherever_they_come_from(browse: Open, demo_database: Database) -> None:
    browser = browse()
    give_password(browser, "nadia")
    assert [give_code(browser, "000000") for _ in range(5)] == [422] * 5
    assert give_code(browser, browser.code("nadia")) == 303, "after five, each try asks for the password again"
    assert browser.last is not None
    assert browser.last.headers["location"].startswith("/connexion?suite=")
    for number in range(5):
        other = browse(trusted_proxies="127.0.0.1")
        other.http.headers["x-forwarded-for"] = f"192.0.2.{number}"
        give_password(other, "nadia")
        assert give_code(other, "000000") == 422
    give_password(other, "nadia")
    assert give_code(other, other.code("nadia")) == 429


def test_bad_codes_before_an_act_are_limited_too(browse: Open) -> None:
    nadia = browse("nadia")
    assert [nadia.post("/confirmer", {"code": "000000"}).status_code for _ in range(10)] == [422] * 10
    assert nadia.post("/confirmer", {"code": nadia.code("nadia")}).status_code == 429


def test_a_code_serves_once_also_in_another_browser(browse: Open, time_is: Clock) -> None:
    first, second = browse(), browse()
    give_password(first, "nadia")
    give_password(second, "nadia")
    code = first.code("nadia")
    assert give_code(first, code) == 303
    assert give_code(second, code) == 422
    assert first.post("/confirmer", {"code": code}).status_code == 422
    time_is.at += timedelta(seconds=31)
    assert give_code(second, code) == 422


@pytest.mark.parametrize(("steps", "status"), [(-2, 422), (-1, 303), (0, 303), (1, 303), (2, 422)])
def test_a_code_is_right_one_step_either_way(
    browse: Open, demo_database: Database, time_is: Clock, steps: int, status: int
) -> None:
    browser = browse()
    give_password(browser, "nadia")
    browser.code("nadia")
    code = factors.code_at(browser.people["nadia"].totp_secret, time_is.at + timedelta(seconds=30 * steps))
    entries = last_entry(demo_database)
    assert give_code(browser, code) == status
    assert kinds_after(demo_database, entries) == (["signed_in"] if status == 303 else ["sign_in_failed"])


@pytest.mark.parametrize("code", ["", "12345", "1234567", "abcdef", "१२३४५६", "１２３４５６", " ", "123456\n123456"])
def test_what_is_no_code_is_refused(browse: Open, code: str) -> None:
    browser = browse()
    give_password(browser, "nadia")
    assert give_code(browser, code) == 422


def test_a_password_alone_opens_nothing(browse: Open, demo_database: Database) -> None:
    browser = browse()
    give_password(browser, "nadia")
    before = digest(demo_database)
    for path in ("/aujourdhui", "/personnes", "/mon-journal", "/confirmer"):
        assert browser.get(path).headers["location"].startswith("/connexion?suite=")
    assert browser.post("/personnes/nouvelle", {"birth_name": "X", "given_names": "Y"}).status_code == 303
    assert digest(demo_database) == before


def test_a_half_session_dies_after_five_minutes(browse: Open, time_is: Clock) -> None:
    browser = browse()
    give_password(browser, "nadia")
    browser.open("/connexion/code")
    time_is.at += timedelta(minutes=5)
    answer = browser.submit({"code": browser.code("nadia")}, action="/connexion/code")
    assert answer.headers["location"].startswith("/connexion?suite=")
    assert browser.get("/aujourdhui").headers["location"].startswith("/connexion?suite=")


def test_a_person_deactivated_between_the_two_pages_does_not_enter(browse: Open, demo_database: Database) -> None:
    browser = browse()
    give_password(browser, "nadia")
    deactivate(demo_database, browser.people["nadia"].email)
    browser.open("/connexion/code")
    answer = browser.submit({"code": browser.code("nadia")}, action="/connexion/code")
    assert answer.headers["location"].startswith("/connexion?suite=")
    assert browser.get("/aujourdhui").status_code == 303


def test_the_address_is_compared_without_case_or_spaces_the_password_as_it_is(browse: Open) -> None:
    browser = browse()
    somebody = browser.people["nadia"]
    assert try_password(browser, f"  {somebody.email.upper()} ", somebody.password) == 303
    assert try_password(browser, somebody.email, f" {somebody.password}") == 422
    assert try_password(browser, somebody.email, somebody.password.upper()) == 422


def test_a_password_never_comes_back_to_the_page_nor_to_the_log(browse: Open, caplog: pytest.LogCaptureFixture) -> None:
    browser = browse()
    with caplog.at_level("DEBUG"):
        try_password(browser, "nadia.ferrand@brivette.example", "un-secret-tres-reconnaissable")
    assert browser.last is not None
    assert "un-secret-tres-reconnaissable" not in browser.last.text
    assert not re.search("reconnaissable|nadia|ferrand", caplog.text, re.IGNORECASE)


def test_a_fresh_installation_has_no_account(database: Database) -> None:
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.exec(select(Person).where(col(Person.active))).all() == []
