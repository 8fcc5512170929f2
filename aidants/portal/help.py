"""The users' help: one short Markdown page for each screen, in French and in English, and which page helps where."""

from __future__ import annotations

import re
from dataclasses import dataclass
from functools import cache
from typing import Final

from markdown_it import MarkdownIt
from markupsafe import Markup

from aidants.errors import NotFound
from aidants.settings import data_path

PAGES: Final = (
    "connexion",
    "aujourdhui",
    "personnes",
    "fiche-personne",
    "mandat",
    "mandat-signature",
    "mandat-accord",
    "mandat-arreter",
    "demandes",
    "guide-parcours",
    "guides-seul",
    "ma-page",
    "verifier",
    "journal-aidant",
    "journal-structure",
    "journal-auditeur",
    "messages",
)
"""The pages in the order in which somebody new would read them."""
INDEX: Final = "/aide"
_BY_PATH: Final = (
    (r"/(connexion|confirmer)\b", "connexion"),
    (r"/(aujourdhui|mandats)$", "aujourdhui"),
    (r"/ma-page\b", "ma-page"),
    (r"/demandes\b", "demandes"),
    (r"/personnes/(?!chercher|nouvelle)[^/]+$", "fiche-personne"),
    (r"/(personnes|reunions)\b", "personnes"),
    (r"/mandats/[^/]+/arreter$", "mandat-arreter"),
    (r"/mandats/[^/]+(/(activer|refus|imprimer-de-nouveau))?$", "mandat-signature"),
    (r"/mandats/[^/]+/(donner-ecran|tablette|envoyer|preuve|papiers)\b", "mandat-accord"),
    (r"/(reprendre|accord|votre-accord)\b", "mandat-accord"),
    (r"/mandats/", "mandat"),
    (r"/parcours\b", "guide-parcours"),
    (r"/guides\b", "guides-seul"),
    (r"/(verifier$|v/)", "verifier"),
    (r"/mon-journal\b", "journal-aidant"),
    (r"/journal-structure\b", "journal-structure"),
    (r"/journal\b(?!-)", "journal-auditeur"),
    (r"/messages$", "messages"),
)


@dataclass(frozen=True, slots=True)
class HelpPage:
    """One page, ready to show: ``body`` is safe HTML without the title."""

    name: str
    title: str
    body: Markup


@cache
def help_page(name: str, locale: str) -> HelpPage:
    """Return one page in a language. Raises NotFound for an unknown name; each page exists in every language."""
    if name not in PAGES:
        raise NotFound
    source = (data_path("templates") / "help" / f"{name}.{locale}.md").read_text(encoding="utf-8")
    heading, _, text = source.partition("\n")
    # HTML stays text in the parser: the only markup on the page is the one Markdown makes.
    body = MarkdownIt("commonmark", {"html": False}).render(text).replace("<ul>", '<ul class="list">')
    return HelpPage(name, heading.removeprefix("# ").strip(), Markup(body.replace("<ol>", '<ol class="list">')))  # noqa: S704


def help_pages(locale: str) -> list[HelpPage]:
    """Return every page, in order."""
    return [help_page(name, locale) for name in PAGES]


def help_page_for(path: str) -> str:
    """Return the address of the help page of a screen; the list of all help pages where none fits."""
    found = next((name for pattern, name in _BY_PATH if re.match(pattern, path)), None)
    return f"{INDEX}/{found}" if found else INDEX
