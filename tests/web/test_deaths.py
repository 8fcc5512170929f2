"""A reported death: everything stops, a mistake can be taken back, what is urgent may be finished and is told."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlalchemy import update
from sqlmodel import select

from aidants.accounts.models import BrowserSession
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.services import open_payload
from aidants.mandates.deaths import LONGEST_REASON, URGENT_LASTS
from aidants.messages.models import OutboxMessage
from aidants.residents.models import Resident
from aidants.residents.services import resident_key
from tests.security.tools import Clock, digest, entries_after, kinds_after, last_entry
from tests.support.client import Browser, text_of
from tests.support.outbox import configure
from tests.support.own import come_in, knock
from tests.web.test_mandate_journey import active_mandate, draft, mandate_row, new_resident, records

Open = Callable[..., Browser]
URGENT = {"demarche": "demander-apl", "raison": "Le délai de la CAF finissait ce soir."}


def ref(path: str) -> str:
    return path.split("/")[2]


def resident(database: Database, card: str) -> Resident:
    with unit_of_work(database, Mode.READ) as work:
        return work.session.get_one(Resident, ref(card))


def died(nadia: Browser, card: str) -> None:
    nadia.open(f"{card}/deces")
    assert nadia.submit({"sur": "oui"}, action=f"{card}/deces").status_code == 303


def test_reported_from_the_card(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card, mandate = active_mandate(nadia, "demander-apl")
    waiting = draft(nadia, card)
    nadia.open(f"{card}/deces")
    before, rows = last_entry(demo_database), digest(demo_database)
    assert nadia.submit({}, action=f"{card}/deces").status_code == 422
    assert digest(demo_database) == rows
    nadia.open(f"{card}/deces")
    assert nadia.submit({"sur": "oui"}, action=f"{card}/deces").status_code == 303
    assert resident(demo_database, card).death_reported_at is not None
    assert (mandate_row(demo_database, ref(mandate)).state, mandate_row(demo_database, ref(waiting)).state) == (
        "revoked",
        "abandoned",
    )
    kinds = kinds_after(demo_database, before)
    assert (kinds.count("death_reported"), kinds.count("mandate_frozen"), kinds.count("mandate_abandoned")) == (1, 1, 1)
    words = text_of(nadia.open(card))
    assert "Un décès a été signalé" in words
    assert "Préparer un mandat" not in words
    assert "feuille à garder" not in words, "their pages are closed"
    assert nadia.post(f"{card}/mandats").status_code == 409
    before, rows = last_entry(demo_database), digest(demo_database)
    assert nadia.post(f"{card}/deces", {"sur": "oui"}).status_code == 303
    assert digest(demo_database) == rows, "said twice, it is reported once"
    assert "death_reported" not in kinds_after(demo_database, before)


def test_without_any_mandate_nothing_is_prepared_either(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card = new_resident(nadia)
    died(nadia, card)
    assert nadia.post(f"{card}/mandats").status_code == 409
    assert nadia.get(f"{card}/urgence").headers["location"] == f"{card}/deces", "nothing was under way"


def test_an_ended_mandate_is_not_renewed_after_a_death(
    browse: Open, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nadia = browse("nadia")
    card, mandate = active_mandate(nadia)
    time_is = Clock(monkeypatch)
    time_is.at += timedelta(days=40)
    nadia = browse("nadia")
    died(nadia, card)
    assert mandate_row(demo_database, ref(mandate)).end_reason is None, "it had ended by itself"
    before = digest(demo_database)
    assert nadia.post(f"{mandate}/renouveler").status_code == 409
    assert digest(demo_database) == before


def test_a_mistake_is_taken_back_but_mandates_stay_stopped(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card, mandate = active_mandate(nadia)
    died(nadia, card)
    nadia.open(f"{card}/deces")
    before = last_entry(demo_database)
    assert nadia.submit(action=f"{card}/deces/erreur").status_code == 303
    assert resident(demo_database, card).death_reported_at is None
    assert mandate_row(demo_database, ref(mandate)).state == "revoked"
    assert kinds_after(demo_database, before) == ["death_report_withdrawn"]
    assert nadia.post(f"{card}/mandats").status_code == 303
    before = last_entry(demo_database)
    assert nadia.post(f"{card}/deces/erreur").status_code == 303
    assert kinds_after(demo_database, before) == []
    assert nadia.post(f"{card}/urgence", {**URGENT, "code": nadia.code("nadia")}).headers["location"] == f"{card}/deces"


def test_an_urgent_act_is_sealed_flagged_and_told(browse: Open, demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    nadia = browse("nadia")
    card, mandate = active_mandate(nadia, "demander-apl", "carte-grise-adresse")
    died(nadia, card)
    nadia.open(f"{card}/urgence")
    before = last_entry(demo_database)
    answer = nadia.submit({**URGENT, "code": nadia.code("nadia")}, action=f"{card}/urgence")
    assert answer.status_code == 303, text_of(answer)
    (noted,) = [entry for entry in entries_after(demo_database, before) if entry.type == "urgent_act"]
    assert (noted.mandate, noted.resident, noted.procedure) == (ref(mandate), ref(card), "demander-apl")
    assert URGENT["raison"] not in (noted.detail or "")
    with unit_of_work(demo_database, Mode.READ) as work:
        key = resident_key(work, work.session.get_one(Resident, ref(card)))
        assert open_payload(work, noted.id, key) == {"reason": URGENT["raison"]}
        told = work.session.exec(select(OutboxMessage).where(OutboxMessage.template == "urgent")).all()
    assert [(row.channel, row.mandate_id) for row in told] == [("mail", ref(mandate))], "to the one manager"
    paul = browse("paul")
    assert "Acte urgent après un décès" in text_of(paul.open("/journal/signalements"))


@pytest.mark.parametrize(
    "wrong",
    [
        {"demarche": ""},
        {"demarche": "declarer-revenus"},
        {"raison": ""},
        {"raison": "non"[:2]},
        {"raison": "x" * (LONGEST_REASON + 1)},
        {"raison": "Son numéro est 1 85 05 78 006 084 91."},
        {"code": ""},
        {"code": "0000000"},
    ],
    ids=["no act", "not granted", "no reason", "short", "long", "social security number", "no code", "wrong code"],
)
def test_an_urgent_act_that_is_none(browse: Open, demo_database: Database, wrong: dict[str, str]) -> None:
    nadia = browse("nadia")
    card, _mandate = active_mandate(nadia, "demander-apl")
    died(nadia, card)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.session.exec(update(BrowserSession).values(reauthenticated_at=None))
    nadia.open(f"{card}/urgence")
    before = len(records(demo_database, "urgent_act"))
    answer = nadia.submit({**URGENT, "code": nadia.code("nadia"), **wrong}, action=f"{card}/urgence")
    assert answer.status_code == 422
    assert len(records(demo_database, "urgent_act")) == before
    if "raison" not in wrong:
        assert URGENT["raison"] in answer.text, "what was typed is kept"


def test_not_what_was_stopped_before_nor_after_thirty_days(
    browse: Open, demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    nadia = browse("nadia")
    card, mandate = active_mandate(nadia, "demander-apl", "carte-grise-adresse")
    nadia.post(f"{mandate}/arreter", {"par": "resident", "theme": "transports"})
    died(nadia, card)
    words = text_of(nadia.open(f"{card}/urgence"))
    assert "APL" in words
    assert "Carte grise" not in words, "that theme was stopped by the person"
    reported = resident(demo_database, card).death_reported_at
    assert reported is not None
    time_is = Clock(monkeypatch)
    for late, status in ((timedelta(0), 200), (timedelta(seconds=1), 303)):
        time_is.at = reported + URGENT_LASTS + late
        again = browse("nadia")
        assert again.get(f"{card}/urgence").status_code == status


def test_their_own_pages_close_until_the_mistake_is_said(browse: Open, demo_database: Database) -> None:
    nadia, mine, born = browse("nadia"), browse(), {"naissance-year": "1951"}
    card = new_resident(nadia, **{"birth-day": "", "birth-month": ""})
    code = come_in(mine, demo_database, ref(card), **born)
    died(nadia, card)
    assert mine.get("/ma-page/accueil").headers["location"] == "/ma-page?fermee=1"
    before = len(records(demo_database, "own_page_opened"))
    assert knock(browse(), code, **born).status_code == 422
    assert len(records(demo_database, "own_page_opened")) == before
    nadia.post(f"{card}/deces/erreur")
    assert knock(browse(), code, **born).status_code == 303


@pytest.mark.parametrize("path", ["deces", "deces/erreur", "urgence"])
def test_of_another_organisation(browse: Open, demo_database: Database, path: str) -> None:
    nadia = browse("nadia")
    card, _ = active_mandate(nadia, "demander-apl")
    youssef = browse("youssef")
    before = digest(demo_database)
    assert youssef.post(f"{card}/{path}", {"sur": "oui", **URGENT, "code": "000000"}).status_code == 404
    assert digest(demo_database) == before


def test_two_at_once_report_one(browse: Open, demo_database: Database) -> None:
    nadia, tom = browse("nadia"), browse("tom")
    card, _ = active_mandate(nadia, "demander-apl")
    tokens = [(browser, browser.token(card)) for browser in (nadia, tom)]
    before = last_entry(demo_database)
    with ThreadPoolExecutor(2) as pool:
        answers = list(pool.map(lambda one: one[0].post(f"{card}/deces", {"sur": "oui"}, token=one[1]), tokens))
    assert [answer.status_code for answer in answers] == [303, 303]
    kinds = kinds_after(demo_database, before)
    assert (kinds.count("death_reported"), kinds.count("mandate_frozen")) == (1, 1)


def test_a_merge_keeps_the_report(browse: Open, demo_database: Database) -> None:
    nadia, tom = browse("nadia"), browse("tom")
    one, other = new_resident(nadia), new_resident(nadia, given_names="Ewa Maria")
    died(nadia, other)
    answer = nadia.post(f"{one}/doublon", {"acte": "proposer", "fiche": ref(other), "garder": "celle-ci"})
    assert answer.status_code == 303, text_of(answer)
    merge = answer.headers["location"]
    tom.open(merge)
    assert tom.submit(action=f"{merge}/confirmer").status_code == 303
    assert (
        resident(demo_database, one).death_reported_at == resident(demo_database, other).death_reported_at is not None
    )
