"""Protected persons, minors, witnesses, self and relatives: who signs, what is refused, what is sealed."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlmodel import select

from aidants.accounts.models import Organisation
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.models import JournalRecord
from aidants.mandates.answers import Answers
from aidants.mandates.lifecycle import PROTECTION, Regime, Signs
from aidants.mandates.models import Mandate
from aidants.mandates.parties import signers_of
from aidants.mandates.queries import frozen_text, get_with_resident
from aidants.mandates.signers import Representative, Signers, Witness
from aidants.mandates.wording import MandateText
from tests.security.tools import actor_of
from tests.support.client import Browser, text_of
from tests.web.test_mandate_journey import ask_and_activate, draft, mandate_row, new_resident, records

Open = Callable[..., Browser]
CURATOR = "Odile Sancerre"
MINOR = {"birth-year": "2015"}


def upto_protection(
    nadia: Browser, procedures: tuple[str, ...] = ("demander-apl",), born: dict[str, str] | None = None
) -> str:
    mandate = draft(nadia, new_resident(nadia, **(born or {})))
    nadia.post(f"{mandate}/demarches", {"demarches": list(procedures)})
    nadia.post(f"{mandate}/autres")
    nadia.post(f"{mandate}/duree", {"duree": "MONTH"})
    nadia.post(f"{mandate}/protection", {"protection": "oui"})
    return mandate


def protect(nadia: Browser, regime: Regime, **fields: str) -> str:
    """Answer everything for a protected person; return the mandate's address, ready to check."""
    young = MINOR if regime in {Regime.MINOR, Regime.EMANCIPATED} else {}
    mandate = upto_protection(nadia, born=young)
    assert nadia.post(f"{mandate}/regime", {"regime": regime.value}).headers["location"] == f"{mandate}/representant"
    told = {"nom": CURATOR, "piece": PROTECTION[regime].documents[0], "present": "oui", **fields}
    answer = nadia.post(f"{mandate}/representant", told)
    assert answer.headers["location"] == f"{mandate}/accord", text_of(answer)
    nadia.post(f"{mandate}/accord", {"accord": "paper"})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    return mandate


def text_given(database: Database, mandate: str) -> MandateText:
    with unit_of_work(database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        view, resident = get_with_resident(work, mandate.rsplit("/", 1)[1])
        return frozen_text(work, view, resident)[0]


def held(database: Database, mandate: str) -> Signers:
    with unit_of_work(database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        return signers_of(work, *get_with_resident(work, mandate.rsplit("/", 1)[1]))


def allow_safeguard(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        for organisation in work.session.exec(select(Organisation)):
            organisation.safeguard_allowed = True


@pytest.mark.parametrize("regime", [regime for regime in Regime if PROTECTION[regime].documents])
def test_each_regime_to_an_active_mandate(browse: Open, database: Database, regime: Regime) -> None:
    allow_safeguard(database)
    nadia = browse("nadia")
    mandate = protect(nadia, regime)
    rule = PROTECTION[regime]
    named = rule.signs is not Signs.RESIDENT
    assert held(database, mandate).representative == Representative(CURATOR if named else "", rule.documents[0])
    assert (CURATOR in text_of(nadia.open(f"{mandate}/relire"))) is named
    ask_and_activate(nadia, mandate)
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "active"
    text = text_given(database, mandate)
    signers = [party.signer for party in (text.resident, *text.cosigners)]
    assert signers == {
        Signs.RESIDENT: ["Ewa Zbigniewska"],
        Signs.BOTH: ["Ewa Zbigniewska", CURATOR],
        Signs.REPRESENTATIVE: [CURATOR],
    }.get(rule.signs)
    (activated,) = [row for row in records(database, "mandate_activated") if row.mandate == mandate.rsplit("/", 1)[1]]
    assert f'"regime":"{regime}"' in (activated.detail or "")
    with database.engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT * FROM mandate").all()
    assert CURATOR not in str(rows)


@pytest.mark.parametrize(("regime", "outcome"), [(Regime.SAFEGUARD, "protected_person"), (Regime.UNABLE, "unable")])
def test_where_nobody_can_sign_the_draft_stops(browse: Open, database: Database, regime: Regime, outcome: str) -> None:
    nadia = browse("nadia")
    mandate = upto_protection(nadia)
    answer = nadia.post(f"{mandate}/regime", {"regime": regime.value})
    assert answer.headers["location"] == mandate
    row = mandate_row(database, mandate.rsplit("/", 1)[1])
    assert (row.state, row.end_reason) == ("abandoned", outcome)
    assert [record.outcome for record in records(database, "mandate_abandoned")] == [outcome]
    assert "mandat" in text_of(nadia.open(mandate))


def test_enhanced_curatorship_touches_no_money(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = upto_protection(nadia, ("declarer-revenus",))
    assert nadia.post(f"{mandate}/regime", {"regime": "curatelle_renforcee"}).status_code == 422
    assert Answers.from_json(mandate_row(database, mandate.rsplit("/", 1)[1]).answers).regime == ""
    mandate = protect(nadia, Regime.ENHANCED_CURATORSHIP)
    nadia.post(f"{mandate}/demarches", {"demarches": ["declarer-revenus"]})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    assert nadia.post(f"{mandate}/relire").status_code == 409
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "draft"


@pytest.mark.parametrize(
    ("regime", "born", "status"),
    [
        ("mineur", {}, 422),
        ("mineur", MINOR, 303),
        ("emancipe", {}, 422),
        ("curatelle", MINOR, 422),
        ("tutelle", MINOR, 303),
        ("mineur", {"birth-day": "", "birth-month": "", "birth-year": ""}, 303),
        ("", {}, 422),
        ("inconnu", {}, 422),
    ],
)
def test_the_age_and_the_answer_must_fit(
    browse: Open, database: Database, regime: str, born: dict[str, str], status: int
) -> None:
    nadia = browse("nadia")
    mandate = upto_protection(nadia, born=born)
    assert nadia.post(f"{mandate}/regime", {"regime": regime}).status_code == status


@pytest.mark.parametrize(
    "change",
    [{"nom": ""}, {"nom": "   "}, {"nom": "x" * 121}, {"piece": ""}, {"piece": "family_book"}, {"present": ""},
     {"nom": "Nadia Ferrand"}, {"nom": "tom LACAZE"}, {"nom": "1 85 05 78 006 084 91"}],
    ids=["none", "blank", "long", "no paper", "another paper", "absent", "the helper", "a colleague", "nir"],
)  # fmt: skip
def test_a_representative_that_is_none(browse: Open, database: Database, change: dict[str, str]) -> None:
    nadia = browse("nadia")
    mandate = upto_protection(nadia)
    nadia.post(f"{mandate}/regime", {"regime": "curatelle"})
    told = {"nom": CURATOR, "piece": "judgment", "present": "oui", **change}
    assert nadia.post(f"{mandate}/representant", told).status_code == 422
    assert held(database, mandate) == Signers()
    assert nadia.get(f"{mandate}/accord").headers["location"] == f"{mandate}/protection"


def test_another_regime_asks_anew_who_signs(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = protect(nadia, Regime.CURATORSHIP)
    nadia.post(f"{mandate}/protection", {"protection": "non"})
    assert held(database, mandate) == Signers()
    said = Answers.from_json(mandate_row(database, mandate.rsplit("/", 1)[1]).answers)
    assert (said.regime, said.seen, said.read_aloud) == ("aucune", False, False)


def test_a_changed_text_asks_again_who_signs(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = protect(nadia, Regime.CURATORSHIP)
    nadia.post(f"{mandate}/relire")
    again = nadia.post(f"{mandate}/changer").headers["location"].removesuffix("/relire")
    assert again != mandate
    assert nadia.get(f"{again}/relire").headers["location"] == f"{again}/protection"


# Before witnesses


def before_witnesses(nadia: Browser, procedures: tuple[str, ...] = ("demander-apl",)) -> str:
    mandate = upto_protection(nadia, procedures)
    nadia.post(f"{mandate}/protection", {"protection": "non"})
    assert nadia.post(f"{mandate}/accord", {"accord": "witness"}).headers["location"] == f"{mandate}/temoins"
    return mandate


TWO = {
    "temoin1": "Tom Lacaze",
    "qualite1": "agent d’accueil",
    "temoin2": "Rosa Lima",
    "qualite2": "voisine",
    "majeurs": "oui",
}


def test_two_witnesses_to_an_active_mandate_of_one_day(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = before_witnesses(nadia)
    assert nadia.post(f"{mandate}/temoins", TWO).headers["location"] == f"{mandate}/lecture"
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    assert "Rosa Lima (voisine)" in text_of(nadia.open(f"{mandate}/relire"))
    ask_and_activate(nadia, mandate)
    row = mandate_row(database, mandate.rsplit("/", 1)[1])
    assert (row.state, row.consent, row.duration) == ("active", "witness", "SHORT")
    assert held(database, mandate).witnesses == (
        Witness("Tom Lacaze", "agent d’accueil"),
        Witness("Rosa Lima", "voisine"),
    )
    assert [party.signer for party in text_given(database, mandate).cosigners] == ["Tom Lacaze", "Rosa Lima"]
    given = records(database, "consent_given")[-1]
    assert '"assurance":"witnessed"' in (given.detail or "")
    assert "devant deux témoins" in text_of(nadia.open(mandate))


@pytest.mark.parametrize(
    "change",
    [{"temoin2": "Tom Lacaze"}, {"temoin2": "Claire Aumont"}, {"temoin1": "Nadia Ferrand"}, {"temoin1": "Ewa Zbigniewska"},
     {"temoin1": ""}, {"qualite2": ""}, {"majeurs": ""}, {"temoin2": "x" * 121}, {"qualite1": "x" * 81}],
    ids=["same", "both from here", "the helper", "the person", "none", "no quality", "not adults", "long", "long quality"],
)  # fmt: skip
def test_witnesses_that_are_none(browse: Open, database: Database, change: dict[str, str]) -> None:
    nadia = browse("nadia")
    mandate = before_witnesses(nadia)
    answer = nadia.post(f"{mandate}/temoins", {**TWO, **change})
    assert answer.status_code == 422
    assert held(database, mandate) == Signers()
    assert nadia.get(f"{mandate}/lecture").headers["location"] == f"{mandate}/accord"


def test_no_longer_mandate_before_witnesses(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = before_witnesses(nadia)
    nadia.post(f"{mandate}/temoins", TWO)
    nadia.post(f"{mandate}/duree", {"duree": "LONG"})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    assert nadia.post(f"{mandate}/relire").status_code == 409
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).state == "draft"


def test_at_most_six_procedures_before_witnesses(browse: Open, database: Database) -> None:
    many = (
        "declarer-revenus",
        "payer-impot",
        "timbre-fiscal",
        "demander-apl",
        "caf-changement",
        "caf-adresse",
        "caf-rib",
    )
    nadia = browse("nadia")
    mandate = upto_protection(nadia, many)
    nadia.post(f"{mandate}/protection", {"protection": "non"})
    said = Answers.from_json(mandate_row(database, mandate.rsplit("/", 1)[1]).answers)
    assert len(said.procedures) == 7, said.procedures
    assert nadia.post(f"{mandate}/accord", {"accord": "witness"}).status_code == 422
    assert mandate_row(database, mandate.rsplit("/", 1)[1]).consent == "paper"


def test_who_is_represented_needs_no_witness(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = protect(nadia, Regime.GUARDIANSHIP)
    assert nadia.post(f"{mandate}/accord", {"accord": "witness"}).status_code == 422
    assert held(database, mandate).representative is not None


# Self, colleagues, relatives


@pytest.mark.parametrize(
    "fields",
    [{"birth_name": "Ferrand", "given_names": "Nadia"}, {"email": "Nadia.Ferrand@brivette.example"},
     {"birth_name": "Autre", "usual_name": "FERRAND", "given_names": "nadia"}],
    ids=["name", "address", "usual name"],
)  # fmt: skip
def test_nobody_is_their_own_agent(browse: Open, database: Database, fields: dict[str, str]) -> None:
    nadia = browse("nadia")
    card = new_resident(nadia, **fields)
    assert nadia.post(f"{card}/mandats").status_code == 409
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.exec(select(Mandate).where(Mandate.resident_id == card.rsplit("/", 1)[1])).all() == []
    assert records(database, "access_refused")[-1].outcome == "self_mandate"
    assert browse("tom").post(f"{card}/mandats").status_code == 303


def test_a_declared_relation_is_journaled_and_flagged(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = upto_protection(nadia)
    nadia.post(f"{mandate}/protection", {"protection": "non"})
    nadia.post(f"{mandate}/accord", {"accord": "paper", "proche": "relative"})
    nadia.post(f"{mandate}/lecture", {"lu": "oui"})
    ask_and_activate(nadia, mandate)
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord).where(JournalRecord.mandate == mandate.rsplit("/", 1)[1])
        (activated,) = work.session.exec(query.where(JournalRecord.type == "mandate_activated")).all()
    assert '"relation":"relative"' in (activated.detail or "")
    assert (
        "Mandat d’un proche ou d’un collègue"
        in text_of(browse("paul").open("/journal/signalements")).split("Les règles")[0]
    )
