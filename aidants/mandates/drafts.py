"""What every page of a draft does: find it, keep the order of the questions, show one, go on."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from aidants.db import Work
from aidants.mandates import answers as questions
from aidants.mandates import queries
from aidants.mandates.lifecycle import State
from aidants.mandates.queries import MandateView
from aidants.residents.services import Known
from aidants.web.endpoint import Page
from aidants.web.forms import Parsed


def home(mandate_id: str, question: str) -> str:
    """Return the address of a question."""
    return f"/mandats/{mandate_id}/{question}"


def draft(work: Work, view: Page) -> tuple[MandateView, Known]:
    """Return the mandate of the address and its resident. Raises NotFound."""
    return queries.get_with_resident(work, view.param("id"))


def guard(view: Page, mandate: MandateView, question: str) -> Response | None:
    """Send back to the first question without an answer, or on to where the mandate now stands."""
    if mandate.state is not State.DRAFT:
        return view.redirect(f"/mandats/{mandate.row.id}")
    if not mandate.answers.may_open(question):
        return view.redirect(home(mandate.row.id, mandate.answers.missing()))
    return None


def show(
    view: Page,
    mandate: MandateView,
    resident: Known,
    question: str,
    form: Parsed[Any],
    *,
    block: str = "form",
    **context: Any,
) -> Response:
    """Show a question, 422 with what was typed when the form has errors."""
    before = questions.before(question)
    return view.render(
        f"mandates/{question}.html",
        status=422 if form.errors else 200,
        block=block,
        form=form,
        mandate=mandate,
        answers=mandate.answers,
        resident=resident,
        number=questions.number(question),
        total=len(questions.QUESTIONS),
        back=home(mandate.row.id, before) if before else f"/personnes/{resident.id}",
        here=home(mandate.row.id, question),
        **context,
    )


def go_on(view: Page, question: str) -> Response:
    """Go on; an answer changed from the check page comes back to it."""
    target = "relire" if view.query.last("retour") == "relire" else questions.after(question)
    return view.redirect(home(view.param("id"), target))
