"""From a cookie to an actor: read at the start of every request, so that what was revoked bites on the next one."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import BrowserSession, Membership, Organisation, Person
from aidants.crypto import digest
from aidants.db import Work
from aidants.policy import Actor, Role

IDLE: Final = timedelta(minutes=20)
ABSOLUTE: Final = timedelta(hours=10)
TOUCH_EVERY: Final = timedelta(minutes=1)
HALF_OPEN: Final = timedelta(minutes=5)


def alive(session: BrowserSession, now: datetime) -> bool:
    """Tell whether a complete session still opens something: 20 minutes idle, 10 hours at most."""
    return (
        session.complete
        and session.ended_at is None
        and timedelta(0) <= now - session.last_seen_at + timedelta(seconds=5)
        and now - session.last_seen_at < IDLE
        and now - session.created_at < ABSOLUTE
    )


def load_actor(work: Work, secret: str | None) -> Actor | None:
    """Return the person behind a session cookie, with the roles they hold now where they work now; one query."""
    if secret is None:
        return None
    query = (
        select(BrowserSession, Person, Membership, Organisation)
        .join(Person, col(Person.id) == BrowserSession.person_id)
        .join(Membership, col(Membership.person_id) == Person.id)
        .outerjoin(Organisation, col(Organisation.id) == BrowserSession.organisation_id)
        .where(BrowserSession.digest == digest(secret), col(Person.active))
    )
    rows = work.session.exec(query).all()
    if not rows or not alive(rows[0][0], work.now):
        return None
    session, person, _, _ = rows[0]
    organisation: Organisation | None = rows[0][3]  # outer join: the stubs do not say so
    memberships = [membership for _, _, membership, _ in rows]
    here = [m for m in memberships if m.organisation_id in {None, session.organisation_id}]
    return Actor(
        person_id=person.id,
        name=person.name,
        session_id=session.id,
        roles=frozenset(Role(m.role) for m in here),
        organisation_id=session.organisation_id,
        organisation_name=organisation.name if organisation is not None else "",
        organisation_phone=organisation.phone if organisation is not None else "",
        organisation_hours=organisation.hours if organisation is not None else "",
        trained=person.trained_on is not None and person.trained_on <= work.now.date(),
        reauthenticated_at=session.reauthenticated_at,
        audited=_audited(memberships),
    )


def _audited(memberships: list[Membership]) -> frozenset[str] | None:
    reach = {m.organisation_id for m in memberships if m.role == Role.AUDITOR}
    return None if None in reach else frozenset(place for place in reach if place is not None)


def needs_touch(work: Work, actor: Actor) -> bool:
    """Tell whether last-seen is older than a minute (written at most that often)."""
    session = work.session.get(BrowserSession, actor.session_id)
    return session is not None and work.now - session.last_seen_at >= TOUCH_EVERY


def touch(work: Work, session_id: str) -> None:
    """Write last-seen."""
    session = work.session.get(BrowserSession, session_id)
    if session is not None and session.ended_at is None:
        session.last_seen_at = max(session.last_seen_at, work.now)
