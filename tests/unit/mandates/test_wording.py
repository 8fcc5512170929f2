"""The words of the mandate: everything the law asks for, nothing it forbids, the same bytes for the same facts."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from aidants.mandates.signers import Representative, Signers, Witness
from aidants.mandates.terms import CONSENTS, DURATIONS, PROTECTIONS
from aidants.mandates.wording import (
    STATEMENTS,
    TEMPLATE_VERSION,
    MandateFacts,
    MandateText,
    build,
)
from aidants.procedures import PROCEDURES

FACTS = MandateFacts(
    reference="M-2026-000417",
    birth_name="Belkacem",
    usual_name="",
    given_names="Ahmed",
    birth_date="12 juillet 1961",
    birthplace="Oran (Algérie)",
    identity_document="carte nationale d’identité",
    organisation="Maison commune de Brivette",
    organisation_type="Maison France services",
    address="2, place du Lavoir, 99001 Brivette",
    phone="05 00 00 12 34",
    email="accueil@brivette.example",
    dpo="dpd@brivette.example",
    helper_name="Nadia Ferrand",
    helper_function="conseillère numérique",
    scopes={"argent": ("declarer-revenus", "payer-impot"), "famille": ("caf-changement",)},
    duration="MONTH",
    frozen_at=datetime(2026, 11, 24, 8, 2, tzinfo=UTC),
    ends_at=datetime(2026, 12, 25, 22, 59, 59, tzinfo=UTC),
    timezone="Europe/Paris",
    code="7HRW-93KD",
)


def plain(facts: MandateFacts = FACTS) -> str:
    """The text with ordinary spaces, so that a test reads like the sentence it looks for."""
    return build(facts).plain_text().replace("\u00a0", " ")


@pytest.mark.parametrize(
    ("item", "expected"),
    [
        (1, ["M-2026-000417", "modèle fr-2", "langue : français"]),
        (2, ["Ahmed Belkacem", "12 juillet 1961, Oran (Algérie)", "Pièce d’identité vue : carte nationale"]),
        (3, ["Maison commune de Brivette", "2, place du Lavoir", "05 00 00 12 34", "Nadia Ferrand, conseillère"]),
        (4, ["code civil, art. 1984", "donne à la structure le pouvoir d’agir", "accepte", "gratuit (art. 1986)"]),
        (5, ["3, pas une de plus", "Finances publiques (impots.gouv.fr)", "CAF (caf.fr)", "que si une ligne"]),
        (6, ["sites officiels", "téléphoner", "courriel ou un courrier"]),
        (7, ["Nom, prénoms, naissance, moyens de contact", "ni copie, ni numéro"]),
        (8, ["un mois (31 jours)", "vingt-cinq décembre deux mille vingt-six", "si j’arrête", "renonce"]),
        (9, ["sous aucune mesure de protection juridique"]),
        (
            10,
            [
                "seulement les informations données par la personne et utiles",
                "demander son accord avant toute autre chose",
                "garder secret",
                "protéger ces informations, les mettre à jour, les effacer",
            ],
        ),
        (11, ["répond de ses fautes (art. 1991 et 1992)", "ne se transmet pas (art. 1994)", "aucun résultat n’est"]),
        (12, ["de vive voix", "par téléphone", "par lettre", "accueil@brivette.example"]),
        (13, ["accès, rectification, limitation, opposition", "dpd@brivette.example", "CNIL", "RGPD, art. 6-1-e"]),
        (14, ["tape elle-même ses mots de passe", "ne les note pas, ne les garde pas"]),
        (15, ["gardé 3 ans, puis 3 ans en archives"]),
        (16, ["Deux exemplaires : un pour la personne, un pour la structure"]),
        (17, ["J’ai lu ce mandat, ou on me l’a lu", "pour la structure, conseillère numérique"]),
        (18, ["papier signé en deux exemplaires", "Niveau de preuve : écrit signé", "7HRW-93KD"]),
    ],
)
def test_every_item_the_mandate_must_contain(item: int, expected: list[str]) -> None:
    text = plain()
    assert [words for words in expected if words not in text] == [], f"item {item}"


def test_coexistence_of_mandates_and_language_clause() -> None:
    text = plain()
    assert "n’annule pas ceux donnés à d’autres structures" in text
    assert "art. 2006" in text
    assert "Le texte français seul a valeur légale" in text


def test_nothing_the_mandate_must_never_contain() -> None:
    text = plain().lower()
    assert not re.search(r"\b[12378]\s?\d{2}\s?\d{2}\s?\d[\dab]\s?\d{3}\s?\d{3}", text), "a social security number"
    for forbidden in ("☑", "☐", "____", "renonce à tout recours", "décharge", "république française", "irrévocable"):
        assert forbidden not in text
    for number in ("numéro fiscal", "numéro d’allocataire", "iban"):
        assert number not in text


def test_debt_sentence_only_with_argent() -> None:
    assert "Surendettement : la personne signe elle-même son dossier" in plain()
    assert "Surendettement" not in plain(replace(FACTS, scopes={"famille": ("caf-changement",)}))


def test_only_the_ways_to_stop_that_exist() -> None:
    text = plain(replace(FACTS, email=""))
    assert "au guichet, au 05 00 00 12 34 ou par lettre." in text
    assert "par courriel" not in text
    assert "ma page" not in text


def test_association_without_public_mission_rests_on_the_mandate() -> None:
    text = plain(replace(FACTS, public_mission=False, dpo=""))
    assert "Base : ce mandat (RGPD, art. 6-1-b)" in text
    assert "Demande à la structure, 05 00 00 12 34" in text


def test_birth_name_and_unknown_birth() -> None:
    text = plain(replace(FACTS, usual_name="Ÿsern", birth_date="", birthplace="", identity_document=""))
    assert "Ahmed Ÿsern" in text
    assert "Nom de naissance : Belkacem" in text
    assert "Naissance : date inconnue\n" in text
    assert "Pièce d’identité vue : aucune" in text


def test_end_is_read_in_the_time_zone_of_the_mandate() -> None:
    short = replace(FACTS, duration="SHORT", ends_at=datetime(2026, 11, 25, 8, 2, tzinfo=UTC))
    assert "Durée : 24 heures" in plain(short)
    assert plain(short) != plain(replace(short, timezone="America/Guadeloupe"))


def test_json_round_trip_is_canonical_and_hash_stable() -> None:
    text = build(FACTS)
    data = text.to_json()
    assert MandateText.from_json(data) == text
    assert MandateText.from_json(data).sha256() == text.sha256() == build(replace(FACTS)).sha256()
    canonical = json.dumps(json.loads(data), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    assert data == canonical.encode()
    reordered = {"famille": FACTS.scopes["famille"], "argent": FACTS.scopes["argent"]}
    assert build(replace(FACTS, scopes=reordered)).to_json() == data
    assert build(replace(FACTS, code="7HRW-93KE")).sha256() != text.sha256()


@pytest.mark.parametrize(
    "tamper",
    [
        lambda d: json.dumps(json.loads(d)).encode(),
        lambda d: d.replace(b'"code":"7HRW-93KD",', b""),
        lambda d: d.replace(b'{"code":', b'{"added":1,"code":'),
        lambda d: d.replace(b'"frozen_at":"2026', b'"frozen_at":12,"x":"2026'),
    ],
)
def test_json_that_we_did_not_write_is_refused(tamper) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match=r"."):
        MandateText.from_json(tamper(build(FACTS).to_json()))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"scopes": {}}, "at least one theme"),
        ({"scopes": {"argent": ()}}, "names no procedure"),
        ({"scopes": {"voyages": ("x",)}}, "unknown"),
        ({"scopes": {"famille": ("declarer-revenus",)}}, "cannot be mandated"),
        ({"duration": "FOREVER"}, "duration"),
        ({"language": "ar"}, "language"),
        ({"consent": "franceconnect"}, "consent"),
        ({"regime": "inconnu"}, "regime"),
        ({"regime": "tutelle"}, "names exactly those who sign"),
        ({"consent": "witness"}, "names exactly those who sign"),
        ({"frozen_at": datetime(2026, 11, 24, 8, 2)}, "time zone"),  # noqa: DTZ001 - the fault under test
    ],
)
def test_unknown_facts_are_refused(change: dict[str, object], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        build(replace(FACTS, **change))  # type: ignore[arg-type]


CURATOR = Signers(Representative("Odile Sancerre", "judgment"))
WITNESSES = Signers(witnesses=(Witness("Paul Vidal", "voisin"), Witness("Rosa Lima", "infirmière")))


def test_who_assists_signs_too() -> None:
    text = build(replace(FACTS, regime="curatelle", signers=CURATOR))
    assert [party.signer for party in text.cosigners] == ["Odile Sancerre"]
    assert text.resident.signer == "Ahmed Belkacem"
    words = text.plain_text()
    assert "Je suis sous curatelle." in words
    assert "Avec Odile Sancerre, curateur ou curatrice (jugement vu)" in words
    assert "aucune mesure de protection" not in words
    assert MandateText.from_json(text.to_json()) == text


def test_who_represents_signs_instead() -> None:
    text = build(replace(FACTS, regime="tutelle", signers=CURATOR))
    assert text.cosigners == ()
    assert (text.resident.signer, text.resident.signs_as) == (
        "Odile Sancerre",
        "pour Ahmed Belkacem, tuteur ou tutrice",
    )
    assert text.resident.name == "Ahmed Belkacem"


def test_two_witnesses_sign_for_who_cannot() -> None:
    text = build(replace(FACTS, consent="witness", duration="SHORT", signers=WITNESSES))
    assert [party.signer for party in text.cosigners] == ["Paul Vidal", "Rosa Lima"]
    assert "La personne ne peut pas signer." in text.resident.statement
    assert "devant deux témoins" in text.plain_text()
    assert MandateText.from_json(text.to_json()) == text


def test_a_text_of_the_first_model_is_still_read_byte_by_byte() -> None:
    """It had no signers beside the two parties."""
    stored = build(FACTS).to_json()
    assert b"cosigners" not in stored
    assert MandateText.from_json(stored).to_json() == stored


def test_a_procedure_no_mandate_may_cover_is_refused() -> None:
    never = next(p for p in PROCEDURES.values() if not p.mandatable)
    with pytest.raises(ValueError, match="cannot be mandated"):
        build(replace(FACTS, scopes={never.scopes[0]: (never.id,)}))


def test_marks_that_would_forge_the_reading_are_dropped() -> None:
    text = build(replace(FACTS, given_names="A\u202ehm\x00ed\nX", birth_name="بل\u200cقاسم {code}"))
    assert text.resident.name == "Ahm ed X بل\u200cقاسم {code}"


def test_statements_are_short_and_spoken() -> None:
    assert 12 <= len(STATEMENTS) <= 15
    assert len({s.id for s in STATEMENTS}) == len(STATEMENTS)
    for statement in STATEMENTS:
        for sentence in re.split(r"(?<=[.?]) ", statement.text):
            assert len(re.findall(r"[\w’-]+", sentence)) <= 15, sentence
        assert not re.search(r"veuillez|cliquez|!", statement.text)
    spoken = " ".join(s.text for s in STATEMENTS)
    for subject in ("gratuit", "cette liste", "jusqu’à cette date", "refuser", "vous-même", "arrêter", "sans dire"):
        assert subject in spoken
    for subject in ("je regarde", "six ans", "mots de passe", "relisez", "répondez", "promettre", "collègues", "cnil"):
        assert subject in spoken.lower()
    assert "tutelle" in spoken
    assert "exemplaire" in spoken


def test_french_typography() -> None:
    everything = build(FACTS).to_json().decode() + "".join(s.text for s in STATEMENTS)
    tables = [*DURATIONS.values(), *PROTECTIONS.values(), *(w for pair in CONSENTS.values() for w in pair)]
    for text in (everything.replace('":"', ""), *tables):
        assert not re.search(r" [:;?!»]|« |[a-zé]'[a-zé]", text), text
    assert build(FACTS).template_version == TEMPLATE_VERSION
