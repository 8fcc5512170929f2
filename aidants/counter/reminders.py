"""Reminders: a mandate that ends within a week is told of once, to its helper and, if wanted, to the resident.

Never for one that was stopped: nothing is queued then, and what is still queued is taken back.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import Organisation, Person
from aidants.counter.queries import SOON
from aidants.dates import end_moment
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import Corrupted
from aidants.mandates.lifecycle import State
from aidants.mandates.models import Mandate
from aidants.messages.addresses import BadAddress
from aidants.messages.models import Channel, OutboxMessage
from aidants.messages.services import About, available, enqueue
from aidants.residents.models import Resident
from aidants.residents.services import open_resident

_BATCH: Final = 100
_START: Final = ""


def remind(database: Database) -> int:
    """Queue what is due and not told yet; return how many messages. Nothing where no channel is set up."""
    return _each(database, "ending", _tell_helper) + _each(database, "ending_resident", _tell_resident)


def _each(database: Database, template: str, tell: Callable[[Work, Mandate], bool]) -> int:
    """Pass over the mandates that end soon and were not told of by this template, some in each unit."""
    with unit_of_work(database, Mode.READ) as work:
        due = any(available(work.settings, channel) for channel in Channel) and bool(_ending(work, template, _START))
    count, after = 0, _START
    while due:
        with unit_of_work(database, Mode.WRITE) as work:
            ending = _ending(work, template, after)
            count += sum(tell(work, mandate) for mandate in ending)
        due, after = len(ending) == _BATCH, ending[-1].id if ending else _START
    return count


def _ending(work: Work, template: str, after: str) -> list[Mandate]:
    """Return the next active mandates, by id, that end within the week and were not told of by this template."""
    told = select(OutboxMessage.id).where(OutboxMessage.template == template, OutboxMessage.mandate_id == Mandate.id)
    query = (
        select(Mandate)
        .where(
            Mandate.state == State.ACTIVE,
            col(Mandate.ends_at).between(work.now, work.now + SOON),
            Mandate.duration != "SHORT",
            Mandate.id > after,
            ~told.exists(),
        )
        .order_by(Mandate.id)
        .limit(_BATCH)
    )
    return list(work.session.exec(query))


def _tell_helper(work: Work, mandate: Mandate) -> bool:
    """Tell who prepared the mandate, if they still work and there is mail."""
    helper, settings = work.session.get_one(Person, mandate.helper_id), work.settings
    if not helper.active or not available(settings, Channel.MAIL):
        return False
    values = {
        "reference": mandate.reference,
        "end": _end(work, mandate, settings.locale),
        "address": f"{settings.base_url}/mandats/{mandate.id}",
    }
    about = About(organisation=mandate.organisation_id, mandate=mandate.id)
    occasion = f"ending|{mandate.id}"
    return enqueue(
        work, Channel.MAIL, helper.email, "ending", values, dedup=occasion, language=settings.locale, about=about
    )


def _tell_resident(work: Work, mandate: Mandate) -> bool:
    """Tell the resident who wanted it, in their language; one whose record does not open is left to the verification."""
    row = work.session.get(Resident, mandate.resident_id) if mandate.resident_id else None
    try:
        who = open_resident(work, row).identity if row is not None else None
    except Corrupted:
        return False
    if who is None or not who.reminders or not available(work.settings, who.reminders):
        return False
    channel = Channel(who.reminders)
    address = who.phone if channel is Channel.SMS else who.email
    organisation = work.session.get_one(Organisation, mandate.organisation_id)
    values = {
        "organisation": organisation.name,
        "phone": organisation.phone,
        "end": _end(work, mandate, who.language),
    }
    about = About(mandate.organisation_id, mandate.resident_id, mandate.id)
    occasion = f"ending-resident|{mandate.id}"
    try:
        return enqueue(
            work, channel, address, "ending_resident", values, dedup=occasion, language=who.language, about=about
        )
    except BadAddress:
        return False


def _end(work: Work, mandate: Mandate, language: str) -> str:
    assert mandate.ends_at is not None
    return end_moment(mandate.ends_at, work.settings.zone, language)
