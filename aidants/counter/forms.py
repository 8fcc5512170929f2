"""What a helper decides about a person's record: same person as another, hold, erasure, access."""

from __future__ import annotations

from datetime import datetime, time
from typing import Annotated, Final, Literal
from zoneinfo import ZoneInfo

from pydantic import Field

from aidants.dates import DateError, PartialDate
from aidants.i18n import N_
from aidants.mandates.deaths import LONGEST_REASON
from aidants.web.forms import FormModel, Parsed, Text

ERASE_REASONS: Final = {
    "request": N_("La personne le demande"),
    "mistake": N_("La fiche a été créée par erreur"),
}
CHOOSE: Final = N_("Choisissez une réponse.")
TICK: Final = N_("Cochez la case pour dire que vous l’avez vérifié avec la personne.")
FUTURE: Final = N_("Écrivez un jour à venir, dans les six ans, ou laissez vide.")


def asked(name: str, sentence: str = CHOOSE) -> dict[str, dict[str, str]]:
    """Return the message of a choice that was not made."""
    return {name: {"missing": sentence, "literal_error": sentence}}


class SameForm(FormModel):
    """The other record of the same person, and which of the two is kept; or a name to look for."""

    acte: Literal["chercher", "proposer"] = "proposer"
    recherche: Annotated[Text, Field(max_length=100)] = ""
    fiche: Annotated[Text, Field(max_length=26)] = ""
    garder: Literal["", "celle-ci", "autre"] = ""


class HoldForm(FormModel):
    """Why erasing is suspended, and until which day (three boxes, or nothing)."""

    raison: Literal["claim", "court", "archive"]
    end_day: Text = Field(default="", max_length=10, alias="fin-day")
    end_month: Text = Field(default="", max_length=10, alias="fin-month")
    end_year: Text = Field(default="", max_length=10, alias="fin-year")


class LiftForm(FormModel):
    """Why erasing is possible again."""

    levee: Literal["closed", "mistake", "request"]


class DeathForm(FormModel):
    """That the report is sure enough to freeze everything."""

    sur: Literal["oui"]


class UrgentForm(FormModel):
    """Which act could not wait after a death, why, and a fresh code unless one was just given."""

    demarche: Annotated[Text, Field(min_length=1, max_length=60)]
    raison: Annotated[Text, Field(min_length=3, max_length=LONGEST_REASON)]
    code: Annotated[Text, Field(max_length=20)] = ""


class EraseForm(FormModel):
    """Why a person is erased, that it was checked with them, and a fresh code unless one was just given."""

    raison: Literal["request", "mistake"]
    sur: Literal["oui"]
    code: Annotated[Text, Field(max_length=20)] = ""


class AccessForm(FormModel):
    """How everything held is given out, and a fresh code unless one was just given."""

    forme: Literal["page", "pdf", "json"] = "page"
    code: Annotated[Text, Field(max_length=20)] = ""


def read_end(form: Parsed[HoldForm], zone: ZoneInfo) -> datetime | None:
    """Return the last second of the day typed, None for no day; what is no day adds an error to the form."""
    draft = form.valid()
    parts = (draft.end_day, draft.end_month, draft.end_year)
    if not any(parts):
        return None
    try:
        year, month, day = (int(part) if part.isascii() and part.isdigit() else 0 for part in reversed(parts))
        found = PartialDate(year, month, day)
        return datetime.combine(datetime.fromisoformat(found.iso()).date(), time(23, 59, 59), zone)
    except (DateError, ValueError):
        form.add("fin-day", FUTURE)
        return None
