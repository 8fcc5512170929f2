"""What a helper types about a resident: only what is needed, with room for what is not known."""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated, Final, Literal

from pydantic import AfterValidator, Field

from aidants.dates import DateError, PartialDate, parse_people_date
from aidants.i18n import N_, current, gettext
from aidants.residents.identity import Identity
from aidants.web.forms import FormModel, Parsed, Text, custom_error

DOCUMENTS: Final = {
    "identity_card": N_("Carte d’identité"),
    "passport": N_("Passeport"),
    "residence_permit": N_("Titre de séjour"),
    "driving_licence": N_("Permis de conduire"),
    "known": N_("Aucune : je connais la personne"),
}
"""Kind of identity document seen. Its number is never asked (legal frame: never copied, never numbered)."""


LANGUAGES: Final = {
    "fr": N_("Français"),
    "en": N_("Anglais"),
    "ar": N_("Arabe"),
    "es": N_("Espagnol"),
    "pt": N_("Portugais"),
    "tr": N_("Turc"),
    "uk": N_("Ukrainien"),
    "ro": N_("Roumain"),
}
"""Languages in which the resident's pages exist."""

AIDS: Final = {"large_type": N_("De grandes lettres"), "read_aloud": N_("Que l’on lise à voix haute")}
"""Reading aids a resident may want."""

REMINDERS: Final = {"": N_("Non"), "sms": N_("Oui, par SMS"), "mail": N_("Oui, par e-mail")}
"""Whether a resident wants to be told that a mandate ends soon, and how."""

CHANGED: Final = {
    "birth_name": N_("Nom de naissance"),
    "usual_name": N_("Nom d’usage"),
    "given_names": N_("Prénoms"),
    "birth_date": N_("Date de naissance"),
    "birthplace": N_("Lieu de naissance"),
    "phone": N_("Téléphone"),
    "email": N_("Adresse électronique"),
    "language": N_("Langue"),
    "aids": N_("Aides à la lecture"),
    "reminders": N_("Rappel avant la fin d’un mandat"),
    "document_seen": N_("Pièce d’identité vue"),
}
"""What the form asks, in the order in which two versions are compared."""


NO_NUMBER: Final = N_("Notez son numéro de téléphone, ou choisissez une autre réponse.")
NO_ADDRESS: Final = N_("Notez son adresse e-mail, ou choisissez une autre réponse.")


def _has_letter(value: str) -> str:
    if value and not any(letter.isalpha() for letter in value):
        raise custom_error(N_("Écrivez un nom avec des lettres."))
    return value


def _phone(value: str) -> str:
    digits = re.sub(r"[\s.()-]", "", value)
    if value and not re.fullmatch(r"\+?\d{6,15}", digits):
        raise custom_error(N_("Écrivez un numéro de téléphone. Exemple : 06 12 34 56 78"))
    return value


def _email(value: str) -> str:
    if value and not re.fullmatch(r"[^@\s]+@[^@\s]+\.[^@\s]+", value):
        raise custom_error(N_("Il manque le @ ou la fin. Exemple : marie@exemple.fr"))
    return value


Name = Annotated[Text, Field(max_length=80), AfterValidator(_has_letter)]


class SearchForm(FormModel):
    """One box: a name, a birth date or a phone number."""

    recherche: Text = Field(min_length=1, max_length=100)


class ResidentForm(FormModel):
    """A new or changed resident. The birth date comes in three boxes; the year alone is enough, or nothing."""

    birth_name: Annotated[Name, Field(min_length=1)]
    given_names: Annotated[Name, Field(min_length=1)]
    usual_name: Name = ""
    birth_day: Text = Field(default="", max_length=10, alias="birth-day")
    birth_month: Text = Field(default="", max_length=10, alias="birth-month")
    birth_year: Text = Field(default="", max_length=10, alias="birth-year")
    birthplace: Text = Field(default="", max_length=80)
    phone: Annotated[Text, Field(max_length=30), AfterValidator(_phone)] = ""
    email: Annotated[Text, Field(max_length=200), AfterValidator(_email)] = ""
    document_seen: Literal["", "identity_card", "passport", "residence_permit", "driving_licence", "known"] = ""
    language: Literal["fr", "en", "ar", "es", "pt", "tr", "uk", "ro"] = "fr"
    aids: list[Literal["large_type", "read_aloud"]] = Field(default_factory=list, max_length=2)
    reminders: Literal["", "sms", "mail"] = ""


def read_identity(form: Parsed[ResidentForm], today: date) -> Identity | None:
    """Turn a valid form into an identity; an impossible birth date is added to the form's errors."""
    if form.errors:
        return None
    draft, birth_date = form.valid(), ""
    if draft.birth_day or draft.birth_month or draft.birth_year:
        try:
            parsed = parse_people_date(draft.birth_day, draft.birth_month, draft.birth_year, today=today)
        except DateError as error:
            form.add(f"birth-{error.field}", error.message)
            return None
        birth_date = parsed.iso()
    needed = {"sms": draft.phone, "mail": draft.email}
    if not needed.get(draft.reminders, "-"):
        form.add("reminders", NO_NUMBER if draft.reminders == "sms" else NO_ADDRESS)
        return None
    plain = draft.model_dump(exclude={"birth_day", "birth_month", "birth_year", "aids"})
    return Identity(birth_date=birth_date, aids=" ".join(sorted(set(draft.aids))), **plain)


def said(identity: Identity) -> dict[str, str]:
    """Return what the form asks as people read it, by the names of ``CHANGED``; "" for what is not known."""
    values = identity.to_dict()
    words = {name: values[name] for name in CHANGED}
    words["birth_date"] = PartialDate.from_iso(identity.birth_date).long(current()) if identity.birth_date else ""
    words["language"] = gettext(LANGUAGES[identity.language]) if identity.language in LANGUAGES else identity.language
    words["aids"] = ", ".join(gettext(AIDS[code]) for code in identity.aids.split() if code in AIDS)
    words["reminders"] = gettext(REMINDERS[identity.reminders]) if identity.reminders in REMINDERS else ""
    words["document_seen"] = gettext(DOCUMENTS[identity.document_seen]) if identity.document_seen in DOCUMENTS else ""
    return words
