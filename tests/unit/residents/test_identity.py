"""Names, search queries and tokens, without a database."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants.residents.identity import Identity, fold, phone_digits, phonetic, tokens, understand
from aidants.residents.lookalikes import likeness

KEY = bytes(32)
EWA = Identity("Zbigniewska", "Ewa Maria", usual_name="Le Goff", birth_date="1951-03-04", phone="+33 6 12 34 56 78")


@pytest.mark.parametrize(
    ("text", "folded"),
    [
        ("ŸVES d’Ornano", "yves d ornano"),
        ("Cœur-de-Lion", "coeur de lion"),
        ("  Jean-Baptiste  ", "jean baptiste"),
        ("بلقاسم", "بلقاسم"),
        ("Łukasz", "lukasz"),
        ("", ""),
    ],
)
def test_names_are_compared_without_case_accents_and_punctuation(text: str, folded: str) -> None:
    assert fold(text) == folded


@pytest.mark.parametrize(
    "query",
    [
        "zbig",
        "ewa",
        "maria zbigniewska",
        "le goff ewa",
        "goff",
        "ZBIGNIÈWSKA",
        "04/03/1951",
        "ewa 4.3.1951",
        "0612345678",
    ],
)
def test_a_person_is_found_by_any_name_in_any_order_by_birth_date_and_by_phone(query: str) -> None:
    asked = understand(query)
    assert asked.matches(EWA)
    assert asked.tokens(KEY)
    assert set(asked.tokens(KEY)) <= set(tokens(KEY, EWA))


@pytest.mark.parametrize("query", ["dupont", "ewa dupont", "05/03/1951", "0612345679", "niewska"])
def test_somebody_else_is_not(query: str) -> None:
    assert not understand(query).matches(EWA)


@pytest.mark.parametrize("query", ["le", "a b", "", "!!", "12"])
def test_two_letters_are_too_short_to_search(query: str) -> None:
    assert understand(query).tokens(KEY) == []


@pytest.mark.parametrize("typed", ["06 12 34 56 78", "+33612345678", "0033 6 12 34 56 78", "06.12.34.56.78"])
def test_a_phone_is_the_same_however_it_is_typed(typed: str) -> None:
    assert phone_digits(typed) == "612345678"


@pytest.mark.parametrize(
    ("one", "other"), [("dupond", "dupont"), ("lefevre", "lefebvre"), ("martin", "martins"), ("faure", "fore")]
)
def test_names_that_sound_alike_share_a_code(one: str, other: str) -> None:
    assert phonetic(one) == phonetic(other)


def test_a_misspelt_name_resembles_and_another_does_not() -> None:
    assert understand("legof").resembles(EWA) is understand("goffe").resembles(EWA) is True or understand(
        "goffe"
    ).resembles(EWA)
    assert not understand("dupont").resembles(EWA)
    assert set(understand("goffe").sounds(KEY)) & set(tokens(KEY, EWA))


def test_different_names_keep_different_codes() -> None:
    names = ["martin", "bernard", "durand", "petit", "moreau", "laurent", "garcia", "roux", "fournier", "nguyen"]
    assert len({phonetic(name) for name in names}) == len(names)


@given(st.text(max_size=60))
def test_any_text_is_a_query(text: str) -> None:
    query = understand(text)
    entries = [*query.tokens(KEY), *query.sounds(KEY)]
    assert all(kind and 0 <= token < 1 << 64 for kind, token in entries)
    assert fold(fold(text)) == fold(text)


def test_what_is_sealed_comes_back_and_unknown_fields_are_left_aside() -> None:
    assert Identity.from_dict({**EWA.to_dict(), "invented_later": "x"}) == EWA


def test_names_people_use() -> None:
    assert EWA.short_name == "Ewa Le Goff"
    assert EWA.full_name == "Ewa Maria Zbigniewska (Le Goff)"


def test_name_tokens_are_twelve_bits_and_say_nothing_of_their_field() -> None:
    found = list(tokens(KEY, EWA))
    assert {kind for kind, _ in found} == {"n", "p", "b", "t"}
    assert all(token < 4096 for kind, token in found if kind in {"n", "p"})


def test_who_looks_alike() -> None:
    """Near names are enough; one near name needs the same whole birth date; a shared phone says nothing."""
    known = Identity("Lefèvre", "Marie-Claude", usual_name="Dupond", birth_date="1955-11-02", phone="06 00 00 00 01")
    alike = (
        Identity("Lefebvre", "Marie"),
        Identity("LEFEVRE", "marie claude", birth_date="1955-02-11"),
        Identity("Martin", "Marie", usual_name="Dupont"),
        Identity("Lefèvre", "Jeanne", birth_date="1955-11-02"),
        Identity("Roux", "Claude", birth_date="1955-11-02"),
    )
    others = (
        Identity("Lefèvre", "Jeanne"),
        Identity("Lefèvre", "Jeanne", birth_date="1955"),
        Identity("Roux", "Jeanne", birth_date="1955-11-02", phone="06 00 00 00 01"),
        Identity("Roux", "Marie", phone="06 00 00 00 01"),
    )
    assert [bool(likeness(known, one)) for one in alike] == [True] * len(alike)
    assert [bool(likeness(known, one)) for one in others] == [False] * len(others)
    assert likeness(known, known) > likeness(known, alike[1]) > likeness(known, alike[3])


def test_an_identity_sealed_before_a_field_existed_is_read() -> None:
    old = {"birth_name": "Aubert", "given_names": "Monique", "forgotten": "x"}
    assert (Identity.from_dict(old).language, Identity.from_dict(old).aids) == ("fr", "")
