"""A resident's visit to their own pages: how they are known without an account, and until when.

Neither a helper's session nor a visit opens, or extends, what the other opens.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants.accounts import throttle
from aidants.accounts.models import Organisation
from aidants.crypto import blind_index, digest, new_digits, normalise_code, open_json, seal_json
from aidants.db import Mode, Work
from aidants.guard import network
from aidants.journal import actions
from aidants.journal.services import record
from aidants.messages.models import Channel
from aidants.messages.services import About, available, enqueue
from aidants.policy import ResidentActor
from aidants.residents import codes
from aidants.residents.identity import Identity
from aidants.residents.models import AccessCode, Resident, ResidentVisit
from aidants.residents.services import open_resident

IDLE: Final = timedelta(minutes=15)
ABSOLUTE: Final = timedelta(hours=1)
TOUCH_EVERY: Final = timedelta(minutes=1)
SENT_LASTS: Final = timedelta(minutes=10)
CODE_TRIES: Final = 5
"""Wrong answers with one code in a quarter of an hour (``throttle.WINDOW``)."""
ADDRESS_TRIES: Final = 30
"""Wrong answers from one network in a quarter of an hour."""
SENT_AT_MOST: Final = 3
"""One-time codes sent to one resident in a quarter of an hour."""
_BY_CODE: Final = "own-code"
_BY_ADDRESS: Final = "own-address"
_BY_SENDING: Final = "own-sent"
SENT_DIGITS: Final = 6
_NOBODY: Final = Identity("", "", birth_date="0000")


@dataclass(frozen=True, slots=True)
class Visitor:
    """A resident on their own pages, as one request sees them."""

    resident: ResidentActor
    closes_at: datetime
    """When the visit ends, whatever is done."""
    last_seen_at: datetime
    organisation: str
    phone: str
    hours: str


@dataclass(frozen=True, slots=True)
class Knock:
    """Answer to a code and a birth date. ``visit``: opened, or waiting for the one-time code that was sent."""

    visit: ResidentVisit | None = None
    right: bool = False
    channel: Channel | None = None


def knock(work: Work, code: str, born: str, secret: str) -> Knock:
    """Open a visit for a code and a birth date (ISO, perhaps partial), or journal and count what is wrong.

    A record that holds part of a date is satisfied by that part. One without a birth date gets a one-time code, where it has
    an address that can be written to; ``right`` without ``visit`` says that it has none. Known and unknown codes cost the
    same work. Raises TooManyTries.
    """
    where, typed = network(work.address), str(codes.index_of(work, code))
    found = codes.find(work, code)
    if found is not None and found[1].death_reported_at is not None:
        found = None  # whoever holds the sheet now is somebody else
    throttle.check(work, _BY_CODE, typed, CODE_TRIES)
    throttle.check(work, _BY_ADDRESS, where, ADDRESS_TRIES)
    known = _identity(work, found[1] if found else None)
    if found is not None and not known.birth_date:
        return _send(work, found, known, secret)
    if found is None or not born or not born.startswith(known.birth_date):
        _wrong(work, found, typed, "wrong_date" if found else "unknown_code")
        return Knock()
    throttle.forget(work, _BY_CODE, typed)
    visit = _new(work, found, secret, "access_code")
    _open(work, visit, found[0])
    return Knock(visit, right=True)


def answer(work: Work, secret: str | None, sent: str, new_secret: str) -> bool:
    """Complete a visit with the one-time code that was sent; False when it is wrong. Raises TooManyTries."""
    half = waiting(work, secret)
    if half is None:
        return False
    visit, code = half
    typed, where = str(code.code_index), network(work.address)
    throttle.check(work, _BY_CODE, typed, CODE_TRIES)
    throttle.check(work, _BY_ADDRESS, where, ADDRESS_TRIES)
    if visit.sent_index != _sent_index(work, visit, sent):
        _wrong(work, (code, work.session.get_one(Resident, visit.resident_id)), typed, "wrong_sent_code")
        return False
    throttle.forget(work, _BY_CODE, typed)
    visit.digest, visit.complete, visit.sent_index = digest(new_secret), True, None
    visit.created_at = visit.last_seen_at = work.now
    _open(work, visit, code)
    return True


_GOOD: Final = (
    ResidentVisit.digest == sa.bindparam("digest"),
    col(ResidentVisit.ended_at).is_(None),
    AccessCode.resident_id == ResidentVisit.resident_id,
    col(AccessCode.ended_at).is_(None),
    Resident.organisation_id == ResidentVisit.organisation_id,
    col(Resident.merged_into).is_(None),
    col(Resident.death_reported_at).is_(None),
)
"""A code printed anew, an erasure, a merge, another organisation or a reported death end the visit."""
# Statements built once: they run before every page.
_HALF: Final = (
    select(ResidentVisit, AccessCode)
    .join(AccessCode, col(AccessCode.id) == ResidentVisit.code_id)
    .join(Resident, col(Resident.id) == ResidentVisit.resident_id)
    .where(*_GOOD)
)


def waiting(work: Work, secret: str | None) -> tuple[ResidentVisit, AccessCode] | None:
    """Return the visit that waits for its one-time code, held until the unit ends; None once ten minutes have passed."""
    if secret is None:
        return None
    query = _HALF.with_for_update(of=AccessCode) if work.mode is Mode.WRITE else _HALF
    found = work.session.exec(query, params={"digest": digest(secret)}).one_or_none()
    if found is None:
        return None
    visit, code = found
    work.session.refresh(visit)
    return None if visit.complete or work.now - visit.created_at >= SENT_LASTS else (visit, code)


_VISITOR: Final = (
    select(ResidentVisit, Organisation)
    .join(AccessCode, col(AccessCode.id) == ResidentVisit.code_id)
    .join(Resident, col(Resident.id) == ResidentVisit.resident_id)
    .join(Organisation, col(Organisation.id) == ResidentVisit.organisation_id)
    .where(*_GOOD, col(ResidentVisit.complete))
)


def load(work: Work, secret: str | None) -> Visitor | None:
    """Return the resident behind a visit's cookie; None when the visit is over: 15 minutes idle, an hour at most."""
    if secret is None:
        return None
    found = work.session.exec(_VISITOR, params={"digest": digest(secret)}).one_or_none()
    if found is None:
        return None
    visit, place = found
    if work.now - visit.last_seen_at >= IDLE or work.now - visit.created_at >= ABSOLUTE:
        return None
    who = ResidentActor(visit.resident_id, visit.organisation_id, visit.id, visit.auth)
    return Visitor(who, visit.created_at + ABSOLUTE, visit.last_seen_at, place.name, place.phone, place.hours)


def touch(work: Work, visit_id: str) -> None:
    """Write when the visit was last seen."""
    visit = work.session.get(ResidentVisit, visit_id)
    if visit is not None and visit.ended_at is None:
        visit.last_seen_at = max(visit.last_seen_at, work.now)
        work.session.add(visit)


def end(work: Work) -> None:
    """End the visit of the resident who acts."""
    assert work.resident is not None
    visit = work.session.get_one(ResidentVisit, work.resident.session_id)
    visit.ended_at = work.now
    work.session.add(visit)
    record(work, actions.OwnPageClosed(resident=visit.resident_id))


def _identity(work: Work, row: Resident | None) -> Identity:
    """Open who it is; for nobody, as much is sealed and opened."""
    if row is not None:
        return open_resident(work, row).identity
    key, wrapped = work.keyring.new_wrapped()
    sealed = seal_json(key, _NOBODY.to_dict(), "nobody")
    return Identity.from_dict(open_json(work.keyring.unwrap(wrapped), sealed, "nobody"))


def _new(work: Work, found: tuple[AccessCode, Resident], secret: str, auth: str) -> ResidentVisit:
    code, row = found
    visit = ResidentVisit(
        digest=digest(secret),
        resident_id=row.id,
        organisation_id=row.organisation_id,
        code_id=code.id,
        auth=auth,
        created_at=work.now,
        last_seen_at=work.now,
    )
    work.session.add(visit)
    return visit


def _open(work: Work, visit: ResidentVisit, code: AccessCode) -> None:
    code.wrong = 0
    work.session.add_all([visit, code])
    work.session.flush()
    record(
        work,
        actions.OwnPageOpened(
            resident=visit.resident_id, organisation=visit.organisation_id, auth=visit.auth, session=visit.id
        ),
    )


def _wrong(work: Work, found: tuple[AccessCode, Resident] | None, typed: str, outcome: str) -> None:
    throttle.count(work, _BY_CODE, typed)
    throttle.count(work, _BY_ADDRESS, network(work.address))
    if found is not None:
        codes.count_wrong(work, found[0])
    whose = {"resident": found[1].id, "organisation": found[1].organisation_id} if found is not None else {}
    record(work, actions.OwnPageRefused(outcome=outcome, **whose))


def _send(work: Work, found: tuple[AccessCode, Resident], identity: Identity, secret: str) -> Knock:
    """Send a one-time code to the address on record, by SMS where that can be."""
    channel = next((way for way, to in _addresses(identity) if to and available(work.settings, way)), None)
    if channel is None:
        return Knock(right=True)
    row = found[1]
    throttle.check(work, _BY_SENDING, row.id, SENT_AT_MOST)
    throttle.count(work, _BY_SENDING, row.id)
    visit = _new(work, found, secret, "one_time_code")
    digits = new_digits(SENT_DIGITS)
    visit.complete, visit.sent_index = False, _sent_index(work, visit, digits)
    work.session.flush()
    enqueue(
        work,
        channel,
        dict(_addresses(identity))[channel],
        "own_code",
        {"code": digits},
        dedup=f"own-code|{visit.id}",
        language=identity.language,
        about=About(organisation=row.organisation_id, resident=row.id),
    )
    return Knock(visit, right=True, channel=channel)


def _addresses(identity: Identity) -> Sequence[tuple[Channel, str]]:
    return ((Channel.SMS, identity.phone), (Channel.MAIL, identity.email))


def _sent_index(work: Work, visit: ResidentVisit, sent: str) -> int:
    return blind_index(work.keyring.derive("access-codes"), visit.id, normalise_code(sent), 63)
