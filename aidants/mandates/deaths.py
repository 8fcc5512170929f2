"""A reported death ends every mandate at once (Code civil, art. 2003); what is urgent may be finished (art. 1991, al. 2)."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import Membership, Person
from aidants.db import Work
from aidants.errors import BadRequest, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.erasures import owner_of
from aidants.journal.services import Private, record
from aidants.mandates.lifecycle import State
from aidants.mandates.models import Mandate
from aidants.mandates.queries import MandateView, mandates_of, visible_mandates
from aidants.mandates.services import INVITATIONS, REMINDERS, subject
from aidants.messages.models import Channel
from aidants.messages.services import About, available, cancel, enqueue
from aidants.policy import Role
from aidants.residents.models import Resident
from aidants.residents.services import get_resident, lock_resident, resident_key

DEATH: Final = "death"
URGENT_LASTS: Final = timedelta(days=30)
"""How long after the report an urgent act may be noted: our default, the law gives no number."""
LONGEST_REASON: Final = 500


def report_death(work: Work, resident_id: str) -> int:
    """Freeze everything of a resident: mandates end, drafts stop, none is prepared from now on; return how many ended.

    Nothing happens the second time. Raises NotFound.
    """
    row = _locked(work, resident_id)
    if row.death_reported_at is not None:
        return 0
    row.death_reported_at = work.now
    work.session.add(row)
    record(work, actions.DeathReported(resident=row.id))
    frozen = 0
    query = visible_mandates(work.person()).where(Mandate.resident_id == resident_id)
    for mandate in work.session.exec(query.with_for_update()).all():
        if mandate.state in (State.DRAFT, State.AWAITING_CONSENT):
            mandate.state, mandate.ended_at, mandate.end_reason = State.ABANDONED, work.now, DEATH
            cancel(work, mandate.id, INVITATIONS)
            record(work, actions.MandateAbandoned(**subject(mandate), outcome=DEATH))
        elif mandate.state == State.ACTIVE and mandate.ends_at is not None and mandate.ends_at >= work.now:
            mandate.state, mandate.ended_at, mandate.end_reason = State.REVOKED, work.now, DEATH
            record(work, actions.MandateFrozen(**subject(mandate), outcome=DEATH))
            cancel(work, mandate.id, REMINDERS)
            frozen += 1
        work.session.add(mandate)
    return frozen


def withdraw_report(work: Work, resident_id: str) -> None:
    """Take a report made by mistake back: mandates may be prepared again, those that ended stay ended.

    Nothing happens when no death is reported. Raises NotFound.
    """
    row = _locked(work, resident_id)
    if row.death_reported_at is None:
        return
    row.death_reported_at = None
    work.session.add(row)
    record(work, actions.DeathReportWithdrawn(resident=row.id))


def unfinished(work: Work, row: Resident) -> dict[str, MandateView]:
    """Return the procedures that may be finished urgently, each with the mandate that the death ended.

    None without a report, and none once it is older than ``URGENT_LASTS``.
    """
    reported = row.death_reported_at
    if reported is None or work.now > reported + URGENT_LASTS:
        return {}
    return {
        name: view
        for view in mandates_of(work, row.id)
        if view.row.end_reason == DEATH and view.row.ended_at == reported
        for item in view.authorisations
        if item.withdrawn_at is None
        for name in item.procedures.split()
    }


def note_urgent_act(work: Work, resident_id: str, procedure: str, reason: str) -> None:
    """Record one act that could not wait, with its reason, and tell the managers of the organisation.

    Auditors find it among their flags. Raises NotFound, Refused when nothing may be finished any more, BadRequest for a
    procedure that no frozen mandate names or a reason that is empty or too long.
    """
    row = _locked(work, resident_id)
    found = unfinished(work, row)
    if not found:
        raise Refused(N_("Il n’y a plus rien à terminer d’urgence pour cette personne."), code="nothing_urgent")
    if procedure not in found or not 0 < len(reason) <= LONGEST_REASON:
        raise BadRequest
    mandate = found[procedure].row
    private = Private(owner_of(row.id), resident_key(work, row), {"reason": reason})
    entry = record(work, actions.UrgentAct(**subject(mandate), procedure=procedure), private)
    _tell_managers(work, mandate, entry)


def _tell_managers(work: Work, mandate: Mandate, entry: str) -> None:
    if not available(work.settings, Channel.MAIL):
        return
    values = {"reference": mandate.reference, "address": f"{work.settings.base_url}/journal-structure"}
    about = About(organisation=mandate.organisation_id, mandate=mandate.id)
    for manager in _managers(work, mandate.organisation_id):
        occasion = f"urgent|{entry}|{manager.id}"
        enqueue(work, Channel.MAIL, manager.email, "urgent", values, dedup=occasion, about=about)


def _managers(work: Work, organisation_id: str) -> Sequence[Person]:
    query = (
        select(Person)
        .join(Membership, col(Membership.person_id) == Person.id)
        .where(
            Membership.organisation_id == organisation_id, Membership.role == Role.MANAGER, col(Person.active).is_(True)
        )
    )
    return work.session.exec(query).all()


def earlier(one: datetime | None, other: datetime | None) -> datetime | None:
    """Return the earlier of two reports, for two records that become one."""
    known = [when for when in (one, other) if when is not None]
    return min(known, default=None)


def _locked(work: Work, resident_id: str) -> Resident:
    row = get_resident(work, resident_id).row
    lock_resident(work, resident_id)
    work.session.refresh(row)
    return row
