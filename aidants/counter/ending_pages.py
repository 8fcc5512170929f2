"""Pages that end a person's record, suspend that, or give the person everything held about them."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from aidants.accounts.confirming import NEW_CODE, asks_code, confirmed
from aidants.counter import access
from aidants.counter.erasure import erase
from aidants.counter.file_paper import file_pdf
from aidants.counter.forms import (
    ERASE_REASONS,
    FUTURE,
    TICK,
    AccessForm,
    EraseForm,
    HoldForm,
    LiftForm,
    asked,
    read_end,
)
from aidants.db import Mode, Work
from aidants.i18n import gettext
from aidants.mandates import queries as mandates
from aidants.mandates.lifecycle import State
from aidants.policy import Permission
from aidants.residents import holds, services
from aidants.residents.services import Known
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse


def ask_erasure(work: Work, view: Page) -> Response:
    """Say what goes and what stays, and ask why; or say why it is suspended."""
    return _erasure(work, view, services.get_resident(work, view.param("id")), Parsed[EraseForm]())


def erase_resident(work: Work, view: Page) -> Response:
    """Erase the person for good."""
    known = services.get_resident(work, view.param("id"))
    holds.refuse_held(work, known.row)
    form = parse(EraseForm, view.form, {**asked("raison"), **asked("sur", TICK)})
    if form.errors or not confirmed(work, form, form.valid().code):
        return _erasure(work, view, known, form, 422)
    erase(work, known.id, form.valid().raison)
    return view.redirect("/personnes")


def _erasure(work: Work, view: Page, known: Known, form: Parsed[EraseForm], status: int = 200) -> Response:
    going_on = sum(item.state is State.ACTIVE for item in mandates.mandates_of(work, known.id))
    return view.render(
        "residents/erase.html",
        status=status,
        block="form",
        resident=known,
        form=form,
        going_on=going_on,
        reasons=_choices(ERASE_REASONS),
        hold=holds.REASONS[known.row.hold_reason or "claim"] if holds.held(known.row, work.now) else None,
        new_code=gettext(NEW_CODE) if asks_code(work) else None,
    )


def ask_hold(work: Work, view: Page) -> Response:
    """Ask why erasing is suspended, or why it is possible again."""
    return _hold(work, view, Parsed[Any]())


def set_hold(work: Work, view: Page) -> Response:
    """Suspend erasing."""
    form = parse(HoldForm, view.form, asked("raison"))
    until = read_end(form, work.settings.zone) if not form.errors else None
    if until is not None and not work.now < until <= work.now + holds.LONGEST:
        form.add("fin-day", FUTURE)
    if form.errors:
        return _hold(work, view, form, 422)
    holds.set_hold(work, view.param("id"), form.valid().raison, until)
    return view.redirect(f"/personnes/{view.param('id')}")


def lift_hold(work: Work, view: Page) -> Response:
    """Let the person be erased again."""
    form = parse(LiftForm, view.form, asked("levee"))
    if form.errors:
        return _hold(work, view, form, 422)
    holds.lift_hold(work, view.param("id"), form.valid().levee)
    return view.redirect(f"/personnes/{view.param('id')}")


def _hold(work: Work, view: Page, form: Parsed[Any], status: int = 200) -> Response:
    known = services.get_resident(work, view.param("id"))
    return view.render(
        "residents/hold.html",
        status=status,
        block="form",
        resident=known,
        form=form,
        held=holds.held(known.row, work.now),
        why=holds.REASONS.get(known.row.hold_reason or ""),
        reasons=_choices(holds.REASONS),
        lifted=_choices(holds.LIFTED),
    )


def ask_access(work: Work, view: Page) -> Response:
    """Say what the person receives, and ask for a fresh code."""
    return _access(work, view, services.get_resident(work, view.param("id")), Parsed[AccessForm]())


def give_access(view: Page) -> Response:
    """Give everything held about the person: a page to print, or a file. The PDF is drawn outside any transaction."""
    with view.unit(Mode.WRITE) as work:
        known = services.get_resident(work, view.param("id"))
        form = parse(AccessForm, view.form)
        if form.errors or not confirmed(work, form, form.valid().code):
            return _access(work, view, known, form, 422)
        wanted = form.valid().forme
        file = access.gather(work, known.row)
        access.journal(work, known.row, wanted)
        if wanted == "page":
            return view.render("residents/file.html", resident=known, file=file)
    headers = {"Content-Disposition": f'attachment; filename="dossier.{wanted}"'}
    if wanted == "json":
        return Response(access.to_json(file), media_type="application/json", headers=headers)
    body = file_pdf(file, view.gate.settings.zone, demo=view.gate.demo)
    return Response(body, media_type="application/pdf", headers=headers)


def _access(work: Work, view: Page, known: Known, form: Parsed[AccessForm], status: int = 200) -> Response:
    new_code = gettext(NEW_CODE) if asks_code(work) else None
    return view.render(
        "residents/access.html", status=status, block="form", resident=known, form=form, new_code=new_code
    )


def _choices(words: dict[str, str]) -> list[tuple[str, str]]:
    return [(key, gettext(label)) for key, label in words.items()]


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_CHANGE: Final = Permission.CHANGE_RESIDENTS
ROUTES: Final = [
    page("/personnes/{id:ref}/effacer", ask_erasure, permission=_CHANGE, db=Mode.READ, records=_views),
    page(
        "/personnes/{id:ref}/effacer", erase_resident, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views
    ),
    page("/personnes/{id:ref}/suspendre", ask_hold, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/personnes/{id:ref}/suspendre", set_hold, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
    page("/personnes/{id:ref}/reprendre", lift_hold, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
    page("/personnes/{id:ref}/acces", ask_access, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/personnes/{id:ref}/acces", give_access, permission=_CHANGE, db=Mode.OWN, method="POST", records=_views),
]
