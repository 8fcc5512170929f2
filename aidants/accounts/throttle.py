"""Counting bad tries in our own table, so that several workers and a restart count alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from sqlmodel import select

from aidants.accounts.models import Throttle
from aidants.crypto import digest
from aidants.db import Work
from aidants.errors import TooManyTries

WINDOW: Final = timedelta(minutes=15)
ACCOUNT_LIMIT: Final = 10
ADDRESS_LIMIT: Final = 100


def _key(kind: str, value: str) -> str:
    return digest(f"throttle/{kind}/{value}")


def check(work: Work, kind: str, value: str, limit: int) -> None:
    """Raise TooManyTries when ``limit`` bad tries were counted in the window."""
    row = work.session.get(Throttle, _key(kind, value))
    if row is not None and row.count >= limit and work.now - row.since < WINDOW:
        raise TooManyTries


def count(work: Work, kind: str, value: str) -> None:
    """Count one bad try; the window starts with the first."""
    query = select(Throttle).where(Throttle.key == _key(kind, value)).with_for_update()
    row = work.session.exec(query).one_or_none()
    if row is None:
        work.session.add(Throttle(key=_key(kind, value), count=1, since=work.now))
    elif work.now - row.since >= WINDOW:
        row.count, row.since = 1, work.now
    else:
        row.count += 1


def forget(work: Work, kind: str, value: str) -> None:
    """Forget the bad tries after a good one."""
    row = work.session.get(Throttle, _key(kind, value))
    if row is not None:
        work.session.delete(row)
