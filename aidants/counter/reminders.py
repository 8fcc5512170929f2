"""Reminders: a mandate that ends within a week, once, to the helper who prepared it; never for one that was stopped."""

from __future__ import annotations

from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import Person
from aidants.counter.queries import SOON
from aidants.dates import end_moment
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.mandates.lifecycle import State
from aidants.mandates.models import Mandate
from aidants.messages.models import Channel, OutboxMessage
from aidants.messages.services import About, available, enqueue

_BATCH: Final = 100


def remind(database: Database) -> int:
    """Queue a mail for each mandate that ends soon and has none yet; return how many. Nothing without mail."""
    with unit_of_work(database, Mode.READ) as work:
        due = available(work.settings, Channel.MAIL) and bool(_ending(work))
    count = 0
    while due:
        with unit_of_work(database, Mode.WRITE) as work:
            ending = _ending(work)
            count += sum(_queue(work, mandate, helper) for mandate, helper in ending)
        due = len(ending) == _BATCH
    return count


def _ending(work: Work) -> list[tuple[Mandate, Person]]:
    """Return active mandates that end within the week and were not told of, with their helper, who still works."""
    told = select(OutboxMessage.mandate_id).where(
        OutboxMessage.template == "ending", OutboxMessage.mandate_id == Mandate.id
    )
    query = (
        select(Mandate, Person)
        .join(Person, col(Person.id) == Mandate.helper_id)
        .where(
            Mandate.state == State.ACTIVE,
            col(Mandate.ends_at).between(work.now, work.now + SOON),
            Mandate.duration != "SHORT",
            col(Person.active).is_(True),
            ~told.exists(),
        )
        .order_by(col(Mandate.ends_at))
        .limit(_BATCH)
    )
    return list(work.session.exec(query))


def _queue(work: Work, mandate: Mandate, helper: Person) -> bool:
    assert mandate.ends_at is not None
    settings = work.settings
    values = {
        "reference": mandate.reference,
        "end": end_moment(mandate.ends_at, settings.zone, settings.locale),
        "address": f"{settings.base_url}/mandats/{mandate.id}",
    }
    about = About(organisation=mandate.organisation_id, mandate=mandate.id)
    occasion = f"ending|{mandate.id}"
    return enqueue(
        work, Channel.MAIL, helper.email, "ending", values, dedup=occasion, language=settings.locale, about=about
    )
