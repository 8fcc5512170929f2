"""After a mandate: renewing it, an operator that refuses it, time that ends it."""

from __future__ import annotations

import threading
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from sqlmodel import col, select

from aidants import clock
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.models import JournalRecord
from aidants.mandates.answers import Answers
from aidants.mandates.models import Mandate, MandateFrozenText
from aidants.mandates.renewal import RENEWABLE, end_what_is_over
from tests.security.tools import Clock, digest, entries_after, kinds_after, last_entry
from tests.support.client import Browser, text_of
from tests.unit.mandates.test_attestation import pages
from tests.web.test_mandate_journey import active_mandate, ask_and_activate, draft, mandate_row, new_resident

Open = Callable[..., Browser]
QUESTIONS: tuple[tuple[str, dict[str, Any]], ...] = (
    ("demarches", {"demarches": ["demander-apl"]}),
    ("autres", {}),
    ("duree", {"duree": "MONTH"}),
    ("protection", {"protection": "non"}),
    ("accord", {"accord": "paper"}),
    ("lecture", {"lu": "oui"}),
)


def ref(path: str) -> str:
    return path.split("/")[2]


def renew(nadia: Browser, mandate: str) -> str:
    answer = nadia.post(f"{mandate}/renouveler")
    assert answer.status_code == 303, text_of(answer)
    return f"/mandats/{ref(answer.headers['location'])}"


def test_renewing_is_a_whole_new_consent(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    _, old = active_mandate(nadia, "carte-grise-adresse", "demander-apl")
    before = last_entry(demo_database)
    new = renew(nadia, old)
    row = mandate_row(demo_database, ref(new))
    said = Answers.from_json(row.answers)
    assert (row.state, row.renews_id) == ("draft", ref(old))
    assert said == Answers(procedures=("carte-grise-adresse", "demander-apl"), duration="MONTH")
    (renewed,) = [entry for entry in entries_after(demo_database, before) if entry.type == "mandate_renewed"]
    assert (renewed.mandate, renewed.detail) == (ref(new), f'{{"renews":"{ref(old)}"}}')
    assert mandate_row(demo_database, ref(old)).state == "active", "the old one goes on until the new one is signed"
    assert nadia.get(f"{new}/relire").headers["location"] == f"{new}/autres"
    for question, fields in (
        ("autres", {}),
        ("protection", {"protection": "non"}),
        ("accord", {"accord": "paper"}),
        ("lecture", {"lu": "oui"}),
    ):
        nadia.post(f"{new}/{question}", fields)
    ask_and_activate(nadia, new)
    assert mandate_row(demo_database, ref(new)).state == "active"
    old_row = mandate_row(demo_database, ref(old))
    assert (old_row.state, old_row.end_reason) == ("revoked", "superseded")


def test_the_same_press_twice_is_one_draft(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    _, old = active_mandate(nadia)
    assert renew(nadia, old) == renew(nadia, old)


@pytest.mark.parametrize(("late", "status"), [(timedelta(0), 303), (timedelta(seconds=2), 409)])
def test_up_to_a_year_after_its_end(
    browse: Open, demo_database: Database, monkeypatch: pytest.MonkeyPatch, late: timedelta, status: int
) -> None:
    nadia = browse("nadia")
    _, old = active_mandate(nadia)
    ends_at = mandate_row(demo_database, ref(old)).ends_at
    assert ends_at is not None
    time_is = Clock(monkeypatch)
    time_is.at = ends_at + RENEWABLE - timedelta(seconds=1)
    nadia = browse("nadia")
    time_is.at += late
    assert nadia.post(f"{old}/renouveler").status_code == status
    assert ("Renouveler" in text_of(nadia.open(old))) is (status == 303)


def test_never_once_it_was_stopped(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    _, old = active_mandate(nadia)
    nadia.post(f"{old}/arreter", {"par": "resident"})
    before = digest(demo_database)
    assert nadia.post(f"{old}/renouveler").status_code == 409
    assert digest(demo_database) == before
    assert "Renouveler" not in text_of(nadia.open(old))


@pytest.mark.parametrize("path", ["renouveler", "organisme"])
def test_another_organisation_s_mandate_is_not_there(browse: Open, demo_database: Database, path: str) -> None:
    _, old = active_mandate(browse("nadia"))
    youssef = browse("youssef")
    before = digest(demo_database)
    assert youssef.post(f"{old}/{path}", {"organisme": "CAF", "raison": "other"}).status_code == 404
    assert digest(demo_database) == before


# An operator refuses


def test_a_refusal_is_noted_and_shown(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    _, mandate = active_mandate(nadia, "demander-apl", "declarer-revenus")
    nadia.open(f"{mandate}/organisme")
    before, rows = last_entry(demo_database), digest(demo_database)
    told = {"organisme": "Finances publiques", "raison": "own_form"}
    assert nadia.submit(told, action=f"{mandate}/organisme").status_code == 303
    noted = entries_after(demo_database, before)[-1]
    assert (noted.type, noted.mandate, noted.outcome) == ("mandate_refused_by_operator", ref(mandate), "own_form")
    assert noted.detail == '{"operator":"Finances publiques"}'
    assert digest(demo_database) == rows, "the mandate goes on as it was"
    assert "Finances publiques : Il demande son propre formulaire" in text_of(
        nadia.open(f"{mandate}/organisme")
    ).replace("\u00a0", " ")


@pytest.mark.parametrize(
    "fields",
    [{}, {"organisme": "CAF"}, {"raison": "other"}, {"organisme": "Mairie de Nulle-Part", "raison": "other"},
     {"organisme": "CAF", "raison": "parce que"}, {"organisme": "x" * 81, "raison": "other"}],
)  # fmt: skip
def test_a_refusal_that_is_none(browse: Open, demo_database: Database, fields: dict[str, str]) -> None:
    nadia = browse("nadia")
    _, mandate = active_mandate(nadia, "demander-apl")
    before = last_entry(demo_database)
    assert nadia.post(f"{mandate}/organisme", fields).status_code == 422
    assert "mandate_refused_by_operator" not in kinds_after(demo_database, before)


def test_a_draft_was_refused_by_nobody(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    nadia.post(f"{mandate}/demarches", {"demarches": ["demander-apl"]})
    assert nadia.get(f"{mandate}/organisme").headers["location"] == mandate
    assert nadia.post(f"{mandate}/organisme", {"organisme": "CAF", "raison": "other"}).status_code in {409, 422}


# Time


def ended(database: Database, seq: int) -> list[tuple[str, str | None, str | None]]:
    return [(entry.type, entry.mandate, entry.outcome) for entry in entries_after(database, seq)]


def test_what_is_over_is_marked_and_journaled_once(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work(demo_database, Mode.READ) as work:
        rows = work.session.exec(select(Mandate)).all()
        running = {row.id for row in rows if row.state == "active"}
        waiting = {row.id for row in rows if row.state in {"draft", "awaiting_consent"}}
    assert (len(running), len(waiting)) == (2, 2)
    assert end_what_is_over(demo_database) == 0
    time_is, before = Clock(monkeypatch), last_entry(demo_database)
    time_is.at = clock.now() + timedelta(days=40)
    assert end_what_is_over(demo_database) == 4
    assert end_what_is_over(demo_database) == 0
    assert set(ended(demo_database, before)) == {("mandate_expired", one, None) for one in running} | {
        ("mandate_abandoned", one, "lapsed") for one in waiting
    }
    with unit_of_work(demo_database, Mode.READ) as work:
        for row in work.session.exec(select(Mandate).where(col(Mandate.id).in_(running))):
            assert (row.state, row.ended_at, row.end_reason) == ("expired", row.ends_at, "expired")
        entries = select(JournalRecord).where(JournalRecord.type == "mandate_expired")
        assert {entry.actor for entry in work.session.exec(entries)} == {"system"}


def test_not_one_second_early(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    with unit_of_work(demo_database, Mode.READ) as work:
        ends = sorted(
            row.ends_at for row in work.session.exec(select(Mandate).where(Mandate.state == "active")) if row.ends_at
        )
    time_is = Clock(monkeypatch)
    time_is.at = ends[0]
    assert end_what_is_over(demo_database) == 0
    time_is.at = ends[0] + timedelta(seconds=1)
    assert end_what_is_over(demo_database) >= 1


def test_two_servers_at_once_journal_each_once(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    time_is, before = Clock(monkeypatch), last_entry(demo_database)
    time_is.at = clock.now() + timedelta(days=40)
    barrier, counts = threading.Barrier(2), []

    def run() -> None:
        barrier.wait()
        counts.append(end_what_is_over(demo_database))

    threads = [threading.Thread(target=run) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(counts) == 4
    assert len(ended(demo_database, before)) == 4


# Death, certificate


def test_a_reported_death_freezes_everything_of_that_person_only(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card, first = active_mandate(nadia, "demander-apl")
    second = renew(nadia, first)
    other = draft(nadia, new_resident(nadia, birth_name="Autrement"))
    before = last_entry(demo_database)
    assert nadia.post(f"{first}/arreter", {"par": "death"}).status_code == 303
    row = mandate_row(demo_database, ref(first))
    assert (row.state, row.end_reason) == ("revoked", "death")
    assert mandate_row(demo_database, ref(second)).state == "abandoned"
    assert mandate_row(demo_database, ref(other)).state == "draft"
    kinds = kinds_after(demo_database, before)
    assert (kinds.count("mandate_frozen"), kinds.count("mandate_abandoned")) == (1, 1)
    assert nadia.post(f"{card}/mandats").status_code == 409
    assert nadia.post(f"{first}/renouveler").status_code == 409
    before = last_entry(demo_database)
    nadia.post(f"{first}/arreter", {"par": "death"})
    assert "mandate_frozen" not in kinds_after(demo_database, before)
    assert "Un décès a été signalé" in text_of(nadia.open(first))


def test_the_certificate_says_what_stopped(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    _, mandate = active_mandate(nadia, "demander-apl", "carte-grise-adresse")
    assert nadia.get(f"{mandate}/arret").status_code == 404
    scope = next(iter(Answers.from_json(mandate_row(demo_database, ref(mandate)).answers).by_scope()))
    nadia.post(f"{mandate}/arreter", {"par": "resident", "theme": scope})
    before = last_entry(demo_database)
    words = text_of(nadia.open(f"{mandate}/arret"))
    assert "Une partie de ce mandat est arrêtée" in words
    assert "Ewa Zbigniewska" in words
    printed = [entry for entry in entries_after(demo_database, before) if entry.type == "mandate_printed"]
    assert [entry.detail for entry in printed] == ['{"copy":"certificate"}']
    nadia.post(f"{mandate}/arreter", {"par": "resident"})
    words = text_of(nadia.open(f"{mandate}/arret"))
    assert "Tout le mandat" in words
    assert "à la demande de la personne" in words
    assert browse("youssef").get(f"{mandate}/arret").status_code == 404


def test_the_certificate_on_paper(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    _, mandate = active_mandate(nadia, "demander-apl", "carte-grise-adresse")
    before = last_entry(demo_database)
    assert nadia.get(f"{mandate}/arret.pdf").status_code == 404
    assert kinds_after(demo_database, before) == ["access_refused"], "nothing was printed"
    nadia.post(f"{mandate}/arreter", {"par": "resident", "theme": "logement"})
    before = last_entry(demo_database)
    paper = nadia.get(f"{mandate}/arret.pdf")
    assert paper.headers["content-type"] == "application/pdf"
    assert paper.headers["cache-control"] == "no-store"
    assert "Zbigniewska" not in paper.headers["content-disposition"]
    (page,) = pages(paper.content)
    for words in ("Attestation d’arrêt d’une partie d’un mandat", "Ewa Zbigniewska", "Logement", "Démonstration"):
        assert words in page
    assert "Transports" not in page
    (printed,) = entries_after(demo_database, before)
    assert (printed.type, printed.mandate, printed.detail) == (
        "mandate_printed",
        ref(mandate),
        '{"copy":"certificate"}',
    )
    nadia.post(f"{mandate}/arreter", {"par": "resident"})
    (page,) = pages(nadia.get(f"{mandate}/arret.pdf").content)
    assert "Tout le mandat" in page
    assert "à la demande de la personne" in page
    assert f'href="{mandate}/arret.pdf"' in nadia.open(f"{mandate}/arret").text
    assert browse("youssef").get(f"{mandate}/arret.pdf").status_code == 404


@pytest.mark.parametrize(("language", "count"), [("ar", 3), ("fr", 2)])
def test_a_reader_of_another_language_gets_a_translation_of_what_was_frozen(
    browse: Open, demo_database: Database, language: str, count: int
) -> None:
    nadia = browse("nadia")
    person = {"birth_name": "Haddad", "given_names": "Samia", "language": language}
    card = nadia.post("/personnes/nouvelle", person).headers["location"]
    mandate = draft(nadia, card)
    for question, fields in QUESTIONS:
        nadia.post(f"{mandate}/{question}", fields)
    ask_and_activate(nadia, mandate)
    first = nadia.get(f"{mandate}/mandat.pdf").content
    assert len(pages(first)) == count
    assert "Samia Haddad" in pages(first)[0]
    assert nadia.get(f"{mandate}/mandat.pdf").content == first
    with unit_of_work(demo_database, Mode.READ) as work:
        text = work.session.exec(select(MandateFrozenText).where(MandateFrozenText.mandate_id == ref(mandate))).one()
    assert text.sha256 in pages(first)[1]
    assert text.language == "fr", "the French alone has legal value"
    nadia.open(f"{card}/modifier")
    assert nadia.submit({"language": "es"}, action=f"{card}/modifier").status_code == 303
    assert nadia.get(f"{mandate}/mandat.pdf").content == first, "what was given to read then"


def test_a_superseded_mandate_was_stopped_by_nobody(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card, old = active_mandate(nadia, "demander-apl")
    new = draft(nadia, card)
    for question, fields in QUESTIONS:
        nadia.post(f"{new}/{question}", fields)
    ask_and_activate(nadia, new)
    assert mandate_row(demo_database, ref(old)).end_reason == "superseded"
    assert nadia.get(f"{old}/arret").status_code == 404
