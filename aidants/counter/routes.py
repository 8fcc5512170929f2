"""Pages: today, a person's card; acts: receive somebody, start a mandate, end the sitting."""

from __future__ import annotations

from starlette.responses import Response

from aidants.assistance import services as assistance
from aidants.counter import death_pages, ending_pages, merge_pages, own_pages, passing, queries, waiting_pages
from aidants.db import Mode, Work
from aidants.guides import queries as runs
from aidants.guides import services as guides
from aidants.mandates import deaths
from aidants.mandates import queries as mandates
from aidants.mandates import services as drafting
from aidants.mandates.signers import CONSENT_LABELS
from aidants.policy import Permission, can
from aidants.residents import holds, merges, requests
from aidants.residents import services as residents
from aidants.residents.forms import said
from aidants.web.endpoint import Page, page


def home(work: Work, view: Page) -> Response:
    """Show the helper what waits; the others are sent to their own first page."""
    if view.recorded is None:
        return view.redirect(_first_page(view))
    return view.render("counter/today.html", **view.recorded, now=work.now)


def _desk(work: Work, view: Page) -> None:
    """Read what waits for a helper and journal the persons it names, in one unit."""
    if not can(view.actor, Permission.SEE_RESIDENTS):
        return
    (waiting, ending), open_run = queries.desk(work), runs.open_run(work)
    shown = {line.resident.id: line.resident for line in [*waiting, *ending]}
    if open_run is not None and open_run.resident is not None:
        shown[open_run.resident.id] = open_run.resident
    if shown:
        residents.journal_search(work, tuple(shown.values()), "today")
    asked = requests.count_waiting(work)
    view.recorded = {"waiting": waiting, "ending": ending, "open_run": open_run, "asked": asked}


def _first_page(view: Page) -> str:
    for permission, path in (
        (Permission.AUDIT_JOURNAL, "/journal"),
        (Permission.SEE_ORGANISATION_JOURNAL, "/journal-structure"),
    ):
        if can(view.actor, permission):
            return path
    return "/guides"


def card(work: Work, view: Page) -> Response:
    """Show a person: who, their mandates, their walks, and what can be done now."""
    known = view.recorded
    return view.render(
        "counter/person.html",
        resident=known,
        mandates=mandates.mandates_of(work, known.id),
        runs=runs.runs_of(work, known.id),
        sitting=assistance.current(work),
        pairs=merges.pairs_of(work, known.id),
        read=said(known.identity),
        held=holds.held(known.row, work.now),
        unfinished=bool(deaths.unfinished(work, known.row)),
        agreements=CONSENT_LABELS,
    )


def start_mandate(work: Work, view: Page) -> Response:
    """Receive the person and start a mandate (or go on with the one already begun)."""
    sitting = assistance.receive(work, view.param("id"))
    return view.redirect(f"/mandats/{drafting.draft_mandate(work, view.param('id'), sitting.id)}")


def follow_guide(work: Work, view: Page) -> Response:
    """Receive the person and open the guide of a procedure, at its first step or where it was left."""
    sitting = assistance.receive(work, view.param("id"))
    return view.redirect(f"/parcours/{guides.start_for_procedure(work, sitting.id, view.form.last('demarche'))}")


def start_guide(work: Work, view: Page) -> Response:
    """Walk a guide with the person received now, or without a name when nobody is."""
    sitting = assistance.current(work) or assistance.receive(work, None)
    return view.redirect(f"/parcours/{guides.start_run(work, sitting.id, view.param('name'))}")


def end_sitting(work: Work, view: Page) -> Response:
    """End the sitting."""
    assistance.close(work, view.param("id"))
    return view.redirect("/aujourdhui")


def _views(work: Work, view: Page) -> None:
    view.recorded = residents.journal_view(work, view.param("id"))


ROUTES = [
    *merge_pages.ROUTES,
    *ending_pages.ROUTES,
    *death_pages.ROUTES,
    *passing.ROUTES,
    *waiting_pages.ROUTES,
    *own_pages.ROUTES,
    page("/aujourdhui", home, permission=Permission.SIGNED_IN, db=Mode.READ, records=_desk),
    page("/personnes/{id:ref}", card, permission=Permission.SEE_RESIDENTS, db=Mode.READ, records=_views),
    page(
        "/personnes/{id:ref}/mandats",
        start_mandate,
        permission=Permission.CHANGE_MANDATES,
        db=Mode.WRITE,
        method="POST",
    ),
    page("/personnes/{id:ref}/parcours", follow_guide, permission=Permission.RUN_GUIDES, db=Mode.WRITE, method="POST"),
    page("/guides/{name}/commencer", start_guide, permission=Permission.RUN_GUIDES, db=Mode.WRITE, method="POST"),
    page("/accompagnements/{id:ref}/fin", end_sitting, permission=Permission.RUN_GUIDES, db=Mode.WRITE, method="POST"),
]
