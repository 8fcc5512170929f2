"""From a cookie to an actor: read at the start of every request, so that what was revoked bites on the next one."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import col

from aidants.accounts.models import BrowserSession, Membership, Organisation, Person
from aidants.crypto import digest
from aidants.db import Work
from aidants.policy import Actor, Role

IDLE: Final = timedelta(minutes=20)
ABSOLUTE: Final = timedelta(hours=10)
TOUCH_EVERY: Final = timedelta(minutes=1)
HALF_OPEN: Final = timedelta(minutes=5)


def alive(session: sa.Row[Any], now: datetime) -> bool:
    """Tell whether a complete session still opens something: 20 minutes idle, 10 hours at most."""
    return (
        session.complete
        and session.ended_at is None
        and timedelta(0) <= now - session.last_seen_at + timedelta(seconds=5)
        and how_it_ended(session, now) is None
    )


def how_it_ended(session: sa.Row[Any] | BrowserSession, now: datetime) -> str | None:
    """Return ``absolute`` or ``idle`` for a session that time has ended, None for one that it has not.

    A resident who holds the screen is not hurried: it opens one page, and only a new code opens more.
    """
    if now - session.created_at >= ABSOLUTE:
        return "absolute"
    if session.handed_over is not None:
        return None
    return "idle" if now - session.last_seen_at >= IDLE else None


_ACTOR: Final[sa.Executable] = (
    sa.select(
        col(BrowserSession.id).label("session_id"),
        col(BrowserSession.organisation_id),
        col(BrowserSession.complete),
        col(BrowserSession.created_at),
        col(BrowserSession.last_seen_at),
        col(BrowserSession.reauthenticated_at),
        col(BrowserSession.ended_at),
        col(BrowserSession.handed_over),
        col(Person.id).label("person_id"),
        col(Person.name),
        col(Person.trained_on),
        col(Membership.role),
        col(Membership.organisation_id).label("place"),
        col(Organisation.name).label("organisation_name"),
        col(Organisation.phone),
        col(Organisation.hours),
    )
    .join(Person, col(Person.id) == BrowserSession.person_id)
    .join(Membership, col(Membership.person_id) == Person.id)
    .outerjoin(Organisation, col(Organisation.id) == BrowserSession.organisation_id)
    .where(col(BrowserSession.digest) == sa.bindparam("digest"), col(Person.active))
)
"""Built once and read as plain columns: it runs before every page, and as entities it took eight times as long."""


def load_actor(work: Work, secret: str | None) -> Actor | None:
    """Return the person behind a session cookie, with the roles they hold now where they work now; one query."""
    if secret is None:
        return None
    rows = work.session.connection().execute(_ACTOR, {"digest": digest(secret)}).all()
    if not rows or not alive(rows[0], work.now):
        return None
    row = rows[0]
    return Actor(
        person_id=row.person_id,
        name=row.name,
        session_id=row.session_id,
        roles=frozenset(Role(role) for role, place in _held(rows) if place in {None, row.organisation_id}),
        organisation_id=row.organisation_id,
        organisation_name=row.organisation_name or "",
        organisation_phone=row.phone or "",
        organisation_hours=row.hours or "",
        trained=row.trained_on is not None and row.trained_on <= work.now.date(),
        reauthenticated_at=row.reauthenticated_at,
        last_seen_at=row.last_seen_at,
        handed_over=row.handed_over,
        audited=_audited(_held(rows)),
    )


def _held(rows: Sequence[Any]) -> list[tuple[str, str | None]]:
    return [(row.role, row.place) for row in rows]


def _audited(held: list[tuple[str, str | None]]) -> frozenset[str] | None:
    reach = {place for role, place in held if role == Role.AUDITOR}
    return None if None in reach else frozenset(place for place in reach if place is not None)


def needs_touch(work: Work, actor: Actor) -> bool:
    """Tell whether last-seen is older than a minute (written at most that often)."""
    return actor.last_seen_at is not None and work.now - actor.last_seen_at >= TOUCH_EVERY


def touch(work: Work, session_id: str) -> None:
    """Write last-seen."""
    session = work.session.get(BrowserSession, session_id)
    if session is not None and session.ended_at is None:
        session.last_seen_at = max(session.last_seen_at, work.now)
