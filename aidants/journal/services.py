"""Recording: every act writes its entry in the transaction of the act itself, so that there is never one without the other.

Entries are buffered on the unit of work and receive their sequence numbers in a ``before_commit`` hook. On SQLite the
write lock is held by then; PostgreSQL takes an advisory lock, as the last thing before the commit, so that numbers have
no gap and become visible in order.
"""

from __future__ import annotations

import getpass
import hashlib
import os
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any, Final

import sqlalchemy as sa

from aidants import clock, crypto
from aidants.db import Mode, Work
from aidants.errors import NotFound
from aidants.journal import actions, entry
from aidants.journal.actions import Action
from aidants.journal.canonical import canonical
from aidants.journal.erasures import owner_of
from aidants.journal.models import JournalLeaf, JournalPayload, JournalRecord, lock_sequence, table_of
from aidants.journal.sealer import wake
from aidants.policy import REAUTHENTICATION_LASTS

READ_WINDOW: Final = timedelta(minutes=15)
CLOCK_TOLERANCE: Final = timedelta(seconds=2)
_AUTH: Final = "password_totp"
_EMPTY: Final = dict.fromkeys((*entry.FIELDS, "salt"))

_leaves: Final[sa.Table] = table_of(JournalLeaf)
_records: Final[sa.Table] = table_of(JournalRecord)
_payloads: Final[sa.Table] = table_of(JournalPayload)

# Statements built once: building them anew took longer than running them.
_INSERT_LEAVES: Final = sa.insert(_leaves)
_INSERT_RECORDS: Final = sa.insert(_records)
_INSERT_PAYLOADS: Final = sa.insert(_payloads)
_LAST: Final = (
    sa.select(_leaves.c.seq, _records.c.ts)
    .select_from(_leaves.outerjoin(_records, _records.c.seq == _leaves.c.seq))
    .order_by(_leaves.c.seq.desc())
    .limit(1)
)


def _already(subject: str) -> sa.Select[tuple[int]]:
    """Find a reading through the index of its subject.

    The empty text takes the other indexes away: SQLite would choose that of the type and read every such entry ever made.
    """
    same = (_records.c[name].concat("") == sa.bindparam(name) for name in ("type", "actor"))
    session = _records.c.session.is_not_distinct_from(sa.bindparam("session"))
    recent = _records.c.ts.concat("") > sa.bindparam("since")
    subject_is = _records.c[subject] == sa.bindparam(subject)
    return sa.select(_records.c.seq).where(subject_is, *same, session, recent).limit(1)


_READ: Final = {subject: _already(subject) for subject in ("mandate", "resident")}
"""Finds a reading of the same subject by the same actor in the same session."""


@dataclass(frozen=True, slots=True)
class Private:
    """Personal data of an entry: whose it is (``resident:<id>``, ``organisation:<id>``, ``installation``), under which key."""

    owner: str
    key: bytes
    values: Mapping[str, str]


def under_installation(work: Work, values: Mapping[str, str]) -> Private:
    """Return personal data to be sealed under the installation's own key."""
    return Private("installation", work.keyring.derive("journal"), values)


class _Unit:
    """The entries of one unit of work, written by the hook that this object is."""

    def __init__(self) -> None:
        self.records: list[dict[str, Any]] = []
        self.payloads: list[dict[str, Any]] = []
        self.written = False

    def __call__(self, work: Work) -> None:
        """Number the entries and insert them: one select, then one insert a table."""
        self.written = True
        if not self.records:
            return
        connection = work.session.connection()
        lock_sequence(connection)
        last, before = _last(connection)
        back = before - clock.now() if before else timedelta(0)
        if back > CLOCK_TOLERANCE:
            anomaly = actions.ClockAnomaly(seconds=round(back.total_seconds()))
            self.records.insert(0, _row(work, anomaly, None, None))
        for seq, row in enumerate(self.records, start=last + 1):
            row["seq"] = seq
        leaves = [{"seq": row["seq"], "leaf": entry.make_leaf(row)} for row in self.records]
        connection.execute(_INSERT_LEAVES, leaves)
        connection.execute(_INSERT_RECORDS, self.records)
        if self.payloads:
            connection.execute(_INSERT_PAYLOADS, self.payloads)


def record(work: Work, action: Action, private: Private | None = None) -> str:
    """Add one entry to the unit of work and return its id; it is written when, and only when, the unit commits.

    Raises RuntimeError in a unit that does not write, and ValueError for an action that does not fit the journal: a payload
    sealed under a resident's key belongs to an entry that names this resident, so that erasing them finds it.
    """
    unit = _unit(work)
    entry_id = crypto.new_id()
    sealed = None
    if private is not None and private.values:
        key = crypto.derive(private.key, f"journal/{entry_id}")
        sealed = crypto.seal_json(key, dict(private.values), _bound(entry_id))
        unit.payloads.append({"entry_id": entry_id, "sealed": sealed})
    row = _row(work, action, sealed, private.owner if private and sealed else None, entry_id)
    if row["owner"] is not None and row["owner"].startswith(owner_of("")) and row["owner"] != owner_of(row["resident"]):
        raise ValueError(f"{action.type} seals under the key of a resident it does not name")
    unit.records.append(row)
    return entry_id


def record_read(work: Work, action: Action, window: timedelta = READ_WINDOW) -> bool:
    """Record a reading unless the same actor, session and subject did it within ``window``; tell whether it was recorded.

    The subject is the action's mandate or, without one, its resident. Raises ValueError for an action without subject.
    """
    said = _said(work, action)
    subject = next((name for name in _READ if said.get(name) is not None), None)
    if subject is None:
        raise ValueError(f"{action.type} has no subject")
    same = {"type": action.type, **{name: said.get(name) for name in ("actor", "session", subject)}}
    pending = any(all(other[name] == value for name, value in same.items()) for other in _unit(work).records)
    values = {**same, "since": entry.instant(work.now - window)}
    if pending or work.session.connection().execute(_READ[subject], values).first() is not None:
        return False
    record(work, action)
    return True


def open_payload(work: Work, entry_id: str, key: bytes) -> dict[str, str]:
    """Return the personal data sealed with an entry; ``key`` is its owner's. Raises NotFound and Corrupted."""
    query = sa.select(_payloads.c.sealed).where(_payloads.c.entry_id == entry_id)
    sealed = work.session.connection().execute(query).scalar()
    if sealed is None:
        raise NotFound
    opened: dict[str, str] = crypto.open_json(crypto.derive(key, f"journal/{entry_id}"), sealed, _bound(entry_id))
    return opened


def last_number(work: Work) -> int:
    """Return the number of the last entry committed, 0 in an empty journal."""
    return _last(work.session.connection())[0]


def shred_payloads(work: Work, resident_id: str) -> list[int]:
    """Delete every payload sealed under a resident's key; return the numbers of the entries that had one."""
    here = sa.and_(_records.c.resident == resident_id, _records.c.owner == owner_of(resident_id))
    kept = sa.select(_records.c.seq, _records.c.id).join(_payloads, _payloads.c.entry_id == _records.c.id).where(here)
    connection = work.session.connection()
    found = connection.execute(kept.order_by(_records.c.seq)).all()
    for row in found:
        connection.execute(sa.delete(_payloads).where(_payloads.c.entry_id == row.id))
    return [row.seq for row in found]


def _unit(work: Work) -> _Unit:
    """Return the buffer of the unit of work, made at the first entry."""
    if work.mode is not Mode.WRITE:
        raise RuntimeError("the journal records only in a unit of work that writes")
    unit = next((hook for hook in work.before_commit if isinstance(hook, _Unit)), None)
    if unit is None:
        unit = _Unit()
        work.before_commit.append(unit)
        if work.database is not None:
            work.after_commit.append(partial(wake, work.database))
    if unit.written:
        raise RuntimeError("the entries of this unit of work are already written")
    return unit


def _row(work: Work, action: Action, sealed: bytes | None, owner: str | None, entry_id: str = "") -> dict[str, Any]:
    """Return the columns of a record, all but its sequence number."""
    detail = action.detail()
    return {
        **_EMPTY,
        **_said(work, action),
        "v": entry.VERSION,
        "id": entry_id or crypto.new_id(),
        "ts": entry.instant(work.now),
        "kind": action.kind.value,
        "type": action.type,
        "detail": canonical(detail).decode("utf-8") if detail else None,
        "owner": owner,
        "sealed": hashlib.sha256(sealed).hexdigest() if sealed else None,
        "salt": secrets.token_bytes(entry.SALT_BYTES),
    }


def _said(work: Work, action: Action) -> dict[str, Any]:
    """Return who acts and the action's own columns, absent ones left out."""
    said: dict[str, Any] = {**_who(work), **action.columns()}
    return {**said, "auth": None, "level": None, "session": None} if said["actor"] == actions.SYSTEM else said


def _who(work: Work) -> dict[str, str | None]:
    """Return actor, authentication and session. A unit without request is the console's."""
    actor, resident = work.actor, work.resident
    if resident is not None:
        return {
            "actor": actions.RESIDENT,
            "auth": resident.auth,
            "session": resident.session_id,
            "organisation": resident.organisation_id,
        }
    if actor is None:
        return {"actor": actions.PUBLIC} if work.request_id else {"actor": actions.CONSOLE, "auth": _system_user()}
    given = actor.reauthenticated_at
    fresh = given is not None and timedelta(0) <= work.now - given <= REAUTHENTICATION_LASTS
    return {
        "actor": actor.person_id,
        "auth": _AUTH,
        "level": "fresh" if fresh else "session",
        "session": actor.session_id,
        "organisation": actor.organisation_id,
    }


def _system_user() -> str:
    """Return who is at the console, as the operating system says."""
    try:
        return f"os:{getpass.getuser()}"
    except (KeyError, OSError):  # no such account: a container under a bare number
        return f"os:{os.getuid()}"


def _last(connection: sa.Connection) -> tuple[int, datetime | None]:
    """Return the last sequence number (0 in an empty journal) and the time of its record when it is still there."""
    row = connection.execute(_LAST).first()
    if row is None:
        return 0, None
    return row.seq, datetime.fromisoformat(row.ts).astimezone(UTC) if row.ts else None


def _bound(entry_id: str) -> str:
    """Return the associated data that ties a sealed payload to its entry."""
    return f"aidants-journal|{entry_id}"
