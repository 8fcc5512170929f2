"""The page where an operator's agent asks whether a mandate is about the person in front of them: yes or no, nothing else."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field
from starlette.responses import Response

from aidants.dates import DateError, local_day, parse_people_date
from aidants.db import Mode
from aidants.i18n import N_
from aidants.policy import Permission
from aidants.portal import queries, services
from aidants.portal.queries import Answer
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, parse

PATIENCE: Final = 0.1
"""Seconds a public page may wait for the journal; without an entry there is no answer."""
NAME: Final = N_("Écrivez les prénom et nom, comme sur la pièce d’identité.")
OWN_WORDS: Final = {"nom": {"missing": NAME, "string_too_short": NAME}}


class PersonForm(FormModel):
    """What stands on the identity document that the agent holds."""

    nom: Annotated[Text, Field(min_length=3, max_length=160)]
    birth_day: Text = Field(default="", max_length=10, alias="naissance-day")
    birth_month: Text = Field(default="", max_length=10, alias="naissance-month")
    birth_year: Text = Field(default="", max_length=10, alias="naissance-year")


def ask(view: Page) -> Response:
    """Show the question, for a mandate that is valid now."""
    with view.unit(Mode.READ) as work:
        services.check_tries(work, view.address)
        verdict = queries.read_verdict(work, view.param("code"))
    if verdict.answer is not Answer.VALID:
        return view.redirect(f"/v/{view.param('code')}")
    return view.render("portal/person.html", form=Parsed[PersonForm](), verdict=verdict, concerned=None)


def answer(view: Page) -> Response:
    """Say yes or no, and journal it. Raises TooManyTries after five wrong answers about one mandate."""
    with view.unit(Mode.READ) as work:
        services.check_tries(work, view.address)
        verdict, today = queries.read_verdict(work, view.param("code")), local_day(work.now, work.settings.zone)
    if verdict.answer is not Answer.VALID:
        return view.redirect(f"/v/{view.param('code')}")
    form, born = parse(PersonForm, view.form, OWN_WORDS), ""
    if form.value is not None:
        told = form.value
        try:
            born = parse_people_date(told.birth_day, told.birth_month, told.birth_year, today=today).iso()
        except DateError as error:
            form.add("naissance", error.message)
    if form.errors:
        return view.render("portal/person.html", status=422, form=form, verdict=verdict, concerned=None)
    with view.open_unit(Mode.WRITE, PATIENCE) as work:
        concerned = services.concerns(work, verdict, form.valid().nom, born)
    return view.render("portal/person.html", form=Parsed[PersonForm](), verdict=verdict, concerned=concerned)


PERSON_ROUTES: Final = [
    page("/v/{code}/personne", ask, permission=Permission.PUBLIC, db=Mode.OWN),
    page("/v/{code}/personne", answer, permission=Permission.PUBLIC, db=Mode.OWN, method="POST"),
]
