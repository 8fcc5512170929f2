"""Signed notes, checkpoints and proofs as text (C2SP signed-note, tlog-checkpoint, tlog-proof), Ed25519 only; pure.

Whoever reads one trusts nothing in it before the signature of a known key has been checked: there is no way here to get
at a checkpoint's size and root without a verifier.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from aidants.journal.merkle import HASH_BYTES

ED25519: Final = b"\x01"
LONGEST: Final = 64 * 1024
MOST_SIGNATURES: Final = 100
PROOF_HEADER: Final = "c2sp.org/tlog-proof@v1"
_DASH: Final = "\u2014 "
_NAME: Final = re.compile(r"[^\s+]+")
_DECIMAL: Final = re.compile(r"0|[1-9][0-9]{0,18}")
_UNCLEAN: Final = re.compile("[\x00-\x09\x0b-\x1f\ud800-\udfff]")
_VKEY: Final = re.compile(r"(?P<name>[^\s+]+)\+(?P<id>[0-9a-f]{8})\+(?P<key>[A-Za-z0-9+/]+=*)")


class NoteError(ValueError):
    """The text is not a note, not a checkpoint, or no known key signed it."""


def valid_name(name: str) -> bool:
    """Say whether a text can name a key and a log: not empty, no space of any kind, no ``+``, no control character."""
    return bool(_NAME.fullmatch(name)) and name.isprintable()


def key_id(name: str, public: bytes) -> bytes:
    """Return the four bytes that stand for a key in a signature: SHA-256(name ‖ LF ‖ 0x01 ‖ key), cut."""
    return hashlib.sha256(name.encode() + b"\n" + ED25519 + public).digest()[:4]


@dataclass(frozen=True, slots=True)
class Verifier:
    """A name and the public key (32 bytes) that signs for it."""

    name: str
    public: bytes

    @property
    def id(self) -> bytes:
        """The key's id, four bytes."""
        return key_id(self.name, self.public)

    def vkey(self) -> str:
        """Return the text by which auditors know the key: ``name+hex id+base64(0x01 ‖ key)``."""
        return f"{self.name}+{self.id.hex()}+{base64.b64encode(ED25519 + self.public).decode()}"

    @classmethod
    def parse(cls, vkey: str) -> Verifier:
        """Read a vkey. Raises NoteError, also when its id is not that of its name and key."""
        found = _VKEY.fullmatch(vkey.strip())
        key = _decode(found["key"]) if found else b""
        if found is None or len(key) != 33 or key[:1] != ED25519 or not valid_name(found["name"]):
            raise NoteError("not a verifier key")
        verifier = cls(found["name"], key[1:])
        if verifier.id.hex() != found["id"]:
            raise NoteError("the verifier key does not fit its own id")
        return verifier

    def accepts(self, text: str, signature: bytes) -> bool:
        """Say whether the signature (64 bytes) is this key's over the text."""
        try:
            Ed25519PublicKey.from_public_bytes(self.public).verify(signature, text.encode())
        except (InvalidSignature, ValueError):
            return False
        return True


@dataclass(frozen=True, slots=True)
class Signer:
    """A name and the private key (seed of 32 bytes) that signs for it."""

    name: str
    seed: bytes

    def verifier(self) -> Verifier:
        """Return the public half."""
        return Verifier(self.name, Ed25519PrivateKey.from_private_bytes(self.seed).public_key().public_bytes_raw())

    def sign(self, text: str) -> str:
        """Return the note: the text, a blank line, one signature line. Raises NoteError for a text that cannot be signed."""
        if not text.endswith("\n") or not _clean(text):
            raise NoteError("a note is text that ends in a newline")
        signature = Ed25519PrivateKey.from_private_bytes(self.seed).sign(text.encode())
        signed = base64.b64encode(self.verifier().id + signature).decode()
        return f"{text}\n{_DASH}{self.name} {signed}\n"


def open_note(note: str, verifiers: Sequence[Verifier]) -> str:
    """Return the text of a note that a known key signed. Raises NoteError: unknown signatures alone, or one false."""
    text, _, block = note.rpartition("\n\n")
    text += "\n"
    if len(note) > LONGEST or text == "\n" or not block.endswith("\n") or not _clean(note):
        raise NoteError("not a signed note")
    lines = block[:-1].split("\n")
    if len(lines) > MOST_SIGNATURES:
        raise NoteError("a note with too many signatures")
    signed = False
    for line in lines:
        name, signature = _signature(line)
        for verifier in verifiers:
            if (verifier.name, verifier.id) == (name, signature[:4]):
                if not verifier.accepts(text, signature[4:]):
                    raise NoteError("a signature is false")
                signed = True
    if not signed:
        raise NoteError("no known key signed this note")
    return text


def _signature(line: str) -> tuple[str, bytes]:
    """Return the key's name, and its id with the signature. Raises NoteError."""
    name, space, encoded = line.removeprefix(_DASH).partition(" ")
    signature = _decode(encoded)
    if not line.startswith(_DASH) or not space or not valid_name(name) or len(signature) < 5:
        raise NoteError("not a signature line")
    return name, signature


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """What a log commits to: its origin, how many entries, the root over them (32 bytes)."""

    origin: str
    size: int
    root: bytes

    def text(self) -> str:
        """Return the three lines that are signed."""
        return f"{self.origin}\n{self.size}\n{base64.b64encode(self.root).decode()}\n"


def open_checkpoint(note: str, verifier: Verifier) -> Checkpoint:
    """Return the checkpoint in a note that ``verifier`` signed for its own log. Raises NoteError."""
    lines = open_note(note, [verifier]).split("\n")[:-1]
    if len(lines) < 3 or not all(lines) or not _DECIMAL.fullmatch(lines[1]):
        raise NoteError("not a checkpoint")
    root = _decode(lines[2])
    if len(root) != HASH_BYTES:
        raise NoteError("not a checkpoint")
    if lines[0] != verifier.name:
        raise NoteError("the checkpoint of another log")
    return Checkpoint(lines[0], int(lines[1]), root)


@dataclass(frozen=True, slots=True)
class Proof:
    """An entry's place in a tree, and the way from it to the checkpoint's root; ``checkpoint`` is a note, still to check.

    ``extra`` is data of our own that nothing authenticates but what it hashes to.
    """

    index: int
    hashes: tuple[bytes, ...]
    checkpoint: str
    extra: bytes = b""

    def text(self) -> str:
        """Return the proof as a ``.tlog-proof`` file."""
        extra = [f"extra {base64.b64encode(self.extra).decode()}"] if self.extra else []
        hashes = [base64.b64encode(found).decode() for found in self.hashes]
        lines = [PROOF_HEADER, *extra, f"index {self.index}", *hashes]
        return "\n".join(lines) + "\n\n" + self.checkpoint

    @classmethod
    def parse(cls, text: str) -> Proof:
        """Read a ``.tlog-proof`` file. Raises NoteError."""
        head, blank, checkpoint = text.partition("\n\n")
        lines = head.split("\n")
        if len(text) > LONGEST or not blank or lines.pop(0) != PROOF_HEADER:
            raise NoteError("not a proof")
        extra = _decode(lines.pop(0).removeprefix("extra ")) if lines and lines[0].startswith("extra ") else b""
        index = lines.pop(0).removeprefix("index ") if lines and lines[0].startswith("index ") else ""
        hashes = tuple(_decode(line) for line in lines)
        if not _DECIMAL.fullmatch(index) or any(len(found) != HASH_BYTES for found in hashes):
            raise NoteError("not a proof")
        return cls(int(index), hashes, checkpoint, extra)


def _clean(text: str) -> bool:
    """Say whether a text holds no control character but newline (signed-note) and can be written as UTF-8."""
    return _UNCLEAN.search(text) is None


def _decode(text: str) -> bytes:
    """Return what standard base64 stands for. Raises NoteError, also for another spelling of the same bytes."""
    try:
        data = base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise NoteError("not base64") from error
    if base64.b64encode(data).decode() != text:
        raise NoteError("not base64")
    return data
