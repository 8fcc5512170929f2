"""Sealing, wrapping, tokens and codes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants import crypto
from aidants.crypto import KeyMissing, Keyring
from aidants.errors import Corrupted

KEY = bytes(range(32))


@given(st.binary(max_size=500), st.text(max_size=30))
def test_what_is_sealed_opens_for_its_owner_alone(plain: bytes, owner: str) -> None:
    sealed = crypto.seal(KEY, plain, owner)
    assert crypto.open_sealed(KEY, sealed, owner) == plain
    with pytest.raises(Corrupted):
        crypto.open_sealed(KEY, sealed, owner + "x")
    with pytest.raises(Corrupted):
        crypto.open_sealed(bytes(32), sealed, owner)


@given(st.binary(min_size=1, max_size=60), st.data())
def test_one_changed_byte_is_noticed(plain: bytes, data: st.DataObject) -> None:
    sealed = bytearray(crypto.seal(KEY, plain, "me"))
    sealed[data.draw(st.integers(0, len(sealed) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(Corrupted):
        crypto.open_sealed(KEY, bytes(sealed), "me")


def test_the_same_text_never_seals_to_the_same_bytes() -> None:
    assert crypto.seal(KEY, b"a", "me") != crypto.seal(KEY, b"a", "me")


def test_the_key_file_is_private_and_never_replaced(tmp_path: Path) -> None:
    ring = Keyring.create(tmp_path / "keys")
    file = tmp_path / "keys" / crypto.MASTER_FILE
    assert file.stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyMissing, match="jamais remplacée"):
        Keyring.create(tmp_path / "keys")
    assert Keyring.load(tmp_path / "keys").key_id == ring.key_id


@pytest.mark.parametrize("content", ["", "pas du base64", "YWJj\n"])
def test_a_broken_key_file_is_told_in_a_sentence(tmp_path: Path, content: str) -> None:
    (tmp_path / crypto.MASTER_FILE).write_text(content, encoding="utf-8")
    with pytest.raises(KeyMissing, match="clé maîtresse"):
        Keyring.load(tmp_path)


def test_a_missing_key_file_says_where_it_was_expected(tmp_path: Path) -> None:
    with pytest.raises(KeyMissing, match=re.escape(str(tmp_path))):
        Keyring.load(tmp_path)


def test_a_wrapped_key_opens_under_its_own_master_alone() -> None:
    ring = Keyring(KEY)
    key, wrapped = ring.new_wrapped()
    assert key not in wrapped
    assert ring.unwrap(wrapped) == key
    with pytest.raises(Corrupted):
        Keyring(bytes(32)).unwrap(wrapped)


def test_purposes_give_different_keys() -> None:
    ring = Keyring(KEY)
    assert len({ring.derive(purpose) for purpose in ("a", "b", "cookies", "forms")}) == 4


@given(st.text(max_size=40), st.integers(1, 63))
def test_tokens_fit_their_bits_and_depend_on_the_key(value: str, bits: int) -> None:
    token = crypto.blind_index(KEY, "name", value, bits)
    assert 0 <= token < 2**bits
    assert token == crypto.blind_index(KEY, "name", value, bits)


def test_codes_are_readable_and_survive_how_people_type_them() -> None:
    code = crypto.new_code(8)
    assert re.fullmatch("[2-9A-HJ-NP-Z]{8}", code)
    assert crypto.normalise_code(f" {code[:4].lower()}-{code[4:]} ") == code


def test_ids_are_26_letters_that_fit_the_path() -> None:
    assert all(re.fullmatch("[a-z2-7]{26}", crypto.new_id()) for _ in range(100))
