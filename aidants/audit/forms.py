"""The search form of the journal; it lives in the address, so it holds no name, only dates, codes and pseudonyms."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Final

from pydantic import AfterValidator, Field

from aidants.audit.paging import Filters
from aidants.audit.queries import mandates, people
from aidants.audit.words import FILTERS
from aidants.db import Work
from aidants.i18n import N_, gettext
from aidants.journal import labels
from aidants.journal.actions import CATALOGUE
from aidants.procedures import SCOPES
from aidants.web.forms import FormModel, Text, custom_error

_SHORT: Final = len("A-7F3K")
_DATE_FORMS: Final = ("%Y-%m-%d", "%d/%m/%Y")
_UNKNOWN: Final = N_("Choisissez une des réponses proposées.")


def _day(value: str) -> str:
    """Accept an empty text or a date, and return it in ISO form."""
    if not value:
        return ""
    for form in _DATE_FORMS:
        try:
            day = datetime.strptime(value, form).date()  # noqa: DTZ007 - a day, not an instant
        except ValueError:
            continue
        if 2000 <= day.year < 3000:  # wider days would not survive the arithmetic of time zones
            return day.isoformat()
    raise custom_error(N_("Écrivez une date comme 24/11/2026."))


def _action(value: str) -> str:
    if value and value not in CATALOGUE:
        raise custom_error(_UNKNOWN)
    return value


def _scope(value: str) -> str:
    if value and value not in SCOPES:
        raise custom_error(_UNKNOWN)
    return value


def _number(value: str) -> str:
    if value and not (value.isascii() and value.isdigit()):
        raise custom_error(_UNKNOWN)
    return value


Day = Annotated[Text, Field(max_length=10), AfterValidator(_day)]


class JournalForm(FormModel):
    """Every criterion is optional; ``avant`` is the number below which the page starts."""

    du: Day = ""
    au: Day = ""
    acte: Annotated[Text, Field(max_length=40), AfterValidator(_action)] = ""
    structure: Annotated[Text, Field(max_length=26)] = ""
    par: Annotated[Text, Field(max_length=26)] = ""
    mandat: Annotated[Text, Field(max_length=26)] = ""
    theme: Annotated[Text, Field(max_length=20), AfterValidator(_scope)] = ""
    avant: Annotated[Text, Field(max_length=15), AfterValidator(_number)] = ""

    def used(self) -> dict[str, str]:
        """Return the criteria that are filled, paging left out."""
        return {name: value for name, value in self.model_dump(exclude={"avant"}).items() if value}


def used_in_words(used: dict[str, str], organisations: dict[str, str]) -> list[tuple[str, str]]:
    """Return the criteria of a search as a person reads them; ``organisations``: names by id."""
    return [(gettext(FILTERS[name]), _in_words(name, value, organisations)) for name, value in used.items()]


def _in_words(name: str, value: str, organisations: dict[str, str]) -> str:
    match name:
        case "acte":
            return labels.title(value)
        case "theme":
            return gettext(SCOPES[value].label)
        case "structure":
            return organisations.get(value, value)
        case "par" if len(value) > _SHORT:
            return labels.person(value)
        case "mandat" if len(value) > _SHORT:
            return labels.mandate(value)
    return value


def read_filters(work: Work, form: JournalForm) -> Filters:
    """Turn a valid form into a search; pseudonyms become ids."""
    return Filters(
        start=date.fromisoformat(form.du) if form.du else None,
        end=date.fromisoformat(form.au) if form.au else None,
        action=form.acte or None,
        organisation=form.structure or None,
        actors=people(work.session, form.par) if form.par else None,
        mandates=mandates(work, form.mandat) if form.mandat else None,
        scope=form.theme or None,
        before=int(form.avant) if form.avant else None,
    )
