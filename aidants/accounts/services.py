"""Signing in and out, confirming with a fresh code. Password hashing happens outside any transaction (see routes)."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import Final

from sqlmodel import col, or_, select

from aidants.accounts import factors, sessions, throttle
from aidants.accounts.models import BrowserSession, Membership, Organisation, Person
from aidants.crypto import digest, open_sealed
from aidants.db import Work
from aidants.guard import network
from aidants.journal import actions
from aidants.journal.services import Private, record, under_installation

TOTP_PURPOSE: Final = "totp"
KNOWN_FOR: Final = timedelta(days=30)
CODES_A_PASSWORD: Final = 5


def normalised_email(text: str) -> str:
    """Return an address as accounts store it."""
    return text.strip().lower()


def find_for_sign_in(work: Work, email: str, device: str) -> Person | None:
    """Return the active account of an address. Raises TooManyTries before any password is looked at.

    An account is throttled from where the bad tries come, so that its owner elsewhere goes on; a whole address is
    throttled for unknown browsers only.
    """
    throttle.check(work, "account", _from_here(work, email), throttle.ACCOUNT_LIMIT)
    if not _known_device(work, device):
        throttle.check(work, "address", network(work.address), throttle.ADDRESS_LIMIT)
    person = work.session.exec(select(Person).where(Person.email == email)).one_or_none()
    return person if person is not None and person.active else None


def _from_here(work: Work, email: str) -> str:
    return f"{email}|{network(work.address)}"


def _known_device(work: Work, device: str) -> bool:
    query = select(BrowserSession.id).where(
        BrowserSession.device == digest(device),
        col(BrowserSession.complete),
        BrowserSession.created_at > work.now - KNOWN_FOR,
    )
    return work.session.exec(query).first() is not None


def sign_in_failed(work: Work, email: str, reason: str) -> None:
    """Count and journal a bad password or code: for which account, when there is one; the address typed is sealed."""
    throttle.count(work, "account", _from_here(work, email))
    throttle.count(work, "address", network(work.address))
    person = work.session.exec(select(Person.id).where(Person.email == email)).first()
    record(work, actions.SignInFailed(outcome=reason, person=person), _private(work, {"email": email}))


def open_half_session(work: Work, person: Person, device: str, secret: str) -> BrowserSession:
    """Remember for five minutes that the password was right; opens nothing by itself."""
    session = BrowserSession(
        digest=digest(secret),
        person_id=person.id,
        organisation_id=_first_organisation(work, person.id),
        device=digest(device),
        created_at=work.now,
        last_seen_at=work.now,
    )
    work.session.add(session)
    work.session.flush()
    return session


def _first_organisation(work: Work, person_id: str) -> str | None:
    query = (
        select(Membership.organisation_id)
        .join(Organisation, col(Organisation.id) == Membership.organisation_id)
        .where(Membership.person_id == person_id)
        .order_by(col(Organisation.name))
    )
    return work.session.exec(query).first()


def half_session(work: Work, secret: str | None) -> tuple[BrowserSession, Person] | None:
    """Return the session waiting for its code, with its person, if it is not older than five minutes."""
    if secret is None:
        return None
    query = (
        select(BrowserSession, Person)
        .join(Person, col(Person.id) == BrowserSession.person_id)
        .where(BrowserSession.digest == digest(secret), col(Person.active))
        .with_for_update()
    )
    found = work.session.exec(query).one_or_none()
    if found is None or found[0].complete or found[0].ended_at is not None:
        return None
    return (found[0], found[1]) if work.now - found[0].created_at < sessions.HALF_OPEN else None


def finish_sign_in(work: Work, half: tuple[BrowserSession, Person], code: str, new_secret: str) -> bool:
    """Complete a sign-in with a one-time code. False when the code is wrong (counted and journaled).

    Wrong codes are counted for the person wherever they come from: whoever knows the password has ten guesses in
    fifteen minutes, and after five the password is asked again.
    """
    session, person = half
    throttle.check(work, "account", _from_here(work, person.email), throttle.ACCOUNT_LIMIT)
    throttle.check(work, "code", person.id, throttle.ACCOUNT_LIMIT)
    if not _spend_code(work, person, code):
        if throttle.count(work, "code", person.id) >= CODES_A_PASSWORD:
            session.ended_at = work.now
        sign_in_failed(work, person.email, "code")
        return False
    throttle.forget(work, "code", person.id)
    throttle.forget(work, "account", _from_here(work, person.email))
    complete(work, session, new_secret)
    return True


def complete(work: Work, session: BrowserSession, new_secret: str) -> None:
    """Open a session whose factors were all given: new cookie id; the person's and this PC's other sessions end."""
    others = select(BrowserSession).where(
        or_(BrowserSession.person_id == session.person_id, BrowserSession.device == session.device),
        BrowserSession.id != session.id,
        col(BrowserSession.complete),
        col(BrowserSession.ended_at).is_(None),
    )
    for other in work.session.exec(others):
        other.ended_at = work.now
        ended = sessions.how_it_ended(other, work.now) or "replaced"
        record(work, actions.SessionEnded(outcome=ended, actor=other.person_id, session=other.id))
    session.digest, session.complete = digest(new_secret), True
    session.created_at = session.last_seen_at = work.now
    work.session.flush()
    work.actor = sessions.load_actor(work, new_secret)
    record(work, actions.SignedIn(actor=session.person_id, session=session.id), _private(work, {}))


def _spend_code(work: Work, person: Person, code: str) -> bool:
    """Check a one-time code and make it unusable again, also for other workers (the row is locked or versioned)."""
    locked = work.session.exec(select(Person).where(Person.id == person.id).with_for_update()).one()
    work.session.refresh(locked)
    secret = open_sealed(work.keyring.derive(TOTP_PURPOSE), locked.totp_sealed, locked.id).decode("ascii")
    step = factors.matching_step(secret, code, work.now, locked.totp_last_step)
    if step is None:
        return False
    locked.totp_last_step = step
    return True


def confirm(work: Work, code: str) -> bool:
    """Give a fresh one-time code for a sensitive act (lasts five minutes). False when wrong; wrong ones are counted."""
    actor = work.person()
    person = work.session.get_one(Person, actor.person_id)
    throttle.check(work, "confirm", person.id, throttle.ACCOUNT_LIMIT)
    if not _spend_code(work, person, code):
        throttle.count(work, "confirm", person.id)
        record(work, actions.SignInFailed(outcome="confirm"), _private(work, {}))
        return False
    throttle.forget(work, "confirm", person.id)
    session = work.session.get_one(BrowserSession, actor.session_id)
    session.reauthenticated_at = work.now
    work.actor = replace(actor, reauthenticated_at=work.now)
    record(work, actions.Reauthenticated())
    return True


def lend_screen(work: Work, what: str) -> None:
    """Let the resident hold the actor's screen: this session opens nothing but what they are asked, until it is taken back."""
    session = work.session.get_one(BrowserSession, work.person().session_id)
    session.handed_over = what


def take_screen_back(work: Work, code: str) -> bool:
    """Give the actor their screen back for a fresh one-time code. False when it is wrong; wrong ones are counted."""
    if not confirm(work, code):
        return False
    session = work.session.get_one(BrowserSession, work.person().session_id)
    session.handed_over = None
    work.actor = replace(work.person(), handed_over=None)
    return True


def sign_out(work: Work) -> None:
    """End the session of the actor."""
    session = work.session.get_one(BrowserSession, work.person().session_id)
    session.ended_at = work.now
    record(work, actions.SignedOut())


def _private(work: Work, values: dict[str, str]) -> Private:
    seen = {"address": work.address, "user_agent": work.user_agent}
    return under_installation(work, {**values, **seen})
