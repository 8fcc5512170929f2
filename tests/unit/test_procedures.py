"""The catalogue is well formed, and people find a procedure with their own words."""

from __future__ import annotations

import re
import time

import pytest

from aidants.procedures import _CATALOGUE, PROCEDURES, SCOPES, SITUATIONS, Procedure, related, search

KEBAB = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
HOSTNAME = re.compile(r"(?=.{4,253}$)([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z]{2,}")
CATALOGUE = [pytest.param(procedure, id=procedure.id) for procedure in _CATALOGUE]
# Acts that are the resident's alone: no mandate line may promise them.
PERSONAL = re.compile(
    r"^(payer|signer|valider|attester|voter|déclarer (les|des) revenus)\b|mot de passe(?<!son mot de passe)"
)

# What people type, the procedure meant, and the place it must reach at the latest.
QUERIES = [
    ("carte grise", "carte-grise-adresse", 1),
    ("grise carte", "carte-grise-adresse", 1),
    ("CARTE-GRISE", "carte-grise-adresse", 1),
    ("cartte grise", "carte-grise-adresse", 1),
    ("adresse voiture", "carte-grise-adresse", 1),
    ("changer l'adresse de ma voiture", "carte-grise-adresse", 1),
    ("papiers de la voiture", "carte-grise-adresse", 1),
    ("voiture d’occasion", "carte-grise-achat", 1),
    ("j'ai acheté une voiture", "carte-grise-achat", 1),
    ("code de cession", "carte-grise-achat", 1),
    ("aide au loyer", "demander-apl", 1),
    ("apl", "demander-apl", 1),
    ("je voudrais demander l’APL", "demander-apl", 1),
    ("allocation logement", "demander-apl", 1),
    ("acte de naissence", "acte-etat-civil", 1),
    ("extrait de naissance", "acte-etat-civil", 1),
    ("etat civil", "acte-etat-civil", 1),
    ("déménagement", "changement-adresse-groupe", 1),
    ("demenagment", "changement-adresse-groupe", 1),
    ("j'ai déménagé", "changement-adresse-groupe", 1),
    ("adresse caf", "caf-adresse", 1),
    ("déménagement", "carte-grise-adresse", 3),
    ("déménagement", "caf-adresse", 3),
    ("faire suivre mon courrier", "courrier-reexpedition", 1),
    ("ameli", "compte-ameli", 1),
    ("compte amelli", "compte-ameli", 1),
    ("sécu", "compte-ameli", 2),
    ("attestation de droits", "attestation-droits", 1),
    ("carte vitale", "carte-vitale", 1),
    ("carte verte", "carte-vitale", 1),
    ("cart vit", "carte-vitale", 1),
    ("mutuelle gratuite", "complementaire-sante", 1),
    ("cmu", "complementaire-sante", 1),
    ("espace sante", "mon-espace-sante", 1),
    ("rdv docteur", "rendez-vous-medical", 1),
    ("doctolib", "rendez-vous-medical", 1),
    ("agricole", "compte-msa", 1),
    ("impots", "declarer-revenus", 1),
    ("feuille d'impôt", "declarer-revenus", 1),
    ("payer mes impots", "payer-impot", 1),
    ("taxe fonciere", "payer-impot", 1),
    ("timbre passeport", "timbre-fiscal", 1),
    ("nouveau rib caf", "caf-rib", 1),
    ("naissance bébé", "caf-changement", 1),
    ("séparation", "caf-changement", 1),
    ("rsa", "declaration-trimestrielle", 1),
    ("prime d'activité", "declaration-trimestrielle", 1),
    ("handicap", "dossier-mdph", 1),
    ("retraite", "demander-retraite", 1),
    ("trimestres", "releve-carriere", 1),
    ("minimum viellesse", "aspa", 1),
    ("veuve", "pension-reversion", 1),
    ("pole emploi", "france-travail-inscription", 1),
    ("chomage", "france-travail-inscription", 1),
    ("pointer", "actualisation", 1),
    ("j'ai perdu mon permis", "permis-perdu-vole", 1),
    ("premier permis", "permis-premier", 1),
    ("pv", "amende-payer", 1),
    ("contester un pv", "amende-contester", 1),
    ("carte d'identité", "carte-identite", 1),
    ("passport", "passeport", 1),
    ("facture edf", "cheque-energie", 1),
    ("hlm", "logement-social-demande", 1),
    ("renouveler ma demande de logement", "logement-social-renouvellement", 1),
    ("ecole", "inscription-ecole", 1),
    ("bourse lycée", "inscription-college-lycee", 1),
    ("pronote", "compte-educonnect", 1),
    ("cantine", "cantine-inscription", 1),
    ("payer cantine", "cantine-payer", 1),
    ("carte de séjour", "titre-sejour", 1),
    ("carte bleue volée", "opposition-carte", 1),
    ("faux sms", "arnaque-signaler", 1),
    ("plainte", "porter-plainte", 1),
    ("salle des fetes", "reserver-salle", 1),
    ("e-mail", "creer-adresse-mail", 1),
    ("boite mail", "creer-adresse-mail", 1),
    ("je n'arrive pas à me connecter", "mot-de-passe", 1),
    ("bouton bleu", "se-connecter-franceconnect", 1),
    ("signer un contrat", "signer-en-ligne", 1),
    ("où en est mon dossier", "suivre-dossier", 1),
]


@pytest.mark.parametrize(("query", "expected", "place"), QUERIES)
def test_people_find_it_with_their_own_words(query: str, expected: str, place: int) -> None:
    assert expected in [procedure.id for procedure in search(query)[:place]]


@pytest.mark.parametrize("procedure", CATALOGUE)
def test_title_alone_finds_its_procedure(procedure: Procedure) -> None:
    assert search(procedure.title)[0] is procedure


@pytest.mark.parametrize("title", ["Carte Vitale", "Contester une amende", "Payer une amende", "Passeport"])
def test_results_stay_while_the_word_is_typed(title: str) -> None:
    for length in range(3, len(title) + 1):
        assert any(procedure.title.startswith(title) for procedure in search(title[:length])), title[:length]


def test_limit_is_kept() -> None:
    assert len(search("carte", limit=3)) == 3
    assert len(search("carte")) <= 8
    assert search("carte", limit=0) == []
    assert search("carte", limit=-1) == []


@pytest.mark.parametrize(
    "query",
    [
        "",
        "   ",
        "\0",
        "mon ma le de d’",
        "🚗🪪",
        "سيارة",
        "\u202eesirg",
        "'; SELECT 1 --",
        "%_",
        "xqzw",
        "\ud800",
        "ﷺ" * 100,
    ],
)
def test_hostile_or_empty_query_finds_nothing(query: str) -> None:
    assert search(query) == []


@pytest.mark.parametrize(
    "query", ["a" * 1_000_000, "carte " * 200_000, "abcdefghi jklmnopqr " * 50_000, "\u0301" * 1_000_000]
)
def test_huge_query_is_answered_at_once(query: str) -> None:
    search("warm up")
    best = min(_seconds(query) for _ in range(3))
    assert best < 0.05


def _seconds(query: str) -> float:
    start = time.perf_counter()
    search(query)
    return time.perf_counter() - start


def test_query_keeps_its_meaning_among_emoji_and_controls() -> None:
    assert search("🚗 carte\0 grise \u200f!!")[0].id == "carte-grise-adresse"


def test_short_words_tolerate_no_typo_and_long_ones_two_edits() -> None:
    assert search("aql") == []
    assert search("amnede")[0].id == "amende-payer"  # neighbours swapped: one edit
    assert search("pasceporrt")[0].id == "passeport"
    assert search("amnedde") == []  # two edits in a word of less than 8 letters


def test_half_of_the_words_must_be_found() -> None:
    assert search("bonjour cantine")[0].id == "cantine-inscription"
    assert search("bonjour xqzw cantine") == []


def test_ids_are_unique_and_shaped() -> None:
    assert len(PROCEDURES) == len(_CATALOGUE)
    assert all(KEBAB.fullmatch(procedure_id) for procedure_id in PROCEDURES)


@pytest.mark.parametrize("procedure", CATALOGUE)
def test_procedure_is_complete(procedure: Procedure) -> None:
    assert procedure.scopes
    assert set(procedure.scopes) <= set(SCOPES)
    assert len(procedure.words) >= 3
    assert all(procedure.words)
    assert len(re.findall(r"\w+(?:[’-]\w+)*", procedure.title)) <= 8
    assert all(HOSTNAME.fullmatch(host) for host in procedure.hosts)
    assert any(procedure.id in members for members in SITUATIONS.values())


@pytest.mark.parametrize("procedure", CATALOGUE)
def test_mandate_line_names_the_operator_and_nothing_personal(procedure: Procedure) -> None:
    assert procedure.mandatable == bool(procedure.mandate_line) == (not procedure.why_not)
    if procedure.mandatable:
        assert procedure.operator in procedure.mandate_line
        assert not procedure.hosts or any(host in procedure.mandate_line for host in procedure.hosts)
        assert procedure.mandate_line[0].islower()
        assert not procedure.mandate_line.endswith(".")
        assert not PERSONAL.search(procedure.mandate_line)


@pytest.mark.parametrize(
    "procedure_id",
    ["mot-de-passe", "se-connecter-franceconnect", "signer-en-ligne", "opposition-carte", "mon-espace-sante"],
)
def test_what_is_personal_cannot_be_mandated(procedure_id: str) -> None:
    assert not PROCEDURES[procedure_id].mandatable


@pytest.mark.parametrize("procedure", CATALOGUE)
def test_creating_an_account_is_a_line_of_its_own(procedure: Procedure) -> None:
    creates = bool(re.search(r"\b(créer|activer) un[e]? (compte|espace|adresse)", procedure.mandate_line))
    assert creates == procedure.id.startswith(("compte-", "creer-"))
    if creates:
        assert "choisit seul" in procedure.mandate_line


@pytest.mark.parametrize("procedure", CATALOGUE)
def test_french_typography(procedure: Procedure) -> None:
    for text in (procedure.title, procedure.mandate_line, procedure.why_not):
        assert "'" not in text
        assert not re.search(r" [:;?!»]|« ", text)


def test_scopes_are_the_ten_of_the_state_in_order() -> None:
    assert list(SCOPES) == [
        *("papiers", "famille", "social", "travail", "logement"),
        *("transports", "argent", "justice", "etranger", "loisirs"),
    ]
    assert all(scope.key == key and scope.label and scope.everyday and scope.icon for key, scope in SCOPES.items())


def test_every_theme_has_something_to_mandate() -> None:
    used = {scope for procedure in _CATALOGUE if procedure.mandatable for scope in procedure.scopes}
    assert used == set(SCOPES)


def test_situations_name_known_procedures_once() -> None:
    for members in SITUATIONS.values():
        assert set(members) <= set(PROCEDURES)
        assert len(members) == len(set(members))


def test_related_gives_the_rest_of_the_situation() -> None:
    ids = [procedure.id for procedure in related(["caf-adresse"])]
    assert ids == ["carte-grise-adresse", "changement-adresse-groupe", "courrier-reexpedition"]


def test_related_leaves_out_what_is_chosen_and_repeats_nothing() -> None:
    ids = [procedure.id for procedure in related(["carte-grise-adresse", "caf-adresse", "no-such-id"])]
    assert "carte-grise-adresse" not in ids
    assert len(ids) == len(set(ids))
    assert {"changement-adresse-groupe", "carte-grise-achat"} <= set(ids)
    assert related([]) == related(["no-such-id"]) == []
