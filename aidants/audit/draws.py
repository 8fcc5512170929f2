"""The page that draws mandates to review: same seed, same period, same reach, same draw."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, Any, Final
from urllib.parse import urlencode

from pydantic import AfterValidator, Field
from sqlmodel import col, select
from starlette.responses import Response
from starlette.routing import Route

from aidants import dates
from aidants.audit import paging, sample
from aidants.audit.forms import Day
from aidants.audit.lines import moment_of, spaced
from aidants.db import Mode, Work
from aidants.i18n import N_
from aidants.journal import labels
from aidants.journal.actions import JournalSearched
from aidants.journal.models import JournalRecord
from aidants.journal.seal import last_checkpoint
from aidants.journal.services import record, under_installation
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, custom_error, parse

USUAL: Final = 10
PERIOD: Final = timedelta(days=90)
HOW_MANY: Final = N_("Écrivez un nombre de 1 à 100.")
BACKWARDS: Final = N_("Le dernier jour vient avant le premier. Changez l’un des deux.")


def _size(value: str) -> str:
    if value and not (value.isascii() and value.isdigit() and 1 <= int(value) <= sample.LARGEST):
        raise custom_error(HOW_MANY)
    return value


class DrawForm(FormModel):
    """What to draw from, how many, and the seed that decides."""

    du: Day = ""
    au: Day = ""
    combien: Annotated[Text, Field(max_length=6), AfterValidator(_size)] = ""
    graine: Annotated[Text, Field(max_length=64)] = ""


def draw(work: Work, view: Page) -> Response:
    """Show the mandates drawn, with everything a second auditor needs to draw them again."""
    form = parse(DrawForm, view.query)
    asked = _complete(work, form)
    if not form.errors and asked["du"] > asked["au"]:
        form.add("au", BACKWARDS)
    drawn, population = ([], 0) if form.errors else _draw(work, asked)
    return view.render(
        "audit/sample.html",
        status=422 if form.errors else 200,
        form=form,
        asked=asked,
        drawn=drawn,
        population=spaced(population),
        address=f"/journal/tirage?{urlencode(asked)}",
        days=[dates.long_date(date.fromisoformat(asked[name]), view.locale) for name in ("du", "au")],
    )


def _complete(work: Work, form: Parsed[DrawForm]) -> dict[str, str]:
    """Fill what was left empty: the last three months, ten mandates, and as seed the root of the last checkpoint signed.

    Nobody chooses that root, and nobody can foresee it while acting.
    """
    today = dates.local_day(work.now, work.settings.zone)
    stored = last_checkpoint(work.session)
    usual = {
        "du": (today - PERIOD).isoformat(),
        "au": today.isoformat(),
        "combien": str(USUAL),
        "graine": stored.root.hex()[:16] if stored else "1",
    }
    typed = form.value.model_dump() if form.value else {}
    return {name: typed.get(name) or value for name, value in usual.items()}


def _draw(work: Work, asked: dict[str, str]) -> tuple[list[dict[str, Any]], int]:
    start, end = date.fromisoformat(asked["du"]), date.fromisoformat(asked["au"])
    found = paging.activations(work, start, end, work.settings.zone)
    chosen, population = sample.draw(asked["graine"], found, int(asked["combien"]))
    entries = select(JournalRecord).where(col(JournalRecord.seq).in_([found[mandate] for mandate in chosen]))
    rows = {row.mandate: row for row in work.session.exec(entries)}
    return [_drawn(mandate, rows[mandate], asked["graine"]) for mandate in chosen], population


def _drawn(mandate: str, entry: JournalRecord, seed: str) -> dict[str, Any]:
    return {
        "id": mandate,
        "name": labels.mandate(mandate),
        "when": moment_of(entry),
        "sentence": labels.sentence(entry),
        "entry": entry.id,
        "number": spaced(entry.seq),
        "rank": sample.rank(seed, mandate).hex()[:12],
    }


def _records(work: Work, view: Page) -> None:
    form = parse(DrawForm, view.query).value
    used = {name: value for name, value in form.model_dump().items() if value} if form else {}
    record(work, JournalSearched(view="sample", filters=tuple(used)), under_installation(work, used))


ROUTES: Final[list[Route]] = [
    page("/journal/tirage", draw, permission=Permission.AUDIT_JOURNAL, db=Mode.READ, records=_records),
]
