"""What residents read exists in each of their languages: nothing falls back to French without a word."""

from __future__ import annotations

import copy
import re
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from babel.messages.catalog import Catalog

from aidants import errors, i18n
from aidants.app import make_templates
from aidants.errors import AppError
from aidants.mandates.terms import STATEMENTS
from aidants.procedures import PROCEDURES, SCOPES
from aidants.settings import Settings
from aidants.templating import Templates
from scripts import check_locales
from tests.support.languages import NotTranslated

ROOT = Path(__file__).resolve().parents[2]
FOREIGN = [language for language in i18n.RESIDENT_LANGUAGES if language not in i18n.LANGUAGES]
FORMS = {"ar": 6, "es": 2, "pt": 2, "ro": 3, "tr": 1, "uk": 3}
FIXED = re.compile(r"%\(\w+\)s|\{\w+\}|\d+")
ERRORS = [kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, AppError)]
PAGES = sorted(
    str(path.relative_to(ROOT / "templates"))
    for path in (ROOT / "templates").rglob("*.html")
    if f"templates/{path.relative_to(ROOT / 'templates')}".startswith(check_locales.RESIDENT_SOURCES)
)
SHELL: dict[str, Any] = {
    "actor": None,
    "nav": [],
    "csrf_token": "token",
    "request_path": "/",
    "demo": True,
    "languages": i18n.RESIDENT_LANGUAGES,
    "for_resident": True,
    "help_page": "/aide",
    "help_contact": {"phone": "05 00 00 12 34", "hours": ""},
    "request_id": "abc",
}


@cache
def read_by_residents() -> Catalog:
    return check_locales.resident_catalogue(check_locales.source_catalogue())


@pytest.fixture
def templates(no_silent_french: None, tmp_path: Path) -> Templates:
    return make_templates(Settings(data_dir=tmp_path), lambda name: f"/static/0/{name}")


def test_the_languages_are_those_of_the_catalogues() -> None:
    assert {language for language, domain in check_locales.DOMAINS.items() if domain == "resident"} == set(FOREIGN)
    assert set(FOREIGN) == i18n.UNREVIEWED


@pytest.mark.parametrize("language", FOREIGN)
def test_a_catalogue_holds_exactly_what_residents_read(language: str) -> None:
    sources = copy.deepcopy(read_by_residents())
    assert list(check_locales.problems(sources, check_locales.read(language))) == []
    sources.add("Une phrase de plus", None, [("templates/own/x.html", 1)])
    assert list(check_locales.problems(sources, check_locales.read(language))) == [
        "missing: 'Une phrase de plus' (templates/own/x.html:1)"
    ]


def test_a_sentence_is_the_residents_by_its_place_or_by_its_mark() -> None:
    told = read_by_residents()
    assert told.get("Demander l’APL"), "marked"
    assert told.get("Retour"), "in a component"
    assert told.get("Journal des actes") is None
    assert told.get("Un mot de passe ne se confie à personne : la personne le choisit et le saisit elle-même.") is None


@pytest.mark.parametrize("language", FOREIGN)
def test_values_and_numbers_are_kept(language: str) -> None:
    for message in check_locales.read(language):
        if isinstance(message.id, str) and message.id:
            assert sorted(FIXED.findall(message.id)) == sorted(FIXED.findall(str(message.string))), message.id


@pytest.mark.parametrize("language", FOREIGN)
def test_plurals_follow_the_language(language: str, no_silent_french: None) -> None:
    said = {
        number: i18n.catalogue(language).ngettext("Une chose à corriger", "%(num)s choses à corriger", number)
        % {"num": number}
        for number in range(0, 121)
    }
    forms = {re.sub(r"\d+", "n", words) for words in said.values()}
    assert len(forms) == FORMS[language]
    assert all(str(number) in words for number, words in said.items() if 3 <= number <= 120)


def test_plurals_of_arabic_romanian_and_ukrainian() -> None:
    def said(language: str, number: int) -> str:
        return i18n.catalogue(language).ngettext("Une chose à corriger", "%(num)s choses à corriger", number)

    assert len({said("ar", number) for number in (0, 1, 2, 3, 11, 100)}) == 6
    assert said("ro", 19) != said("ro", 20)
    assert said("ro", 101) == said("ro", 19)
    assert said("uk", 21) == said("uk", 1)
    assert said("uk", 11) == said("uk", 5)
    assert said("uk", 22) == said("uk", 4)


@pytest.mark.parametrize("language", i18n.RESIDENT_LANGUAGES)
@pytest.mark.parametrize("page", PAGES)
def test_the_constant_sentences_of_each_page_are_translated(templates: Templates, language: str, page: str) -> None:
    templates.environment(language).get_template(page)


@pytest.mark.parametrize("language", i18n.RESIDENT_LANGUAGES)
@pytest.mark.parametrize("kind", ERRORS, ids=lambda kind: kind.__name__)
def test_an_error_is_told_in_the_reader_s_language(templates: Templates, language: str, kind: type[AppError]) -> None:
    i18n.use(language)
    texts = {"title": i18n.gettext(kind.title), "message": i18n.gettext(getattr(kind, "message", ""))}
    page = templates.render("errors/error.html", {**SHELL, **texts, "code": kind.code}, language)
    assert f'lang="{language}" dir="{i18n.direction(language)}"' in page
    assert texts["title"] in page


def test_a_missing_sentence_does_not_turn_french_in_tests(no_silent_french: None) -> None:
    i18n.use("uk")
    with pytest.raises(NotTranslated):
        i18n.gettext("Une phrase que personne n’a traduite")
    i18n.use("fr")
    assert i18n.gettext("Une phrase que personne n’a traduite") == "Une phrase que personne n’a traduite"


@pytest.mark.parametrize("language", i18n.RESIDENT_LANGUAGES)
def test_a_translation_that_nobody_read_over_says_so_with_the_french_beside(
    templates: Templates, language: str
) -> None:
    macro = templates.environment(language).from_string(
        '{% from "components/ui.html" import translated %}{{ translated() }}'
    )
    notice = macro.render()
    if language in i18n.LANGUAGES:
        assert notice == ""
        return
    own = i18n.catalogue(language).gettext("En cas de doute, seul le français compte.")
    assert own in notice
    assert '<p lang="fr" dir="ltr">' in notice
    assert notice.count("En cas de doute, seul le français compte.") == 1


@pytest.mark.parametrize("language", FOREIGN)
def test_a_name_to_find_on_a_french_screen_stays(language: str) -> None:
    said = i18n.catalogue(language).gettext
    for procedure in PROCEDURES.values():
        for name in (
            "FranceConnect",
            "France Travail",
            "Doctolib",
            "Perceval",
            "EduConnect",
            "ANEF",
            "APL",
            "CAF",
            "MSA",
        ):
            if name in procedure.title:
                assert name in said(procedure.title)
    assert len({said(scope.label) for scope in SCOPES.values()}) == len(SCOPES)
    assert len({said(one.text) for one in STATEMENTS}) == len(STATEMENTS)
