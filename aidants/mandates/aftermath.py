"""Pages on what follows a mandate: renewing it, and noting that an operator refused it."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Final

from starlette.responses import Response

from aidants.accounts.models import Organisation
from aidants.dates import PartialDate, moment
from aidants.db import Mode, Work
from aidants.errors import NotFound
from aidants.i18n import N_, R_, gettext
from aidants.journal import labels
from aidants.journal.actions import MandatePrinted
from aidants.journal.models import JournalRecord
from aidants.journal.services import record
from aidants.mandates import queries, renewal, services
from aidants.mandates.certificate import Certificate, certificate_pdf
from aidants.mandates.forms import OperatorForm
from aidants.mandates.lifecycle import State
from aidants.mandates.queries import MandateView
from aidants.policy import Permission
from aidants.procedures import SCOPES
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

WHICH: Final = N_("Choisissez l’organisme qui a refusé.")
WHY: Final = N_("Choisissez ce qu’il a dit.")
ENDED_BY: Final = {
    "resident": R_("à la demande de la personne"),
    "helper": R_("par la structure, qui y renonce"),
    "death": R_("à la suite d’un décès signalé"),
}
"""Who stopped a mandate, as the certificate says it."""


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


def was_stopped(mandate: MandateView) -> bool:
    """Tell whether the mandate, or one of its themes, was stopped before its end by somebody."""
    by_somebody = any(item.withdrawn_at and item.withdrawn_by != "superseded" for item in mandate.authorisations)
    return by_somebody or (mandate.state is State.REVOKED and mandate.row.end_reason != "superseded")


def certificate(work: Work, view: Page) -> Response:
    """Show, ready to print and sign, what was stopped, when and by whom. Raises NotFound when nothing was."""
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    if not was_stopped(mandate):
        raise NotFound
    text, _row = queries.frozen_text(work, mandate, resident)
    stopped = [item for item in mandate.authorisations if item.withdrawn_at is not None]
    return view.render(
        "mandates/certificate.html",
        mandate=mandate,
        resident=resident,
        text=text,
        stopped=stopped,
        whole=mandate.state is State.REVOKED,
        by=gettext(ENDED_BY.get(mandate.row.end_reason or (stopped[0].withdrawn_by if stopped else "") or "", "")),
        operators=renewal.operators(mandate),
        verification_code=queries.verification_code(work, mandate, resident),
    )


def certificate_paper(view: Page) -> Response:
    """Answer the same certificate as a PDF, drawn outside any transaction; each one is journaled first."""
    with view.unit(Mode.WRITE) as work:
        if not was_stopped(queries.get_mandate(work, view.param("id"))):
            raise NotFound
        _prints(work, view)
    with view.unit(Mode.READ) as work:
        facts, url = _certificate(work, view)
        now = work.now
    body = certificate_pdf(facts, now, url, demo=view.gate.demo)
    headers = {"Content-Disposition": 'inline; filename="attestation.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


def _certificate(work: Work, view: Page) -> tuple[Certificate, str | None]:
    """Gather what the paper says, in French, and the address where the mandate is checked."""
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    text, _row = queries.frozen_text(work, mandate, resident)
    zone, code = work.settings.zone, queries.verification_code(work, mandate, resident)
    stopped = [
        (item, item.withdrawn_at)
        for item in mandate.authorisations
        if item.withdrawn_at is not None and item.withdrawn_by != "superseded"
    ]
    ended = mandate.row.ended_at or max((at for _item, at in stopped), default=work.now)
    by = mandate.row.end_reason or (stopped[0][0].withdrawn_by if stopped else "") or ""
    who = resident.identity
    born = PartialDate.from_iso(who.birth_date).long("fr") if who.birth_date else "date inconnue"
    organisation = work.session.get_one(Organisation, mandate.row.organisation_id)
    facts = Certificate(
        reference=mandate.row.reference,
        code=f"{code[:4]}-{code[4:]}",
        person=who.full_name,
        born=", ".join(part for part in (born, who.birthplace) if part),
        organisation=text.organisation.name,
        address=organisation.address,
        phone=organisation.phone,
        started=moment(mandate.row.activated_at, zone, "fr") if mandate.row.activated_at else "",
        stopped=tuple((SCOPES[item.scope].label, moment(at, zone, "fr")) for item, at in stopped),
        whole=mandate.state is State.REVOKED,
        when=moment(ended, zone, "fr"),
        by=ENDED_BY.get(by, ""),
        operators=tuple(renewal.operators(mandate)),
        helper=work.actor.name if work.actor is not None else "",
    )
    return facts, f"{work.settings.base_url}/v/{code}" if work.settings.reachable else None


def _prints(work: Work, view: Page) -> None:
    mandate = queries.get_row(work, view.param("id"))
    record(work, MandatePrinted(**services.subject(mandate), copy="certificate"))


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
    page("/mandats/{id:ref}/arret", certificate, permission=Permission.SEE_MANDATES, db=Mode.READ, records=_prints),
    page("/mandats/{id:ref}/arret.pdf", certificate_paper, permission=Permission.SEE_MANDATES, db=Mode.OWN),
    page("/mandats/{id:ref}/renouveler", renew, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/mandats/{id:ref}/organisme", ask_operator, permission=_CHANGE, db=Mode.READ, records=_views),
    page(
        "/mandats/{id:ref}/organisme", note_operator, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views
    ),
]
