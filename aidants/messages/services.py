"""Queueing a message in the transaction of its act, cancelling it, asking for it again."""

from __future__ import annotations

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import partial
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

from aidants import crypto, i18n
from aidants.db import Work
from aidants.errors import Corrupted, NotFound, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.messages.addresses import normalise
from aidants.messages.models import Channel, OutboxMessage, State
from aidants.messages.waking import wake
from aidants.messages.wording import render
from aidants.policy import Permission, require
from aidants.settings import Settings

_OWNERS: Final = {
    name: sa.table(name, sa.column("id", sa.String), sa.column("wrapped_key", sa.LargeBinary))
    for name in ("resident", "organisation")
}
"""The two columns of rooms above this one that it reads: keys, to seal and to open."""
_OPEN: Final = (State.QUEUED.value, State.SENDING.value, State.FAILED.value)


class ChannelMissing(Refused):
    """Nothing is set up to send this kind of message (409); ``available`` tells before."""

    code = "no_channel"
    message = N_("Aucun moyen d’envoi n’est réglé ici. Remettez le message de la main à la main.")


@dataclass(frozen=True, slots=True)
class About:
    """Whom a message concerns: the key that seals it is the resident's, else the organisation's, else the installation's."""

    organisation: str | None = None
    resident: str | None = None
    mandate: str | None = None


def available(settings: Settings, channel: Channel | str) -> bool:
    """Tell whether messages of this channel can be sent: no page promises one otherwise."""
    return bool(settings.mail_url if Channel(channel) is Channel.MAIL else settings.sms_url)


def enqueue(
    work: Work,
    channel: Channel,
    address: str,
    template: str,
    values: Mapping[str, str],
    *,
    dedup: str,
    language: str = i18n.DEFAULT,
    about: About | None = None,
    due: datetime | None = None,
) -> bool:
    """Queue a message with the act; False when one with the same ``dedup`` exists. ``due``: not before.

    ``dedup`` names the occasion (``reminder|<mandate>|<day>``), at most 120 signs, without personal data. Raises
    ChannelMissing, BadAddress, NotFound (resident or organisation), KeyError for an unknown template or missing value.
    """
    if not available(work.settings, channel):
        raise ChannelMissing
    about = about or About()
    text = render(template, values, language)
    content = {"to": normalise(channel, address), "subject": text.subject, "text": text.body}
    row = OutboxMessage(
        channel=channel.value,
        template=template,
        language=language,
        organisation_id=about.organisation,
        resident_id=about.resident,
        mandate_id=about.mandate,
        dedup=dedup,
        next_attempt_at=due or work.now,
        created_at=work.now,
    )
    key = owner_key(work, row)
    if key is None:
        raise NotFound
    row.sealed = crypto.seal_json(_derived(key, row), content, _bound(row))
    if not _insert(work, row):
        return False
    if work.database is not None:
        work.after_commit.append(partial(wake, work.database))
    return True


def _insert(work: Work, row: OutboxMessage) -> bool:
    """Insert unless the occasion is known; two transactions at once make one row."""
    connection = work.session.connection()
    insert: Callable[..., Any] = sqlite.insert if connection.dialect.name == "sqlite" else postgresql.insert
    made = insert(OutboxMessage).values(**row.model_dump()).on_conflict_do_nothing(index_elements=["dedup"])
    return connection.execute(made.returning(col(OutboxMessage.id))).first() is not None


def owner_key(work: Work, row: OutboxMessage) -> bytes | None:
    """Return the key a message is sealed under; None when its owner is gone."""
    owner = ("resident", row.resident_id) if row.resident_id else ("organisation", row.organisation_id)
    if owner[1] is None:
        return work.keyring.derive("messages")
    table = _OWNERS[owner[0]]
    wrapped = work.session.connection().execute(sa.select(table.c.wrapped_key).where(table.c.id == owner[1])).scalar()
    return work.keyring.unwrap(wrapped) if wrapped is not None else None


def open_content(work: Work, row: OutboxMessage) -> dict[str, str]:
    """Return ``to``, ``subject`` and ``text`` of a message. Raises Corrupted, also when its key is gone."""
    key = owner_key(work, row)
    if key is None or row.sealed is None:
        raise Corrupted
    content: dict[str, str] = crypto.open_json(_derived(key, row), row.sealed, _bound(row))
    return content


def cancel(work: Work, mandate_id: str, templates: Collection[str]) -> None:
    """Take back what is still queued about a mandate, of these templates; what is being sent right now goes."""
    query = select(OutboxMessage).where(
        OutboxMessage.mandate_id == mandate_id,
        col(OutboxMessage.template).in_(templates),
        OutboxMessage.state == State.QUEUED,
    )
    for row in work.session.exec(query.with_for_update()):
        row.state, row.sealed = State.CANCELLED, None
        work.session.add(row)


def forget(work: Work, resident_id: str) -> None:
    """Take an erased resident out of their messages: what has not left never leaves, sealed content goes."""
    query = select(OutboxMessage).where(OutboxMessage.resident_id == resident_id).with_for_update()
    for row in work.session.exec(query):
        if row.state in _OPEN:
            row.state, row.sealed = State.CANCELLED, None
        row.resident_id = None
        work.session.add(row)


def send_again(work: Work, message_id: str) -> None:
    """Queue a message given up once more, from its first attempt. Raises NotFound for any other."""
    require(work.actor, Permission.MANAGE_INSTALLATION)
    query = select(OutboxMessage).where(OutboxMessage.id == message_id, OutboxMessage.state == State.FAILED)
    row = work.session.exec(query.with_for_update()).one_or_none()
    if row is None:
        raise NotFound
    row.state, row.attempts, row.next_attempt_at = State.QUEUED, 0, work.now
    work.session.add(row)
    record(work, actions.MessageRequeued(**subject(row)))
    if work.database is not None:
        work.after_commit.append(partial(wake, work.database))


def subject(row: OutboxMessage) -> dict[str, Any]:
    """Return what every journal entry on a message says of it."""
    return {
        "message": row.id,
        "channel": row.channel,
        "template": row.template,
        "organisation": row.organisation_id,
        "resident": row.resident_id,
        "mandate": row.mandate_id,
    }


def _derived(key: bytes, row: OutboxMessage) -> bytes:
    return crypto.derive(key, f"message/{row.id}")


def _bound(row: OutboxMessage) -> str:
    """Return the associated data that ties sealed content to its message."""
    return f"aidants-message|{row.id}"
