"""What follows a mandate: a new one prefilled from it, an operator that refuses it, and time that ends it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, func, or_, select

from aidants.accounts.models import Organisation
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import BadRequest, NotFound, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.models import JournalRecord
from aidants.journal.services import record
from aidants.mandates.answers import Answers
from aidants.mandates.lifecycle import DRAFT_LASTS, REMOTE_LASTS, State
from aidants.mandates.models import Mandate
from aidants.mandates.queries import MandateView, get_mandate, get_row
from aidants.mandates.services import new_draft, refuse_dead, subject
from aidants.procedures import PROCEDURES
from aidants.residents.services import keep_resident

RENEWABLE: Final = timedelta(days=365)
"""How long after its end a mandate may still be taken over."""
OPERATOR_REASONS: Final = {
    "no_mandate": N_("Il n’accepte aucun mandat"),
    "own_form": N_("Il demande son propre formulaire"),
    "not_believed": N_("Il doute du papier"),
    "other": N_("Autre chose"),
}
"""Why an operator refuses a mandate: codes and msgids. No free text."""
_BATCH: Final = 100


def may_renew(view: MandateView, now: datetime) -> bool:
    """Tell whether a new mandate may be prefilled from this one: while it lasts, a year after its end, never once stopped."""
    ends_at = view.row.ends_at
    if view.state is State.ACTIVE:
        return True
    return view.state is State.EXPIRED and ends_at is not None and now <= ends_at + RENEWABLE


def renew(work: Work, mandate_id: str) -> str:
    """Start a draft with the same procedures and duration, everything else asked anew; the same press twice makes one.

    Raises Refused for a mandate that was stopped, or ended more than a year ago, and for somebody reported dead.
    """
    view = get_mandate(work, mandate_id, lock=True)
    if view.row.resident_id is None:
        raise NotFound
    refuse_dead(work, keep_resident(work, view.row.resident_id))
    if not may_renew(view, work.now):
        raise Refused(N_("Ce mandat ne se renouvelle plus. Préparez-en un nouveau."), code="not_renewable")
    found = open_draft_after(work, view)
    return found if found is not None else draft_after(work, view, view.row.resident_id)


def open_draft_after(work: Work, view: MandateView) -> str | None:
    """Return the draft that the actor's organisation already has open after a mandate."""
    query = select(Mandate.id).where(
        Mandate.renews_id == view.row.id,
        Mandate.organisation_id == work.organisation_id,
        Mandate.state == State.DRAFT,
        Mandate.created_at >= work.now - DRAFT_LASTS,
    )
    return work.session.exec(query).first()


def draft_after(work: Work, view: MandateView, resident_id: str) -> str:
    """Write a draft of the actor's organisation with a mandate's procedures and duration, and journal where they come from."""
    allowed = work.session.get_one(Organisation, work.organisation_id).durations.split()
    kept = Answers(
        procedures=tuple(
            name for name in view.answers.procedures if name in PROCEDURES and PROCEDURES[name].mandatable
        ),
        duration=view.answers.duration if view.answers.duration in allowed else "",
    )
    new_id = new_draft(work, resident_id, None, kept)
    work.session.get_one(Mandate, new_id).renews_id = view.row.id
    record(work, actions.MandateRenewed(mandate=new_id, resident=resident_id, renews=view.row.id))
    return new_id


def operators(view: MandateView) -> list[str]:
    """Return the operators that a mandate names, each once."""
    names = [name for procedures in view.scopes.values() for name in procedures]
    return list(dict.fromkeys(PROCEDURES[name].operator for name in names if name in PROCEDURES))


def refused_by_operator(work: Work, mandate_id: str, operator: str, reason: str) -> None:
    """Record that an operator did not accept the mandate. Raises BadRequest for one it does not name, or no known reason."""
    view = get_mandate(work, mandate_id, lock=True)
    if view.row.activated_at is None:
        raise Refused(N_("Ce mandat n’a pas encore été donné."), code="mandate_not_active")
    if operator not in operators(view) or reason not in OPERATOR_REASONS:
        raise BadRequest
    record(work, actions.MandateRefusedByOperator(**subject(view.row), operator=operator, outcome=reason))


def refusals(work: Work, mandate_id: str) -> list[JournalRecord]:
    """Return the refusals recorded for a mandate, the latest first."""
    get_row(work, mandate_id)
    query = select(JournalRecord).where(
        JournalRecord.mandate == mandate_id, JournalRecord.type == actions.MandateRefusedByOperator.type
    )
    return list(work.session.exec(query.order_by(col(JournalRecord.seq).desc()).limit(20)))


def end_what_is_over(database: Database) -> int:
    """Mark the mandates that time has ended, and the drafts and texts that lapsed; journal each, once; return how many."""
    count = 0
    while True:
        with unit_of_work(database, Mode.WRITE) as work:
            done = _end_some(work)
        count += done
        if done < _BATCH:
            return count


def _end_some(work: Work) -> int:
    waiting = col(Mandate.state).in_([State.DRAFT, State.AWAITING_CONSENT])
    since = func.coalesce(Mandate.asked_at, Mandate.created_at)
    remote = (col(Mandate.state) == State.AWAITING_CONSENT) & (col(Mandate.consent) == "remote")
    over = or_(
        (col(Mandate.state) == State.ACTIVE) & (col(Mandate.ends_at) < work.now),
        waiting & ~remote & (since < work.now - DRAFT_LASTS),
        remote & ((since < work.now - REMOTE_LASTS) | (col(Mandate.ends_at) < work.now)),
    )
    rows = work.session.exec(select(Mandate).where(over).limit(_BATCH).with_for_update(skip_locked=True)).all()
    for row in rows:
        about = {**subject(row), "organisation": row.organisation_id}
        if row.state == State.ACTIVE:
            row.state, row.ended_at, row.end_reason = State.EXPIRED, row.ends_at, "expired"
            record(work, actions.MandateExpired(**about))
        else:
            row.state, row.ended_at, row.end_reason = State.ABANDONED, work.now, "lapsed"
            record(work, actions.MandateAbandoned(**about, outcome="lapsed"))
        work.session.add(row)
    return len(rows)
