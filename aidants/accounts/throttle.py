"""Counting bad tries in our own table, so that several workers and a restart count alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

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
    """Count one bad try; the window starts with the first. One statement, so that two workers count two."""
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    fresh = sa.case((col(Throttle.since) <= work.now - WINDOW, True), else_=False)
    statement = insert(Throttle).values(key=_key(kind, value), count=1, since=work.now)
    changed = {
        "count": sa.case((fresh, 1), else_=col(Throttle.count) + 1),
        "since": sa.case((fresh, work.now), else_=col(Throttle.since)),
    }
    work.session.connection().execute(statement.on_conflict_do_update(index_elements=["key"], set_=changed))
    work.session.expire_all()


def forget(work: Work, kind: str, value: str) -> None:
    """Forget the bad tries after a good one."""
    row = work.session.get(Throttle, _key(kind, value))
    if row is not None:
        work.session.delete(row)
