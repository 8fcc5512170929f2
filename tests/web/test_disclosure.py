"""Auditors see names and sealed data only with a written reason, for a while, in one session, within their reach."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from aidants.accounts.models import Membership, Person
from aidants.audit import services
from aidants.audit.paging import Reach
from aidants.audit.queries import get_entry
from aidants.counter.erasure import erase
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.journal import actions
from aidants.journal.erasures import owner_of
from aidants.journal.models import JournalPayload, JournalRecord
from aidants.journal.services import Private, open_payload, record, under_installation
from aidants.policy import Actor, Role
from aidants.residents.models import Resident
from aidants.residents.services import resident_key
from tests.security.tools import Clock, actor_of, entries_after, kinds_after, last_entry, prepare
from tests.support.client import Browser, text_of

REASON = "Réclamation reçue le 20 novembre"
Browse = Callable[..., Browser]


@pytest.fixture
def her(demo_database: Database) -> str:
    """Monique Aubert's reference."""
    return prepare(demo_database).residents["Aubert"]


def entry_on(database: Database, resident: str, kind: str = "resident_created") -> str:
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord.id).where(JournalRecord.resident == resident, JournalRecord.type == kind)
        return work.session.exec(query).first() or ""


def ask(auditor: Browser, entry: str, what: str, reason: str = REASON, code: str = "") -> int:
    auditor.open(f"/journal/entrees/{entry}/voir")
    return auditor.submit(
        {"quoi": what, "motif": reason, "code": code}, action=f"/journal/entrees/{entry}/voir"
    ).status_code


def reveal(auditor: Browser, entry: str, what: str = services.RESIDENT) -> str:
    """See something; return the words of the entry's page afterwards."""
    assert ask(auditor, entry, what, code=auditor.code("paul")) == 303
    return text_of(auditor.open(f"/journal/entrees/{entry}"))


def test_a_name_with_a_reason(demo_database: Database, browse: Browse, her: str) -> None:
    paul, entry = browse("paul"), entry_on(demo_database, her)
    assert "Aubert" not in text_of(paul.open(f"/journal/entrees/{entry}"))
    before = last_entry(demo_database)
    assert "Monique Aubert" in reveal(paul, entry)
    assert "Monique Aubert" in text_of(paul.open(f"/journal/entrees/{entry_on(demo_database, her, 'run_started')}"))
    written = [row for row in entries_after(demo_database, before) if row.type == "name_revealed"]
    assert [(row.resident, row.owner) for row in written] == [(her, owner_of(her))]
    with unit_of_work(demo_database, Mode.READ) as work:
        key = resident_key(work, work.session.get_one(Resident, her))
        assert open_payload(work, written[0].id, key) == {"reason": REASON}


def test_no_second_code_within_five_minutes(demo_database: Database, browse: Browse, her: str) -> None:
    paul, entry = browse("paul"), entry_on(demo_database, her)
    reveal(paul, entry)
    page = paul.open(f"/journal/entrees/{entry}/voir")
    assert 'name="code"' not in page.text
    with unit_of_work(demo_database, Mode.READ) as work:
        actor = work.session.exec(select(JournalRecord.actor).where(JournalRecord.id == entry)).one()
    assert ask(paul, entry, f"compte-{actor}") == 303
    assert "Nadia Ferrand" in text_of(paul.open(f"/journal/entrees/{entry}"))


def test_it_is_hidden_again(demo_database: Database, browse: Browse, her: str, monkeypatch: pytest.MonkeyPatch) -> None:
    paul, entry, clock = browse("paul"), entry_on(demo_database, her), Clock(monkeypatch)
    assert "Monique Aubert" in reveal(paul, entry)
    clock.at += services.LASTS - timedelta(seconds=30)
    assert "Monique Aubert" in text_of(paul.open(f"/journal/entrees/{entry}"))
    clock.at += timedelta(minutes=1)
    assert "Aubert" not in text_of(paul.open(f"/journal/entrees/{entry}"))


def test_another_session_sees_nothing(demo_database: Database, browse: Browse, her: str) -> None:
    entry = entry_on(demo_database, her)
    reveal(browse("paul"), entry)
    assert "Aubert" not in text_of(browse("paul").open(f"/journal/entrees/{entry}"))


@pytest.mark.parametrize(
    "reason",
    ["", "   ", "trop court"[:9], "x" * 501, "né en 1 85 05 78 006 084 91 pour voir", "carte 4970 1000 0000 0055"],
    ids=["none", "blank", "short", "long", "nir", "card"],
)
def test_a_reason_that_is_none(demo_database: Database, browse: Browse, her: str, reason: str) -> None:
    paul, entry = browse("paul"), entry_on(demo_database, her)
    code, before = paul.code("paul"), last_entry(demo_database)
    assert ask(paul, entry, services.RESIDENT, reason, code) == 422
    assert kinds_after(demo_database, before) == ["journal_searched"]
    assert "Aubert" not in text_of(paul.open(f"/journal/entrees/{entry}"))


@pytest.mark.parametrize("code", ["", "000000", "abc", "9" * 21])
def test_a_code_that_does_not_fit(demo_database: Database, browse: Browse, her: str, code: str) -> None:
    paul, entry = browse("paul"), entry_on(demo_database, her)
    before = last_entry(demo_database)
    assert ask(paul, entry, services.RESIDENT, code=code) == 422
    assert "name_revealed" not in kinds_after(demo_database, before)
    assert "Aubert" not in text_of(paul.open(f"/journal/entrees/{entry}"))


@pytest.mark.parametrize("what", ["", "compte-" + "z" * 26, "autre", "x" * 61])
def test_what_the_entry_does_not_hide(demo_database: Database, browse: Browse, her: str, what: str) -> None:
    paul, entry = browse("paul"), entry_on(demo_database, her)
    before = last_entry(demo_database)
    assert ask(paul, entry, what, code=paul.code("paul")) == 422
    assert kinds_after(demo_database, before) == ["journal_searched"]


def test_sealed_data_is_opened(demo_database: Database, browse: Browse) -> None:
    stranger = browse()
    stranger.open("/connexion")
    stranger.submit({"email": "quelquun@ailleurs.example", "password": "mauvais mot de passe"}, action="/connexion")
    with unit_of_work(demo_database, Mode.READ) as work:
        query = select(JournalRecord).where(JournalRecord.type == "sign_in_failed")
        entry = work.session.exec(query.order_by(col(JournalRecord.seq).desc())).first()
    assert entry is not None
    paul = browse("paul")
    assert "quelquun" not in text_of(paul.open(f"/journal/entrees/{entry.id}"))
    shown = reveal(paul, entry.id, services.PAYLOAD)
    assert "quelquun@ailleurs.example" in shown
    assert entry.salt.hex() in shown
    other = entry_on(demo_database, prepare(demo_database).residents["Belkacem"])
    assert "quelquun" not in text_of(paul.open(f"/journal/entrees/{other}"))


def test_an_erased_person_has_no_name(demo_database: Database, browse: Browse, her: str) -> None:
    paul, entry = browse("paul"), entry_on(demo_database, her)
    reveal(paul, entry)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        erase(work, her, "request")
    assert "Aubert" not in text_of(paul.open(f"/journal/entrees/{entry}"))
    before = last_entry(demo_database)
    assert ask(paul, entry, services.RESIDENT, code=paul.code("paul")) == 422
    assert "name_revealed" not in kinds_after(demo_database, before)


@pytest.mark.parametrize(("who", "status"), [("nadia", 403), ("claire", 403), ("sofia", 403), (None, 303)])
def test_nobody_else_may_ask(demo_database: Database, browse: Browse, her: str, who: str | None, status: int) -> None:
    path = f"/journal/entrees/{entry_on(demo_database, her)}/voir"
    browser = browse(who)
    assert browser.get(path).status_code == status
    before = last_entry(demo_database)
    assert browser.post(path, {"quoi": services.RESIDENT, "motif": REASON}).status_code == status
    assert "name_revealed" not in kinds_after(demo_database, before)


def test_an_entry_that_hides_nothing_has_no_page(demo_database: Database, browse: Browse) -> None:
    with unit_of_work(demo_database, Mode.READ) as work:
        query = select(JournalRecord.id).where(JournalRecord.actor == "console", col(JournalRecord.sealed).is_(None))
        entry = work.session.exec(query.where(JournalRecord.type == "organisation_created")).first()
    paul = browse("paul")
    assert paul.get(f"/journal/entrees/{entry}/voir").status_code == 404
    assert paul.get(f"/journal/entrees/{'z' * 26}/voir").status_code == 404


# Reach: an auditor of one organisation


def auditor_of(work: Work, organisation: str | None) -> Actor:
    """Paul, as if he audited one organisation only."""
    query = select(Person, Membership).join(Membership, col(Membership.person_id) == Person.id)
    person, _ = work.session.exec(query.where(Membership.role == "auditor")).one()
    audited = frozenset({organisation}) if organisation else None
    return Actor(person.id, person.name, "session-of-paul", frozenset({Role.AUDITOR}), audited=audited)


def test_names_of_another_organisation_stay_hidden(demo_database: Database, her: str) -> None:
    """A refused access names whatever id was asked for: the auditor of the asking side must not learn whose it is."""
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "youssef")
        here = work.actor.organisation_id
        record(work, actions.AccessRefused(outcome="not_found", page="/personnes/{id}", resident=her))
        youssef = work.actor.person_id
    with unit_of_work(demo_database, Mode.READ) as work:
        refused = work.session.exec(select(JournalRecord).where(JournalRecord.type == "access_refused")).one()
        kinds = {}
        for organisation in (here, None):
            work.actor = auditor_of(work, organisation)
            entry = get_entry(work, Reach.AUDITED, refused.id)
            kinds[organisation] = {item.id for item in services.hidden(work, entry)}
    assert kinds == {here: {youssef}, None: {youssef, her}}


def test_what_is_sealed_about_another_organisation_s_resident_stays_sealed(demo_database: Database, her: str) -> None:
    """The reason why an auditor of both saw a name stands among the acts of the organisation where they were signed in."""
    with unit_of_work(demo_database, Mode.WRITE) as work:
        there = work.session.get_one(Resident, her).organisation_id
        here = actor_of(work, "youssef").organisation_id
        assert here != there
        entry = work.session.exec(select(JournalRecord).where(JournalRecord.resident == her)).first()
        assert entry is not None
        work.actor = replace(auditor_of(work, there), organisation_id=here)
        services.disclose(work, entry, services.Hidden(services.RESIDENT, "resident", her), REASON)
    with unit_of_work(demo_database, Mode.READ) as work:
        revealed = work.session.exec(select(JournalRecord.id).where(JournalRecord.type == "name_revealed")).one()
        kinds = {}
        for organisation in (here, None):
            work.actor = auditor_of(work, organisation)
            hidden = services.hidden(work, get_entry(work, Reach.AUDITED, revealed))
            kinds[organisation] = {item.kind for item in hidden}
    assert kinds == {here: set(), None: {"person", "resident", "payload"}}


@pytest.mark.parametrize("wait_for", ["the disclosure", "the erasure"])
def test_an_erasure_while_a_name_is_disclosed_leaves_no_reason(
    demo_database: Database, her: str, wait_for: str
) -> None:
    entered, leave = threading.Event(), threading.Event()

    def erased() -> None:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            erase(work, her, "request")
            work.session.flush()
            pause(wait_for == "the erasure")

    def disclosed() -> None:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            work.actor = auditor_of(work, None)
            entry = work.session.exec(select(JournalRecord).where(JournalRecord.resident == her)).first()
            assert entry is not None
            services.disclose(work, entry, services.Hidden(services.RESIDENT, "resident", her), REASON)
            pause(wait_for == "the disclosure")

    def pause(mine: bool) -> None:
        if mine:
            entered.set()
            leave.wait(5)

    first, second = (disclosed, erased) if wait_for == "the disclosure" else (erased, disclosed)
    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(first)
        assert entered.wait(5)
        other = pool.submit(second)
        time.sleep(0.3)
        leave.set()
        assert (one.result(), other.result()) == (None, None)
    with unit_of_work(demo_database, Mode.READ) as work:
        payloads = select(JournalPayload).join(JournalRecord, col(JournalRecord.id) == JournalPayload.entry_id)
        assert work.session.exec(payloads.where(JournalRecord.owner == owner_of(her))).all() == []


def test_each_kind_of_seal_opens(demo_database: Database, her: str) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        key = resident_key(work, work.session.get_one(Resident, her))
        record(work, actions.ResidentViewed(resident=her), Private(owner_of(her), key, {"reference": "ABC"}))
        record(work, actions.SignedOut(), under_installation(work, {"address": "192.0.2.1"}))
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = replace(auditor_of(work, None))
        rows = work.session.exec(select(JournalRecord).order_by(col(JournalRecord.seq).desc()).limit(2)).all()
        for row in rows:
            services.disclose(work, row, services.hidden(work, get_entry(work, Reach.AUDITED, row.id))[-1], REASON)
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = auditor_of(work, None)
        entries = [get_entry(work, Reach.AUDITED, row.id) for row in rows]
        opened = [services.shown(work, entry, services.hidden(work, entry)).values for entry in entries]
        assert opened == [{"address": "192.0.2.1"}, {"reference": "ABC"}]


def test_a_search_s_sealed_ids_are_shown_as_pseudonyms(demo_database: Database, browse: Browse, her: str) -> None:
    browse("nadia").open("/personnes")
    with unit_of_work(demo_database, Mode.READ) as work:
        query = select(JournalRecord.id).where(JournalRecord.type == "resident_searched")
        entry = work.session.exec(query.order_by(col(JournalRecord.seq).desc())).first() or ""
    shown = reveal(browse("paul"), entry, services.PAYLOAD)
    assert her in shown
    assert "Aubert" not in shown


@pytest.mark.parametrize(("table", "what"), [("journal_payload", services.PAYLOAD), ("resident", services.RESIDENT)])
def test_what_does_not_open_any_more_is_said_on_the_entry_s_page(
    demo_database: Database, browse: Browse, her: str, table: str, what: str
) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        key = resident_key(work, work.session.get_one(Resident, her))
        entry = record(work, actions.ResidentViewed(resident=her), Private(owner_of(her), key, {"reference": "ABC"}))
    paul = browse("paul")
    reveal(paul, entry, what)
    with demo_database.engine.begin() as connection:
        connection.execute(sa.text(f"UPDATE {table} SET sealed = :sealed"), {"sealed": bytes(60)})
    page = paul.open(f"/journal/entrees/{entry}")
    assert page.status_code == 200
    assert "Ces données sont abîmées" in text_of(page)


def test_an_unknown_owner_opens_nothing(demo_database: Database) -> None:
    with unit_of_work(demo_database, Mode.READ) as work, pytest.raises(NotFound):
        services._open(work, JournalRecord(owner="elsewhere:1"))  # type: ignore[call-arg]
