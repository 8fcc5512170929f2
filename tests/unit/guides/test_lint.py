"""One fault per check: the finding names the line, the column, the step and what to do."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from aidants.guides.lint import Finding, check_library, errors, write_lock
from aidants.guides.schema import GuideError

GUIDE = (Path(__file__).parent / "essai.fr.yaml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 24)
Check = Callable[..., list[Finding]]
OPEN = "    text: Ouvrez le site."
FILL = "    text: Écrivez votre adresse."
LONG = "un deux trois quatre cinq six sept huit neuf dix onze douze"


def at(old: str, value: str | None = None) -> str:
    """Return ``line:column`` of ``value`` (or of the first word) in the line of the valid guide starting with ``old``."""
    lines = GUIDE.splitlines()
    line = next(number for number, text in enumerate(lines) if old in text)
    column = lines[line].index(value) if value else len(lines[line]) - len(lines[line].lstrip())
    return f"{line + 1}:{column + 1}"


def test_the_valid_guide_has_no_finding(check: Check) -> None:
    assert check() == []


def test_a_finding_reads_like_a_sentence(check: Check) -> None:
    [finding] = check(("      scope: transports", "      scope: transport"))
    assert str(finding) == (
        f"essai/guide.fr.yaml:{at('      scope: transports', 'transports')} étape remplir\u00a0: "
        'thème "transport" inconnu\u00a0; vouliez-vous dire "transports"\u00a0?'
    )


FAULTS = [
    # (old, new, place, step, part of the message)
    ("cost: Le site", "coot: Le site", "12:1", "", 'clé "coot" inconnue ; vouliez-vous dire "cost" ?'),
    ("    if_not: aide", "    if_nott: aide", at("if_not: aide"), "ouvrir", 'vouliez-vous dire "if_not" ?'),
    ("minutes: 10\n", "", "1:1", "", 'il manque la clé "minutes"'),
    ("minutes: 10", "minutes: dix", "11:10", "", "nombre entier"),
    ("version: 1", "version: 0", "2:10", "", "nombre entier"),
    ("expires_on: 2027-06-01", "expires_on: juin", "26:13", "", "date comme 2026-11-24"),
    ("expires_on: 2027-06-01", "expires_on: 2026-11-23", "26:13", "", "périmé depuis le 23/11/2026"),
    ("expires_on: 2027-06-01", "expires_on: 2028-01-01", "26:13", "", "12 mois au plus"),
    ("status: walkable", "status: walkble", "8:9", "", 'vouliez-vous dire "walkable" ?'),
    ("scope: [transports]", "scope: [transports, papier]", "6:21", "", 'vouliez-vous dire "papiers" ?'),
    ("scope: [transports]", "scope: [papiers]", "6:8", "", 'relève aussi du thème "transports"'),
    ("procedure: carte-grise-adresse", "procedure: carte-grise-adrese", "7:12", "", '"carte-grise-adresse" ?'),
    ("id: essai", "id: autre", "1:5", "", 'est dans le dossier "essai"'),
    ("id: essai", "id: Essai", "1:5", "", "minuscules sans accent"),
    ("https://www.exemple.gouv.fr/\n", "http://www.exemple.gouv.fr/\n", "9:15", "", "https://"),
    ("https://www.exemple.gouv.fr/\n", "https://www.exemple.gouv.fr.evil.fr/\n", "9:15", "", "absent de"),
    ("fr/a", "fr:8443/a", at("link:", '"https'), "ouvrir", "adresse simple"),
    ("https://www.exemple.gouv.fr/a", "https://x@www.exemple.gouv.fr/a", at("link:", '"https'), "ouvrir", "simple"),
    ("https://www.exemple.gouv.fr/a", "https://www.exemple.com/a", at("link:", '"https'), "ouvrir", "allowed_hosts"),
    ("[www.exemple.gouv.fr]", "[www.exemple.gouv.fr, https://a.fr]", "10:38", "", "adresse exacte"),
    (OPEN, "    text: Ouvrez impots.gouv.fr.", at(OPEN, "Ouvrez"), "ouvrir", 'site "impots.gouv.fr" absent'),
    (OPEN, "    text: Ouvrez [le site](/a).", at(OPEN, "Ouvrez"), "ouvrir", "ni lien, ni image"),
    ("kind: confirm", "kind: confrim", at("kind: confirm", "confirm"), "relire", 'vouliez-vous dire "confirm" ?'),
    ("mode: mandate", "mode: mandat", at("mode: mandate", "mandate"), "remplir", 'vouliez-vous dire "mandate" ?'),
    ("      scope: transports", "      scope: argent", at("      scope: tr", "transports"), "remplir", "absent du"),
    ("      why: Votre aidant écrit pour vous.\n", "", at("mode: mandate"), "remplir", "dites pourquoi"),
    ("  - id: relire", "  - id: debut", at("- id: relire", "relire"), "debut", "déjà pris"),
    ("{id: deux,", "{id: un,", at("{id: deux", "deux"), "choix", "déjà pris par un autre choix"),
    ("    next: remplir", "    next: remplire", at("next: remplir", "remplir"), "ouvrir", '"remplir" ?'),
    ("    if_not: aide", "    if_not: aid", at("if_not: aide", "aide"), "ouvrir", 'l’étape "aid" n’existe pas'),
    ("    next: fin", "    next: choix", at("next: fin", "fin"), "relire", "tourne en rond"),
    ("    next: fin\n", "", at("- id: relire", "id"), "relire", "s’arrête sans étape « end »"),
    ("    if_not: aide\n", "", "46:5", "aide", "s’arrête sans étape"),
    ("next: relire}", "next: aide}", at("{id: deux", "relire"), "choix", "elle ne s’ouvre que par"),
    ("    text: Attendez un peu.", "    text: Attendez.\n    next: fin", "51:11", "aide", "revient toute seule"),
    ("    kind: question", "    kind: info", at("      - {id: un", "- {"), "choix", "seule une étape « question »"),
    (", next: relire}\n", ", next: relire}\n    next: fin\n", "40:11", "choix", "mène par ses choix"),
    ("    text: Votre demande est partie.", "    text: Parti.\n    next: fin", "69:11", "fin", "termine le guide"),
    ("    next: choix", "    next: ouvrir", at("- id: choix", "choix"), "choix", "aucun chemin"),
    (OPEN, "    text: Payez le prix.", at(OPEN, "Ouvrez"), "ouvrir", "doit dire « sensitive »"),
    (OPEN, "    text: Tapez le mot de passe.", at(OPEN, "Ouvrez"), "ouvrir", "doit dire « sensitive »"),
    (FILL, "    text: Envoyez la demande.", at("mode: mandate", "mandate"), "remplir", "c’est à la personne"),
    (FILL, "    text: Signez la page.", at("mode: mandate", "mandate"), "remplir", "c’est à la personne"),
    (FILL, "    text: Tapez le code reçu.", at("mode: mandate", "mandate"), "remplir", "aucun mandat ne le permet"),
    ("    title: Remplir\n", "    title: Déclarer\n", at("mode: mandate", "mandate"), "remplir", "« Déclarer »"),
    (FILL, "    text: Mot de passe.", at("mode: mandate", "mandate"), "remplir", "aucun mandat ne le permet"),
    ("    next: fin", "    log_choice: peut-être\n    next: fin", "64:17", "relire", "oui ou non"),
    ("    text: Attendez un peu.", "    text:", "50:10", "aide", "« text » est vide"),
    ("scope: [transports]", "scope: transports", "6:8", "", "« scope » doit être une liste"),
    ("facts_as_of: 2024-05", "facts_as_of: 2026", "23:14", "", "mettez cette date"),
    ("  - fiche: F1\n    date", "  - date", "21:5", "", "nomme une fiche ou une page"),
    ("reviewed_by:", "reviewed_by: Anne", "24:14", "", "vont ensemble"),
    ("reviewed_on:", "reviewed_on: 2026-12-01", "25:14", "", "dans le futur"),
    ("documents:\n", "documents:\n  - {id: carte, label: Une carte}\n", "16:9", "", "par un autre document"),
    ("    next: remplir", "    image: {file: a.png}\n    next: remplir", "46:12", "ouvrir", "image sans « alt »"),
    ("    next: remplir", "    image: {file: ../a, alt: Oui}\n    next: remplir", "46:19", "ouvrir", "nom d’image"),
    ("    next: remplir", "    image: {file: a.png, alt: Oui}\n    next: remplir", "46:19", "ouvrir", "dans « img »"),
    (OPEN, f"    text: {LONG} treize quatorze quinze seize.", at(OPEN, "Ouvrez"), "ouvrir", "phrase de 16 mots"),
    (OPEN, "    text: Un. Deux. Trois. Quatre. Cinq. Six.", at(OPEN, "Ouvrez"), "ouvrir", "étape de 6 phrases"),
    (OPEN, "    text: " + f"{LONG}. " * 5 + "\n    expect: Oui.", at(OPEN, "Ouvrez"), "ouvrir", "étape de 61 mots"),
    ("title: Ouvrir le site", f"title: {LONG}", at("title: Ouvrir", "Ouvrir"), "ouvrir", "titre de 12 mots"),
    (OPEN, "    text: Veuillez attendre.", at(OPEN, "Ouvrez"), "ouvrir", "« veuillez » : dites plutôt"),
    (OPEN, "    text: Cliquez ici.", at(OPEN, "Ouvrez"), "ouvrir", "« cliquez ici »"),
    (OPEN, "    text: Allez à la CPAM.", at(OPEN, "Ouvrez"), "ouvrir", 'sigle "CPAM" absent du glossaire'),
    (OPEN, "    text: Un e-mail, un courriel.", at(OPEN, "Ouvrez"), "ouvrir", "un seul mot pour une seule chose"),
    ("why: Elle porte un numéro.", "why: Voir la CPAM.", "17:10", "", 'sigle "CPAM" absent'),
]


@pytest.mark.parametrize(("old", "new", "place", "step", "part"), FAULTS, ids=[fault[4][:40] for fault in FAULTS])
def test_each_fault_is_found_at_its_place(check: Check, old: str, new: str, place: str, step: str, part: str) -> None:
    found = [(f"{f.line}:{f.column}", f.step, f.severity) for f in check((old, new)) if part in plain(f)]
    assert (place, step, "E") in found, [str(finding) for finding in check((old, new))]


def plain(finding: Finding) -> str:
    return finding.message_fr.replace("\u00a0", " ")


WARNINGS = [
    (f"{LONG} treize.", "phrase de 13 mots"),
    ("Ouvrez le site (le bon).", "parenthèses"),
    ("Ouvrez le site ; attendez.", "point-virgule"),
    ("Ouvrez, puis attendez.", "puis"),
    ("Ouvrez le site et choisissez la page.", "deux actions"),
    ("La page est ouverte. Le site est choisi par nous.", "voix passive"),
    ("Il ne reste que deux pages.", "seulement"),
    ("Il ne faut pas ne rien faire.", "double négation"),
    ("La vérification, la déclaration, la validation aident.", "-tion ou -ment"),
    ("Le service ANTS ANTS attend.", "capitales"),
]


@pytest.mark.parametrize(("text", "part"), WARNINGS, ids=[part for _, part in WARNINGS])
def test_soft_rules_only_warn(check: Check, text: str, part: str) -> None:
    found = check((OPEN, f"    text: {text}"))
    assert [finding.severity for finding in found if part in plain(finding)] == ["W"]
    assert errors(found) == []


def test_sending_under_mandate_needs_the_source_that_it_is_no_sworn_statement(check: Check) -> None:
    send = (FILL, "    text: Envoyez la demande.")
    named = ("      mode: mandate", '      mode: mandate\n      sworn: "no"\n      source: F1')
    unknown = ("      mode: mandate", '      mode: mandate\n      sworn: "no"\n      source: F2')
    assert check(send, named) == []
    assert "c’est à la personne" in plain(check(send, unknown)[0])


def test_free_does_not_open_what_is_the_residents(check: Check) -> None:
    free = ("      mode: mandate", "      mode: free")
    secret = check((FILL, "    text: Tapez le mot de passe."), free)
    assert "aucun mandat ne le permet" in plain(secret[0])
    unexplained = check((FILL, "    text: Envoyez la page."), free, ("      why: Votre aidant écrit pour vous.\n", ""))
    assert "dites pourquoi" in plain(unexplained[0])


def test_a_guide_of_too_many_steps_is_refused(check: Check) -> None:
    step = "  - {id: s, kind: info, title: T, text: X, next: fin}\n"
    [finding] = check(("steps:\n", "steps:\n" + step * 3000))
    assert "trop de lignes (60 au plus)" in plain(finding)


def test_a_resident_only_step_may_say_send(check: Check) -> None:
    assert check((FILL, "    text: Envoyez la demande."), ("mode: mandate", "mode: resident_only")) == []


BROKEN = [
    (b"id: }", "1:5", "mise en forme YAML"),
    (b"id: a\n\tb: c", "2:1", "mise en forme YAML"),
    (b"a: 1\nb: \0", "2:1", "NUL"),
    (b"a: 1\nb: \xe9t\xe9", "2:1", "UTF-8"),
    (b"a: " + b"x" * 262_145, "1:1", "trop gros"),
    (b"", "1:1", "vide"),
    (b"- a", "1:1", "commence par"),
    (b"a: 1\na: 2", "2:1", 'clé "a" donnée deux fois'),
    (b"a: &x [1]\nb: *x", "1:4", "ancres"),
    (b"a: !!python/object:os.system x", "1:4", "étiquettes"),
    (b"[" * 200_000, "1:14", "trop de niveaux"),
    (b"? [a, b]\n: c", "1:3", "mot simple"),
    (b"a: 1\n---\nb: 2", "2:1", "un seul document"),
]


@pytest.mark.parametrize(("data", "place", "part"), BROKEN, ids=[part for _, _, part in BROKEN])
def test_a_file_that_is_no_guide_gives_one_finding(library: Path, data: bytes, place: str, part: str) -> None:
    (library / "essai" / "guide.fr.yaml").write_bytes(data)
    [finding] = check_library(library, today=TODAY)
    assert (f"{finding.line}:{finding.column}", part in plain(finding)) == (place, True), str(finding)


def test_content_changed_without_a_new_version(library: Path) -> None:
    path = library / "essai" / "guide.fr.yaml"
    path.write_text(GUIDE.replace("Attendez un peu.", "Attendez encore."), encoding="utf-8")
    [finding] = check_library(library, today=TODAY)
    assert (finding.line, finding.column) == (2, 10)
    assert "contenu changé : passez à la version 2" in plain(finding)
    with pytest.raises(GuideError, match="sans changer de version"):
        write_lock(library)


def test_a_new_version_asks_for_the_lock_and_then_passes(library: Path) -> None:
    path = library / "essai" / "guide.fr.yaml"
    path.write_text(GUIDE.replace("version: 1", "version: 2").replace("un peu", "encore"), encoding="utf-8")
    [finding] = check_library(library, today=TODAY)
    assert "verrouillez la nouvelle" in plain(finding)
    write_lock(library)
    assert check_library(library, today=TODAY) == []


def test_a_guide_outside_the_lock_and_a_broken_lock_are_findings(library: Path) -> None:
    (library / "lock.json").write_text("{}")
    assert ["n’est pas dans lock.json" in plain(finding) for finding in check_library(library, today=TODAY)] == [True]
    (library / "lock.json").write_text('{"essai/fr": 3}')
    [finding] = check_library(library, today=TODAY)
    assert finding.path == "lock.json"
