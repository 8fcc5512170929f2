"""Pages on a reported death: reporting it, taking a mistake back, noting an act that could not wait."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from aidants.accounts.confirming import NEW_CODE, asks_code, confirmed
from aidants.counter.forms import CHOOSE, TICK, DeathForm, UrgentForm, asked
from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.mandates import deaths, queries
from aidants.mandates.lifecycle import State
from aidants.policy import Permission
from aidants.procedures import procedure_title
from aidants.residents import services
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

WHY: Final = N_("Dites en une phrase pourquoi cet acte ne pouvait pas attendre.")


def ask_death(work: Work, view: Page) -> Response:
    """Say what a reported death changes, and ask whether it is sure; or say when it was reported."""
    return _death(work, view, Parsed[DeathForm]())


def report(work: Work, view: Page) -> Response:
    """Freeze everything."""
    form = parse(DeathForm, view.form, asked("sur", TICK))
    if form.errors:
        return _death(work, view, form, 422)
    deaths.report_death(work, view.param("id"))
    return view.redirect(f"/personnes/{view.param('id')}")


def withdraw(work: Work, view: Page) -> Response:
    """The report was a mistake."""
    deaths.withdraw_report(work, view.param("id"))
    return view.redirect(f"/personnes/{view.param('id')}")


def _death(work: Work, view: Page, form: Parsed[DeathForm], status: int = 200) -> Response:
    known = services.get_resident(work, view.param("id"))
    open_states = (State.DRAFT, State.AWAITING_CONSENT, State.ACTIVE)
    return view.render(
        "residents/death.html",
        status=status,
        block="form",
        resident=known,
        form=form,
        going_on=sum(item.state in open_states for item in queries.mandates_of(work, known.id)),
        unfinished=deaths.unfinished(work, known.row),
    )


def ask_urgent(work: Work, view: Page) -> Response:
    """Ask which act could not wait, and why."""
    return _urgent(work, view, Parsed[UrgentForm]())


def note_urgent(work: Work, view: Page) -> Response:
    """Note it; managers and auditors are told."""
    which = {"missing": CHOOSE, "string_too_short": CHOOSE}
    form = parse(UrgentForm, view.form, {"demarche": which, "raison": {"missing": WHY, "string_too_short": WHY}})
    known = services.get_resident(work, view.param("id"))
    if form.value is not None and form.value.demarche not in deaths.unfinished(work, known.row):
        form.add("demarche", CHOOSE)
    if form.errors or not confirmed(work, form, form.valid().code):
        return _urgent(work, view, form, 422)
    deaths.note_urgent_act(work, known.id, form.valid().demarche, form.valid().raison)
    return view.redirect(f"/personnes/{known.id}")


def _urgent(work: Work, view: Page, form: Parsed[Any], status: int = 200) -> Response:
    known = services.get_resident(work, view.param("id"))
    found = deaths.unfinished(work, known.row)
    if not found:
        return view.redirect(f"/personnes/{known.id}/deces")
    return view.render(
        "residents/urgent.html",
        status=status,
        block="form",
        resident=known,
        form=form,
        acts=[(name, gettext(procedure_title(name))) for name in found],
        new_code=gettext(NEW_CODE) if asks_code(work) else None,
    )


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_CHANGE: Final = Permission.CHANGE_MANDATES
ROUTES: Final = [
    page("/personnes/{id:ref}/deces", ask_death, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/personnes/{id:ref}/deces", report, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
    page("/personnes/{id:ref}/deces/erreur", withdraw, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/personnes/{id:ref}/urgence", ask_urgent, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/personnes/{id:ref}/urgence", note_urgent, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
]
