"""Passwords and one-time codes, without a database."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pyotp
import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants.accounts import factors
from aidants.errors import TooManyTries

SECRET = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"
NOW = datetime(2026, 11, 24, 10, 0, 7, tzinfo=UTC)
STEP = int(NOW.timestamp()) // 30


def test_a_password_is_hashed_with_argon2id_19_mib_and_a_salt_of_its_own() -> None:
    one, other = (factors.hash_password("une phrase de sept mots pour voir") for _ in range(2))
    assert one != other
    assert one.startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert factors.check_password(one, "une phrase de sept mots pour voir")
    assert not factors.check_password(one, "une phrase de sept mots pour voir ")
    assert not factors.check_password(one, "")


def test_accents_typed_in_two_ways_are_the_same_password() -> None:
    stored = factors.hash_password("un été à Orsenne")
    assert factors.check_password(stored, "un e\u0301te\u0301 a\u0300 Orsenne")


@pytest.mark.parametrize("stored", [None, "", "$argon2id$broken", "un mot de passe en clair"])
def test_what_is_no_hash_opens_nothing(stored: str | None) -> None:
    assert not factors.check_password(stored, "nobody has this password")
    assert not factors.check_password(stored, "un mot de passe en clair")


def test_at_most_two_hashes_at_once_then_the_third_is_told_to_come_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(factors, "_PATIENCE_SECONDS", 0.05)
    inside, release = threading.Barrier(3), threading.Event()

    def hold() -> None:
        with factors._slot():
            inside.wait(5)
            release.wait(5)

    threads = [threading.Thread(target=hold) for _ in range(2)]
    for thread in threads:
        thread.start()
    inside.wait(5)
    try:
        with pytest.raises(TooManyTries):
            factors.hash_password("un mot de passe")
    finally:
        release.set()
        for thread in threads:
            thread.join(5)
    assert factors.hash_password("un mot de passe")


@pytest.mark.parametrize(("drift", "found"), [(-2, None), (-1, STEP - 1), (0, STEP), (1, STEP + 1), (2, None)])
def test_one_step_of_drift_either_way(drift: int, found: int | None) -> None:
    code = pyotp.TOTP(SECRET).generate_otp(STEP + drift)
    assert factors.matching_step(SECRET, code, NOW, 0) == found


def test_a_step_serves_once_and_never_goes_back() -> None:
    totp = pyotp.TOTP(SECRET)
    assert factors.matching_step(SECRET, totp.generate_otp(STEP), NOW, STEP) is None
    assert factors.matching_step(SECRET, totp.generate_otp(STEP - 1), NOW, STEP) is None
    assert factors.matching_step(SECRET, totp.generate_otp(STEP + 1), NOW, STEP) == STEP + 1


def test_spaces_do_not_matter() -> None:
    code = factors.code_at(SECRET, NOW)
    assert factors.matching_step(SECRET, f" {code[:3]} {code[3:]} ", NOW, 0) == STEP


@given(st.text(max_size=12))
def test_any_other_text_is_no_code(text: str) -> None:
    right = {pyotp.TOTP(SECRET).generate_otp(STEP + drift) for drift in (-1, 0, 1)}
    found = factors.matching_step(SECRET, text, NOW, 0)
    assert (found is not None) == ("".join(text.split()) in right)


def test_secrets_have_160_bits_and_differ() -> None:
    secrets = {factors.new_totp_secret() for _ in range(20)}
    assert len(secrets) == 20
    assert {len(secret) for secret in secrets} == {32}


def test_the_address_for_an_authenticator_names_the_account() -> None:
    uri = factors.provisioning_uri(SECRET, "nadia@brivette.example", "Aidants")
    assert uri.startswith("otpauth://totp/Aidants:nadia%40brivette.example?secret=")
    parsed = pyotp.parse_uri(uri)
    assert isinstance(parsed, pyotp.TOTP)
    assert parsed.verify(factors.code_at(SECRET, NOW), for_time=NOW + timedelta(seconds=1))
