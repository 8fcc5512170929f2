"""The macros write valid, escaped fragments; the committed sheet and scripts keep their budgets and their privacy."""

from __future__ import annotations

import gzip
import hashlib
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from jinja2 import UndefinedError
from lxml import html

from aidants.templating import Templates

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
MARKUP = sorted((ROOT / "templates" / "layouts").glob("*.html")) + sorted(
    (ROOT / "templates" / "components").glob("*.html")
)
HOSTILE = "\"><script>alert('1')</script>&amp;"
ANSWERS = [("a", "Sur cet écran", "Avec le doigt"), ("b", HOSTILE)]

FIELDS = {
    "input": "ui.input('email', text, value=text, hint=text, error=text, autocomplete='username', width=10)",
    "input plain": "ui.input('email', 'Adresse')",
    "password": "ui.input('secret', text, value='jamais', type='password', error=text)",
    "textarea": "ui.textarea('note', text, value=text, hint=text, error=text)",
    "select": "ui.select('site', text, items, 'b', hint=text, error=text)",
    "radios": "ui.radios('how', text, items, 'a', hint=text, error=text)",
    "yes or no": "ui.radios('ok', text, [('oui', 'Oui', 'check'), ('non', 'Non', 'x')], 'oui', big=True, hint=text)",
    "checkboxes": "ui.checkboxes('seen', text, items, ['a', 'b'], error=text)",
    "checkbox": "ui.checkbox('read', text, True, hint=text, error=text)",
    "chips": "ui.chips('what', text, items, ['b'], error=text)",
    "date": "ui.date_input('born', text, 4, 3, text, hint=text, error=text)",
}

BLOCKS = {
    "button": "ui.button(text, icon_name='arrow-right', name='act', value=text)",
    "button link": "ui.button(text, kind='secondary', href='/x?a=1&b=2', attrs={'data-x': text})",
    "link": "ui.link(text, '/x', context=text, icon_name='external-link', external=True)",
    "back link": "ui.back_link('/x', text)",
    "tag": "ui.tag(text, 'notice', 'clock')",
    "summary list": "ui.summary_list([{'key': text, 'value': [text, 'deux'], 'note': text, 'href': '/x'}])",
    "facts": "ui.facts([(text, text)])",
    "table": "ui.table(text, [text, {'text': 'Actes', 'numeric': true}], [[text, 12]], head_column=True)",
    "pagination": "ui.pagination('/x?apres=1', '/x?avant=1', note=text)",
    "progress": "ui.progress(2, 6, text)",
    "steps": "ui.steps_list([text, 'deux'], text)",
    "history": "ui.history([{'who': 'you', 'text': text, 'time': text}, {'who': 'helper', 'text': 'x'}])",
    "doors": "ui.doors([{'href': '/x', 'icon': 'car', 'label': text, 'hint': text}])",
}

CALLS = {
    "notice": "ui.notice('notice', text, icon_name='eye-off', action=text, href='/x', status=True)",
    "card": "ui.card(text, count=3, action=text, href='/x')",
    "side note": "ui.side_note(text, 'notebook-pen')",
    "sheet": "ui.sheet(text)",
    "details": "ui.details(text)",
    "verdict": "ui.verdict(text, 'stopped')",
    "empty": "ui.empty(text, ui.nobody_drawing())",
    "bar": "ui.action_bar()",
    "row": "ui.row(text, text, '/x')",
}


@pytest.fixture(scope="module")
def templates() -> Templates:
    return Templates(ROOT / "templates", {"asset": lambda name: f"/static/0/{name}"}, {})


def draw(templates: Templates, source: str) -> html.HtmlElement:
    """Render one macro call and parse it inside a page's main element."""
    template = templates.environment("fr").from_string('{% import "components/ui.html" as ui %}' + source)
    return html.fromstring(f"<main>{template.render(text=HOSTILE, items=ANSWERS)}</main>")


def check(tree: html.HtmlElement) -> None:
    """Hostile text stayed text; ids are unique; every reference reaches an element; decorations are silent."""
    assert tree.xpath("//script[not(@src)]") == []
    ids = [str(value) for value in tree.xpath("//@id")]
    assert len(ids) == len(set(ids))
    for attribute in ("for", "aria-describedby", "aria-labelledby", "aria-controls", "data-controls", "data-shows"):
        for value in tree.xpath(f"//@{attribute}"):
            assert set(str(value).split()) <= set(ids), f"{attribute}={value}"
    assert tree.xpath("//svg[not(@aria-hidden='true')]") == []


@pytest.mark.parametrize("source", [*FIELDS.values(), *BLOCKS.values()], ids=[*FIELDS, *BLOCKS])
def test_macro_escapes_and_binds(templates: Templates, source: str) -> None:
    tree = draw(templates, "{{ " + source + " }}")
    check(tree)
    assert tree.text_content().strip()


@pytest.mark.parametrize("source", CALLS.values(), ids=CALLS)
def test_call_block_keeps_its_body(templates: Templates, source: str) -> None:
    tree = draw(templates, "{% call " + source + " %}<p>le corps {{ text }}</p>{% endcall %}")
    check(tree)
    assert "le corps " + HOSTILE in tree.text_content()


@pytest.mark.parametrize("source", FIELDS.values(), ids=FIELDS)
def test_every_control_has_one_label(templates: Templates, source: str) -> None:
    tree = draw(templates, "{{ " + source + " }}")
    controls = tree.xpath("//input | //textarea | //select")
    assert controls
    for control in controls:
        assert len(tree.xpath("//label[@for=$id]", id=control.get("id"))) == 1
    for group in tree.xpath("//fieldset"):
        assert len(group.xpath("./legend")) == 1


def test_error_and_hint_are_announced_with_the_field(templates: Templates) -> None:
    tree = draw(
        templates, "{{ ui.input('email', 'Adresse', value=text, hint='Celle du travail', error='Il manque le @') }}"
    )
    (field,) = tree.xpath("//input")
    assert field.get("aria-describedby") == "email-hint email-error"
    assert field.get("aria-invalid") == "true"
    assert field.get("value") == HOSTILE
    assert tree.get_element_by_id("email-error").text_content() == "Erreur\xa0: Il manque le @"


def test_password_is_never_written_back(templates: Templates) -> None:
    (field,) = draw(templates, "{{ " + FIELDS["password"] + " }}").xpath("//input")
    assert field.get("value") is None
    assert field.get("autocapitalize") == "none"


def test_error_summary_reaches_each_field(templates: Templates) -> None:
    errors = [SimpleNamespace(field="email", message=HOSTILE), SimpleNamespace(field="", message="Réessayez")]
    template = templates.environment("fr").from_string(
        '{% from "components/ui.html" import error_summary %}{{ error_summary(errors) }}'
    )
    tree = html.fromstring(f"<main>{template.render(errors=errors)}</main>")
    assert tree.xpath("string(//h2)") == "2 choses à corriger"
    assert tree.xpath("//a/@href") == ["#email"]
    assert tree.xpath("//div[@tabindex='-1' and @role='alert']/@aria-labelledby") == ["errors-title"]
    assert template.render(errors=[]) == ""


def test_chosen_answers_are_checked(templates: Templates) -> None:
    boxes = draw(templates, "{{ ui.checkboxes('n', 'Combien', [(1, 'Un'), (2, 'Deux')], [2]) }}")
    assert boxes.xpath("//input[@checked]/@value") == ["2"]
    nothing = draw(templates, "{{ ui.radios('n', 'Combien', [('', 'Aucun'), ('1', 'Un')]) }}")
    assert nothing.xpath("//input[@checked]") == []


def test_unknown_icon_is_an_error(templates: Templates) -> None:
    with pytest.raises(UndefinedError):
        draw(templates, "{{ ui.icon('licorne') }}")


@pytest.mark.parametrize("actor", [None, SimpleNamespace(name=HOSTILE, organisation_name=HOSTILE)])
@pytest.mark.parametrize("name", ["base", "question", "centered", "resident"])
def test_layouts_render_with_what_the_renderer_gives(templates: Templates, name: str, actor: object) -> None:
    context = {
        "actor": actor,
        "nav": [{"label": HOSTILE, "href": "/a", "current": True}],
        "csrf_token": "jeton",
        "request_path": "/a",
        "demo": True,
        "for_resident": False,
        "languages": {"fr": "Français", "en": "English"},
        "help_page": "/aide/connexion",
        "help_contact": {"phone": "05 00 00 12 34", "hours": HOSTILE},
        "can": lambda permission: False,
    }
    page = html.document_fromstring(templates.render(f"layouts/{name}.html", context, "fr"))
    assert page.get("lang") == "fr"
    assert len(page.xpath("//main[@id='contenu']")) == 1
    assert page.xpath("//a[@class='govuk-skip-link']/@href") == ["#contenu"]
    assert page.xpath("//script[not(@src)]") == []
    assert {str(value) for value in page.xpath("//form//input[@name='csrf']/@value")} <= {"jeton"}
    check(page)


def test_budgets() -> None:
    def weight(name: str) -> int:
        return len(gzip.compress((STATIC / name).read_bytes(), 9))

    assert weight("aidants.css") <= 12 * 1024
    assert weight("aidants.js") <= 3 * 1024
    assert weight("aidants.js") + weight("htmx.min.js") <= 18 * 1024


def test_nothing_comes_from_elsewhere() -> None:
    css = (STATIC / "aidants.css").read_text(encoding="utf-8")
    addresses = re.findall(r"url\(\"?([^\")]+)", css)
    assert addresses
    for address in addresses:
        assert (STATIC / address).is_file(), address
    assert "@import" not in css
    for path in [*MARKUP, STATIC / "aidants.js"]:
        assert re.findall(r"(?:https?:)?//[a-z0-9.-]+\.[a-z]{2,}", path.read_text(encoding="utf-8")) == [], path.name


@pytest.mark.parametrize("path", MARKUP, ids=lambda path: path.name)
def test_markup_obeys_the_strict_policy(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert re.findall(r"\sstyle\s*=|\son[a-z]+\s*=|<style|javascript:", text) == []


def test_vendored_script_is_the_noted_one() -> None:
    noted = (STATIC / "htmx.min.js.sha256").read_text(encoding="utf-8").split()[0]
    assert hashlib.sha256((STATIC / "htmx.min.js").read_bytes()).hexdigest() == noted


def test_sheet_has_no_shadow_gradient_or_foreign_typeface() -> None:
    own = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "styles").glob("_*.scss"))
    assert "gradient" not in own
    assert set(re.findall(r"box-shadow:\s*([^;]+)", own)) <= {"none"}
    assert "GDS Transport" not in (STATIC / "aidants.css").read_text(encoding="utf-8")
