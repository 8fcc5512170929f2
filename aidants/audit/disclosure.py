"""The page where an auditor asks to see a name or sealed data, and says why."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import Field
from starlette.responses import Response
from starlette.routing import Route

from aidants.accounts.confirming import NEW_CODE, asks_code, confirmed
from aidants.audit import queries, services
from aidants.audit.paging import Reach
from aidants.audit.queries import Entry
from aidants.audit.services import Hidden
from aidants.db import Mode, Work
from aidants.errors import NotFound
from aidants.i18n import N_, gettext
from aidants.journal.actions import JournalSearched
from aidants.journal.models import JournalRecord
from aidants.journal.services import record, under_installation
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, parse

WHAT: Final = N_("Choisissez ce que vous voulez voir.")
WHY: Final = N_("Écrivez pourquoi, en une phrase au moins. Ce motif reste au journal.")
OWN_WORDS: Final = {
    "quoi": {"missing": WHAT, "string_too_short": WHAT},
    "motif": {"missing": WHY, "string_too_short": WHY},
}


class DisclosureForm(FormModel):
    """What to show, why, and a fresh code unless one was given less than five minutes ago."""

    quoi: Annotated[Text, Field(min_length=1, max_length=60)]
    motif: Annotated[Text, Field(min_length=10, max_length=500)]
    code: Annotated[Text, Field(max_length=20)] = ""


def ask(work: Work, view: Page) -> Response:
    """Show what an entry hides and the question why."""
    entry, hidden = _entry(work, view)
    return _show(work, view, entry, hidden, Parsed[DisclosureForm]())


def disclose(work: Work, view: Page) -> Response:
    """Record the disclosure with its reason, then go back to the entry, which shows it for a while."""
    entry, hidden = _entry(work, view)
    form = parse(DisclosureForm, view.form, OWN_WORDS)
    chosen = next((item for item in hidden if item.key == form.get("quoi")), None)
    if chosen is None and form.error("quoi") is None:
        form.add("quoi", WHAT)
    if form.errors or chosen is None or not confirmed(work, form, form.valid().code):
        return _show(work, view, entry, hidden, form, 422)
    services.disclose(work, entry.record, chosen, form.valid().motif)
    return view.redirect(f"/journal/entrees/{entry.record.id}")


def _entry(work: Work, view: Page) -> tuple[Entry, tuple[Hidden, ...]]:
    """Return an entry that hides something. Raises NotFound for the others."""
    entry = queries.get_entry(work, Reach.AUDITED, view.param("id"))
    hidden = services.hidden(work, entry)
    if not hidden:
        raise NotFound
    return entry, hidden


def _show(
    work: Work,
    view: Page,
    entry: Entry,
    hidden: tuple[Hidden, ...],
    form: Parsed[DisclosureForm],
    status: int = 200,
) -> Response:
    choices = [(item.key, _choice(item, entry.record)) for item in hidden]
    return view.render(
        "audit/disclose.html",
        status=status,
        block="form",
        entry=entry.record,
        choices=choices,
        form=form,
        new_code=gettext(NEW_CODE) if asks_code(work) else None,
        minutes=int(services.LASTS.total_seconds() // 60),
    )


def _choice(item: Hidden, entry: JournalRecord) -> str:
    if item.kind == "payload":
        return gettext("Les données scellées avec l’entrée")
    text = {
        "resident": N_("Le nom de la personne aidée {pseudonym}"),
        "person": N_("Le nom du compte {pseudonym}, qui a agi")
        if item.id == entry.actor
        else N_("Le nom du compte {pseudonym}"),
    }[item.kind]
    return gettext(text).format(pseudonym=item.pseudonym)


def _records(work: Work, view: Page) -> None:
    entry = queries.get_record(work, Reach.AUDITED, view.param("id"))
    record(
        work, JournalSearched(view="disclosure", filters=("entree",)), under_installation(work, {"entree": entry.id})
    )


ROUTES: Final[list[Route]] = [
    page("/journal/entrees/{id}/voir", ask, permission=Permission.AUDIT_JOURNAL, db=Mode.READ, records=_records),
    page("/journal/entrees/{id}/voir", disclose, permission=Permission.AUDIT_JOURNAL, db=Mode.WRITE, method="POST"),
]
