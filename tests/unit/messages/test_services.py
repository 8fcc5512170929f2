"""Queueing: with the act or not at all, once for an occasion, sealed; who is erased receives nothing."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
import sqlalchemy as sa
from sqlmodel import select

from aidants.accounts.models import Organisation
from aidants.counter.erasure import erase
from aidants.crypto import new_id
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Corrupted, NotFound
from aidants.messages.addresses import BadAddress
from aidants.messages.delivery import deliver_due
from aidants.messages.models import Channel, OutboxMessage, State
from aidants.messages.services import About, ChannelMissing, available, enqueue, open_content
from aidants.residents.models import Resident
from tests.security.tools import entries_after, last_entry
from tests.support.outbox import configure, queue, rows, states


def about_somebody(database: Database) -> About:
    with unit_of_work(database, Mode.READ) as work:
        row = work.session.exec(select(Resident).limit(1)).one()
        return About(row.organisation_id, row.id)


def test_nothing_is_promised_without_a_transport(database: Database) -> None:
    settings = configure(database)
    assert not available(settings, "mail")
    assert not available(settings, Channel.SMS)
    with pytest.raises(ChannelMissing):
        queue(database)
    settings = configure(database, mail_url="file:///nowhere", sms_url="none")
    assert (available(settings, "mail"), available(settings, "sms")) == (True, False)
    with pytest.raises(ChannelMissing):
        queue(database, to="0612345678", channel=Channel.SMS)
    assert rows(database) == []


def test_a_message_stands_or_falls_with_its_act(database: Database) -> None:
    configure(database, mail_url="file:///nowhere")

    def act() -> None:
        with unit_of_work(database, Mode.WRITE) as work:
            enqueue(work, Channel.MAIL, "a@b.fr", "trial", {"address": "x"}, dedup="one")
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        act()
    assert rows(database) == []


def test_one_occasion_one_message(database: Database) -> None:
    configure(database, mail_url="file:///nowhere")
    assert [queue(database), queue(database), queue(database, "trial|2")] == [True, False, True]
    start = threading.Barrier(8)

    def at_once(_number: int) -> bool:
        start.wait()
        return queue(database, "trial|3")

    with ThreadPoolExecutor(8) as pool:
        assert sorted(pool.map(at_once, range(8))) == [False] * 7 + [True]
    assert len(rows(database)) == 3


@pytest.mark.parametrize("to", ["", "claire", "a@b.fr\r\nBcc: x@y.fr", "a" * 5000 + "@b.fr"])
def test_bad_addresses_leave_nothing(database: Database, to: str) -> None:
    configure(database, mail_url="file:///nowhere")
    with pytest.raises(BadAddress):
        queue(database, to=to)
    assert rows(database) == []


def test_nobody_known_by_that_id(database: Database) -> None:
    configure(database, mail_url="file:///nowhere")
    with pytest.raises(NotFound):
        queue(database, about=About(resident=new_id()))
    assert rows(database) == []


def test_content_is_sealed_under_the_key_of_whom_it_concerns(demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    whose = about_somebody(demo_database)
    for number, about in enumerate([whose, About(whose.organisation), About()]):
        queue(demo_database, f"trial|{number}", about=about)
    for row in rows(demo_database):
        held = row.model_dump()
        assert "claire" not in repr(held)
        assert "exemple" not in repr(held)
        with unit_of_work(demo_database, Mode.READ) as work:
            assert open_content(work, row)["to"] == "claire@exemple.fr"
    with demo_database.engine.begin() as connection:
        connection.execute(sa.update(Organisation).values(wrapped_key=b"\x00" * 40))
    with unit_of_work(demo_database, Mode.READ) as work:
        first, second, third = rows(demo_database)
        assert open_content(work, first)["text"] == open_content(work, third)["text"]
        with pytest.raises(Corrupted):
            open_content(work, second)


def test_a_spoiled_message_is_given_up_and_said(demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    queue(demo_database)
    with demo_database.engine.begin() as connection:
        connection.execute(sa.update(OutboxMessage).values(sealed=b"spoiled" * 9))
    before = last_entry(demo_database)
    assert deliver_due(demo_database, {"mail": lambda _message: "sent"}).failed == 1
    assert [(entry.type, entry.outcome) for entry in entries_after(demo_database, before)] == [
        ("message_failed", "unreadable")
    ]


@pytest.mark.parametrize("state", ["queued", "sending", "failed"])
def test_who_is_erased_receives_nothing(demo_database: Database, state: str) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    whose = about_somebody(demo_database)
    assert whose.resident is not None
    queue(demo_database, about=whose)
    with demo_database.engine.begin() as connection:
        connection.execute(sa.update(OutboxMessage).values(state=state))
    with unit_of_work(demo_database, Mode.WRITE) as work:
        erase(work, whose.resident, "request")
    (row,) = rows(demo_database)
    assert (row.state, row.sealed, row.resident_id) == (State.CANCELLED, None, None)
    assert deliver_due(demo_database, {"mail": lambda message: message.to}).sent == 0


def test_erased_while_it_is_on_the_wire(demo_database: Database) -> None:
    """What already left cannot be called back: the journal says it left, nothing of it stays."""
    configure(demo_database, mail_url="file:///nowhere")
    whose = about_somebody(demo_database)
    queue(demo_database, about=whose)
    before = last_entry(demo_database)

    def slow(_message: object) -> str:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            erase(work, whose.resident or "", "request")
        return "sent"

    assert deliver_due(demo_database, {"mail": slow}).sent == 1
    assert states(demo_database) == {"cancelled": 1}
    assert rows(demo_database)[0].sealed is None
    left = [entry for entry in entries_after(demo_database, before) if entry.type == "message_sent"]
    assert [entry.resident for entry in left] == [None]
