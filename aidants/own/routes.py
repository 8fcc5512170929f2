"""A resident's own pages: what was done for them, their mandates, stopping one, everything held, asking the counter."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from aidants.counter import access
from aidants.db import Mode, Work
from aidants.errors import NotFound
from aidants.i18n import LANGUAGES, gettext, use
from aidants.journal.actions import MandatePrinted
from aidants.journal.services import record
from aidants.mandates import queries, services
from aidants.mandates.aftermath import ENDED_BY, was_stopped
from aidants.mandates.attestation import mandate_pdf
from aidants.mandates.lifecycle import State
from aidants.mandates.printing import prepare
from aidants.mandates.queries import MandateView
from aidants.mandates.renewal import operators
from aidants.mandates.signers import CONSENT_LABELS
from aidants.own import asking, door, story
from aidants.own.entering import enter, own, show
from aidants.policy import Permission
from aidants.residents import services as residents
from aidants.web.endpoint import Handler, Page, Recorder, page

JSON: Final = "json"


def home(work: Work, view: Page) -> Response:
    """Show what was done last, beside the mandates in force."""
    mandates = queries.mandates_of(work, view.recorded.id)
    told = story.tell(work, [mandate.row for mandate in mandates], most=6)
    going_on = [mandate for mandate in mandates if mandate.state is State.ACTIVE]
    days = told.by_day(work.now, view.gate.settings.zone)
    return show(view, "own/home.html", resident=view.recorded, mandates=going_on, days=days, older=told.older)


def acts(work: Work, view: Page) -> Response:
    """Show everything that was done, page by page."""
    start = view.query.last("avant")
    before = int(start) if start.isascii() and start.isdigit() and len(start) < 18 else None
    mandates = queries.mandates_of(work, view.recorded.id)
    told = story.tell(work, [mandate.row for mandate in mandates], before)
    days = told.by_day(work.now, view.gate.settings.zone)
    return show(view, "own/acts.html", days=days, older=told.older, first=before is None)


def mandates(work: Work, view: Page) -> Response:
    """List the mandates, those in force first."""
    found = sorted(queries.mandates_of(work, view.recorded.id), key=lambda mandate: mandate.state is not State.ACTIVE)
    given = [mandate for mandate in found if mandate.row.activated_at is not None]
    return show(view, "own/mandates.html", mandates=given)


def mandate(work: Work, view: Page) -> Response:
    """Show one mandate."""
    found = _given(work, view)
    return show(
        view, "own/mandate.html", mandate=found, agreement=CONSENT_LABELS[found.row.consent], stopped=was_stopped(found)
    )


def _given(work: Work, view: Page) -> MandateView:
    """Return a mandate of the visitor that was once in force. Raises NotFound for any other."""
    found = queries.get_mandate(work, view.param("id"))
    if found.row.activated_at is None:
        raise NotFound
    return found


def ask_stop(work: Work, view: Page) -> Response:
    """Ask whether they are sure, for the whole or for one theme."""
    found, theme = _given(work, view), view.query.last("theme")
    live = [item.scope for item in found.authorisations if item.withdrawn_at is None]
    if found.state is not State.ACTIVE or (theme and theme not in live):
        return view.redirect(f"/ma-page/mandats/{found.row.id}")
    return show(view, "own/stop.html", mandate=found, theme=theme if len(live) > 1 else "")


def stop(work: Work, view: Page) -> Response:
    """Stop it, at once and for good (Code civil art. 2004)."""
    found = _given(work, view)
    services.revoke(work, found.row.id, view.form.last("theme") or None, "resident")
    return view.redirect(f"/ma-page/mandats/{found.row.id}/arret")


def certificate(work: Work, view: Page) -> Response:
    """Show, ready to print, what was stopped, when and by whom."""
    found, resident = queries.get_with_resident(work, view.param("id"))
    if not was_stopped(found):
        raise NotFound
    stopped = [item for item in found.authorisations if item.withdrawn_at is not None]
    by = found.row.end_reason or (stopped[0].withdrawn_by if stopped else "")
    return show(
        view,
        "own/certificate.html",
        mandate=found,
        resident=resident,
        stopped=stopped,
        whole=found.state is State.REVOKED,
        by=gettext(ENDED_BY.get(by or "", "")),
        operators=operators(found),
        verification_code=queries.verification_code(work, found, resident),
    )


def paper(view: Page) -> Response:
    """Answer the mandate as it was signed; journaled first, drawn outside any transaction."""
    with view.unit(Mode.WRITE) as work:
        enter(work, view)
        services.journal_print(work, _given(work, view).row.id)
    with view.unit(Mode.READ) as work:
        sheet = prepare(work, view.param("id"), demo=view.gate.demo)
    body = mandate_pdf(sheet.text, sheet.footer, sheet.revoked)
    headers = {"Content-Disposition": 'attachment; filename="mandat.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


def whole_file(work: Work, view: Page) -> Response:
    """Answer everything held about them, as a file to read or for a computer (RGPD art. 15 and 20)."""
    assert work.resident is not None
    form = JSON if view.form.last("forme") == JSON else "html"
    known = residents.get_resident(work, work.resident.resident_id)
    locale = view.locale if view.locale in LANGUAGES else "fr"
    use(locale)
    file = access.gather(work, known.row)
    access.journal(work, known.row, form)
    headers = {"Content-Disposition": f'attachment; filename="dossier.{form}"'}
    if form == JSON:
        return Response(access.to_json(file), media_type="application/json", headers=headers)
    text = view.gate.templates.render("residents/file_alone.html", {"file": file}, locale)
    return Response(text, media_type="text/html; charset=utf-8", headers=headers)


def _views(work: Work, view: Page) -> None:
    assert work.resident is not None
    view.recorded = residents.journal_view(work, work.resident.resident_id)


def _views_mandate(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


def _prints(work: Work, view: Page) -> None:
    found = queries.get_row(work, view.param("id"))
    record(work, MandatePrinted(**services.subject(found), copy="certificate"))


def _page(path: str, handler: Handler, records: Recorder | None = None, method: str = "GET") -> Route:
    db = Mode.WRITE if method == "POST" else Mode.READ
    recorder = own(records) if records is not None else None
    return page(
        f"/ma-page{path}",
        own(handler),
        permission=Permission.PUBLIC,
        db=db,
        method=method,
        records=recorder,
        resident=True,
        alone=True,
    )


ROUTES: Final = [
    *door.ROUTES,
    _page("/accueil", home, _views),
    _page("/actes", acts, _views),
    _page("/mandats", mandates, _views),
    _page("/mandats/{id:ref}", mandate, _views_mandate),
    _page("/mandats/{id:ref}/arreter", ask_stop, _views_mandate),
    _page("/mandats/{id:ref}/arreter", stop, method="POST"),
    _page("/mandats/{id:ref}/arret", certificate, _prints),
    page(
        "/ma-page/mandats/{id:ref}/mandat.pdf",
        paper,
        permission=Permission.PUBLIC,
        db=Mode.OWN,
        resident=True,
        alone=True,
    ),
    _page("/questions", asking.questions, _views),
    _page("/questions", asking.ask, _views, "POST"),
    _page("/donnees", asking.data, _views),
    _page("/donnees", asking.ask_data, _views, "POST"),
    _page("/dossier", whole_file, method="POST"),
]
