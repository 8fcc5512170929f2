"""A mandate that ends soon is told of once, to its helper, and never once it was stopped."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from aidants.accounts.models import Person
from aidants.counter.reminders import remind
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates.models import Mandate
from aidants.mandates.services import revoke
from aidants.messages.delivery import deliver_due
from aidants.messages.transports import transports
from tests.security.tools import Clock, actor_of, digest
from tests.support.outbox import configure, received


def month_long(database: Database) -> Mandate:
    """The demonstration's mandate of a month that is in force."""
    with unit_of_work(database, Mode.READ) as work:
        return work.session.exec(select(Mandate).where(Mandate.state == "active", Mandate.duration == "MONTH")).one()


@pytest.fixture
def week_before(demo_database: Database, monkeypatch: pytest.MonkeyPatch) -> Clock:
    """Six days before it ends."""
    ends_at = month_long(demo_database).ends_at
    assert ends_at is not None
    clock = Clock(monkeypatch)
    clock.at = ends_at - timedelta(days=6)
    return clock


def test_told_once_without_a_name(demo_database: Database, week_before: Clock, tmp_path: Path) -> None:
    settings = configure(demo_database, mail_url=f"file://{tmp_path}/out")
    assert [remind(demo_database) for _ in range(3)] == [1, 0, 0]
    deliver_due(demo_database, transports(settings))
    (letter,) = received(tmp_path / "out")
    mandate, text = month_long(demo_database), letter.get_content()
    assert letter["To"] == "nadia.ferrand@brivette.example"
    assert mandate.reference in str(letter["Subject"])
    assert f"/mandats/{mandate.id}" in text
    assert not any(name in text for name in ("Aubert", "Monique"))


def test_not_too_early_not_after(demo_database: Database, week_before: Clock) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    ends_at = week_before.at + timedelta(days=6)
    for at, expected in (
        (ends_at - timedelta(days=7, seconds=1), 0),
        (ends_at + timedelta(seconds=1), 0),
        (ends_at, 1),
    ):
        week_before.at = at
        assert remind(demo_database) == expected, at


def test_never_for_a_stopped_mandate(demo_database: Database, week_before: Clock) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    mandate = month_long(demo_database)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        revoke(work, mandate.id, None, "resident")
    assert remind(demo_database) == 0


def test_not_to_who_has_left(demo_database: Database, week_before: Clock) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        person = work.session.get_one(Person, month_long(demo_database).helper_id)
        person.active = False
        work.session.add(person)
    assert remind(demo_database) == 0


def test_without_mail_nothing_is_written(demo_database: Database, week_before: Clock) -> None:
    before = digest(demo_database)
    assert remind(demo_database) == 0
    assert digest(demo_database) == before
