"""The screens on the journal: who sees what, the search, one entry, the verification."""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from datetime import timedelta

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from aidants.accounts.models import Membership, Organisation, Person
from aidants.audit import routes, words
from aidants.audit.paging import PAGE
from aidants.db import Database, Mode, unit_of_work
from aidants.guides.queries import library
from aidants.journal import labels
from aidants.journal.actions import CATALOGUE, SignedOut
from aidants.journal.entry import FIELDS
from aidants.journal.models import JournalRecord
from aidants.journal.services import open_payload, record
from aidants.journal.verify import verify
from tests.security.tools import prepare
from tests.support.client import Browser, text_of
from tests.support.plans import plan

Browse = Callable[..., Browser]
TABLE = "journal_record"
NAMES = ("Nadia", "Ferrand", "Aubert", "Monique", "Belkacem", "Peyrat")


def records(database: Database, **where: str) -> list[JournalRecord]:
    query = select(JournalRecord).order_by("seq")
    for name, value in where.items():
        query = query.where(getattr(JournalRecord, name) == value)
    with Session(database.engine) as session:
        return list(session.exec(query).all())


def numbers(html: str) -> list[int]:
    """The numbers of the entries on a page, in its order."""
    return [int(re.sub(r"\D", "", found)) for found in re.findall(r">n°\u00a0([\d\s\u202f]+)<", html)]


def person_id(database: Database, name: str) -> str:
    with Session(database.engine) as session:
        return session.exec(select(Person.id).where(Person.name == name)).one()


def tamper(database: Database, statement: str) -> None:
    with database.engine.begin() as connection:
        connection.execute(sa.text(statement))


def test_the_auditor_reads_sentences_and_no_names(browse: Browse, demo_database: Database) -> None:
    paul = browse("paul")
    page = paul.open("/journal")
    text = text_of(page)
    for sentence in ("Mandat activé, 2 démarches, 31 jours, sur papier", "Journal consulté"):
        assert sentence in text
    for name in NAMES:
        assert name not in page.text
    assert labels.person(person_id(demo_database, "Nadia Ferrand")) in text
    assert "Le journal n’a pas encore été vérifié" in text
    assert "127.0.0.1:8000/journal/log" in text
    assert "Qui tient à la fois la base et la clé peut tout refaire" in text
    shown = numbers(page.text)
    assert shown == sorted(shown, reverse=True)
    assert shown[0] == len(records(demo_database))


def test_each_reading_is_an_entry_with_sealed_criteria(browse: Browse, demo_database: Database) -> None:
    paul = browse("paul")
    mandate = records(demo_database, type="mandate_activated")[0].mandate
    assert mandate is not None
    paul.open("/journal")
    paul.open(f"/journal?acte=mandate_activated&mandat={mandate}")
    first, second = records(demo_database, type="journal_searched")
    assert json.loads(first.detail or "") == {"view": "audited"}
    assert (first.actor, first.sealed) == (person_id(demo_database, "Paul Mérou"), None)
    assert json.loads(second.detail or "") == {"view": "audited", "filters": ["acte", "mandat"]}
    assert demo_database.keyring is not None
    with unit_of_work(demo_database, Mode.READ) as work:
        key = demo_database.keyring.derive("journal")
        assert open_payload(work, second.id, key) == {"acte": "mandate_activated", "mandat": mandate}


@pytest.mark.parametrize(
    ("query", "column", "value"),
    [
        ("acte=consent_given", "type", "consent_given"),
        ("theme=transports", "scope", "transports"),
        ("par={pseudonym}", "actor", "{nadia}"),
        ("par={small}", "actor", "{nadia}"),
        ("par={nadia}", "actor", "{nadia}"),
        ("mandat={short}", "mandate", "{mandate}"),
        ("mandat={mandate}", "mandate", "{mandate}"),
        ("structure={organisation}", "organisation", "{organisation}"),
    ],
)
def test_filters(browse: Browse, demo_database: Database, query: str, column: str, value: str) -> None:
    mandate = records(demo_database, type="mandate_activated")[0]
    nadia = person_id(demo_database, "Nadia Ferrand")
    values = {
        "nadia": nadia,
        "pseudonym": labels.person(nadia),
        "small": labels.person(nadia).lower(),
        "mandate": str(mandate.mandate),
        "short": labels.mandate(str(mandate.mandate)),
        "organisation": str(mandate.organisation),
    }
    page = browse("paul").open(f"/journal?{query.format(**values)}")
    expected = [row.seq for row in records(demo_database, **{column: value.format(**values)})]
    assert expected
    assert numbers(page.text) == expected[::-1][:PAGE]


def test_periods_are_days_of_the_people(browse: Browse, demo_database: Database) -> None:
    paul = browse("paul")
    with unit_of_work(demo_database, Mode.READ) as work:
        today = work.now.astimezone(work.settings.zone).date()
    yesterday, tomorrow = today - timedelta(days=1), today + timedelta(days=1)
    everything = numbers(paul.open(f"/journal?du={today}&au={today}").text)
    assert len(everything) > 10
    assert numbers(paul.open(f"/journal?du={yesterday}&au={tomorrow:%d/%m/%Y}").text)[1:] == everything[: PAGE - 1]
    for empty in (f"du={tomorrow}", f"au={yesterday}", f"du={tomorrow}&au={yesterday}"):
        assert "Rien dans le journal ne correspond" in text_of(paul.open(f"/journal?{empty}"))


@pytest.mark.parametrize(
    "query", ["du=2026-02-30", "au=hier", "acte=inconnu", "theme=inconnu", "avant=-1", "par=" + "x" * 40]
)
def test_bad_criteria_are_said_and_kept(browse: Browse, query: str) -> None:
    answer = browse("paul").get(f"/journal?{query}")
    assert answer.status_code == 422
    assert "Il y a" in text_of(answer) or "erreur" in text_of(answer).lower()
    assert numbers(answer.text) == []


def test_pages_follow_each_other_without_gap(browse: Browse, demo_database: Database) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        for _ in range(2 * PAGE + 7):
            record(work, SignedOut())
    paul, seen, path = browse("paul"), list[int](), "/journal?acte=signed_out"
    total = len(records(demo_database, type="signed_out"))
    for _ in range(10):
        page = paul.open(path)
        seen += numbers(page.text)
        older = re.search(r'href="([^"]+)" rel="next"', page.text)
        if older is None:
            break
        path = older.group(1).replace("&amp;", "&")
    assert seen == [row.seq for row in records(demo_database, type="signed_out")][::-1]
    assert len(seen) == total > 2 * PAGE
    assert 'rel="prev"' in page.text


def test_verifying_now(browse: Browse, demo_database: Database) -> None:
    paul = browse("paul")
    paul.open("/journal")
    answer = paul.submit(action="/journal/verification")
    assert answer.status_code == 200
    assert "Le journal est intact" in text_of(answer)
    assert "La signature du dernier point de contrôle est bonne" in text_of(answer)
    (row,) = records(demo_database, type="journal_verified")
    assert row.outcome == "intact"
    assert json.loads(row.detail or "")["size"] == row.seq - 1
    text = text_of(paul.open("/journal"))
    assert "Intact à la dernière vérification" in text
    assert ", par vous" in text
    assert verify(demo_database).ok


def test_verifying_a_changed_journal(browse: Browse, demo_database: Database) -> None:
    victim = records(demo_database, type="mandate_activated")[0]
    tamper(demo_database, f"UPDATE journal_record SET actor = 'x' WHERE seq = {victim.seq}")
    paul = browse("paul")
    paul.open("/journal")
    answer = paul.submit(action="/journal/verification")
    assert "1 anomalie dans le journal" in text_of(answer)
    assert f"L’entrée n°\u00a0{victim.seq} (id {victim.id}) a été modifiée" in answer.text
    assert records(demo_database, type="journal_verified")[0].outcome == "faults"
    assert "Des anomalies ont été trouvées" in text_of(paul.open("/journal"))


def test_one_verification_at_a_time(browse: Browse, demo_database: Database) -> None:
    paul = browse("paul")
    paul.open("/journal")
    with routes._verifying:
        answer = paul.submit(action="/journal/verification")
    assert answer.status_code == 409
    assert records(demo_database, type="journal_verified") == []


def test_one_entry(browse: Browse, demo_database: Database) -> None:
    paul = browse("paul")
    row = records(demo_database, type="mandate_activated")[0]
    page = paul.open(f"/journal/entrees/{row.id}")
    assert "L’enregistrement correspond à sa feuille" in text_of(page)
    assert row.id in page.text
    assert f"{labels.mandate(str(row.mandate))} · {row.mandate}" in text_of(page)
    assert "commit" in page.text
    signed_in = records(demo_database, type="signed_in")[0]
    assert signed_in.sealed is not None
    page = paul.open(f"/journal/entrees/{signed_in.id}")
    assert signed_in.sealed in page.text
    assert "Elles ne sont pas ouvertes ici" in text_of(page)
    assert json.loads(records(demo_database, type="journal_searched")[-1].detail or "")["filters"] == ["entree"]
    tamper(demo_database, f"UPDATE journal_record SET scope = 'argent' WHERE seq = {row.seq}")
    assert "ne correspond pas à sa feuille" in text_of(paul.open(f"/journal/entrees/{row.id}"))


def test_steps_and_guides_are_named_by_their_titles(browse: Browse, demo_database: Database) -> None:
    places = prepare(demo_database)
    nadia, paul = browse("nadia"), browse("paul")
    nadia.open(f"/parcours/{places.run}")
    row = records(demo_database, type="step_shown")[-1]
    guide = library()[str(row.guide)]
    title = guide.step(str(row.step)).title
    listed = text_of(paul.open("/journal?acte=step_shown"))
    assert title in listed
    assert guide.title in listed
    page = text_of(paul.open(f"/journal/entrees/{row.id}"))
    for words_shown in (
        title,
        guide.title,
        "Mot de passe et code du téléphone",
        "Maison commune de Brivette",
        "Français",
    ):
        assert words_shown in page
    for code in (f"« {row.step} »", "password_totp", "step_shown "):
        assert code not in page


def test_no_code_is_shown_for_what_has_a_word(browse: Browse, demo_database: Database) -> None:
    """Every entry of the demonstration: no kind, level, duration, proof or scope stands as its code on its page."""
    paul = browse("paul")
    codes = {"MONTH", "SHORT", "fresh", "session", "paper", "handwritten", "helper", "argent", "transports", "original"}
    for row in records(demo_database):
        shown = re.findall(r"<dd[^>]*>(.*?)</dd>", paul.open(f"/journal/entrees/{row.id}").text, re.S)
        assert codes.isdisjoint(text.strip() for text in shown), row.type


@pytest.mark.parametrize(
    "change",
    ["detail = 'x{'", "detail = '[1]'", """detail = '{"count":"x","procedures":{}}'""", "ts = 'hier'", "type = 'x'"],
)
def test_a_spoiled_entry_is_still_shown(browse: Browse, demo_database: Database, change: str) -> None:
    row = records(demo_database, type="mandate_activated")[0]
    tamper(demo_database, f"UPDATE journal_record SET {change} WHERE seq = {row.seq}")
    paul = browse("paul")
    assert row.seq in numbers(paul.open(f"/journal?mandat={row.mandate}").text)
    assert "ne correspond pas à sa feuille" in text_of(paul.open(f"/journal/entrees/{row.id}"))


def test_a_helper_sees_only_their_own_acts(browse: Browse, demo_database: Database) -> None:
    nadia, tom = person_id(demo_database, "Nadia Ferrand"), browse("tom")
    page = tom.open("/mon-journal")
    own = [row.seq for row in records(demo_database, actor=person_id(demo_database, "Tom Lacaze"))]
    assert numbers(page.text) == own[::-1]
    others = records(demo_database, actor=nadia)
    assert numbers(tom.open(f"/mon-journal?par={nadia}").text) == []
    before = len(records(demo_database, type="journal_searched"))
    assert tom.get(f"/mon-journal/entrees/{others[0].id}").status_code == 404
    assert tom.get("/mon-journal/entrees/inconnue").status_code == 404
    assert len(records(demo_database, type="journal_searched")) == before
    assert "Vérifier maintenant" not in page.text


def test_a_manager_sees_their_organisation(browse: Browse, demo_database: Database) -> None:
    youssef = browse("youssef")
    youssef.open("/mon-journal")
    claire = browse("claire")
    page = claire.open("/journal-structure")
    with Session(demo_database.engine) as session:
        place = session.exec(select(Organisation.id).where(Organisation.name == "Maison commune de Brivette")).one()
    expected = [row.seq for row in records(demo_database, organisation=place)]
    assert numbers(page.text) == expected[::-1][:PAGE]
    for name in NAMES:
        assert name not in page.text
    foreign = records(demo_database, actor=person_id(demo_database, "Youssef Karam"), type="journal_searched")[0]
    assert claire.get(f"/journal-structure/entrees/{foreign.id}").status_code == 404


def test_an_auditor_of_one_organisation(browse: Browse, demo_database: Database) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        place = work.session.exec(
            select(Organisation.id).where(Organisation.name == "Association Le Fil d’Orsenne")
        ).one()
        paul_id = work.session.exec(select(Person.id).where(Person.name == "Paul Mérou")).one()
        work.session.exec(select(Membership).where(Membership.person_id == paul_id)).one().organisation_id = place
    paul = browse("paul")
    page = paul.open("/journal")
    expected = [row.seq for row in records(demo_database, organisation=place)]
    assert numbers(page.text) == expected[::-1][:PAGE]
    brivette = records(demo_database, type="mandate_activated")[0]
    assert paul.get(f"/journal/entrees/{brivette.id}").status_code == 404
    assert numbers(paul.open(f"/journal?structure={brivette.organisation}").text) == []
    assert numbers(paul.open(f"/journal?mandat={brivette.mandate}").text) == []


@pytest.mark.parametrize(
    ("who", "path"),
    [
        ("nadia", "/journal"),
        ("nadia", "/journal-structure"),
        ("claire", "/journal"),
        ("claire", "/mon-journal"),
        ("paul", "/journal-structure"),
        ("paul", "/mon-journal"),
        ("sofia", "/journal"),
    ],
)
def test_other_roles_are_refused_and_the_refusal_is_an_entry(
    browse: Browse, demo_database: Database, who: str, path: str
) -> None:
    browser = browse(who)
    assert browser.get(path).status_code == 403
    (refusal,) = records(demo_database, type="access_refused")
    assert (refusal.outcome, json.loads(refusal.detail or "")["page"]) == ("forbidden", path)


def test_only_auditors_verify(browse: Browse, demo_database: Database) -> None:
    nadia = browse("nadia")
    token = nadia.token("/mon-journal")
    assert nadia.post("/journal/verification", token=token).status_code == 403
    assert records(demo_database, type="journal_verified") == []


def test_every_field_has_a_french_name() -> None:
    made_by_the_journal = {"v", "id", "ts", "detail", "owner", "sealed"}
    assert set(words.FIELDS) == set(FIELDS) - made_by_the_journal
    declared = {name for action in CATALOGUE.values() for name in action.__dataclass_fields__}
    assert set(words.DETAILS) == declared - set(FIELDS)


def test_paging_uses_the_indexes(demo_database: Database) -> None:
    """Each single filter pages by an index that ends in ``seq``: no sort, whatever the size."""
    columns = ("type", "organisation", "actor", "mandate", "scope", "resident")
    found = {str(index["name"]): index["column_names"] for index in sa.inspect(demo_database.engine).get_indexes(TABLE)}
    assert {column: found.get(f"ix_{TABLE}_{column}_seq") for column in columns} == {
        column: [column, "seq"] for column in columns
    }
    with unit_of_work(demo_database, Mode.READ) as work:
        for column in columns:
            query = select(JournalRecord).where(getattr(JournalRecord, column) == "x", JournalRecord.seq < 9)
            found_plan = plan(work.session.connection(), query.order_by(sa.desc("seq")).limit(3))
            assert f"ix_{TABLE}_{column}_seq" in found_plan
            assert "TEMP B-TREE" not in found_plan
            assert "Sort" not in found_plan
