"""Pages where a resident asks the counter a question, their whole file or to be erased, and reads the answers."""

from __future__ import annotations

from typing import Any

from starlette.responses import Response

from aidants.db import Work
from aidants.i18n import N_
from aidants.own.entering import show
from aidants.own.forms import OWN_WORDS, AskForm, QuestionForm
from aidants.residents import requests, services
from aidants.residents.requests import QUESTION, Request, TooManyOpen
from aidants.residents.services import Known
from aidants.web.endpoint import Page
from aidants.web.forms import Parsed, parse

ASKED = {
    QUESTION: N_("Votre question"),
    "access": N_("Vous avez demandé tout votre dossier"),
    "erasure": N_("Vous avez demandé d’effacer vos données"),
}
"""The kinds of requests as the resident reads them."""


def questions(work: Work, view: Page) -> Response:
    """Show what was asked, the answers, and a box for a question."""
    return _questions(view, _asked(work, view.recorded), Parsed[QuestionForm]())


def ask(work: Work, view: Page) -> Response:
    """Ask a question."""
    form = parse(QuestionForm, view.form, OWN_WORDS)
    if form.value is not None:
        _make(work, form, "question", QUESTION, form.value.question)
    if form.errors:
        return _questions(view, _asked(work, _known(work)), form, 422)
    return view.redirect("/ma-page/questions?envoyee=1")


def data(work: Work, view: Page) -> Response:
    """Say what is held, what may be asked, and what follows."""
    return _data(view, Parsed[AskForm]())


def ask_data(work: Work, view: Page) -> Response:
    """Ask the counter for the whole file, or to be erased."""
    form = parse(AskForm, view.form)
    if form.value is not None:
        _make(work, form, "mot", form.value.demande, form.value.mot)
    return _data(view, form, 422) if form.errors else view.redirect("/ma-page/questions?envoyee=1")


def _make(work: Work, form: Parsed[Any], field: str, kind: str, words: str) -> None:
    try:
        requests.make(work, kind, words)
    except TooManyOpen as full:
        form.add(field, full.message)


def _known(work: Work) -> Known:
    assert work.resident is not None
    return services.get_resident(work, work.resident.resident_id)


def _asked(work: Work, known: Known) -> list[Request]:
    return requests.of_resident(work, known.row)


def _questions(view: Page, asked: list[Request], form: Parsed[QuestionForm], status: int = 200) -> Response:
    sent = view.query.last("envoyee") == "1"
    return show(view, "own/questions.html", status=status, form=form, asked=asked, titles=ASKED, sent=sent)


def _data(view: Page, form: Parsed[AskForm], status: int = 200) -> Response:
    return show(view, "own/data.html", status=status, form=form)
