"""Pages on what follows a mandate: renewing it, and noting that an operator refused it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.journal import labels
from aidants.journal.models import JournalRecord
from aidants.mandates import queries, renewal, services
from aidants.mandates.forms import OperatorForm
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

WHICH: Final = N_("Choisissez l’organisme qui a refusé.")
WHY: Final = N_("Choisissez ce qu’il a dit.")


def renew(work: Work, view: Page) -> Response:
    """Start a new mandate with the same procedures; everything is asked, read and signed anew."""
    new_id = renewal.renew(work, view.param("id"))
    return view.redirect(f"/mandats/{new_id}/demarches")


def ask_operator(work: Work, view: Page) -> Response:
    """Ask which operator refused the mandate."""
    return _show(work, view, Parsed[OperatorForm]())


def note_operator(work: Work, view: Page) -> Response:
    """Note it; the mandate goes on."""
    own = {
        "organisme": {"missing": WHICH, "string_too_short": WHICH},
        "raison": {"missing": WHY, "literal_error": WHY},
    }
    form = parse(OperatorForm, view.form, own)
    mandate = queries.get_mandate(work, view.param("id"))
    if form.value is not None and form.value.organisme not in renewal.operators(mandate):
        form.add("organisme", WHICH)
    if form.errors:
        return _show(work, view, form, 422)
    renewal.refused_by_operator(work, mandate.row.id, form.valid().organisme, form.valid().raison)
    return view.redirect(f"/mandats/{mandate.row.id}/organisme")


def _show(work: Work, view: Page, form: Parsed[OperatorForm], status: int = 200) -> Response:
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    if mandate.row.activated_at is None:
        return view.redirect(f"/mandats/{mandate.row.id}")
    return view.render(
        "mandates/operator.html",
        status=status,
        block="form",
        form=form,
        mandate=mandate,
        resident=resident,
        operators=[(name, name) for name in renewal.operators(mandate)],
        reasons=[(code, gettext(text)) for code, text in renewal.OPERATOR_REASONS.items()],
        verification_code=queries.verification_code(work, mandate, resident),
        past=[_past(row) for row in renewal.refusals(work, mandate.row.id)],
    )


def _past(row: JournalRecord) -> dict[str, Any]:
    reason = renewal.OPERATOR_REASONS.get(row.outcome or "", "")
    return {
        "operator": labels.detail(row).get("operator", ""),
        "reason": gettext(reason),
        "when": datetime.fromisoformat(row.ts),
    }


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_CHANGE: Final = Permission.CHANGE_MANDATES
ROUTES: Final = [
    page("/mandats/{id:ref}/renouveler", renew, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/mandats/{id:ref}/organisme", ask_operator, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/mandats/{id:ref}/organisme", note_operator, permission=_CHANGE, db=Mode.WRITE, method="POST"),
]
