"""Pages of a mandate's life: its page, signature, printing, stopping. The draft's questions are in ``questions``."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from starlette.responses import Response

from aidants.accounts import confirming
from aidants.accounts import services as accounts
from aidants.accounts.models import Person
from aidants.db import Mode, Work
from aidants.errors import AppError, Conflict, Refused
from aidants.i18n import N_
from aidants.journal.actions import ProofIssued
from aidants.journal.export import proof_headers, proof_of
from aidants.journal.notes import Checkpoint, Proof
from aidants.journal.seal import cover
from aidants.journal.services import record
from aidants.mandates import agreeing, consent, deaths, distance, offering, offers, proving, queries, replies, services
from aidants.mandates.aftermath import ROUTES as AFTERMATH_ROUTES
from aidants.mandates.aftermath import was_stopped
from aidants.mandates.attestation import mandate_pdf
from aidants.mandates.forms import ActivationForm, ConfirmationForm, RevocationForm
from aidants.mandates.lifecycle import PROTECTION, Regime, Signs, State
from aidants.mandates.printing import prepare
from aidants.mandates.queries import MandateView
from aidants.mandates.questions import QUESTION_ROUTES, freeze
from aidants.mandates.renewal import may_renew
from aidants.mandates.signers import CONSENT_LABELS
from aidants.messages.addresses import masked
from aidants.policy import Permission
from aidants.residents.services import Known
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

WRONG_CODE = N_("Ce code ne va pas. Attendez le prochain code sur votre téléphone, puis tapez-le.")
NOT_SIGNED = N_("Cochez quand la personne a signé les deux exemplaires.")
WHO_STOPS = N_("Dites qui demande l’arrêt.")
SIGNED = {
    Signs.RESIDENT: N_("La personne et moi avons signé les deux exemplaires. Elle garde le sien."),
    Signs.BOTH: N_("La personne, celle qui l’assiste et moi avons signé les deux exemplaires. Elle garde le sien."),
    Signs.REPRESENTATIVE: N_(
        "La personne qui la représente et moi avons signé les deux exemplaires. Elle garde le sien."
    ),
    "witness": N_("Les deux témoins et moi avons signé les deux exemplaires. La personne garde le sien."),
}
"""What the helper confirms, by whose hand it was."""
_PAGES = {State.AWAITING_CONSENT: "mandates/signature.html", State.ABANDONED: "mandates/abandoned.html"}


def show(work: Work, view: Page) -> Response:
    """Show a mandate where it stands; a draft goes on with its first question without an answer."""
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    if mandate.state is State.DRAFT:
        return view.redirect(f"/mandats/{mandate.row.id}/{mandate.answers.missing()}")
    return _show(work, view, mandate, resident, Parsed())


def _show(
    work: Work, view: Page, mandate: MandateView, resident: Known, form: Parsed[Any], status: int = 200
) -> Response:
    has_code = mandate.row.code_sealed is not None
    awaited = mandate.state is State.AWAITING_CONSENT and mandate.row.consent in replies.ELSEWHERE
    return view.render(
        "mandates/offer.html" if awaited else _PAGES.get(mandate.state, "mandates/mandate.html"),
        status=status,
        block="form",
        form=form,
        mandate=mandate,
        resident=resident,
        helper=work.session.get_one(Person, mandate.row.helper_id),
        agreement=CONSENT_LABELS[mandate.row.consent],
        signed=_signed(mandate),
        renewable=may_renew(mandate, work.now),
        stopped=was_stopped(mandate),
        verification_code=queries.verification_code(work, mandate, resident) if has_code else "",
        **(_offered(work, mandate, resident) if awaited else {}),
    )


def _offered(work: Work, mandate: MandateView, resident: Known) -> dict[str, Any]:
    """Return what the page says of a text that is answered on a screen or at a distance."""
    return {
        "offer": offers.latest(work, mandate.row.id),
        "channels": {
            channel.value: masked(channel, address)
            for channel, address in distance.channels(work.settings, resident.identity).items()
        },
        "deadline": offers.deadline(work, mandate),
        "next_hand": replies.next_hand(work, mandate),
        "asks_code": confirming.asks_code(work),
        "reachable": not work.settings.local,
        "now": work.now,
    }


def _signed(mandate: MandateView) -> str:
    """Return what the helper confirms: whose hands have signed."""
    if mandate.row.consent == "witness":
        return SIGNED["witness"]
    return SIGNED[PROTECTION[Regime(mandate.answers.regime or Regime.NONE)].signs]


def show_again(work: Work, view: Page) -> Response:
    """Answer somebody who reloads the address of a refused confirmation: the mandate's page."""
    return view.redirect(f"/mandats/{queries.get_mandate(work, view.param('id')).row.id}")


def activate(view: Page) -> Response:
    """Activate after the signature, with a fresh one-time code.

    The code stays spent whatever the rules then answer: ``consent.activate`` refuses before it changes anything. The second
    of two presses waits for the first, then finds the mandate active.
    """
    refusal: AppError | None = None
    with view.unit(Mode.WRITE) as work:
        mandate, resident = queries.get_with_resident(work, view.param("id"), lock=True)
        if mandate.state is not State.AWAITING_CONSENT:
            return view.redirect(f"/mandats/{mandate.row.id}")
        form = _confirmed(work, view, mandate)
        if form.errors:
            return _show(work, view, mandate, resident, form, 422)
        try:
            consent.activate(work, mandate.row.id)
        except (Refused, Conflict) as error:
            refusal = error
    if refusal is not None:
        raise refusal
    return view.redirect(f"/mandats/{view.param('id')}")


def _confirmed(work: Work, view: Page, mandate: MandateView) -> Parsed[Any]:
    """Read the helper's confirmation: that the paper is signed, with a fresh code; or, after an answer on a page, the code."""
    if mandate.row.consent in replies.ELSEWHERE:
        answered = parse(ConfirmationForm, view.form)
        if not answered.errors:
            confirming.confirmed(work, answered, answered.valid().code)
        return answered
    form = parse(ActivationForm, view.form, {"signe": {"missing": NOT_SIGNED, "literal_error": NOT_SIGNED}})
    if not form.errors and not accounts.confirm(work, form.valid().code):
        form.add("code", WRONG_CODE)
    return form


def refuse(work: Work, view: Page) -> Response:
    """The person says no: nothing is authorised."""
    services.abandon(work, view.param("id"), "refused")
    return view.redirect(f"/mandats/{view.param('id')}")


def start_over(work: Work, view: Page) -> Response:
    """Change something before the signature: the text is given up, its answers go on in a new draft."""
    return view.redirect(f"/mandats/{services.start_over(work, view.param('id'))}/relire")


def freeze_again(view: Page) -> Response:
    """Print the text anew, with today's date: the one before was not signed in time."""
    freeze(view, frozenset({State.AWAITING_CONSENT}))
    return view.redirect(f"/mandats/{view.param('id')}")


def ask_revocation(work: Work, view: Page) -> Response:
    """Ask for confirmation: stopping is immediate and final."""
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    if mandate.state is not State.ACTIVE:
        return view.redirect(f"/mandats/{mandate.row.id}")
    form = Parsed[RevocationForm](raw={"theme": view.query.last("theme")})
    return view.render("mandates/revoke.html", block="form", form=form, mandate=mandate, resident=resident)


def revoke(work: Work, view: Page) -> Response:
    """Stop the mandate, whole or one theme."""
    form = parse(RevocationForm, view.form, {"par": {"missing": WHO_STOPS, "literal_error": WHO_STOPS}})
    if form.errors:
        mandate, resident = queries.get_with_resident(work, view.param("id"))
        return view.render(
            "mandates/revoke.html", status=422, block="form", form=form, mandate=mandate, resident=resident
        )
    if form.valid().par == deaths.DEATH:
        deaths.report_death(work, queries.get_with_resident(work, view.param("id"))[1].id)
    else:
        services.revoke(work, view.param("id"), form.valid().theme or None, form.valid().par)
    return view.redirect(f"/mandats/{view.param('id')}")


# Printing


def print_mandate(view: Page) -> Response:
    """Answer the PDF. It is drawn outside any transaction; each print is journaled first."""
    with view.unit(Mode.WRITE) as work:
        services.journal_print(work, view.param("id"))
    with view.unit(Mode.READ) as work:
        sheet = prepare(work, view.param("id"), demo=view.gate.demo)
    body = mandate_pdf(sheet.text, sheet.footer, sheet.revoked)
    headers = {"Content-Disposition": 'inline; filename="mandat.pdf"'}
    return Response(body, media_type="application/pdf", headers=headers)


def receipt(view: Page) -> Response:
    """Show, ready to print, where the consent stands in the journal and the signed checkpoint that covers it."""
    proof, checkpoint = _prove(view)
    with view.unit(Mode.READ) as work:
        mandate, resident = queries.get_with_resident(work, view.param("id"))
        return view.render(
            "mandates/receipt.html",
            mandate=mandate,
            resident=resident,
            verification_code=queries.verification_code(work, mandate, resident),
            given_at=datetime.fromisoformat(queries.consent_entry(work, mandate.row.id).ts),
            sha256=queries.frozen_text(work, mandate, resident)[0].sha256(),
            proof=proof,
            checkpoint=checkpoint,
        )


def receipt_file(view: Page) -> Response:
    """Answer the same proof as a file (C2SP tlog-proof)."""
    proof, _checkpoint = _prove(view)
    return Response(proof.text(), media_type="text/plain; charset=utf-8", headers=proof_headers(proof.index + 1))


def _prove(view: Page) -> tuple[Proof, Checkpoint]:
    """Record that the proof is given out, and return it with the checkpoint that covers the consent."""
    with view.unit(Mode.WRITE) as work:
        services.journal_view(work, view.param("id"))
        found = queries.consent_entry(work, view.param("id"))
        record(work, ProofIssued(entry=found.id, mandate=found.mandate))
    cover(view.gate.database)
    with view.unit(Mode.READ) as work:
        return proof_of(work.session, queries.consent_entry(work, view.param("id")))


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_SEE, _CHANGE = Permission.SEE_MANDATES, Permission.CHANGE_MANDATES
ROUTES = [
    *QUESTION_ROUTES,
    *AFTERMATH_ROUTES,
    *offering.ROUTES,
    *agreeing.ROUTES,
    *proving.ROUTES,
    page("/mandats/{id:ref}", show, permission=_SEE, db=Mode.READ, records=_views),
    page("/mandats/{id:ref}/activer", show_again, permission=_CHANGE, db=Mode.READ),
    page("/mandats/{id:ref}/activer", activate, permission=_CHANGE, db=Mode.OWN, method="POST", records=_views),
    page("/mandats/{id:ref}/refus", refuse, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/mandats/{id:ref}/changer", start_over, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/mandats/{id:ref}/imprimer-de-nouveau", freeze_again, permission=_CHANGE, db=Mode.OWN, method="POST"),
    page("/mandats/{id:ref}/arreter", ask_revocation, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/mandats/{id:ref}/arreter", revoke, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views),
    page("/mandats/{id:ref}/recu", receipt, permission=_SEE, db=Mode.OWN),
    page("/mandats/{id:ref}/recu.tlog-proof", receipt_file, permission=_SEE, db=Mode.OWN),
    page("/mandats/{id:ref}/mandat.pdf", print_mandate, permission=_SEE, db=Mode.OWN),
]
