"""What the pages of a walk send: ids and codes only, never a text that somebody typed (but for the search box)."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from aidants.guides.services import REASONS
from aidants.i18n import gettext
from aidants.web.forms import FormModel, Text

_Id = Annotated[str, Field(min_length=1, max_length=60, pattern=r"^[a-z0-9]+(-[a-z0-9]+)*$")]
_Revision = Annotated[int, Field(ge=1, le=1_000_000)]


class SearchForm(FormModel):
    """The search box of the guides. ``theme``: one of the scopes, or nothing."""

    q: Annotated[Text, Field(max_length=100)] = ""
    theme: str = ""


class StartForm(FormModel):
    """Which guide to open."""

    guide: _Id


class StepForm(FormModel):
    """One act on the step shown; ``revision`` is the number the page bore."""

    step: _Id
    act: Literal["done", "skip", "block", "answer", "help", "close_help", "back"]
    revision: _Revision
    choice: _Id | None = None
    reason: Annotated[str, Field(max_length=40)] = ""


class EndForm(FormModel):
    """Ending a walk: at its end step, or before."""

    act: Literal["finish", "stop"]
    revision: _Revision


def reasons() -> list[tuple[str, str]]:
    """Return the difficulties to choose from, in the language of the request."""
    return [(code, gettext(label)) for code, label in REASONS.items()]
