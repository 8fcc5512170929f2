"""The page on which a mandate given to another organisation is taken over: the code of the paper, then a draft here."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field
from starlette.responses import Response

from aidants.db import Mode, Work
from aidants.i18n import N_
from aidants.mandates.passing import REFUSALS, NotTakenOver, take_over
from aidants.policy import Permission
from aidants.residents import services
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, parse

EMPTY: Final = N_("Tapez le code écrit sous le carré à scanner.")


class CodeForm(FormModel):
    """The verification code of the mandate, as printed; dashes, spaces and case do not matter."""

    code: Annotated[Text, Field(min_length=1, max_length=40)]


def ask(work: Work, view: Page) -> Response:
    """Ask for the code of the paper."""
    return _show(work, view, Parsed[CodeForm]())


def start(work: Work, view: Page) -> Response:
    """Prefill a draft, or say why not."""
    form = parse(CodeForm, view.form, {"code": {"missing": EMPTY, "string_too_short": EMPTY}})
    if form.value is not None:
        try:
            return view.redirect(f"/mandats/{take_over(work, view.param('id'), form.value.code)}/demarches")
        except NotTakenOver as refused:
            form.add("code", REFUSALS[refused.code])
    return _show(work, view, form, 422)


def _show(work: Work, view: Page, form: Parsed[CodeForm], status: int = 200) -> Response:
    known = services.get_resident(work, view.param("id"))
    return view.render("residents/take_over.html", status=status, block="form", resident=known, form=form)


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_CHANGE: Final = Permission.CHANGE_MANDATES
ROUTES: Final = [
    page("/personnes/{id:ref}/reprise", ask, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/personnes/{id:ref}/reprise", start, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
]
