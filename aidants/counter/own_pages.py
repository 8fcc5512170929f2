"""The counter's side of residents' own pages: printing the sheet with its code, reading and answering what they ask."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field
from starlette.responses import Response

from aidants.counter import takeaway
from aidants.db import Mode, Work
from aidants.errors import NotFound
from aidants.i18n import N_, gettext
from aidants.journal import actions
from aidants.journal.services import record_read
from aidants.policy import Permission
from aidants.residents import codes, requests
from aidants.residents import services as residents
from aidants.residents.requests import LONGEST, QUESTION, Request
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, parse

NO_ANSWER: Final = N_("Écrivez votre réponse.")


class AnswerForm(FormModel):
    """What the counter answers."""

    reponse: Annotated[Text, Field(max_length=LONGEST)] = ""


def print_sheet(view: Page) -> Response:
    """Draw the sheet with a new code, then make that code the only good one: a sheet that is not drawn changes nothing.

    The answer is the one place where the code ever stands.
    """
    with view.unit(Mode.READ) as work:
        said = takeaway.prepare(work, view.param("id"), demo=view.gate.demo)
    code = codes.new_access_code()
    body = takeaway.sheet_pdf(said, code)
    with view.open_unit(Mode.WRITE) as work:
        codes.issue(work, view.param("id"), code)
    headers = {"Content-Disposition": 'inline; filename="feuille.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


def waiting(work: Work, view: Page) -> Response:
    """List what residents asked and nobody answered yet, the first due first."""
    return view.render("counter/requests.html", waiting=view.recorded, kinds=requests.KINDS, now=work.now)


def _lists(work: Work, view: Page) -> None:
    view.recorded = found = requests.waiting(work)
    shown = {request.resident.id: request.resident for request in found if request.resident is not None}
    if shown:
        residents.journal_search(work, tuple(shown.values()), "requests")


def one(work: Work, view: Page) -> Response:
    """Show one request, and how to answer it."""
    return _one(view, requests.get(work, view.param("id")), Parsed[AnswerForm]())


def answer(work: Work, view: Page) -> Response:
    """Answer a question, or say that the file was given, the erasure done or explained."""
    request = requests.get(work, view.param("id"))
    form = parse(AnswerForm, view.form)
    if form.value is not None and not form.value.reponse and request.row.kind == QUESTION:
        form.add("reponse", NO_ANSWER)
    if form.errors:
        return _one(view, request, form, 422)
    requests.answer(work, request.row.id, form.valid().reponse)
    return view.redirect("/demandes")


def _one(view: Page, request: Request, form: Parsed[AnswerForm], status: int = 200) -> Response:
    title = gettext(requests.KINDS[request.row.kind])
    return view.render("counter/request.html", status=status, block="form", request=request, title=title, form=form)


def _views(work: Work, view: Page) -> None:
    resident = requests.get(work, view.param("id")).resident
    if resident is None:
        raise NotFound
    record_read(work, actions.ResidentViewed(resident=resident.id))


_SEE, _CHANGE = Permission.SEE_RESIDENTS, Permission.CHANGE_RESIDENTS
ROUTES: Final = [
    page("/personnes/{id:ref}/feuille", print_sheet, permission=_CHANGE, db=Mode.OWN, method="POST"),
    page("/demandes", waiting, permission=_SEE, db=Mode.READ, records=_lists),
    page("/demandes/{id:ref}", one, permission=_SEE, db=Mode.READ, records=_views),
    page("/demandes/{id:ref}", answer, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
]
