"""Templates speak one language each, and translating their constants beforehand changes no word."""

from __future__ import annotations

from pathlib import Path

import pytest
from jinja2 import Environment, UndefinedError
from markupsafe import Markup

from aidants import i18n
from aidants.templating import Templates

SOURCES = [
    '{{ _("Se déconnecter") }}',
    '{{ _("Se déconnecter") ~ " <b>" }}',
    '{{ _("Entrée n° %(number)s", number="<7>") }}',
    '{{ _("100 %% pour de bon") }}',
    '{{ _("<b>gras</b> & co") }}',
    '{% set words = [_("Mandat"), _("Accueil")] %}{{ words|join(", ") }}',
    '{{ ngettext("%(num)s entrée", "%(num)s entrées", n) }}',
    "{{ _(said) }}",
    "{% macro m(x) %}({{ x }}){% endmacro %}{{ m(_('Thème')) }}",
]
CONTEXT = {"n": 3, "said": "Structure"}


@pytest.fixture
def templates(tmp_path: Path) -> Templates:
    for number, source in enumerate(SOURCES):
        (tmp_path / f"{number}.html").write_text(source, encoding="utf-8")
    (tmp_path / "undefined.html").write_text("{{ nothing }}", encoding="utf-8")
    return Templates(tmp_path, {}, {})


def as_jinja_says_it(source: str, locale: str) -> str:
    """The same template in an environment that translates at each rendering."""
    environment = Environment(autoescape=True, extensions=["jinja2.ext.i18n"])
    catalogue = i18n.catalogue(locale)
    environment.install_gettext_callables(catalogue.gettext, catalogue.ngettext, newstyle=True)  # type: ignore[attr-defined]
    return environment.from_string(source).render(CONTEXT)


@pytest.mark.parametrize("locale", i18n.LANGUAGES)
def test_constants_translated_beforehand_read_the_same(templates: Templates, locale: str) -> None:
    for number, source in enumerate(SOURCES):
        assert templates.render(f"{number}.html", CONTEXT, locale) == as_jinja_says_it(source, locale), source


def test_each_language_keeps_its_own(templates: Templates) -> None:
    shown = [templates.render("0.html", {}, locale) for locale in ("fr", "en", "fr")]
    assert shown == ["Se déconnecter", "Sign out", "Se déconnecter"]


def test_what_varies_is_escaped_and_constants_cost_no_call(templates: Templates) -> None:
    assert templates.render("2.html", {}, "fr") == f"Entrée n° {Markup.escape('<7>')}"
    compiled = templates.environment("fr").compile(SOURCES[0], raw=True)
    assert "Se déconnecter" in compiled
    assert "gettext" not in compiled


def test_an_undefined_name_is_an_error(templates: Templates) -> None:
    with pytest.raises(UndefinedError):
        templates.render("undefined.html", {}, "fr")
