"""What people type to sign in. Passwords are taken as they are: no cleaning, no guard, no trimming."""

from __future__ import annotations

from typing import Annotated

from pydantic import AfterValidator, ConfigDict, Field

from aidants.accounts.factors import MAX_PASSWORD
from aidants.i18n import N_
from aidants.web.forms import FormModel, Text, custom_error


def _has_at(value: str) -> str:
    local, _, host = value.partition("@")
    if not local or "." not in host or any(letter.isspace() for letter in value):
        raise custom_error(N_("Il manque le @ ou la fin. Exemple : nadia@brivette.example"))
    return value


Email = Annotated[Text, Field(min_length=1, max_length=200), AfterValidator(_has_at)]


class SignInForm(FormModel):
    """First page: who, and the password."""

    model_config = ConfigDict(str_strip_whitespace=False)

    email: Email
    password: str = Field(min_length=1, max_length=MAX_PASSWORD)


class CodeForm(FormModel):
    """A six-digit one-time code."""

    code: Text = Field(min_length=1, max_length=20)
