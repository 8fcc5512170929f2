"""Passwords (Argon2id, RFC 9106) and time-based one-time codes (TOTP, RFC 6238). No database here."""

from __future__ import annotations

import hmac
import threading
import unicodedata
from datetime import datetime
from functools import cache
from typing import Final

import pyotp
from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from aidants.errors import TooManyTries
from aidants.i18n import N_

STEP_SECONDS: Final = 30
_SLOTS: Final = threading.BoundedSemaphore(2)
_PATIENCE_SECONDS: Final = 5.0
MIN_PASSWORD: Final = 12
MAX_PASSWORD: Final = 200


@cache
def _hasher() -> PasswordHasher:
    return PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)


@cache
def _nobody() -> str:
    """The hash checked for an account that does not exist, so that both answers take the same time."""
    return _hasher().hash("nobody has this password")


def _prepared(password: str) -> str:
    return unicodedata.normalize("NFC", password)


def hash_password(password: str) -> str:
    """Return the Argon2id hash (19 MiB, 2 passes). Two at once in the process; raises TooManyTries after 5 s of queue."""
    with _slot():
        return _hasher().hash(_prepared(password))


def check_password(stored: str | None, password: str) -> bool:
    """Compare a password with its hash; with None, do the same work and answer no."""
    with _slot():
        # Made at the first check of all: the first unknown account must not cost more than a known one.
        stand_in = _nobody()
        try:
            _hasher().verify(stored or stand_in, _prepared(password))
        except (VerificationError, InvalidHashError):
            return False
    return bool(stored)


class _slot:  # noqa: N801 - reads as a context manager
    """At most two hashes at once: 19 MiB each on an old PC."""

    def __enter__(self) -> None:
        if not _SLOTS.acquire(timeout=_PATIENCE_SECONDS):
            raise TooManyTries(N_("Beaucoup de personnes se connectent en ce moment. Réessayez dans un instant."))

    def __exit__(self, *_: object) -> None:
        _SLOTS.release()


def new_totp_secret() -> str:
    """Return a fresh 160-bit secret in base32."""
    return pyotp.random_base32()


def code_at(secret: str, now: datetime) -> str:
    """Return the six digits valid at ``now``."""
    return pyotp.TOTP(secret).at(int(now.timestamp()))


def matching_step(secret: str, code: str, now: datetime, last_step: int) -> int | None:
    """Return the time step a code belongs to (one step of drift either way), or None.

    A step at or before ``last_step`` is refused: a code serves once (RFC 6238 §5.2).
    """
    digits = "".join(letter for letter in code if not letter.isspace())
    if len(digits) != 6 or not (digits.isascii() and digits.isdigit()):
        return None
    totp, present = pyotp.TOTP(secret), int(now.timestamp()) // STEP_SECONDS
    for step in (present, present - 1, present + 1):
        if step > last_step and hmac.compare_digest(totp.generate_otp(step), digits):
            return step
    return None


def provisioning_uri(secret: str, email: str, issuer: str) -> str:
    """Return the ``otpauth://`` address that authenticator applications scan."""
    return pyotp.TOTP(secret).provisioning_uri(name=email, issuer_name=issuer)
