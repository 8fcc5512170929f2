"""A first day at the counter over HTTP: from sign-in to a mandate that is printed, signed, used, stopped."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest
from sqlmodel import col, select

from aidants.dates import end_of_day_end, local_day
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now
from aidants.journal.verify import verify
from aidants.mandates.answers import Answers
from aidants.mandates.models import Authorisation, Mandate
from tests.support.client import Browser, text_of

Open = Callable[..., Browser]
PARIS = ZoneInfo("Europe/Paris")


def records(database: Database, kind: str) -> list[JournalRecord]:
    with unit_of_work(database, Mode.READ) as work:
        return list(
            work.session.exec(select(JournalRecord).where(JournalRecord.type == kind).order_by(col(JournalRecord.seq)))
        )


def mandate_row(database: Database, mandate_id: str) -> Mandate:
    with unit_of_work(database, Mode.READ) as work:
        return work.session.get_one(Mandate, mandate_id)


def new_resident(nadia: Browser, **fields: str) -> str:
    """Search first, find nobody, create the person; return the address of the card."""
    nadia.open("/personnes")
    nadia.submit({"recherche": "Zbigniewska"}, action="/personnes/chercher")
    nadia.open("/personnes/nouvelle")
    person = {
        "birth_name": "Zbigniewska",
        "given_names": "Ewa",
        "birth-day": "4",
        "birth-month": "3",
        "birth-year": "1951",
        "autre": "oui",
    }
    answer = nadia.submit({**person, **fields}, action="/personnes/nouvelle")
    assert answer.status_code == 303, text_of(answer)
    return str(answer.headers["location"])


def draft(nadia: Browser, card: str) -> str:
    """Start a mandate from the card; return its address."""
    nadia.open(card)
    answer = nadia.submit(action=f"{card}/mandats")
    return str(answer.headers["location"])


def answer_everything(nadia: Browser, mandate: str, *procedures: str) -> None:
    for question, fields in (
        ("demarches", {"demarches": list(procedures)}),
        ("autres", {}),
        ("duree", {"duree": "MONTH"}),
        ("protection", {"protection": "non"}),
        ("accord", {"accord": "paper"}),
        ("lecture", {"lu": "oui"}),
    ):
        nadia.open(f"{mandate}/{question}")
        answer = nadia.submit(fields, action=f"{mandate}/{question}")
        assert answer.status_code == 303, (question, text_of(answer))


def ask_and_activate(nadia: Browser, mandate: str) -> None:
    nadia.open(f"{mandate}/relire")
    assert nadia.submit(action=f"{mandate}/relire").status_code == 303
    assert nadia.get(f"{mandate}/mandat.pdf").content.startswith(b"%PDF")
    nadia.open(mandate)
    answer = nadia.submit({"signe": "oui", "code": nadia.code("nadia")}, action=f"{mandate}/activer")
    assert answer.status_code == 303, text_of(answer)


def active_mandate(nadia: Browser, *procedures: str) -> tuple[str, str]:
    card = new_resident(nadia)
    mandate = draft(nadia, card)
    answer_everything(nadia, mandate, *(procedures or ("carte-grise-adresse", "demander-apl")))
    ask_and_activate(nadia, mandate)
    return card, mandate


def test_search_create_question_print_sign_activate(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    card = new_resident(nadia)
    mandate = draft(nadia, card)
    mandate_id = mandate.rsplit("/", 1)[1]
    answer_everything(nadia, mandate, "carte-grise-adresse")
    assert mandate_row(database, mandate_id).state == "draft"

    check = nadia.open(f"{mandate}/relire")
    assert "Carte grise" in text_of(check)
    assert "Ewa Zbigniewska" in text_of(check)
    nadia.submit(action=f"{mandate}/relire")
    assert mandate_row(database, mandate_id).state == "awaiting_consent"
    assert nadia.get(f"{mandate}/mandat.pdf").headers["content-type"] == "application/pdf"

    nadia.open(mandate)
    wrong = nadia.submit({"signe": "oui", "code": "000000"}, action=f"{mandate}/activer")
    assert wrong.status_code == 422
    assert mandate_row(database, mandate_id).state == "awaiting_consent"
    nadia.open(mandate)
    assert nadia.submit({"code": nadia.code("nadia")}, action=f"{mandate}/activer").status_code == 422
    assert mandate_row(database, mandate_id).state == "awaiting_consent"
    nadia.open(mandate)
    nadia.submit({"signe": "oui", "code": nadia.code("nadia")}, action=f"{mandate}/activer")
    row = mandate_row(database, mandate_id)
    assert row.state == "active"
    assert row.ends_at is not None
    kinds = [record.type for record in _of_mandate(database, mandate_id)]
    assert kinds == [
        "mandate_drafted",
        "mandate_viewed",
        "consent_asked",
        "mandate_printed",
        "consent_given",
        "mandate_activated",
        "authorisation_granted",
    ]
    seal_now(database)
    assert verify(database).ok


def _of_mandate(database: Database, mandate_id: str) -> list[JournalRecord]:
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord).where(JournalRecord.mandate == mandate_id).order_by(col(JournalRecord.seq))
        return list(work.session.exec(query))


def test_double_submit_makes_one_mandate(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    card = new_resident(nadia)
    assert draft(nadia, card) == draft(nadia, card)
    mandate = draft(nadia, card)
    answer_everything(nadia, mandate, "demander-apl")
    for _ in range(2):
        assert nadia.post(f"{mandate}/relire").status_code == 303
    assert len(records(database, "consent_asked")) == 4 + 1
    code = nadia.code("nadia")
    for _ in range(2):
        assert nadia.post(f"{mandate}/activer", {"signe": "oui", "code": code}).status_code == 303
    with unit_of_work(database, Mode.READ) as work:
        granted = work.session.exec(
            select(Authorisation).where(Authorisation.mandate_id == mandate.rsplit("/", 1)[1])
        ).all()
    assert [item.procedures for item in granted] == ["demander-apl"]


def test_the_same_person_sent_twice_is_created_once(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    fields = {"birth_name": "Double", "given_names": "Anne"}
    first, second = (nadia.post("/personnes/nouvelle", fields).headers["location"] for _ in range(2))
    assert first == second


def test_a_skipped_question_sends_back_to_it(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    assert nadia.get(f"{mandate}/relire").headers["location"] == f"{mandate}/demarches"
    assert nadia.post(f"{mandate}/lecture", {"lu": "oui"}).headers["location"] == f"{mandate}/demarches"
    assert nadia.get(nadia.post(f"{mandate}/relire").headers["location"]).headers["location"] == f"{mandate}/demarches"
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "draft"


@pytest.mark.parametrize("fields", [{"demarches": ["inconnue"]}, {"demarches": ["mot-de-passe"]}, {}])
def test_an_unknown_or_missing_procedure_is_refused(
    browse: Open, database: Database, fields: dict[str, object]
) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    answer = nadia.post(f"{mandate}/demarches", fields)
    assert answer.status_code == 422
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).answers == Answers().to_json()


def test_a_duration_the_organisation_forbids_is_refused(browse: Open, database: Database) -> None:
    from aidants.accounts.models import Organisation

    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    with unit_of_work(database, Mode.WRITE) as work:
        for organisation in work.session.exec(select(Organisation)):
            organisation.durations = "SHORT"
    nadia.post(f"{mandate}/demarches", {"demarches": ["demander-apl"]})
    nadia.post(f"{mandate}/autres")
    for duration in ("LONG", "ETERNITY", ""):
        assert nadia.post(f"{mandate}/duree", {"duree": duration}).status_code == 422
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).duration is None


@pytest.mark.parametrize("said", ["ne_sait_pas", "", "peut-être"])
def test_a_doubt_about_protection_asks_again(browse: Open, database: Database, said: str) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    nadia.post(f"{mandate}/demarches", {"demarches": ["demander-apl"]})
    nadia.post(f"{mandate}/autres")
    nadia.post(f"{mandate}/duree", {"duree": "MONTH"})
    assert nadia.post(f"{mandate}/protection", {"protection": said}).status_code == 422
    row = mandate_row(database, mandate.rsplit("/", 1)[1])
    assert (row.state, Answers.from_json(row.answers).regime) == ("draft", "")


def test_a_minor_is_not_unprotected(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia, **{"birth-year": "2015"}))
    for question, fields in (
        ("demarches", {"demarches": ["demander-apl"]}),
        ("autres", {}),
        ("duree", {"duree": "MONTH"}),
    ):
        nadia.post(f"{mandate}/{question}", fields)
    assert nadia.post(f"{mandate}/protection", {"protection": "non"}).status_code == 422
    assert Answers.from_json(mandate_row(database, mandate.rsplit("/", 1)[1]).answers).regime == ""


def test_refusing_to_sign_authorises_nothing(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/relire")
    nadia.post(f"{mandate}/refus")
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "abandoned"
    assert len(records(database, "consent_refused")) == 1
    assert nadia.post(f"{mandate}/activer", {"signe": "oui", "code": nadia.code("nadia")}).status_code == 303
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "abandoned"


def test_revoking_one_theme_then_the_last_ends_the_mandate(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    _, mandate = active_mandate(nadia)
    mandate_id = mandate.rsplit("/", 1)[1]
    nadia.post(f"{mandate}/arreter", {"par": "resident", "theme": "logement"})
    assert mandate_row(database, mandate_id).state == "active"
    assert nadia.post(f"{mandate}/arreter", {"par": "resident", "theme": "argent"}).status_code == 404
    assert nadia.post(f"{mandate}/arreter", {"par": "nobody"}).status_code == 422
    nadia.post(f"{mandate}/arreter", {"par": "helper", "theme": "transports"})
    row = mandate_row(database, mandate_id)
    assert (row.state, row.end_reason) == ("revoked", "helper")


def test_a_newer_mandate_supersedes_the_same_theme_only(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    card, old = active_mandate(nadia)
    new = draft(nadia, card)
    answer_everything(nadia, new, "demander-apl")
    ask_and_activate(nadia, new)
    with unit_of_work(database, Mode.READ) as work:
        old_items = work.session.exec(
            select(Authorisation).where(Authorisation.mandate_id == old.rsplit("/", 1)[1])
        ).all()
    assert {item.scope: item.withdrawn_by for item in old_items} == {"logement": "superseded", "transports": None}
    assert mandate_row(database, old.rsplit("/", 1)[1]).state == "active"


def test_another_organisation_sees_nothing(browse: Open, database: Database) -> None:
    nadia, youssef = browse("nadia"), browse("youssef")
    card, mandate = active_mandate(nadia)
    unknown = "a" * 26
    for path in (card, f"{card}/modifier", mandate, f"{mandate}/arreter", f"{mandate}/mandat.pdf"):
        answer = youssef.get(path)
        made_up = youssef.get(path.replace(card.rsplit("/", 1)[1], unknown).replace(mandate.rsplit("/", 1)[1], unknown))
        assert answer.status_code == made_up.status_code == 404, path
    assert youssef.post(f"{mandate}/arreter", {"par": "resident"}).status_code == 404
    assert youssef.post(f"{card}/mandats").status_code == 404
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "active"


def test_reprinting_gives_the_same_text(browse: Open, database: Database) -> None:
    from aidants.mandates.models import MandateFrozenText

    nadia = browse("nadia")
    _, mandate = active_mandate(nadia)
    first = nadia.get(f"{mandate}/mandat.pdf").content
    assert nadia.get(f"{mandate}/mandat.pdf").content == first
    with unit_of_work(database, Mode.READ) as work:
        texts = work.session.exec(
            select(MandateFrozenText).where(MandateFrozenText.mandate_id == mandate.rsplit("/", 1)[1])
        ).all()
    assert len(texts) == 1
    assert texts[0].journal_size is not None


def test_looking_up_words_keeps_what_is_chosen_and_answers_htmx_with_the_results_alone(browse: Open) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    fields = {"action": "chercher", "mots": "cartte grise", "demarches": ["demander-apl"]}
    page = nadia.post(f"{mandate}/demarches", fields)
    assert page.status_code == 200
    assert 'value="demander-apl" checked' in page.text
    assert page.text.index('value="carte-grise-adresse"') < page.text.index('value="demander-apl"')
    part = nadia.post(f"{mandate}/demarches", fields, headers={"HX-Request": "true"})
    assert part.text.strip().startswith('<div id="resultats"')
    assert "Carte grise" in text_of(part)
    assert "HX-Request" in part.headers["vary"]


def test_changing_something_before_the_signature_is_another_mandate(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    old = draft(nadia, new_resident(nadia))
    answer_everything(nadia, old, "demander-apl")
    nadia.post(f"{old}/relire")
    assert nadia.post(f"{old}/duree", {"duree": "SHORT"}).status_code == 303
    assert mandate_row(database, old.rsplit("/", 1)[1]).duration == "MONTH"
    new = nadia.post(f"{old}/changer").headers["location"].removesuffix("/relire")
    assert mandate_row(database, old.rsplit("/", 1)[1]).end_reason == "changed"
    fresh = mandate_row(database, new.rsplit("/", 1)[1])
    assert (fresh.state, fresh.duration) == ("draft", "MONTH")
    assert nadia.post(f"{old}/changer").status_code == 409
    assert nadia.post(f"{old}/activer", {"signe": "oui", "code": nadia.code("nadia")}).status_code == 303
    assert mandate_row(database, old.rsplit("/", 1)[1]).state == "abandoned"


def test_a_text_of_another_day_is_not_activated_until_it_is_frozen_again(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/relire")
    before = mandate_row(database, mandate.rsplit("/", 1)[1])
    assert before.asked_at is not None
    with unit_of_work(database, Mode.WRITE) as work:
        row = work.session.get_one(Mandate, before.id)
        row.asked_at = end_of_day_end(local_day(work.now, PARIS) - timedelta(days=1), PARIS)
    assert nadia.post(f"{mandate}/activer", {"signe": "oui", "code": nadia.code("nadia")}).status_code == 409
    assert records(database, "access_refused")[-1].outcome == "text_too_old"
    assert nadia.get(f"{mandate}/mandat.pdf").status_code == 409
    assert nadia.post(f"{mandate}/imprimer-de-nouveau").status_code == 303
    nadia.post(f"{mandate}/activer", {"signe": "oui", "code": nadia.code("nadia")})
    after = mandate_row(database, before.id)
    assert (after.state, after.ends_at) == ("active", before.ends_at)
    assert after.text_id != before.text_id


def test_a_code_spent_on_a_refused_activation_serves_no_more(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    card = new_resident(nadia)
    mandate = draft(nadia, card)
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/relire")
    nadia.post(f"{card}/modifier", {"birth_name": "Zbigniewska", "given_names": "Eva", "version": "1"})
    code = nadia.code("nadia")
    assert nadia.post(f"{mandate}/activer", {"signe": "oui", "code": code}).status_code == 409
    assert records(database, "access_refused")[-1].outcome == "text_too_old"
    assert nadia.post(f"{mandate}/activer", {"signe": "oui", "code": code}).status_code == 422
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "awaiting_consent"


def test_two_presses_at_once_are_one_activation(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/relire")
    fields = {"signe": "oui", "code": nadia.code("nadia")}
    token = nadia.token()
    with ThreadPoolExecutor(4) as presses:
        answers = list(presses.map(lambda _: nadia.post(f"{mandate}/activer", fields, token=token), range(4)))
    assert [answer.status_code for answer in answers] == [303] * 4
    kinds = [record.type for record in _of_mandate(database, mandate.rsplit("/", 1)[1])]
    assert kinds.count("mandate_activated") == 1
    assert [record for record in records(database, "sign_in_failed") if record.outcome == "confirm"] == []


def test_what_was_forbidden_meanwhile_is_not_activated(browse: Open, database: Database) -> None:
    from aidants.accounts.models import Organisation

    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/relire")
    with unit_of_work(database, Mode.WRITE) as work:
        for organisation in work.session.exec(select(Organisation)):
            organisation.durations = "SHORT"
    assert nadia.post(f"{mandate}/activer", {"signe": "oui", "code": nadia.code("nadia")}).status_code == 409
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "awaiting_consent"


def test_a_draft_lapses_after_a_day_and_a_refusal_is_the_persons_own(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    nadia.post(f"{mandate}/refus")
    assert records(database, "consent_refused") == []
    other = draft(nadia, new_resident(nadia, birth_name="Autre"))
    with unit_of_work(database, Mode.WRITE) as work:
        work.session.get_one(Mandate, other.rsplit("/", 1)[1]).created_at -= timedelta(hours=25)
    assert nadia.post(f"{other}/demarches", {"demarches": ["demander-apl"]}).status_code == 303
    assert mandate_row(database, other.rsplit("/", 1)[1]).answers == Answers().to_json()


def test_a_changed_list_is_read_aloud_again(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = draft(nadia, new_resident(nadia))
    answer_everything(nadia, mandate, "demander-apl")
    nadia.post(f"{mandate}/demarches?retour=relire", {"demarches": ["acte-etat-civil"]})
    assert nadia.get(f"{mandate}/relire").headers["location"] == f"{mandate}/lecture"


def test_a_root_printed_on_a_mandate_betrays_a_rewritten_journal(browse: Open, database: Database) -> None:
    from aidants.mandates.queries import printed_roots

    active_mandate(browse("nadia"))
    seal_now(database)
    printed = printed_roots(database)
    assert len(printed) >= 2
    assert verify(database, printed=printed).ok
    size, root = printed[-1]
    assert not verify(database, printed=[(size, "0" * 64)]).ok
    assert "imprimé" in verify(database, printed=[(10_000, root)]).sentence()


def test_titles_name_nobody(browse: Open) -> None:
    nadia = browse("nadia")
    card, mandate = active_mandate(nadia)
    other = draft(nadia, card)
    answer_everything(nadia, other, "acte-etat-civil")
    for path in (
        card,
        mandate,
        f"{card}/modifier",
        f"{other}/relire",
        f"{other}/demarches",
        "/aujourdhui",
        "/personnes",
    ):
        page = nadia.open(path)
        title = page.text.split("<title>")[1].split("</title>")[0]
        assert "Zbigniewska" in page.text or path in {"/aujourdhui", f"{card}/modifier"}
        assert "Ewa" not in title
        assert "Zbigniewska" not in title
