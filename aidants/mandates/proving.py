"""The helper's pages about a proof: how the person agreed, and the photos of the paper they signed."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from aidants.db import Mode, Work
from aidants.i18n import N_
from aidants.journal.actions import ProofViewed
from aidants.journal.services import record
from aidants.mandates import drawing, papers, pictures, queries, replies, services
from aidants.mandates.signers import CONSENT_LABELS
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed

NO_FILE: Final = N_("Choisissez une photo ou un scan.")
NO_PICTURE: Final = N_("Ce fichier n’est ni une photo (JPEG ou PNG) ni un PDF, ou il est coupé. Reprenez la photo.")
TOO_HEAVY: Final = N_("Ce fichier dépasse 10 Mo. Reprenez la photo en plus petit.")
_TYPES: Final = {"jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}


def show(work: Work, view: Page) -> Response:
    """Show what was answered, when, by which means, and the photos of the paper."""
    return _show(work, view, Parsed[FormModel]())


def _show(work: Work, view: Page, form: Parsed[FormModel]) -> Response:
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    answers = replies.opened(work, mandate.row.text_id, resident.row)
    return view.render(
        "mandates/proof.html",
        status=422 if form.errors else 200,
        block="form",
        form=form,
        mandate=mandate,
        resident=resident,
        agreement=CONSENT_LABELS[mandate.row.consent],
        answers=[(reply, drawing.smooth(reply.said.drawing)) for reply in answers],
        frame=(drawing.WIDTH, drawing.HEIGHT),
        papers=papers.papers_of(work, mandate.row.id),
        takes_paper=papers.takes_paper(mandate),
        most=papers.MOST,
    )


def attach(work: Work, view: Page) -> Response:
    """Seal a photo with the mandate."""
    form, data = Parsed[FormModel](), view.files.get("photo", b"")
    if not data:
        form.add("photo", NO_FILE)
    elif len(data) > pictures.LARGEST:
        form.add("photo", TOO_HEAVY)
    else:
        try:
            papers.attach(work, view.param("id"), data)
        except pictures.BadPicture:
            form.add("photo", NO_PICTURE)
    return _show(work, view, form) if form.errors else view.redirect(f"/mandats/{view.param('id')}/preuve")


def download(view: Page) -> Response:
    """Answer a photo as a file to keep, never as a page: its name is ours, no browser opens it here."""
    with view.unit(Mode.WRITE) as work:
        kind, data = papers.read(work, view.param("id"), view.param("paper"))
    headers = {
        "Content-Disposition": f'attachment; filename="papier-signe.{pictures.EXTENSIONS[kind]}"',
        "Content-Security-Policy": "default-src 'none'; sandbox",
    }
    return Response(data, media_type=_TYPES[kind], headers=headers)


def remove(work: Work, view: Page) -> Response:
    """Delete a photo sealed by mistake."""
    papers.remove(work, view.param("id"), view.param("paper"))
    return view.redirect(f"/mandats/{view.param('id')}/preuve")


def say_signed(work: Work, view: Page) -> Response:
    """Note that the paper was signed."""
    papers.say_signed(work, view.param("id"))
    return view.redirect(f"/mandats/{view.param('id')}")


def show_again(work: Work, view: Page) -> Response:
    """Answer somebody who reloads the address of a button: the proof's page."""
    return view.redirect(f"/mandats/{queries.get_mandate(work, view.param('id')).row.id}/preuve")


def _views(work: Work, view: Page) -> None:
    record(work, ProofViewed(**services.subject(queries.get_row(work, view.param("id"))), proof="page"))


_SEE, _CHANGE = Permission.SEE_MANDATES, Permission.CHANGE_MANDATES
_HOME: Final = "/mandats/{id:ref}"
ROUTES: Final = [
    page(f"{_HOME}/preuve", show, permission=_SEE, db=Mode.READ, records=_views),
    page(f"{_HOME}/papiers", show_again, permission=_CHANGE, db=Mode.READ),
    page(
        f"{_HOME}/papiers",
        attach,
        permission=_CHANGE,
        db=Mode.WRITE,
        method="POST",
        records=_views,
        max_file=pictures.LARGEST,
    ),
    page(f"{_HOME}/papiers/{{paper:ref}}", download, permission=_SEE, db=Mode.OWN),
    page(f"{_HOME}/papiers/{{paper:ref}}/retirer", remove, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page(f"{_HOME}/papier-signe", say_signed, permission=_CHANGE, db=Mode.WRITE, method="POST"),
]
