"""Creating, finding and changing residents in a real database."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta

import pytest
from sqlmodel import select

from aidants.crypto import new_id
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.residents import services
from aidants.residents.identity import Identity, understand
from aidants.residents.models import Resident, ResidentToken
from tests.security.tools import actor_of

EWA = Identity("Zbigniewska", "Ewa Maria", usual_name="Morel", birth_date="1951-03-04", phone="06 39 98 00 11")


@pytest.fixture
def work(demo_database: Database) -> Iterator[Work]:
    with unit_of_work(demo_database, Mode.WRITE) as opened:
        opened.actor = actor_of(opened, "nadia")
        yield opened


def names(work: Work, text: str) -> list[str]:
    found = services.search(work, understand(text))
    return [] if found.alike else [known.identity.birth_name for known in found.residents]


FINDING = ("zbig", "ZBIGNIEWSKA ewa", "morel", "maria mor", "04/03/1951", "morel 4/3/1951", "+33 6 39 98 00 11")
MISSING = ("zbik", "morel anne", "05/03/1951", "06 39 98 00 12", "morel 04/03/1952")


def test_a_resident_is_found_by_name_date_or_phone_and_not_by_another(work: Work) -> None:
    services.create_resident(work, EWA)
    assert [names(work, text) for text in FINDING] == [["Zbigniewska"]] * len(FINDING)
    assert [names(work, text) for text in MISSING] == [[]] * len(MISSING)


def test_another_organisation_finds_nothing(work: Work) -> None:
    resident = services.create_resident(work, EWA)
    work.session.flush()
    work.actor = actor_of(work, "youssef")
    assert names(work, "zbigniewska") == []
    assert services.recent(work) == ()
    with pytest.raises(NotFound):
        services.get_resident(work, resident)
    with pytest.raises(NotFound):
        services.journal_view(work, resident)


def test_the_same_form_sent_twice_makes_one_record_and_later_another(work: Work) -> None:
    first = services.create_resident(work, EWA)
    assert services.create_resident(work, EWA) == first
    work.now += timedelta(minutes=3)
    assert services.create_resident(work, EWA) != first


def test_a_change_moves_the_search_and_keeps_what_is_not_asked(work: Work) -> None:
    resident = services.create_resident(
        work, Identity("Avant", "Ewa", language="pl", sex="F", birthplace_insee="99122")
    )
    assert services.change_resident(work, resident, Identity("Apres", "Ewa", language="pl"), 1)
    work.session.flush()
    known = services.get_resident(work, resident)
    assert (known.identity.birth_name, known.identity.language, known.identity.sex) == ("Apres", "pl", "F")
    assert known.identity.birthplace_insee == "99122"
    assert (names(work, "avant"), names(work, "apres")) == ([], ["Apres"])


def test_somebody_elses_change_is_never_overwritten(work: Work) -> None:
    resident = services.create_resident(work, EWA)
    assert services.change_resident(work, resident, Identity("Premiere", "Ewa"), 1)
    assert not services.change_resident(work, resident, Identity("Seconde", "Ewa"), 1)
    assert services.get_resident(work, resident).identity.birth_name == "Premiere"


def test_each_resident_has_a_key_of_their_own(work: Work) -> None:
    ids = [services.create_resident(work, Identity(name, new_id())) for name in ("Un", "Deux")]
    rows = [work.session.get_one(Resident, resident) for resident in ids]
    assert services.resident_key(work, rows[0]) != services.resident_key(work, rows[1])
    assert rows[0].wrapped_key != rows[1].wrapped_key


def test_two_organisations_give_different_tokens_to_the_same_person(work: Work) -> None:
    def tokens(resident: str) -> set[tuple[str, int]]:
        rows = work.session.exec(select(ResidentToken).where(ResidentToken.resident_id == resident))
        return {(row.kind, row.token) for row in rows}

    mine = services.create_resident(work, EWA)
    work.actor = actor_of(work, "youssef")
    theirs = services.create_resident(work, EWA)
    assert len(tokens(mine)) >= 5
    assert len(tokens(mine) & tokens(theirs)) <= 1


def test_twenty_are_shown_and_more_are_said(work: Work) -> None:
    for number in range(services.SHOWN + 5):
        work.now += timedelta(minutes=3)
        services.create_resident(work, Identity("Zbigniewska", f"Ewa {number}"))
    found = services.search(work, understand("zbigniewska"))
    assert (len(found.residents), found.too_many, found.too_short) == (services.SHOWN, True, False)
    assert found.residents[0].identity.given_names == f"Ewa {services.SHOWN + 4}"
    assert services.search(work, understand("zb")).too_short


def test_beyond_the_candidates_the_question_must_be_more_precise(work: Work, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(services, "MAX_CANDIDATES", 3)
    for number in range(4):
        work.now += timedelta(minutes=3)
        services.create_resident(work, Identity("Zbigniewska", f"Ewa {number}"))
    found = services.search(work, understand("zbigniewska"))
    assert found.too_many
    assert not found.residents


def test_a_name_that_sounds_alike_is_offered_when_nobody_bears_it(work: Work) -> None:
    services.create_resident(work, EWA)
    found = services.search(work, understand("maurel"))
    assert found.alike
    assert [known.identity.birth_name for known in found.residents] == ["Zbigniewska"]
    assert services.search(work, understand("quelquun")).residents == ()
