"""The texts of messages: French msgids, rendered in the recipient's language when the message is queued.

A text says what is needed and no more. Values are put on one line, so that a name with a line break in it forges neither a
header nor a line; only what a template calls ``verbatim`` keeps its lines.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from aidants import i18n
from aidants.i18n import N_, R_

_CONTROL: Final = re.compile(r"[\x00-\x20\x7f-\x9f\u2028\u2029]+")


@dataclass(frozen=True, slots=True)
class Template:
    """One text. An SMS has no subject."""

    title: str
    """What administrators call it."""
    subject: str
    body: str
    verbatim: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Text:
    """A rendered message."""

    subject: str
    body: str


TEMPLATES: Final[dict[str, Template]] = {
    "checkpoint": Template(
        title=N_("Point de contrôle du journal"),
        subject=N_("Point de contrôle du journal, {day}"),
        body="{text}",
        verbatim=frozenset({"text"}),
    ),
    "consent_link": Template(
        title=N_("Lien pour donner son accord"),
        subject=R_("Votre accord est demandé"),
        body=R_(
            "{organisation} vous demande votre accord pour faire des démarches avec vous.\n"
            "Lisez et répondez ici, jusqu’au {end} : {address}\n"
            "Vous pouvez dire non. Si vous n’avez rien demandé, ne faites rien."
        ),
    ),
    "consent_code": Template(
        title=N_("Code pour donner son accord"),
        subject=R_("Votre code"),
        body=R_("Votre code : {code}. Il sert pendant dix minutes. Ne le donnez à personne, même pas à votre aidant."),
    ),
    "ending": Template(
        title=N_("Mandat qui finit bientôt"),
        subject=N_("Un mandat finit bientôt : {reference}"),
        body=N_(
            "Bonjour,\n\n"
            "Le mandat {reference} finit le {end}.\n"
            "Si la personne le souhaite, proposez-lui de le renouveler : tout sera relu et signé de nouveau.\n\n"
            "{address}\n"
        ),
    ),
    "ending_resident": Template(
        title=N_("Mandat qui finit bientôt, à la personne"),
        subject=R_("Votre mandat finit bientôt"),
        body=R_(
            "{organisation} : votre mandat finit le {end}. Il ne se renouvelle pas tout seul. "
            "Pour continuer, venez au guichet ou appelez le {phone}."
        ),
    ),
    "urgent": Template(
        title=N_("Acte urgent après un décès"),
        subject=N_("Un acte urgent à relire : {reference}"),
        body=N_(
            "Bonjour,\n\n"
            "Après un décès signalé, un acte urgent a été noté pour le mandat {reference}.\n"
            "Demandez à l’aidant pourquoi il ne pouvait pas attendre.\n\n"
            "{address}\n"
        ),
    ),
    "own_code": Template(
        title=N_("Code pour ouvrir sa page"),
        subject=R_("Votre code pour ouvrir votre page"),
        body=R_(
            "Votre code : {code}. Il sert une fois, pendant dix minutes, pour ouvrir votre page. Ne le donnez à personne."
        ),
    ),
    "trial": Template(
        title=N_("Message d’essai"),
        subject=N_("Message d’essai"),
        body=N_("Ceci est un essai envoyé par {address}. Vous n’avez rien à faire."),
    ),
}


def render(name: str, values: Mapping[str, str], language: str) -> Text:
    """Return a template's text; a language that is not ours gets French. Raises KeyError for an unknown name or value."""
    template = TEMPLATES[name]
    catalogue = i18n.catalogue(language if language in i18n.RESIDENT_LANGUAGES else i18n.DEFAULT)
    safe = {key: value if key in template.verbatim else one_line(value) for key, value in values.items()}
    subject = one_line(catalogue.gettext(template.subject).format_map(safe))
    body = template.body if template.body == "{text}" else catalogue.gettext(template.body)
    return Text(subject, body.format_map(safe))


def one_line(text: str) -> str:
    """Return the text with line breaks and other control signs folded into single spaces."""
    return _CONTROL.sub(" ", text).strip()
