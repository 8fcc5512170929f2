"""Sealing of personal data, over the ``cryptography`` library: the one place that knows keys.

A master key of 32 bytes lives outside the database. Everything else is derived from it (HKDF-SHA-256, RFC 5869) or wrapped
by it (AES key wrap, RFC 3394): one key per organisation and per resident, so that deleting a wrapped key shreds all that
it sealed. Sealing is AES-256-GCM with a random 96-bit nonce and the owner's id as associated data.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
import os
import secrets
from pathlib import Path
from typing import Any, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from cryptography.hazmat.primitives.keywrap import InvalidUnwrap, aes_key_unwrap, aes_key_wrap

from aidants.errors import Corrupted

KEY_BYTES: Final = 32
_NONCE_BYTES: Final = 12
MASTER_FILE: Final = "master.key"
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"


class KeyMissing(RuntimeError):
    """The master key is absent or is not the one that sealed this database; the message says what to do."""


def new_id() -> str:
    """Return a random 128-bit identifier: 26 lower-case letters and digits, safe in URLs."""
    return base64.b32encode(secrets.token_bytes(16)).decode("ascii").rstrip("=").lower()


def new_code(letters: int = 8) -> str:
    """Return a random code people can read aloud: no 0/O, no 1/I; five bits a letter."""
    return "".join(secrets.choice(_ALPHABET) for _ in range(letters))


def new_digits(count: int) -> str:
    """Return a random code of digits, for a telephone's keys: short-lived, and few tries."""
    return "".join(secrets.choice("0123456789") for _ in range(count))


def normalise_code(text: str) -> str:
    """Return what a person typed as a code, upper case, without spaces or dashes."""
    return "".join(letter for letter in text.upper()[:64] if letter.isalnum())


def digest(text: str) -> str:
    """Return the SHA-256 of a high-entropy secret (session id, code) as stored: 64 hex digits."""
    return hashlib.sha256(text.encode("utf-8")).hexdigest()


def derive(key: bytes, purpose: str) -> bytes:
    """Derive a 32-byte key for one purpose (HKDF-SHA-256, RFC 5869)."""
    return HKDF(hashes.SHA256(), KEY_BYTES, salt=None, info=f"aidants/{purpose}".encode()).derive(key)


def seal(key: bytes, plain: bytes, owner: str) -> bytes:
    """Encrypt ``plain`` under ``key`` for ``owner`` (associated data): nonce, then ciphertext and tag."""
    nonce = os.urandom(_NONCE_BYTES)
    return nonce + AESGCM(key).encrypt(nonce, plain, owner.encode("utf-8"))


def open_sealed(key: bytes, sealed: bytes, owner: str) -> bytes:
    """Decrypt what ``seal`` made. Raises Corrupted when key, owner or bytes differ."""
    try:
        return AESGCM(key).decrypt(sealed[:_NONCE_BYTES], sealed[_NONCE_BYTES:], owner.encode("utf-8"))
    except (InvalidTag, ValueError) as error:
        raise Corrupted from error


def seal_json(key: bytes, value: Any, owner: str) -> bytes:
    """Seal a JSON value."""
    return seal(key, json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode("utf-8"), owner)


def open_json(key: bytes, sealed: bytes, owner: str) -> Any:
    """Open a sealed JSON value. Raises Corrupted."""
    return json.loads(open_sealed(key, sealed, owner))


def blind_index(key: bytes, kind: str, value: str, bits: int = 64) -> int:
    """Return a keyed token of ``bits`` ≤ 63 bits for searching ``value`` without storing it (HMAC-SHA-256, truncated).

    Few bits make many values share a token, which is what defeats counting frequencies in a stolen database.
    """
    mac = hmac.digest(key, f"{kind}\x00{value}".encode(), "sha256")
    return int.from_bytes(mac[:8], "big") >> (64 - min(bits, 63))


class Keyring:
    """The master key and what follows from it."""

    def __init__(self, master: bytes) -> None:
        if len(master) != KEY_BYTES:
            raise KeyMissing("La clé maîtresse doit faire 32 octets.")
        self._wrapping = derive(master, "wrap")
        self._master = master
        self.key_id = hashlib.sha256(b"aidants/key-id" + master).hexdigest()[:16]

    @classmethod
    def create(cls, folder: Path) -> Keyring:
        """Create the key file (mode 0600). Raises KeyMissing when one is already there: a key is never overwritten."""
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        master = secrets.token_bytes(KEY_BYTES)
        try:
            handle = os.open(folder / MASTER_FILE, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise KeyMissing(f"Une clé existe déjà dans {folder} : elle n’est jamais remplacée.") from error
        with os.fdopen(handle, "w", encoding="ascii") as file:
            file.write(base64.b64encode(master).decode("ascii") + "\n")
            file.flush()
            os.fsync(file.fileno())
        return cls(master)

    @classmethod
    def load(cls, folder: Path) -> Keyring:
        """Read the key file. Raises KeyMissing with the sentence to show."""
        path = folder / MASTER_FILE
        try:
            return cls(base64.b64decode(path.read_text(encoding="ascii").strip(), validate=True))
        except FileNotFoundError as error:
            raise KeyMissing(f"La clé maîtresse manque : {path}. Remettez-la depuis votre sauvegarde.") from error
        except (OSError, ValueError) as error:
            raise KeyMissing(f"La clé maîtresse est illisible : {path}.") from error

    def derive(self, purpose: str) -> bytes:
        """Return the installation's key for one purpose."""
        return derive(self._master, purpose)

    def new_wrapped(self) -> tuple[bytes, bytes]:
        """Create a random key; return it with its wrapped form, the only one to store."""
        key = secrets.token_bytes(KEY_BYTES)
        return key, aes_key_wrap(self._wrapping, key)

    def unwrap(self, wrapped: bytes) -> bytes:
        """Return the key inside ``wrapped``. Raises Corrupted."""
        try:
            return aes_key_unwrap(self._wrapping, wrapped)
        except (InvalidUnwrap, ValueError) as error:
            raise Corrupted from error
