"""A mandate in plain words, for whoever is asked to agree to it: who, what, until when, how to stop, what stays theirs. Pure.

The French text alone has legal value (loi 94-665): another language stands beside it, never instead of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

from aidants import i18n
from aidants.dates import end_moment
from aidants.i18n import N_
from aidants.procedures import procedure_title

_LEAD: Final = N_("{helper}, de {organisation}, pourra faire avec vous ou pour vous :")
_LEAD_FOR: Final = N_("{helper}, de {organisation}, pourra faire pour {person} :")
_UNTIL: Final = N_("Jusqu’au {end}. Rien d’autre, et c’est gratuit.")
_STOP: Final = N_("Pour arrêter avant, sans dire pourquoi : dites-le au guichet, téléphonez au {phone}, ou écrivez.")
_STOP_UNREACHABLE: Final = N_("Pour arrêter avant, sans dire pourquoi : dites-le au guichet, ou écrivez.")
_LINES: Final = (
    N_("Vous pouvez dire non. Vous serez conseillé quand même."),
    N_("Vous gardez vos mots de passe. Personne ne vous les demande."),
    N_("Chaque acte est noté. Vous pouvez voir ce qui est gardé sur vous, et le faire corriger."),
)


@dataclass(frozen=True, slots=True)
class Facts:
    """What the words need; ``person`` is empty when the person reads for themselves."""

    helper: str
    organisation: str
    phone: str
    procedures: tuple[str, ...]
    ends_at: datetime
    person: str = ""


@dataclass(frozen=True, slots=True)
class PlainWords:
    """The same words in one language."""

    language: str
    direction: str
    lead: str
    procedures: tuple[str, ...]
    until: str
    lines: tuple[str, ...]


def in_language(facts: Facts, language: str, zone: ZoneInfo) -> PlainWords:
    """Say a mandate in one of the residents' languages."""
    say = i18n.catalogue(language).gettext
    names = {"helper": facts.helper, "organisation": facts.organisation, "person": facts.person}
    stop = say(_STOP if facts.phone else _STOP_UNREACHABLE)
    return PlainWords(
        language,
        i18n.direction(language),
        say(_LEAD_FOR if facts.person else _LEAD).format(**names),
        tuple(say(procedure_title(name)) for name in facts.procedures),
        say(_UNTIL).format(end=end_moment(facts.ends_at, zone, language)),
        (stop.format(phone=facts.phone), *(say(line) for line in _LINES)),
    )
