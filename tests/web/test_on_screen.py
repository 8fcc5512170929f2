"""Consent on a screen: the helper lends theirs, or a tablet of the counter; the resident answers; the helper takes it back."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from datetime import timedelta

import httpx2
import pytest
from sqlmodel import select

from aidants.accounts.models import BrowserSession
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates import replies
from aidants.mandates.drawing import LONGEST
from aidants.mandates.lifecycle import Regime
from aidants.mandates.models import Authorisation, ConsentOffer, ConsentReply
from aidants.mandates.queries import get_with_resident
from aidants.mandates.replies import Reply
from tests.security.tools import Clock, actor_of, concrete, digest, last_entry, prepare, routes_of
from tests.support.client import Browser, text_of
from tests.web.test_mandate_journey import answer_everything, draft, mandate_row, new_resident, records
from tests.web.test_who_signs import CURATOR, MINOR, protect

Open = Callable[..., Browser]
HERE = "/votre-accord"
YES = {"reponse": "oui", "nom": "Ewa Zbigniewska"}
DRAWING = "M10 20L30 40L50 20M100 100L120 130"
TABLETS = {"base_url": "http://guichet.example:8000", "allowed_hosts": "guichet.example 127.0.0.1"}


def asked(nadia: Browser, *procedures: str, card: str = "") -> str:
    """Prepare a mandate to be agreed to on a screen, its text frozen; return its address."""
    mandate = draft(nadia, card or new_resident(nadia))
    answer_everything(nadia, mandate, *(procedures or ("demander-apl",)))
    nadia.post(f"{mandate}/accord", {"accord": "on_screen"})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    assert nadia.post(f"{mandate}/relire").headers["location"] == mandate
    return mandate


def lent(nadia: Browser, mandate: str) -> None:
    assert nadia.post(f"{mandate}/donner-ecran").headers["location"] == HERE


def take_back(nadia: Browser, who: str = "nadia") -> httpx2.Response:
    nadia.get("/reprendre")
    return nadia.submit({"code": nadia.code(who)}, action="/reprendre")


def say(browser: Browser, **fields: str) -> httpx2.Response:
    """Answer on the resident's page, as its own form sends it."""
    browser.get(HERE)
    return browser.submit({**YES, **fields}, action=HERE)


def mandate_id(mandate: str) -> str:
    return mandate.rsplit("/", 1)[1]


def kept(database: Database, mandate: str) -> list[Reply]:
    with unit_of_work(database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        view, resident = get_with_resident(work, mandate_id(mandate))
        return replies.opened(work, view.row.text_id, resident.row)


def session(database: Database) -> BrowserSession:
    with unit_of_work(database, Mode.READ) as work:
        return work.session.exec(select(BrowserSession).where(BrowserSession.ended_at == None)).one()  # noqa: E711


def grants(database: Database, mandate: str) -> list[Authorisation]:
    with unit_of_work(database, Mode.READ) as work:
        return list(
            work.session.exec(select(Authorisation).where(Authorisation.mandate_id == mandate_id(mandate))).all()
        )


def test_from_the_frozen_text_to_an_active_mandate(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    page = nadia.open(HERE)
    assert "Nadia" in text_of(page)
    assert "logement" in text_of(page)
    assert nadia.people["nadia"].email not in page.text
    answered = say(nadia, signature=DRAWING)
    assert "vous avez dit oui" in text_of(answered)
    row = mandate_row(database, mandate_id(mandate))
    assert (row.state, row.answered_at is not None) == ("awaiting_consent", True)
    assert grants(database, mandate) == []
    assert take_back(nadia).headers["location"] == mandate
    assert session(database).handed_over is None
    assert "La personne a dit oui" in text_of(nadia.open(mandate))
    assert nadia.submit(action=f"{mandate}/activer").headers["location"] == mandate  # the code just given is fresh
    assert mandate_row(database, mandate_id(mandate)).state == "active"
    assert len(grants(database, mandate)) == 1
    (given,) = records(database, "consent_given")[-1:]
    assert (given.mandate, given.actor, given.auth) == (mandate_id(mandate), "resident", "handed_over")
    (reply,) = kept(database, mandate)
    assert (reply.said.typed, reply.said.drawing, reply.said.label) == ("Ewa Zbigniewska", DRAWING, "Oui")
    assert (reply.said.channel, reply.said.address) == ("screen", "127.0.0.1")
    kinds = [records(database, kind)[-1].mandate for kind in ("handed_over", "taken_back", "mandate_activated")]
    assert set(kinds) == {mandate_id(mandate)}


def test_nothing_is_confirmed_before_the_person_said_yes(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    answer = nadia.post(f"{mandate}/activer", {"code": nadia.code("nadia")})
    assert answer.status_code == 409
    assert mandate_row(database, mandate_id(mandate)).state == "awaiting_consent"
    nadia.post(f"{mandate}/activer", {"signe": "oui", "code": nadia.code("nadia")})
    assert mandate_row(database, mandate_id(mandate)).state == "awaiting_consent"


def test_no_is_no(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    assert "vous avez dit non" in text_of(say(nadia, reponse="non", nom=""))
    row = mandate_row(database, mandate_id(mandate))
    assert (row.state, row.end_reason) == ("abandoned", "refused")
    assert records(database, "consent_refused")[-1].actor == "resident"
    assert [reply.answer for reply in kept(database, mandate)] == ["no"]
    take_back(nadia)
    assert nadia.post(f"{mandate}/activer", {"code": nadia.code("nadia")}).headers["location"] == mandate
    assert grants(database, mandate) == []


def test_a_doubt_decides_nothing_and_can_be_asked_again(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    assert "Rien n’est décidé" in text_of(say(nadia, reponse="ne_sait_pas", nom=""))
    assert kept(database, mandate) == []
    assert "Rien n’est demandé ici" in text_of(say_raw(nadia))
    take_back(nadia)
    assert "Je ne sais pas" in text_of(nadia.open(mandate))
    lent(nadia, mandate)
    say(nadia)
    assert mandate_row(database, mandate_id(mandate)).answered_at is not None


def say_raw(browser: Browser, **fields: str) -> httpx2.Response:
    return browser.post(HERE, {**YES, **fields}, token=token(browser))


def token(browser: Browser) -> str:
    found = re.search(r'name="csrf" value="([^"]+)"', browser.get("/aide").text)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize(
    "name",
    ["", "Ewa", "Zbigniewska", "Nadia Ferrand", "Ewa Zbigniewska Dupont", "x" * 5000, "<b>Ewa</b>", "Ewa\u202eakswein"],
)
def test_another_name_is_kindly_refused(browse: Open, database: Database, name: str) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    answer = say(nadia, nom=name)
    assert answer.status_code == 422
    assert "Nadia" in text_of(answer)
    assert kept(database, mandate) == []


@pytest.mark.parametrize("name", ["ewa ZBIGNIEWSKA", "Zbigniewska Ewa", "  Éwa   Zbigniewska "])
def test_accents_case_and_order_do_not_matter(browse: Open, database: Database, name: str) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    assert say(nadia, nom=name).status_code == 200
    assert [reply.said.typed for reply in kept(database, mandate)] == [name.strip()]


@pytest.mark.parametrize(
    "drawing",
    [
        "<script>", "M1 1L2 2Z", "M1,1L2,2", "M1 1", "M1001 1L2 2", "M1 401L2 2", "M-1 1L2 2", "M1 1L2 2\"/><script>",
        "M٣ 1L2 2", "M1 1" + "L1 1" * LONGEST,
    ],
)  # fmt: skip
def test_a_drawing_that_is_not_ours_is_refused(browse: Open, database: Database, drawing: str) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    assert say(nadia, signature=drawing).status_code == 422
    assert kept(database, mandate) == []


# While the screen is lent


def test_while_lent_every_other_page_asks_for_the_screen_back(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate, card = asked(nadia), "/personnes"
    lent(nadia, mandate)
    form = token(nadia)
    before = digest(database)
    for path in ("/", "/aujourdhui", card, mandate, f"{mandate}/mandat.pdf", "/guides", "/mon-journal", "/verifier",
                 "/connexion", "/session", "/vos-donnees"):  # fmt: skip
        for headers in ({}, {"hx-request": "true"}):
            answer = nadia.get(path, headers=headers)
            assert (answer.status_code, answer.headers.get("location")) == (303, "/reprendre"), path
    for path in (f"{mandate}/activer", f"{mandate}/refus", f"{mandate}/changer", "/deconnexion", "/personnes/nouvelle"):
        answer = nadia.post(path, {"code": nadia.code("nadia")}, token=form)
        assert (answer.status_code, answer.headers.get("location")) == (303, "/reprendre"), path
    after = digest(database)
    assert {name for name in before if before[name] != after[name]} <= {"person"}  # the test's own clock of codes
    unknown = nadia.get("/nulle-part")
    assert unknown.status_code == 404
    assert "Nadia" not in unknown.text
    for path in ("/aide", "/aide/mandat"):
        shown = nadia.get(path)
        assert shown.status_code == 200
        assert "Nadia" not in shown.text
    chosen = nadia.post("/langue", {"locale": "ar", "next": HERE, "usager": "oui"}, token=form)
    assert chosen.headers["location"] == HERE
    assert 'dir="rtl"' in nadia.get(HERE).text


OPEN_WHILE_LENT = {
    ("GET", "/reprendre"), ("POST", "/reprendre"), ("GET", HERE), ("POST", HERE), ("POST", "/langue"),
    ("GET", "/aide"), ("GET", "/aide/{name}"), ("GET", "/accord/{token:ref}/code"), ("GET", "/healthz"), ("GET", "/readyz"),
}  # fmt: skip


def test_while_lent_no_route_opens_but_the_residents(browse: Open, database: Database) -> None:
    places = prepare(database)
    nadia = browse("nadia")
    lent(nadia, asked(nadia))
    form, opened = token(nadia), set()
    for method, pattern in routes_of(nadia):
        if (method, pattern) in OPEN_WHILE_LENT or pattern.startswith(("/static", "/demo")):
            continue
        path = concrete(pattern, places)
        answer = nadia.get(path) if method == "GET" else nadia.post(path, token=form)
        if (answer.status_code, answer.headers.get("location")) != (303, "/reprendre"):
            opened.add((method, pattern, answer.status_code))
    assert opened == set()


def test_a_wrong_code_does_not_give_the_screen_back(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    nadia.get("/reprendre")
    assert nadia.submit({"code": "000000"}, action="/reprendre").status_code == 422
    assert session(database).handed_over is not None
    assert nadia.get("/aujourdhui").headers["location"] == "/reprendre"
    assert take_back(nadia).status_code == 303
    assert nadia.get("/aujourdhui").status_code == 200
    assert nadia.get(HERE).status_code == 200
    assert "Rien n’est demandé ici" in text_of(nadia.get(HERE))


def test_the_resident_is_not_hurried_but_ten_hours_end_the_session(
    browse: Open, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    clock.at += timedelta(minutes=50)
    assert nadia.get("/aujourdhui").headers["location"] == "/reprendre"
    clock.at += timedelta(hours=10)
    assert nadia.get("/aujourdhui").headers["location"].startswith("/connexion")


def test_a_text_frozen_anew_needs_a_new_answer(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    say(nadia)
    take_back(nadia)
    nadia.post(f"{mandate}/imprimer-de-nouveau")
    assert mandate_row(database, mandate_id(mandate)).answered_at is None
    assert kept(database, mandate) == []
    assert nadia.post(f"{mandate}/activer").status_code == 409
    assert mandate_row(database, mandate_id(mandate)).state == "awaiting_consent"


def test_the_stored_text_changed_after_the_answer_is_refused(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    say(nadia)
    take_back(nadia)
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.exec(select(ConsentReply)).one().text_sha256 = "0" * 64
    assert nadia.post(f"{mandate}/activer").status_code == 409
    assert mandate_row(database, mandate_id(mandate)).state == "awaiting_consent"


# Who signs


def test_two_names_in_turn_when_somebody_assists(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = protect(nadia, Regime.CURATORSHIP)
    nadia.post(f"{mandate}/accord", {"accord": "on_screen"})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    nadia.post(f"{mandate}/relire")
    lent(nadia, mandate)
    assert say(nadia, nom=CURATOR).status_code == 422
    assert say(nadia).headers["location"] == HERE
    assert mandate_row(database, mandate_id(mandate)).answered_at is None
    assert say(nadia).status_code == 422  # the resident does not sign twice
    assert CURATOR in text_of(nadia.get(HERE))
    assert "vous avez dit oui" in text_of(say(nadia, nom=CURATOR))
    take_back(nadia)
    nadia.post(f"{mandate}/activer")
    assert mandate_row(database, mandate_id(mandate)).state == "active"
    assert [reply.hand for reply in kept(database, mandate)] == ["resident", "representative"]


def test_a_parent_signs_for_a_child(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = protect(nadia, Regime.MINOR)
    assert MINOR
    nadia.post(f"{mandate}/accord", {"accord": "on_screen"})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    nadia.post(f"{mandate}/relire")
    lent(nadia, mandate)
    assert say(nadia).status_code == 422
    assert "vous avez dit oui" in text_of(say(nadia, nom=CURATOR))
    assert [reply.hand for reply in kept(database, mandate)] == ["representative"]


# On a tablet


def tablet_link(nadia: Browser, mandate: str) -> str:
    shown = nadia.post(f"{mandate}/tablette")
    assert shown.status_code == 200
    found = re.search(r"(/accord/[a-z2-7]{26})", shown.text)
    assert found is not None
    return found.group(1)


def test_a_tablet_opens_once_and_the_helper_keeps_their_screen(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    link = tablet_link(nadia, mandate)
    tablet = browse()
    before = digest(database)
    for _ in range(50):
        assert tablet.get(link).status_code == 200
        assert tablet.http.head(link).status_code in {200, 405}
    assert digest(database) == before
    assert "Zbigniewska" not in tablet.get(link).text
    tablet.get(link)
    assert tablet.submit(action=link).headers["location"] == HERE
    assert "Zbigniewska" in tablet.get(HERE).text
    other = browse()
    assert other.get(link).status_code == 404
    assert "Rien n’est demandé ici" in text_of(other.get(HERE))
    assert nadia.get("/aujourdhui").status_code == 200
    say(tablet)
    assert mandate_row(database, mandate_id(mandate)).answered_at is not None
    assert "Rien n’est demandé ici" in text_of(tablet.get(HERE))
    nadia.post(f"{mandate}/activer", {"code": nadia.code("nadia")})
    assert mandate_row(database, mandate_id(mandate)).state == "active"


def test_a_tablet_link_dies_after_fifteen_minutes_and_when_another_is_made(
    browse: Open, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    first = tablet_link(nadia, mandate)
    second = tablet_link(nadia, mandate)
    tablet = browse()
    assert tablet.get(first).status_code == 404
    assert tablet.get(second).status_code == 200
    clock = Clock(monkeypatch)
    clock.at += timedelta(minutes=15, seconds=1)
    assert tablet.get(second).status_code == 404


def test_two_devices_at_once_make_one_answer(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    link = tablet_link(nadia, mandate)
    one, other = browse(), browse()
    one.get(link)
    one.submit(action=link)
    other.http.cookies.update(one.http.cookies)
    pages = [one.get(HERE), other.get(HERE)]
    assert all("Zbigniewska" in page.text for page in pages)
    barrier, answers = threading.Barrier(2), {}

    def press(browser: Browser, word: str) -> None:
        barrier.wait()
        answers[word] = browser.submit({**YES, "reponse": word}, action=HERE)

    threads = [threading.Thread(target=press, args=pair) for pair in ((one, "oui"), (other, "non"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    found = kept(database, mandate)
    assert len(found) == 1
    row = mandate_row(database, mandate_id(mandate))
    assert (found[0].answer == "yes") == (row.answered_at is not None)
    assert (found[0].answer == "no") == (row.state == "abandoned")


def test_another_organisation_cannot_offer_or_see(browse: Open, database: Database) -> None:
    nadia, sofia = browse("nadia"), browse("youssef")
    mandate = asked(nadia)
    before = last_entry(database)
    for path in ("donner-ecran", "tablette", "envoyer", "papiers", "papier-signe"):
        assert sofia.post(f"{mandate}/{path}").status_code == 404
    assert sofia.get(f"{mandate}/preuve").status_code == 404
    assert last_entry(database) > before
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.exec(select(ConsentOffer)).all() == []
