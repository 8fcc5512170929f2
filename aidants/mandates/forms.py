"""What each question of a mandate accepts."""

from __future__ import annotations

from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from aidants.i18n import N_
from aidants.mandates.answers import MAX_PROCEDURES
from aidants.mandates.drawing import LONGEST
from aidants.mandates.lifecycle import Duration, Regime
from aidants.procedures import PROCEDURES
from aidants.web.forms import FormModel, Text, custom_error

UNKNOWN: Final = N_("Une de ces démarches n’existe pas. Choisissez dans la liste.")


def _mandatable(value: str) -> str:
    if value not in PROCEDURES or not PROCEDURES[value].mandatable:
        raise custom_error(UNKNOWN)
    return value


ProcedureId = Annotated[str, Field(max_length=60), AfterValidator(_mandatable)]


class ProceduresForm(FormModel):
    """What the person wants to do; at least one named procedure (art. 1987: never a general mandate)."""

    demarches: list[ProcedureId] = Field(min_length=1, max_length=MAX_PROCEDURES)


class LookUpForm(FormModel):
    """Everyday words to look a procedure up; what is already chosen is kept."""

    mots: Text = Field(default="", max_length=100)
    demarches: list[ProcedureId] = Field(default=[], max_length=MAX_PROCEDURES)


class DurationForm(FormModel):
    """How long."""

    duree: Duration


class ProtectionForm(FormModel):
    """Is the person protected or under age?"""

    protection: Literal["non", "oui", "ne_sait_pas"]


class RegimeForm(FormModel):
    """How the law protects the person."""

    regime: Regime


class RepresentativeForm(FormModel):
    """Who represents or assists the person, and which paper was seen; never its number."""

    nom: Text = Field(default="", max_length=120)
    piece: str = Field(min_length=1, max_length=30)
    present: Literal["oui"]


class AgreementForm(FormModel):
    """How the person agrees, and whether they are close to the helper."""

    accord: Literal["paper", "on_screen", "remote", "witness"]
    proche: Literal["none", "relative", "colleague"] = "none"


class WitnessesForm(FormModel):
    """Two adults, the second from outside the counter."""

    temoin1: Text = Field(min_length=1, max_length=120)
    qualite1: Text = Field(min_length=1, max_length=80)
    temoin2: Text = Field(min_length=1, max_length=120)
    qualite2: Text = Field(min_length=1, max_length=80)
    majeurs: Literal["oui"]


class ReadingForm(FormModel):
    """The statements were read aloud."""

    lu: Literal["oui"]


class ActivationForm(FormModel):
    """The person signed, and the helper confirms with a fresh one-time code."""

    signe: Literal["oui"]
    code: Text = Field(min_length=1, max_length=20)


class ConfirmationForm(FormModel):
    """The person answered on a page; the helper confirms, with a fresh one-time code when none was just given."""

    code: Text = Field(default="", max_length=20)


class ChannelForm(FormModel):
    """Where a link goes."""

    canal: Literal["sms", "mail"]


class LinkCodeForm(FormModel):
    """The one-time code that came with a link."""

    code: Text = Field(min_length=1, max_length=20)


class ReplyForm(FormModel):
    """What the resident answers; the drawing is optional."""

    reponse: Literal["oui", "non", "ne_sait_pas"]
    nom: Text = Field(default="", max_length=160)
    signature: str = Field(default="", max_length=LONGEST)


class OperatorForm(FormModel):
    """Which operator did not accept the mandate, and why, by codes."""

    organisme: Text = Field(min_length=1, max_length=80)
    raison: Literal["no_mandate", "own_form", "not_believed", "other"]


class RevocationForm(FormModel):
    """Who stops the mandate, and which theme (empty: the whole)."""

    par: Literal["resident", "helper", "death"]
    theme: Text = Field(default="", max_length=20)
