"""What must never be stored is recognised however it is typed; ordinary words are not."""

from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants.guard import ForbiddenText, clean, forbidden

NIR = [
    "1510323096123",
    "151032309612383",
    "1 51 03 23 096 123",
    "1 51 03 23 096 123 83",
    "1.51.03.23.096.123/83",
    "1-51-03-23-096-123-83",
    "2850519123456",
    "2 85 05 2A 123 456",
    "2 85 05 2b 123 456 10",
    "7 51 03 23 096 123",
    "1\u00a051\u202f03 23 096 123",
    "１５１０３２３０９６１２３",
    "١٥١٠٣٢٣٠٩٦١٢٣",
    "sécu : 1 51 03 23 096 123, merci",
    "1 51 03 23 096 123 75011 Paris",
    "né le 3 n°151032309612383",
]
CARDS = [
    "4970101234567893",
    "4970 1012 3456 7893",
    "4970-1012-3456-7893",
    "carte 5555 5555 5555 4444 valide jusqu'au 03/28",
    "4970 1012 3456 7893 03 28 123",
    "3782 822463 10005",
]
IBANS = [
    "FR7630006000011234567890189",
    "FR76 3000 6000 0112 3456 7890 189",
    "fr76 3000 6000 0112 3456 7890 189",
    "compte FR76 3000 6000 0112 3456 7890 189 de Lyon",
    "DE89370400440532013000 à Berlin",
    "GB82 WEST 1234 5698 7654 32",
]
ORDINARY = [
    "",
    "Ewa Zbigniewska",
    "14 rue du 11 novembre 1918, 75011 Paris",
    "rue du 14 juillet, en face du 12 bis",
    "06 12 34 56 78",
    "+33 6 12 34 56 78 ou 05 50 00 12 34",
    "04/03/1948",
    "151032309612384",
    "0000 0000 0000 0000",
    "dossier 2026-11-24-000123",
    "FR76 à la banque",
    "Ng\u1ecdc Nguy\u1ec5n",
    "عائشة بن صالح",
]


@pytest.mark.parametrize("text", NIR)
def test_a_social_security_number_is_recognised(text: str) -> None:
    assert forbidden(text) == "nir"


@pytest.mark.parametrize("text", CARDS)
def test_a_bank_card_is_recognised(text: str) -> None:
    assert forbidden(text) == "card"


@pytest.mark.parametrize("text", IBANS)
def test_a_bank_account_is_recognised(text: str) -> None:
    assert forbidden(text) == "iban"


@pytest.mark.parametrize("text", ORDINARY)
def test_ordinary_texts_pass(text: str) -> None:
    assert forbidden(text) is None


@given(st.integers(1, 2), st.integers(0, 99), st.integers(1, 12), st.integers(1, 95), st.integers(1, 999_999))
def test_every_number_with_its_key_is_recognised(sex: int, year: int, month: int, place: int, order: int) -> None:
    body = f"{sex}{year:02}{month:02}{place:02}{order:06}"
    assert forbidden(f"{body}{97 - int(body) % 97:02}") == "nir"


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("  Noe\u0308l ", "Noël"),
        ("\u202eAubert\u202c", "Aubert"),
        ("\u2066Le Goff\u2069\u200e\u200f\u061c", "Le Goff"),
        ("deux\nlignes\tet", "deux\nlignes\tet"),
    ],
)
def test_texts_are_composed_trimmed_and_without_direction_marks(text: str, kept: str) -> None:
    assert clean(text) == kept


@pytest.mark.parametrize("letter", ["\x00", "\x07", "\x1b", "\x7f", "\x85", "\ud800", "\ue000", "\U000e0fff"])
def test_control_and_unassigned_signs_are_refused(letter: str) -> None:
    with pytest.raises(ForbiddenText) as error:
        clean(f"Au{letter}bert")
    assert error.value.code == "control"


@given(st.text(max_size=200))
def test_any_text_is_cleaned_once_or_refused(text: str) -> None:
    try:
        once = clean(text)
    except ForbiddenText:
        return
    assert clean(once) == once
    assert unicodedata.is_normalized("NFC", once)
