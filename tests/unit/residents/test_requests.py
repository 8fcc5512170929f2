"""What residents ask: sealed, capped, due in a month, answered once, moved with the record."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from sqlmodel import select

from aidants.counter import merging
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.policy import ResidentActor
from aidants.residents import requests
from aidants.residents.models import AccessCode, Resident, ResidentRequest
from aidants.residents.requests import TooManyOpen, a_month_after
from tests.security.tools import Places, actor_of, kinds_after, last_entry, prepare
from tests.support.own import print_code
from tests.unit.residents.test_codes import knock


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database, question=False)


def become(work: Work, resident: str) -> None:
    """Act as a resident alone."""
    row = work.session.get_one(Resident, resident)
    work.resident = ResidentActor(row.id, row.organisation_id, "visit-of-a-test", "access_code")


def ask(database: Database, resident: str, words: str, kind: str = "question") -> str:
    with unit_of_work(database, Mode.WRITE) as work:
        become(work, resident)
        return requests.make(work, kind, words)


@pytest.mark.parametrize(
    ("day", "due"),
    [
        (date(2026, 1, 31), date(2026, 2, 28)),
        (date(2028, 1, 31), date(2028, 2, 29)),
        (date(2026, 2, 28), date(2026, 3, 28)),
        (date(2026, 12, 5), date(2027, 1, 5)),
        (date(2026, 3, 31), date(2026, 4, 30)),
    ],
)
def test_a_month(day: date, due: date) -> None:
    assert a_month_after(day) == due


def test_asked_answered_and_read(demo_database: Database, places: Places) -> None:
    who, before = places.residents["Aubert"], last_entry(demo_database)
    first = ask(demo_database, who, "Pourquoi mardi ?")
    assert ask(demo_database, who, "Pourquoi mardi ?") == first, "the same press twice"
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "tom")
        assert requests.count_waiting(work).count == 1
        (waits,) = requests.waiting(work)
        assert (waits.words, waits.resident and waits.resident.id) == ("Pourquoi mardi ?", who)
        assert (waits.row.due_at - work.now) > timedelta(days=27)
        requests.answer(work, first, "C’était Nadia, avec vous.")
        requests.answer(work, first, "Une autre réponse")
    assert kinds_after(demo_database, before) == ["request_made", "request_answered"]
    with unit_of_work(demo_database, Mode.READ) as work:
        (read,) = requests.of_resident(work, work.session.get_one(Resident, who))
        assert (read.words, read.answer) == ("Pourquoi mardi ?", "C’était Nadia, avec vous.")
        raw = read.row.words_sealed + (read.row.answer_sealed or b"")
        assert b"mardi" not in raw
        assert b"Nadia" not in raw


def test_five_at_most_wait(demo_database: Database, places: Places) -> None:
    who = places.residents["Aubert"]
    made = [ask(demo_database, who, f"Question {number}") for number in range(requests.MOST_OPEN)]
    with pytest.raises(TooManyOpen):
        ask(demo_database, who, "Une de plus")
    assert ask(demo_database, places.residents["Belkacem"], "La mienne")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        requests.answer(work, made[0], "Oui.")
    assert ask(demo_database, who, "Une de plus")


def test_another_organisation_sees_nothing(demo_database: Database, places: Places) -> None:
    made = ask(demo_database, places.residents["Aubert"], "À moi")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "youssef")
        assert requests.count_waiting(work).count == 0
        assert requests.waiting(work) == []
        for reach in (lambda: requests.get(work, made), lambda: requests.answer(work, made, "Non")):
            with pytest.raises(NotFound):
                reach()
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.get_one(ResidentRequest, made).closed_at is None


def test_a_merge_takes_requests_and_codes_along_and_gives_them_back(demo_database: Database, places: Places) -> None:
    kept, other = places.residents["Kouadio"], places.residents["Le Goff"]
    made = ask(demo_database, other, "Sur l’autre fiche")
    code = print_code(demo_database, other)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "tom")
        merging.confirm(work, places.merge)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        request = requests.get(work, made)
        assert (request.words, request.row.resident_id) == ("Sur l’autre fiche", kept)
        requests.answer(work, made, "Lu.")
    assert not knock(demo_database, code, "1937-05-21", "s1"), "the record kept answers, with its own birth date"
    assert knock(demo_database, code, "1990", "s2")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        merging.undo(work, places.merge)
    with unit_of_work(demo_database, Mode.READ) as work:
        (read,) = requests.of_resident(work, work.session.get_one(Resident, other))
        assert (read.words, read.answer) == ("Sur l’autre fiche", "Lu.")
        assert work.session.exec(select(AccessCode.resident_id)).one() == other
    from tests.unit.residents.test_codes import inside

    assert not inside(demo_database, "s2")
    assert knock(demo_database, code, "1937-05-21", "s3")


@pytest.mark.parametrize("merged", [False, True])
def test_erasing_deletes_codes_visits_and_requests(demo_database: Database, places: Places, merged: bool) -> None:
    from aidants.counter.erasure import erase

    kept, other = places.residents["Kouadio"], places.residents["Le Goff"]
    code = print_code(demo_database, other)
    assert knock(demo_database, code, "1937-05-21", "s1")
    ask(demo_database, other, "À moi")
    if merged:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            work.actor = actor_of(work, "tom")
            merging.confirm(work, places.merge)
        assert knock(demo_database, code, "1990", "s2")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        erase(work, kept if merged else other, "request")
    with unit_of_work(demo_database, Mode.READ) as work:
        from aidants.residents.models import ResidentVisit

        for model in (AccessCode, ResidentVisit, ResidentRequest):
            assert work.session.exec(select(model)).all() == [], model.__name__
