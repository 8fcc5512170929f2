"""A session: how it is kept, when it dies, what bites on the next request."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from aidants.accounts import factors
from aidants.accounts.models import BrowserSession, Membership, Person
from aidants.crypto import digest as sha256
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates.models import Mandate
from aidants.web.cookies import Cookies
from tests.security.tools import Clock, entries_after, kinds_after, last_entry, prepare
from tests.support.client import Browser

Open = Callable[..., Browser]


def cookie(browser: Browser, name: str = "aidants_session") -> str:
    return str(browser.http.cookies[name])


def is_in(browser: Browser) -> bool:
    answer = browser.get("/personnes")
    assert answer.status_code in {200, 303}
    return answer.status_code == 200


def test_twenty_idle_minutes_end_it_and_working_keeps_it(browse: Open, time_is: Clock) -> None:
    nadia = browse("nadia")
    for _ in range(3):
        time_is.at += timedelta(minutes=19, seconds=59)
        assert is_in(nadia)
    time_is.at += timedelta(minutes=20)
    assert not is_in(nadia)


def test_last_seen_is_written_at_most_once_a_minute(browse: Open, demo_database: Database, time_is: Clock) -> None:
    nadia = browse("nadia")
    seen = []
    for seconds in (10, 30, 21, 10):
        time_is.at += timedelta(seconds=seconds)
        nadia.get("/personnes")
        with unit_of_work(demo_database, Mode.READ) as work:
            query = select(BrowserSession).where(BrowserSession.digest == sha256(cookie(nadia).rsplit(".", 1)[0]))
            seen.append(work.session.exec(query).one().last_seen_at)
    assert seen[0] == seen[1] < seen[2] == seen[3] == time_is.at - timedelta(seconds=10)


def test_ten_hours_end_it_whatever_happens(browse: Open, time_is: Clock) -> None:
    nadia = browse("nadia")
    for _ in range(39):
        time_is.at += timedelta(minutes=15)
        assert is_in(nadia)
    time_is.at += timedelta(minutes=15)
    assert not is_in(nadia)


def test_signing_out_kills_the_session_for_a_stolen_copy_too(browse: Open, demo_database: Database) -> None:
    nadia, thief = browse("nadia"), browse()
    thief.http.cookies.update(nadia.http.cookies)
    assert is_in(thief)
    answer = nadia.post("/deconnexion")
    assert answer.status_code == 303
    assert 'aidants_session=""' in answer.headers["set-cookie"]
    assert answer.headers["clear-site-data"] == '"cache"'
    assert "aidants_poste" in nadia.http.cookies
    assert not is_in(thief)


def given(answer: Any) -> str:
    """Return the session cookie that an answer sets."""
    (line,) = [line for line in answer.headers.get_list("set-cookie") if line.startswith("aidants_session=")]
    return str(line.split(";")[0].partition("=")[2])


def with_cookies(browser: Browser, session: str) -> Browser:
    browser.http.cookies.clear()
    browser.http.headers["cookie"] = f"aidants_session={session}"
    return browser


def test_signing_in_gives_a_new_id_each_time(browse: Open) -> None:
    browser, thief = browse(), browse()
    somebody = browser.people["nadia"]
    browser.open("/connexion")
    half = given(browser.submit({"email": somebody.email, "password": somebody.password}, action="/connexion"))
    browser.open("/connexion/code")
    whole = given(browser.submit({"code": browser.code("nadia")}, action="/connexion/code"))
    assert half != whole
    assert not is_in(with_cookies(thief, half))
    assert is_in(with_cookies(thief, whole))


def test_one_live_session_for_a_person(browse: Open, demo_database: Database) -> None:
    first = browse("nadia")
    entries = last_entry(demo_database)
    second = browse("nadia")
    assert kinds_after(demo_database, entries) == ["session_ended", "signed_in"]
    assert is_in(second)
    assert not is_in(first)


def test_one_live_session_for_a_counter_pc(browse: Open) -> None:
    nadia, copy = browse("nadia"), browse()
    with_cookies(copy, cookie(nadia))
    assert is_in(copy)
    nadia.sign_in("tom")
    assert is_in(nadia)
    assert not is_in(copy)


def deactivate(work: Any, person: Person) -> None:
    person.active = False


def take_the_role(work: Any, person: Person) -> None:
    work.session.delete(work.session.exec(select(Membership).where(Membership.person_id == person.id)).one())


def take_the_training(work: Any, person: Person) -> None:
    person.trained_on = None


@pytest.mark.parametrize(
    ("change", "read", "write"),
    [(deactivate, 303, 303), (take_the_role, 303, 303), (take_the_training, 200, 403)],
)
def test_what_is_taken_away_bites_on_the_next_request(
    browse: Open, demo_database: Database, change: Callable[[Any, Person], None], read: int, write: int
) -> None:
    nadia = browse("nadia")
    token = nadia.token()
    assert is_in(nadia)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        change(work, work.session.exec(select(Person).where(Person.email == nadia.people["nadia"].email)).one())
    assert nadia.get("/personnes").status_code == read
    fields = {"birth_name": "Nouvelle", "given_names": "Personne"}
    answer = nadia.post("/personnes/nouvelle", fields, token=token)
    assert answer.status_code == write
    assert write == 403 or answer.headers["location"].startswith("/connexion")


def test_an_invented_cookie_opens_nothing(browse: Open, demo_database: Database) -> None:
    browser, device = browse(), browse("nadia")
    forged = Cookies(b"k" * 32, https=False)._signer.sign("abc").decode()
    for value in ("", "x", "x.y", "a" * 5000, "a.b.c.d", forged, cookie(device, "aidants_poste")):
        with_cookies(browser, value)
        assert browser.get("/personnes").headers["location"].startswith("/connexion"), value


def test_no_cookie_value_is_in_the_database(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    values = [cookie(nadia, name) for name in ("aidants_session", "aidants_poste")]
    secrets = [part for value in values for part in (value, value.rsplit(".", 1)[0])]
    with demo_database.engine.connect() as connection:
        whole = repr([connection.execute(sa.select(table)).all() for table in SQLModel.metadata.sorted_tables])
    assert not any(secret in whole for secret in secrets)
    assert sha256(secrets[1]) in whole


def test_a_slow_password_never_delays_another_act(
    browse: Open, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    places = prepare(demo_database)
    nadia, others = browse("nadia"), [browse(), browse()]
    tokens = [other.token() for other in others]
    busy, release = threading.Barrier(3), threading.Event()

    class Slow:
        def verify(self, *_: str) -> bool:
            busy.wait(10)
            return release.wait(30)

    monkeypatch.setattr(factors, "_hasher", Slow)
    somebody = nadia.people["tom"]
    fields = {"email": somebody.email, "password": somebody.password}
    threads = [
        threading.Thread(target=other.post, args=("/connexion", fields), kwargs={"token": token})
        for other, token in zip(others, tokens, strict=True)
    ]
    for thread in threads:
        thread.start()
    try:
        busy.wait(10)
        path = f"/mandats/{places.mandates['awaiting_consent']}/activer"
        answer = nadia.post(path, {"signe": "oui", "code": nadia.code("nadia")})
        assert answer.status_code == 303
        assert all(thread.is_alive() for thread in threads)
    finally:
        release.set()
        for thread in threads:
            thread.join(30)
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.get_one(Mandate, places.mandates["awaiting_consent"]).state == "active"


@pytest.mark.parametrize(
    ("away", "outcome"),
    [(timedelta(minutes=1), "replaced"), (timedelta(minutes=21), "idle"), (timedelta(hours=11), "absolute")],
)
def test_how_a_session_ended_is_journaled_at_the_next(
    browse: Open, demo_database: Database, time_is: Clock, away: timedelta, outcome: str
) -> None:
    browse("nadia")
    before = last_entry(demo_database)
    time_is.at += away
    browse("nadia")
    ended = [row.outcome for row in entries_after(demo_database, before) if row.type == "session_ended"]
    assert ended == [outcome]
