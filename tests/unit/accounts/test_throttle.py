"""Counting bad tries: the window, the limit, and that keys say nothing."""

from __future__ import annotations

from datetime import timedelta

import pytest
from sqlmodel import select

from aidants.accounts import throttle
from aidants.accounts.models import Throttle
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import TooManyTries


def test_the_limit_holds_for_its_window_and_for_its_key_only(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        for _ in range(3):
            throttle.check(work, "account", "nadia", 3)
            throttle.count(work, "account", "nadia")
        with pytest.raises(TooManyTries):
            throttle.check(work, "account", "nadia", 3)
        throttle.check(work, "account", "tom", 3)
        throttle.check(work, "address", "nadia", 3)
        work.now += throttle.WINDOW - timedelta(seconds=1)
        with pytest.raises(TooManyTries):
            throttle.check(work, "account", "nadia", 3)
        work.now += timedelta(seconds=1)
        throttle.check(work, "account", "nadia", 3)


def test_a_new_window_counts_from_one(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        for _ in range(5):
            throttle.count(work, "account", "nadia")
        work.now += throttle.WINDOW
        throttle.count(work, "account", "nadia")
        assert work.session.exec(select(Throttle.count)).one() == 1


def test_a_good_try_forgets_the_bad_ones(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        throttle.count(work, "account", "nadia")
        throttle.forget(work, "account", "nadia")
        throttle.forget(work, "account", "nobody")
        assert work.session.exec(select(Throttle)).all() == []


def test_the_table_names_nobody(database: Database) -> None:
    with unit_of_work(database, Mode.WRITE) as work:
        throttle.count(work, "account", "nadia.ferrand@brivette.example|192.0.2.1")
    with unit_of_work(database, Mode.READ) as work:
        row = work.session.exec(select(Throttle)).one()
    assert len(row.key) == 64
    assert "nadia" not in row.key
