"""Counting bad tries in our own table, so that several workers and a restart count alike."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col, select

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
    query = select(Throttle.count, Throttle.since).where(Throttle.key == _key(kind, value))
    row = work.session.exec(query).one_or_none()
    if row is not None and row[0] >= limit and work.now - row[1] < WINDOW:
        raise TooManyTries


def count(work: Work, kind: str, value: str) -> int:
    """Count one bad try and return how many there are; the window starts with the first.

    One statement, so that two workers count two.
    """
    insert = sqlite.insert if work.session.get_bind().dialect.name == "sqlite" else postgresql.insert
    over = col(Throttle.since) <= work.now - WINDOW
    changed = {
        "count": sa.case((over, 1), else_=col(Throttle.count) + 1),
        "since": sa.case((over, work.now), else_=col(Throttle.since)),
    }
    statement = (
        insert(Throttle)
        .values(key=_key(kind, value), count=1, since=work.now)
        .on_conflict_do_update(index_elements=["key"], set_=changed)
        .returning(col(Throttle.count))
    )
    return int(work.session.connection().execute(statement).scalar_one())


def forget(work: Work, kind: str, value: str) -> None:
    """Forget the bad tries after a good one."""
    work.session.connection().execute(sa.delete(Throttle).where(col(Throttle.key) == _key(kind, value)))
