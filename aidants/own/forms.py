"""What a resident types on their own pages."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from aidants.crypto import normalise_code
from aidants.i18n import N_
from aidants.residents.codes import LETTERS
from aidants.residents.requests import LONGEST
from aidants.web.forms import FormModel, Text, custom_error

EMPTY: Final = N_("Tapez le code écrit en grand sur votre feuille.")
MALFORMED: Final = N_("Le code compte 10 lettres et chiffres, par exemple KX7M4-Q2R9T. Relisez votre feuille.")
NO_QUESTION: Final = N_("Écrivez votre question.")
OWN_WORDS: Final = {
    "code": {"missing": EMPTY, "string_too_short": EMPTY},
    "envoye": {
        "missing": N_("Tapez le code que vous avez reçu."),
        "string_too_short": N_("Tapez le code que vous avez reçu."),
    },
    "question": {"missing": NO_QUESTION, "string_too_short": NO_QUESTION},
}


def _as_code(text: str) -> str:
    code = normalise_code(text)
    if len(code) != LETTERS or not code.isascii():
        raise custom_error(MALFORMED)
    return code


class DoorForm(FormModel):
    """The code of the sheet, and the birth date in three boxes, as much of it as is known."""

    code: Annotated[Text, Field(min_length=1, max_length=40), AfterValidator(_as_code)]
    birth_day: Text = Field(default="", max_length=10, alias="naissance-day")
    birth_month: Text = Field(default="", max_length=10, alias="naissance-month")
    birth_year: Text = Field(default="", max_length=10, alias="naissance-year")


class SentForm(FormModel):
    """The one-time code that was sent."""

    envoye: Annotated[Text, Field(min_length=1, max_length=20)]


class QuestionForm(FormModel):
    """A question to the counter."""

    question: Annotated[Text, Field(min_length=1, max_length=LONGEST)]


class AskForm(FormModel):
    """The whole file, or to be erased; words may go with it."""

    demande: Literal["access", "erasure"]
    mot: Annotated[Text, Field(max_length=LONGEST)] = ""
