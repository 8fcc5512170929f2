"""Consent at a distance: a link to the resident's own telephone or e-mail, a code, an answer kept as given."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlmodel import col, select

from aidants.audit.anomalies import Rule
from aidants.audit.screening import flags
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates import distance, offers
from aidants.mandates.lifecycle import Regime
from aidants.mandates.models import ConsentOffer, Mandate
from aidants.mandates.renewal import end_what_is_over
from aidants.messages.models import OutboxMessage
from aidants.messages.services import open_content
from tests.security.tools import Clock, actor_of, digest
from tests.support.client import Browser, text_of
from tests.web.test_mandate_journey import answer_everything, draft, mandate_row, new_resident, records
from tests.web.test_on_screen import HERE, YES, grants, kept, mandate_id, say
from tests.web.test_who_signs import protect

Open = Callable[..., Browser]
SENDS = {"sms_url": "https://sms.example/send", "mail_url": "smtp://mail.example"}


@pytest.fixture
def gateways(database: Database) -> None:
    """What sends messages is set; nothing leaves without a deliverer."""
    assert database.settings is not None
    database.settings = database.settings.model_copy(update=SENDS)


sends = pytest.mark.usefixtures("gateways")
PHONE = {"phone": "06 39 98 12 34", "language": "fr"}


def remote(nadia: Browser, *procedures: str, **person: str) -> str:
    """Prepare a mandate to be agreed to at a distance, its text frozen."""
    mandate = draft(nadia, new_resident(nadia, **(PHONE | person)))
    answer_everything(nadia, mandate, *(procedures or ("demander-apl",)))
    answer = nadia.post(f"{mandate}/accord", {"accord": "remote"})
    assert answer.status_code == 303, text_of(answer)
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    nadia.post(f"{mandate}/relire")
    return mandate


def send(nadia: Browser, mandate: str, canal: str = "sms") -> None:
    answer = nadia.post(f"{mandate}/envoyer", {"canal": canal})
    assert answer.status_code == 303, text_of(answer)


def messages(database: Database, template: str) -> list[dict[str, str]]:
    with unit_of_work(database, Mode.READ) as work:
        rows = work.session.exec(
            select(OutboxMessage).where(OutboxMessage.template == template).order_by(col(OutboxMessage.created_at))
        )
        return [open_content(work, row) for row in rows]


def link(database: Database) -> str:
    found = re.search(r"/accord/[a-z2-7]{26}", messages(database, "consent_link")[-1]["text"])
    assert found is not None
    return found.group(0)


def code(database: Database) -> str:
    found = re.search(r"\d{6}", messages(database, "consent_code")[-1]["text"])
    assert found is not None
    return found.group(0)


def wrong(database: Database) -> str:
    return f"{(int(code(database)) + 1) % 10**6:06}"


def ask_code(phone: Browser, address: str) -> None:
    assert phone.get(address).status_code == 200
    assert phone.submit(action=address).headers["location"] == address


def enter(phone: Browser, database: Database, address: str) -> None:
    ask_code(phone, address)
    phone.get(address)
    assert phone.submit({"code": code(database)}, action=f"{address}/code").headers["location"] == HERE


def offer(database: Database) -> ConsentOffer:
    with unit_of_work(database, Mode.READ) as work:
        query = select(ConsentOffer).order_by(col(ConsentOffer.created_at).desc())
        found = work.session.exec(query).first()
        assert found is not None
        return found


@sends
def test_from_the_link_to_an_active_mandate_and_the_paper(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    (sent,) = messages(database, "consent_link")
    assert sent["to"] == "+262639981234"
    address = link(database)
    phone = browse()
    enter(phone, database, address)
    assert "Nadia" in phone.get(HERE).text
    assert "<canvas" not in phone.get(HERE).text
    assert "vous avez dit oui" in text_of(say(phone))
    (given,) = [entry for entry in records(database, "consent_given") if entry.mandate == mandate_id(mandate)]
    assert (given.actor, given.auth) == ("resident", "one_time_code")
    (reply,) = kept(database, mandate)
    assert (reply.said.label, reply.said.channel, reply.said.to) == ("Oui", "sms", "•• •• •• •• 34")
    assert "à confirmer" in text_of(nadia.open("/aujourdhui"))
    assert nadia.post(f"{mandate}/activer", {"code": "000000"}).status_code in {303, 422}
    nadia.post(f"{mandate}/activer", {"code": nadia.code("nadia")})
    row = mandate_row(database, mandate_id(mandate))
    assert (row.state, row.paper_signed_at) == ("active", None)
    card = f"/personnes/{row.resident_id}"
    for page in (card, mandate):
        assert "Un papier reste à signer" in text_of(nadia.open(page))
    nadia.post(f"{mandate}/papier-signe")
    assert mandate_row(database, mandate_id(mandate)).paper_signed_at is not None
    for page in (card, mandate):
        assert "Un papier reste à signer" not in text_of(nadia.open(page))
    assert records(database, "proof_attached")[-1].mandate == mandate_id(mandate)


@sends
def test_a_program_that_opens_links_consents_to_nothing(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    address, scanner = link(database), browse()
    before = digest(database)
    for _ in range(50):
        page = scanner.get(address)
        assert page.status_code == 200
        scanner.get(f"{address}/code")
        scanner.get(HERE)
    assert digest(database) == before
    for word in ("Ewa", "Zbigniewska", "Nadia", "logement", "APL", "1234"):
        assert word not in page.text
    assert grants(database, mandate) == []


@sends
def test_a_link_serves_once(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    address, phone, thief = link(database), browse(), browse()
    enter(phone, database, address)
    assert thief.get(address).status_code == 404
    assert thief.post(address, token=thief.token()).headers["location"] == address
    assert thief.post(f"{address}/code", {"code": code(database)}, token=thief.token()).status_code == 404
    assert "Rien n’est demandé" in text_of(thief.get(HERE))
    thief.post(HERE, YES, token=thief.token())
    assert kept(database, mandate) == []
    say(phone)
    phone.post(HERE, {**YES, "reponse": "non"}, token=phone.token())
    assert [reply.answer for reply in kept(database, mandate)] == ["yes"]


@sends
def test_five_wrong_codes_end_the_link(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    address, phone = link(database), browse()
    ask_code(phone, address)
    for typed in [wrong(database), "", "x" * 21, "٣" * 6, wrong(database), wrong(database)]:
        phone.get(address)
        assert phone.submit({"code": typed}, action=f"{address}/code").status_code == 422
    phone.get(address)
    last = phone.submit({"code": wrong(database)}, action=f"{address}/code")
    assert "Ce lien ne sert plus" in text_of(last)
    assert phone.post(f"{address}/code", {"code": code(database)}, token=phone.token()).status_code == 404
    assert phone.get(address).status_code == 404
    assert offer(database).outcome == "tries"
    assert "cinq codes faux" in text_of(nadia.open(mandate))
    send(nadia, mandate)
    enter(browse(), database, link(database))


@sends
def test_a_code_lasts_ten_minutes_and_three_leave_at_most(
    browse: Open, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    clock = Clock(monkeypatch)
    nadia = browse("nadia")
    send(nadia, remote(nadia))
    address, phone = link(database), browse()
    ask_code(phone, address)
    clock.at += timedelta(minutes=10, seconds=1)
    phone.get(address)
    assert phone.submit({"code": code(database)}, action=f"{address}/code").status_code == 422
    for _ in range(2):
        phone.post(address, token=phone.token())
    assert len(messages(database, "consent_code")) == 3
    assert phone.post(address, token=phone.token()).status_code == 422
    assert len(messages(database, "consent_code")) == 3
    phone.get(address)
    assert phone.submit({"code": code(database)}, action=f"{address}/code").headers["location"] == HERE


@sends
def test_fifteen_days_then_it_lapses(browse: Open, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    address, phone = link(database), browse()
    clock.at += timedelta(days=14, hours=23)
    end_what_is_over(database)
    assert mandate_row(database, mandate_id(mandate)).state == "awaiting_consent"
    nadia.sign_in("nadia")
    assert "réponse attendue" in text_of(nadia.open("/aujourdhui"))
    enter(phone, database, address)
    say(phone)
    nadia.post(f"{mandate}/activer", {"code": nadia.code("nadia")})
    assert mandate_row(database, mandate_id(mandate)).state == "active"
    late = remote(nadia)
    send(nadia, late)
    address = link(database)
    clock.at += timedelta(days=15, seconds=1)
    assert browse().get(address).status_code == 404
    end_what_is_over(database)
    row = mandate_row(database, mandate_id(late))
    assert (row.state, row.end_reason) == ("abandoned", "lapsed")


@sends
@pytest.mark.parametrize("how", ["refus", "changer", "imprimer-de-nouveau"])
def test_a_link_dies_with_its_text(browse: Open, database: Database, how: str) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    address, phone = link(database), browse()
    enter(phone, database, address)
    nadia.post(f"{mandate}/{how}")
    assert "Rien n’est demandé" in text_of(phone.get(HERE))
    phone.post(HERE, YES, token=phone.token())
    assert kept(database, mandate) == []


@sends
def test_never_for_money_nor_when_another_signs_nor_without_an_address(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia, **PHONE))
    answer_everything(nadia, mandate, "declarer-revenus")
    answer = nadia.post(f"{mandate}/accord", {"accord": "remote"})
    assert answer.status_code == 422
    assert "jamais à distance" in text_of(answer)
    protected = protect(nadia, Regime.CURATORSHIP)
    assert nadia.post(f"{protected}/accord", {"accord": "remote"}).status_code == 422
    unreachable = draft(nadia, new_resident(nadia))
    answer_everything(nadia, unreachable, "demander-apl")
    assert "à distance" not in text_of(nadia.open(f"{unreachable}/accord"))
    assert nadia.post(f"{unreachable}/accord", {"accord": "remote"}).status_code == 422
    for address in (mandate, unreachable):
        assert mandate_row(database, mandate_id(address)).consent == "paper"


def test_without_gateway_the_choice_is_not_shown(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia, **PHONE))
    answer_everything(nadia, mandate, "demander-apl")
    assert "à distance" not in text_of(nadia.open(f"{mandate}/accord"))
    assert nadia.post(f"{mandate}/accord", {"accord": "remote"}).status_code == 422


@sends
def test_money_added_afterwards_asks_again_and_is_never_activated(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia, **PHONE))
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/accord", {"accord": "remote"})
    nadia.post(f"{mandate}/demarches", {"demarches": ["demander-apl", "declarer-revenus"]})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    nadia.post(f"{mandate}/relire")
    assert mandate_row(database, mandate_id(mandate)).state == "draft"
    asked = remote(nadia)
    send(nadia, asked)
    phone = browse()
    enter(phone, database, link(database))
    say(phone)
    with unit_of_work(database, Mode.WRITE) as work:
        row = work.session.get_one(Mandate, mandate_id(asked))
        row.answers = row.answers.replace("demander-apl", "declarer-revenus")
    assert nadia.post(f"{asked}/activer", {"code": nadia.code("nadia")}).status_code == 409
    assert grants(database, asked) == []


@sends
def test_the_helper_cannot_send_it_to_themselves(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    own = nadia.people["nadia"].email
    refused = remote(nadia, email="ewa@poste.example")
    card = f"/personnes/{mandate_row(database, mandate_id(refused)).resident_id}/modifier"
    nadia.open(card)
    assert nadia.submit({"email": own.upper()}, action=card).status_code == 303
    assert nadia.post(f"{refused}/envoyer", {"canal": "mail"}).status_code == 409
    assert messages(database, "consent_link") == []
    assert records(database, "access_refused")[-1].outcome == "own_address"
    colleague = remote(nadia, email=nadia.people["tom"].email, birth_name="Encoreune")
    send(nadia, colleague, "mail")
    assert '"recipient":"helper"' in (records(database, "consent_link_sent")[-1].detail or "")


@sends
def test_one_telephone_for_three_people_is_flagged_to_auditors(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    for name in ("Unedeux", "Deuxtrois"):
        send(nadia, remote(nadia, birth_name=name))
    assert all("recipient" not in (entry.detail or "") for entry in records(database, "consent_link_sent"))
    send(nadia, remote(nadia, birth_name="Troisquatre"))
    entry = records(database, "consent_link_sent")[-1]
    assert '"recipient":"shared"' in (entry.detail or "")
    with unit_of_work(database, Mode.READ) as work:
        work.actor = replace(actor_of(work, "paul"), audited=None)
        found = [flag for flag in flags(work) if flag.rule is Rule.RECIPIENT]
    assert [flag.mandate for flag in found] == [entry.mandate]


@sends
def test_caps_against_flooding(browse: Open, database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock(monkeypatch)
    nadia = browse("nadia")
    mandate = remote(nadia)
    for _ in range(distance.ADDRESS_A_DAY):
        send(nadia, mandate)
    assert nadia.post(f"{mandate}/envoyer", {"canal": "sms"}).status_code == 409
    assert len(messages(database, "consent_link")) == distance.ADDRESS_A_DAY
    assert records(database, "access_refused")[-1].outcome == "too_many_links"
    assert browse().get(link(database)).status_code == 200  # the last one sent still serves
    monkeypatch.setattr(distance, "HELPER_AN_HOUR", 4)
    monkeypatch.setattr(distance, "INSTALLATION_AN_HOUR", 5)
    one = remote(nadia, birth_name="Quatrieme", phone="06 39 98 12 35")
    send(nadia, one)
    assert nadia.post(f"{one}/envoyer", {"canal": "sms"}).status_code == 409
    clock.at += timedelta(hours=1, seconds=1)
    nadia.sign_in("nadia")
    send(nadia, one)


@sends
def test_two_devices_answer_at_once(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    one, other = browse(), browse()
    enter(one, database, link(database))
    other.http.cookies.update(one.http.cookies)
    for browser in (one, other):
        browser.get(HERE)
    barrier = threading.Barrier(2)

    def press(browser: Browser, word: str) -> None:
        barrier.wait()
        browser.submit({**YES, "reponse": word}, action=HERE)

    threads = [threading.Thread(target=press, args=pair) for pair in ((one, "oui"), (other, "oui"))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(kept(database, mandate)) == 1
    assert len([entry for entry in records(database, "consent_given") if entry.mandate == mandate_id(mandate)]) == 1


@sends
def test_a_stolen_database_opens_nothing(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    send(nadia, remote(nadia))
    address, phone = link(database), browse()
    ask_code(phone, address)
    row, secret = offer(database), code(database)
    stored = repr(row.model_dump())
    assert address.rsplit("/", 1)[1] not in stored
    assert secret not in stored
    assert "0639981234"[1:] not in stored
    assert phone.get(f"/accord/{row.id}").status_code == 404
    assert row.token_digest is not None
    assert phone.get(f"/accord/{row.token_digest[:26]}").status_code == 404
    guessed = {f"{number:06}" for number in range(1000)}
    assert not any(str(row.code_mac) in guess for guess in guessed)
    assert offers.CODES == 3


@sends
def test_an_arab_reads_from_right_to_left(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    send(nadia, remote(nadia, language="ar"))
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.exec(select(OutboxMessage.language)).all() == ["ar"]
    phone = browse()
    enter(phone, database, link(database))
    phone.post("/langue", {"locale": "ar", "next": HERE, "usager": "oui"})
    page = phone.get(HERE).text
    assert '<html lang="ar" dir="rtl">' in page
    assert 'lang="fr" dir="ltr"' in page
    assert "a encore relu" in page


@sends
@pytest.mark.parametrize("given_up", ["refus", "changer"])
def test_a_link_that_has_not_left_stays_once_nobody_is_asked(browse: Open, database: Database, given_up: str) -> None:
    nadia = browse("nadia")
    mandate = remote(nadia)
    send(nadia, mandate)
    assert nadia.post(f"{mandate}/{given_up}").status_code == 303
    with unit_of_work(database, Mode.READ) as work:
        rows = work.session.exec(select(OutboxMessage).where(OutboxMessage.template == "consent_link")).all()
    assert [(row.state, row.sealed) for row in rows] == [("cancelled", None)]
