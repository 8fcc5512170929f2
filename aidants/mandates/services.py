"""Drafting a mandate, giving it up, and ending it. Consent is in ``consent``, a reported death in ``deaths``."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final

from sqlmodel import col, select

from aidants.accounts.models import Person
from aidants.crypto import new_code
from aidants.db import Work
from aidants.errors import BadRequest, Conflict, NotFound, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record, record_read
from aidants.mandates import replies
from aidants.mandates.answers import MAX_PROCEDURES, Answers
from aidants.mandates.lifecycle import DRAFT_LASTS, Duration, State, activate_before
from aidants.mandates.models import Mandate, MandateFrozenText
from aidants.mandates.queries import MandateView, get_mandate, get_row, visible_mandates
from aidants.messages.services import cancel
from aidants.procedures import PROCEDURES
from aidants.residents.identity import fold
from aidants.residents.services import Known, keep_resident, lock_helper

TOO_OLD: Final = N_("Ce texte n’est plus du jour. Remettez-le à l’heure, puis imprimez-le et faites-le signer.")
REMINDERS: Final = ("ending", "ending_resident")
"""Messages that must not leave once the mandate was stopped."""
INVITATIONS: Final = ("consent_link", "consent_code")
"""Messages that must not leave once nobody is asked any more."""
ENDERS: Final = ("resident", "helper")


def draft_mandate(work: Work, resident_id: str, assistance_id: str) -> str:
    """Start a draft for a resident, or return the one this helper already has open (double submit, coming back)."""
    actor = work.person()
    lock_helper(work)
    resident = keep_resident(work, resident_id)
    _refuse_self(work, resident)
    refuse_dead(work, resident)
    open_drafts = visible_mandates(actor).where(
        Mandate.resident_id == resident.id,
        Mandate.helper_id == actor.person_id,
        Mandate.state == State.DRAFT,
        Mandate.created_at >= work.now - DRAFT_LASTS,
    )
    found = work.session.exec(open_drafts.order_by(col(Mandate.created_at).desc())).first()
    if found is not None:
        found.assistance_id = assistance_id
        return found.id
    return new_draft(work, resident.id, assistance_id, Answers())


def _refuse_self(work: Work, resident: Known) -> None:
    """Nobody is their own agent (art. 1161): same e-mail or same name as the helper is refused, a colleague can do it."""
    helper, who = work.session.get_one(Person, work.person().person_id), resident.identity
    names = {fold(f"{who.given_names} {name}") for name in (who.birth_name, who.usual_name) if name} | {
        fold(who.short_name)
    }
    same_address = bool(who.email) and who.email.casefold() == helper.email.casefold()
    if same_address or fold(helper.name) in names:
        raise Refused(
            N_("Cette personne semble être vous. Demandez à un collègue de préparer son mandat."), code="self_mandate"
        )


def new_draft(work: Work, resident_id: str, assistance_id: str | None, answers: Answers) -> str:
    """Write a draft and journal it; return its id. Whether it may be is the caller's to check."""
    actor = work.person()
    assert actor.organisation_id is not None
    mandate = Mandate(
        organisation_id=actor.organisation_id,
        resident_id=resident_id,
        helper_id=actor.person_id,
        assistance_id=assistance_id,
        reference=f"M-{new_code(4)}-{new_code(4)}",
        answers=answers.to_json(),
        consent=answers.consent or "paper",
        duration=answers.duration or None,
        created_at=work.now,
    )
    work.session.add(mandate)
    work.session.flush()
    record(work, actions.MandateDrafted(**subject(mandate)))
    return mandate.id


def start_over(work: Work, mandate_id: str) -> str:
    """Give up a text not signed yet, and return a new draft with the same answers: a changed text is another mandate.

    Who signs beside the person is asked again: it is sealed with the text given up.
    """
    view = get_mandate(work, mandate_id, lock=True)
    if view.state is not State.AWAITING_CONSENT:
        raise Conflict
    if view.row.resident_id is None:
        raise NotFound
    abandon(work, mandate_id, "changed")
    answers = replace(view.answers, seen=False, witnessed=False)
    return new_draft(work, view.row.resident_id, view.row.assistance_id, answers)


def answer(work: Work, mandate_id: str, **changes: Any) -> Answers:
    """Store answers of a draft. Raises Conflict once the text has been shown: any change needs a new consent."""
    view = get_mandate(work, mandate_id, lock=True)
    if view.state is not State.DRAFT:
        raise Conflict(N_("Ce texte est déjà prêt à signer. Pour le changer, choisissez « Changer quelque chose »."))
    if {"procedures", "duration", "regime", "consent"} & set(changes):
        changes.setdefault("read_aloud", False)  # what was read aloud was about another list, another end, another hand
    answers = replace(view.answers, **changes)
    _check_procedures(answers.procedures)
    view.row.answers = answers.to_json()
    view.row.duration = answers.duration or None
    work.session.add(view.row)
    return answers


def _check_procedures(procedures: tuple[str, ...]) -> None:
    if len(procedures) > MAX_PROCEDURES or len(set(procedures)) != len(procedures):
        raise BadRequest(N_("Choisissez douze démarches au plus, chacune une seule fois."))
    for name in procedures:
        if name not in PROCEDURES or not PROCEDURES[name].mandatable:
            raise BadRequest(N_("Une de ces démarches n’existe pas ou ne peut pas être confiée à un aidant."))


def abandon(work: Work, mandate_id: str, outcome: str) -> None:
    """Give up a draft or a text that was not signed. Nothing happens the second time."""
    view = get_mandate(work, mandate_id, lock=True)
    if view.state is State.ABANDONED:
        return
    if view.state not in {State.DRAFT, State.AWAITING_CONSENT}:
        raise Conflict
    if outcome == "refused" and view.state is State.AWAITING_CONSENT:
        record(work, actions.ConsentRefused(**subject(view.row), proof=view.row.consent))
    if outcome == "refused":  # a no is kept as it was given
        replies.close_offers(work, mandate_id, "dropped")
    else:
        replies.drop(work, view.row, "dropped")
    view.row.state, view.row.ended_at, view.row.end_reason = State.ABANDONED, work.now, outcome
    work.session.add(view.row)
    cancel(work, view.row.id, INVITATIONS)
    record(work, actions.MandateAbandoned(**subject(view.row), outcome=outcome))


def revoke(work: Work, mandate_id: str, scope: str | None, by: str) -> None:
    """Stop a mandate, whole or one scope; immediate, final, free of reasons (Code civil art. 2004).

    ``by`` is ``resident`` (who asked) or ``helper`` (the organisation renounces, art. 2007). Stopping the last scope stops
    the mandate. Nothing happens the second time. Raises NotFound for a scope the mandate does not hold.
    """
    if by not in ENDERS:
        raise BadRequest
    view = get_mandate(work, mandate_id, lock=True)
    if view.state is State.REVOKED:
        return
    if view.state is not State.ACTIVE:
        raise Refused(N_("Ce mandat n’est pas en cours. Il n’y a rien à arrêter."), code="mandate_not_active")
    chosen = [item for item in view.authorisations if scope is None or item.scope == scope]
    if not chosen:
        raise NotFound
    for item in chosen:
        if item.withdrawn_at is None:
            item.withdrawn_at, item.withdrawn_by = work.now, by
            work.session.add(item)
            record(work, actions.AuthorisationRevoked(**subject(view.row), scope=item.scope, outcome=by))
    if all(item.withdrawn_at is not None for item in view.authorisations):
        end(work, view, by)


def refuse_dead(work: Work, resident: Known) -> None:
    """Refuse to prepare a mandate for somebody whose death was reported here (Code civil, art. 2003)."""
    if resident.row.death_reported_at is not None:
        raise Refused(
            N_("Un décès a été signalé pour cette personne. Tous ses mandats sont arrêtés."), code="resident_dead"
        )


def end(work: Work, view: MandateView, reason: str) -> None:
    """Mark a mandate as ended and journal it."""
    view.row.state, view.row.ended_at, view.row.end_reason = State.REVOKED, work.now, reason
    work.session.add(view.row)
    cancel(work, view.row.id, REMINDERS)
    record(work, actions.MandateRevoked(**subject(view.row), outcome=reason))


def forget(work: Work, resident_id: str) -> None:
    """Take the resident out of their mandates: those going on end, their texts and codes go, the fact that they were stays.

    The public page of a code still answers that the mandate was stopped.
    """
    rows = work.session.exec(select(Mandate).where(Mandate.resident_id == resident_id).with_for_update()).all()
    for row in rows:
        if row.state in (State.DRAFT, State.AWAITING_CONSENT):
            row.state, row.ended_at, row.end_reason = State.ABANDONED, work.now, "erased"
            record(work, actions.MandateAbandoned(**subject(row), organisation=row.organisation_id, outcome="erased"))
        elif row.state == State.ACTIVE and row.ends_at is not None and row.ends_at > work.now:
            row.state, row.ended_at, row.end_reason = State.REVOKED, work.now, "erased"
            record(work, actions.MandateRevoked(**subject(row), organisation=row.organisation_id, outcome="erased"))
        row.resident_id = row.code_sealed = row.signers_sealed = None
        row.answers = Answers().to_json()
        work.session.add(row)
    replies.forget(work, [row.id for row in rows])
    texts = col(MandateFrozenText.mandate_id).in_([row.id for row in rows])
    for text in work.session.exec(select(MandateFrozenText).where(texts)):
        text.sealed = b""  # its hash and the root printed on it remain: they name nobody
        work.session.add(text)


def subject(mandate: Mandate) -> dict[str, Any]:
    """Return what every journal entry about a mandate names."""
    return {"mandate": mandate.id, "resident": mandate.resident_id, "assistance": mandate.assistance_id}


def journal_view(work: Work, mandate_id: str) -> None:
    """Journal the reading of a mandate (once per actor, session and 15 minutes)."""
    record_read(work, actions.MandateViewed(**subject(get_row(work, mandate_id))))


def journal_print(work: Work, mandate_id: str) -> None:
    """Journal one print. Raises NotFound without a text, Refused for one that was not given or is not of the day."""
    view = get_mandate(work, mandate_id)
    row = view.row
    if row.text_id is None or row.asked_at is None:
        raise NotFound
    if view.state is State.ABANDONED:
        raise Refused(N_("Ce mandat n’a pas été donné. Il ne s’imprime plus."), code="mandate_not_active")
    waiting = view.state is State.AWAITING_CONSENT
    before = activate_before(Duration(view.answers.duration), row.asked_at, work.settings.zone, row.consent)
    if waiting and work.now > before:
        raise Refused(TOO_OLD, code="text_too_old")
    record(work, actions.MandatePrinted(**subject(row), copy="original" if waiting else "reprint"))
