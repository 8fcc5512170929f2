"""The access code of a sheet, the visits it opens, and what they survive."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from sqlmodel import col, select

from aidants.accounts import throttle
from aidants.crypto import normalise_code
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound, TooManyTries
from aidants.journal.models import JournalRecord
from aidants.messages.models import OutboxMessage
from aidants.messages.services import open_content
from aidants.residents import codes, visits
from aidants.residents.identity import Identity
from aidants.residents.models import AccessCode, ResidentVisit
from aidants.residents.services import change_resident, create_resident
from tests.security.tools import Places, actor_of, kinds_after, last_entry, prepare
from tests.support.outbox import configure
from tests.support.own import print_code

BORN = "1948-03-04"


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database)


def knock(database: Database, code: str, born: str, secret: str = "s", *, after: timedelta = timedelta(0)) -> bool:
    """Knock at the door; tell whether it opened."""
    with unit_of_work(database, Mode.WRITE, request_id="r", address="192.0.2.7") as work:
        work.now += after
        return visits.knock(work, code, born, secret).visit is not None


def inside(database: Database, secret: str = "s", *, after: timedelta = timedelta(0)) -> bool:
    """Tell whether a visit is open."""
    with unit_of_work(database, Mode.READ) as work:
        work.now += after
        return visits.load(work, secret) is not None


def test_the_code_is_ten_signs_and_is_stored_nowhere(demo_database: Database, places: Places) -> None:
    code = print_code(demo_database, places.residents["Aubert"])
    assert (len(code), normalise_code(code)) == (10, code)
    with unit_of_work(demo_database, Mode.READ) as work:
        (row,) = work.session.exec(select(AccessCode)).all()
        assert row.code_index == codes.index_of(work, f" {code[:5].lower()}-{code[5:]} ")
        assert code not in repr(row)
        assert row.issued_by == actor_of(work, "nadia").person_id


def test_the_new_sheet_ends_the_old_code_and_its_visit(demo_database: Database, places: Places) -> None:
    who, before = places.residents["Aubert"], last_entry(demo_database)
    old = print_code(demo_database, who)
    assert knock(demo_database, old, BORN)
    assert inside(demo_database)
    new = print_code(demo_database, who)
    assert not inside(demo_database)
    assert not knock(demo_database, old, BORN, "t")
    assert knock(demo_database, new, BORN, "u")
    kinds = ["access_code_issued", "own_page_opened", "access_code_issued", "own_page_refused", "own_page_opened"]
    assert kinds_after(demo_database, before) == kinds


def test_only_for_those_within_reach(demo_database: Database, places: Places) -> None:
    with pytest.raises(NotFound):
        print_code(demo_database, places.residents["Aubert"], "youssef")
    with pytest.raises(NotFound):
        print_code(demo_database, "a" * 26)


@pytest.mark.parametrize(
    ("name", "typed", "opens"),
    [
        ("Aubert", BORN, True),
        ("Aubert", "1948-03", False),
        ("Aubert", "1948", False),
        ("Aubert", "1948-03-05", False),
        ("Aubert", "", False),
        ("Vidal", "1955-11", True),
        ("Vidal", "1955-11-30", True),
        ("Vidal", "1955", False),
        ("Vidal", "1955-12-30", False),
        ("Kouadio", "1990", True),
        ("Kouadio", "1990-06-01", True),
        ("Kouadio", "1991", False),
    ],
)
def test_as_much_of_the_date_as_is_known(
    demo_database: Database, places: Places, name: str, typed: str, opens: bool
) -> None:
    assert knock(demo_database, print_code(demo_database, places.residents[name]), typed) is opens


def test_a_visit_lasts_fifteen_minutes_idle_and_an_hour_at_most(demo_database: Database, places: Places) -> None:
    assert knock(demo_database, print_code(demo_database, places.residents["Aubert"]), BORN)
    for minutes, seen in ((14, True), (15, False)):
        assert inside(demo_database, after=timedelta(minutes=minutes)) is seen
    for minutes in (10, 20, 30, 40, 50, 59):
        assert inside(demo_database, after=timedelta(minutes=minutes))
        with unit_of_work(demo_database, Mode.WRITE) as work:
            work.now += timedelta(minutes=minutes)
            visits.touch(work, work.session.exec(select(ResidentVisit.id)).one())
    assert not inside(demo_database, after=timedelta(minutes=60))


def test_wrong_answers_are_counted_by_code_and_by_address(demo_database: Database, places: Places) -> None:
    code = print_code(demo_database, places.residents["Aubert"])
    for _ in range(visits.CODE_TRIES):
        assert not knock(demo_database, code, "1950-01-01")
    with pytest.raises(TooManyTries):
        knock(demo_database, code, BORN)
    assert knock(demo_database, code, BORN, after=throttle.WINDOW + timedelta(seconds=1))
    for number in range(visits.ADDRESS_TRIES - visits.CODE_TRIES):
        assert not knock(demo_database, f"ABCDEFGH{number:02}".replace("0", "Z").replace("1", "Y"), BORN)
    with pytest.raises(TooManyTries):
        knock(demo_database, code, BORN)


def test_a_code_that_bears_too_many_wrong_dates_ends(demo_database: Database, places: Places) -> None:
    code = print_code(demo_database, places.residents["Aubert"])
    for number in range(codes.MOST_WRONG):
        later = timedelta(minutes=16) * (number // visits.CODE_TRIES)
        assert not knock(demo_database, code, "1950-01-01", after=later)
    assert not knock(demo_database, code, BORN, after=timedelta(hours=5))
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.exec(select(AccessCode.ended_at)).one() is not None


def test_unknown_codes_leave_no_trace_of_what_was_typed(demo_database: Database, places: Places) -> None:
    before = last_entry(demo_database)
    assert not knock(demo_database, "ZZZZZ22222", BORN)
    with unit_of_work(demo_database, Mode.READ) as work:
        entry = work.session.exec(select(JournalRecord).where(JournalRecord.seq == before + 1)).one()
        assert (entry.type, entry.actor, entry.outcome) == ("own_page_refused", "public", "unknown_code")
        assert (entry.resident, entry.sealed) == (None, None)


def without_birth_date(database: Database, identity: Identity) -> str:
    """Create somebody and return the code of their sheet."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        who = create_resident(work, identity)
    return print_code(database, who)


def sent(work: Work) -> str:
    """Return the digits of the last one-time code in the outbox."""
    query = select(OutboxMessage).where(OutboxMessage.template == "own_code")
    row = work.session.exec(query.order_by(col(OutboxMessage.created_at).desc())).first()
    assert row is not None
    return "".join(filter(str.isdigit, open_content(work, row)["text"]))[:6]


def test_whoever_has_no_birth_date_gets_a_one_time_code(demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    code = without_birth_date(demo_database, Identity("Sansdate", "Lina", email="lina@exemple.fr", language="pt"))
    with unit_of_work(demo_database, Mode.WRITE, address="192.0.2.7", request_id="r") as work:
        answer = visits.knock(work, code, "", "first")
        assert answer.channel == "mail"
        digits = sent(work)
    assert not inside(demo_database, "first"), "a code is not there yet"

    def answered(typed: str, *, after: timedelta = timedelta(0)) -> bool:
        with unit_of_work(demo_database, Mode.WRITE, address="192.0.2.7", request_id="r") as work:
            work.now += after
            return visits.answer(work, "first", typed, "second")

    wrong = "000000" if digits != "000000" else "111111"
    assert not answered(wrong)
    assert not answered(digits, after=visits.SENT_LASTS)
    assert answered(digits)
    assert not answered(digits), "it serves once"
    assert inside(demo_database, "second")
    assert not inside(demo_database, "first")
    with unit_of_work(demo_database, Mode.READ) as work:
        visitor = visits.load(work, "second")
        assert visitor is not None
        assert visitor.resident.auth == "one_time_code"


def test_one_time_codes_are_tried_five_times_and_sent_three_times(demo_database: Database) -> None:
    configure(demo_database, mail_url="file:///nowhere")
    code = without_birth_date(demo_database, Identity("Sansdate", "Lina", email="lina@exemple.fr"))
    for number in range(visits.SENT_AT_MOST):
        assert knock(demo_database, code, "", f"s{number}")
    with pytest.raises(TooManyTries):
        knock(demo_database, code, "", "s9")
    with unit_of_work(demo_database, Mode.READ) as work:
        digits = sent(work)
    for _ in range(visits.CODE_TRIES):
        with unit_of_work(demo_database, Mode.WRITE, address="192.0.2.7", request_id="r") as work:
            assert not visits.answer(work, "s2", "abcdef", "t")
    with pytest.raises(TooManyTries), unit_of_work(demo_database, Mode.WRITE, address="192.0.2.7") as work:
        visits.answer(work, "s2", digits, "t")


def test_nobody_is_promised_a_message_that_cannot_be_sent(demo_database: Database) -> None:
    code = without_birth_date(demo_database, Identity("Sansdate", "Lina", phone="06 00 00 11 22"))
    with unit_of_work(demo_database, Mode.WRITE, address="192.0.2.7") as work:
        answer = visits.knock(work, code, "1980", "s")
        assert (answer.visit, answer.right, answer.channel) == (None, True, None)
        assert work.session.exec(select(ResidentVisit)).all() == []


def moved(work: Work, visit: ResidentVisit) -> None:
    elsewhere = actor_of(work, "youssef").organisation_id
    visit.organisation_id = elsewhere or ""
    work.session.add(visit)


def erased(work: Work, visit: ResidentVisit) -> None:
    from aidants.counter.erasure import erase

    erase(work, visit.resident_id, "request")


def ended(work: Work, visit: ResidentVisit) -> None:
    visit.ended_at = work.now
    work.session.add(visit)


@pytest.mark.parametrize("what", [moved, erased, ended])
def test_what_ends_a_visit(
    demo_database: Database, places: Places, what: Callable[[Work, ResidentVisit], None]
) -> None:
    assert knock(demo_database, print_code(demo_database, places.residents["Le Goff"]), "1937-05-21")
    assert inside(demo_database)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        what(work, work.session.exec(select(ResidentVisit)).one())
    assert not inside(demo_database)


def test_correcting_the_record_leaves_the_visit_open(demo_database: Database, places: Places) -> None:
    assert knock(demo_database, print_code(demo_database, places.residents["Aubert"]), BORN)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        assert change_resident(work, places.residents["Aubert"], Identity("Aubert", "Monique", birth_date="1949"), 1)
    assert inside(demo_database)
