"""A mandate that ends soon is told of once, to its helper, and never once it was stopped."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from sqlmodel import select

from aidants.accounts.models import Person
from aidants.counter import reminders
from aidants.counter.reminders import remind
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates.deaths import report_death
from aidants.mandates.models import Mandate
from aidants.mandates.services import revoke
from aidants.messages.delivery import deliver_due
from aidants.messages.models import OutboxMessage
from aidants.messages.services import open_content
from aidants.messages.transports import transports
from aidants.residents.services import change_resident, get_resident
from tests.security.tools import Clock, actor_of, digest
from tests.support.client import Browser, text_of
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


# To the resident, if they want it


def wants(database: Database, how: str, language: str = "fr", **fields: str) -> Mandate:
    """Let the resident of the month-long mandate ask for a reminder."""
    mandate = month_long(database)
    assert mandate.resident_id is not None
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        known = get_resident(work, mandate.resident_id)
        change_resident(
            work, known.id, replace(known.identity, reminders=how, language=language, **fields), known.row.version
        )
    return mandate


def queued(database: Database, template: str) -> list[OutboxMessage]:
    with unit_of_work(database, Mode.READ) as work:
        return list(work.session.exec(select(OutboxMessage).where(OutboxMessage.template == template)))


@pytest.mark.parametrize(
    ("how", "language", "says"),
    [("mail", "fr", "votre mandat finit le"), ("sms", "en", "your mandate ends on"), ("sms", "fr", "venez au guichet")],
)
def test_the_resident_is_told_once_in_their_language(
    demo_database: Database, week_before: Clock, how: str, language: str, says: str
) -> None:
    configure(demo_database, mail_url="file:///nowhere", sms_url="https://sms.invalid/send?to={to}&text={text}")
    mandate = wants(demo_database, how, language, phone="06 00 00 11 22", email="monique@aubert.example")
    assert [remind(demo_database) for _ in range(3)] == [2, 0, 0]
    (message,) = queued(demo_database, "ending_resident")
    assert (message.channel, message.language, message.mandate_id) == (how, language, mandate.id)
    with unit_of_work(demo_database, Mode.READ) as work:
        content = open_content(work, message)
    assert content["to"] == ("monique@aubert.example" if how == "mail" else "+33600001122")
    assert says in content["text"]
    assert "Aubert" not in content["text"]


def test_nobody_who_did_not_ask(demo_database: Database, week_before: Clock) -> None:
    configure(demo_database, mail_url="file:///nowhere", sms_url="https://sms.invalid/send?to={to}&text={text}")
    wants(demo_database, "", phone="06 00 00 11 22", email="monique@aubert.example")
    remind(demo_database)
    assert queued(demo_database, "ending_resident") == []


@pytest.mark.parametrize(("how", "fields"), [("sms", {"phone": "12"}), ("mail", {"email": "ici"}), ("sms", {})])
def test_an_address_that_is_none_stops_nobody_else(
    demo_database: Database, week_before: Clock, how: str, fields: dict[str, str]
) -> None:
    configure(demo_database, mail_url="file:///nowhere", sms_url="https://sms.invalid/send?to={to}&text={text}")
    wants(demo_database, how, **fields)
    assert remind(demo_database) == 1, "the helper is told"
    assert queued(demo_database, "ending_resident") == []


def test_where_no_sms_is_set_up_none_is_queued(demo_database: Database, week_before: Clock) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    wants(demo_database, "sms", phone="06 00 00 11 22")
    assert remind(demo_database) == 1
    assert queued(demo_database, "ending_resident") == []


@pytest.mark.parametrize("how", ["revoked", "dead"])
def test_what_is_still_queued_is_taken_back_when_the_mandate_stops(
    demo_database: Database, week_before: Clock, how: str
) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    mandate = wants(demo_database, "mail", email="monique@aubert.example")
    remind(demo_database)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        if how == "revoked":
            revoke(work, mandate.id, None, "resident")
        else:
            assert mandate.resident_id is not None
            report_death(work, mandate.resident_id)
    left = [*queued(demo_database, "ending"), *queued(demo_database, "ending_resident")]
    assert [(row.state, row.sealed) for row in left] == [("cancelled", None)] * 2
    assert remind(demo_database) == 0


def test_more_than_one_batch(demo_database: Database, week_before: Clock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(reminders, "_BATCH", 1)
    configure(demo_database, mail_url="file:///nowhere")
    wants(demo_database, "mail", email="monique@aubert.example")
    assert [remind(demo_database) for _ in range(2)] == [2, 0]


@pytest.mark.parametrize(
    ("fields", "error"),
    [({"reminders": "sms"}, "numéro"), ({"reminders": "mail", "phone": "06 00 00 11 22"}, "adresse"),
     ({"reminders": "pigeon", "phone": "06 00 00 11 22"}, "réponse")],
)  # fmt: skip
def test_the_form_asks_for_the_address_first(
    browse: Callable[..., Browser], demo_database: Database, fields: dict[str, str], error: str
) -> None:
    nadia = browse("nadia", mail_url="file:///nowhere", sms_url="https://sms.invalid/send?to={to}&text={text}")
    before = digest(demo_database)
    person = {"birth_name": "Zbigniewska", "given_names": "Ewa", "autre": "oui", **fields}
    answer = nadia.post("/personnes/nouvelle", person)
    assert answer.status_code == 422
    assert error in text_of(answer)
    assert digest(demo_database) == before


def test_the_form_offers_only_what_can_be_sent(browse: Callable[..., Browser]) -> None:
    assert "rappel" not in text_of(browse("nadia").open("/personnes/nouvelle"))
    shown = text_of(browse("nadia", mail_url="file:///nowhere").open("/personnes/nouvelle"))
    assert "Oui, par e-mail" in shown
    assert "Oui, par SMS" not in shown
