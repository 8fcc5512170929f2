"""A second reader of the log, written from the C2SP texts alone: it imports nothing of ``aidants`` and shares no code with it.

It reads a folder, checks everything a stranger could check, and raises Refused with the first thing that is wrong.
"""

from __future__ import annotations

import base64
import hashlib
import json
from pathlib import Path

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey


class Refused(Exception):
    """The log does not hold."""


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def tree_hash(leaves: list[bytes]) -> bytes:
    """MTH of RFC 6962 over leaf hashes, by recursion."""
    if not leaves:
        return sha256(b"")
    if len(leaves) == 1:
        return leaves[0]
    half = 1
    while half * 2 < len(leaves):
        half *= 2
    return sha256(b"\x01" + tree_hash(leaves[:half]) + tree_hash(leaves[half:]))


def check_signature(note: bytes, vkey: str) -> list[str]:
    """The lines of a note that the key signed."""
    name, identifier, encoded = vkey.strip().split("+", 2)
    raw = base64.b64decode(encoded)
    if raw[:1] != b"\x01" or sha256(name.encode() + b"\n" + raw)[:4].hex() != identifier:
        raise Refused("vkey")
    body, separator, signatures = note.rpartition(b"\n\n")
    if not separator:
        raise Refused("note without signature")
    text = body + b"\n"
    for line in signatures.decode().splitlines():
        dash, signer, signature = line.split(" ")
        data = base64.b64decode(signature)
        if (dash, signer, data[:4].hex()) == ("—", name, identifier):
            try:
                Ed25519PublicKey.from_public_bytes(raw[1:]).verify(data[4:], text)
            except InvalidSignature as error:
                raise Refused("signature") from error
            return text.decode().splitlines()
    raise Refused("no signature of this key")


def number_path(number: int) -> str:
    digits = str(number)
    digits = digits.zfill(-(-len(digits) // 3) * 3)
    groups = [digits[at : at + 3] for at in range(0, len(digits), 3)]
    return "/".join(["x" + group for group in groups[:-1]] + groups[-1:])


def read_entries(folder: Path, size: int) -> list[bytes]:
    entries: list[bytes] = []
    while len(entries) < size:
        width = min(256, size - len(entries))
        name = f"tile/entries/{number_path(len(entries) // 256)}" + ("" if width == 256 else f".p/{width}")
        data, before = (folder / name).read_bytes(), len(entries)
        while data:
            length = data[0] << 8 | data[1]
            entries.append(data[2 : 2 + length])
            data = data[2 + length :]
        if len(entries) - before != width:
            raise Refused(name)
    return entries


def check_tiles(folder: Path, hashes: list[bytes]) -> int:
    """Compare every tile file with the tree; the number of tiles read."""
    level, read = 0, 0
    while hashes:
        for number in range(-(-len(hashes) // 256)):
            part = hashes[number * 256 : number * 256 + 256]
            name = f"tile/{level}/{number_path(number)}" + ("" if len(part) == 256 else f".p/{len(part)}")
            if not (folder / name).exists() or (folder / name).read_bytes() != b"".join(part):
                raise Refused(name)
            read += 1
        hashes = [tree_hash(hashes[at : at + 256]) for at in range(0, len(hashes) // 256 * 256, 256)]
        level += 1
    return read


def check_log(folder: Path, vkey: str) -> tuple[int, bytes]:
    """Check the whole folder against the key; size and root."""
    origin, size_line, root_line, *_ = check_signature((folder / "checkpoint").read_bytes(), vkey)
    if origin != vkey.split("+")[0]:
        raise Refused("origin")
    size, root = int(size_line), base64.b64decode(root_line)
    entries = read_entries(folder, size)
    hashes = [sha256(b"\x00" + entry) for entry in entries]
    if tree_hash(hashes) != root:
        raise Refused("root")
    check_tiles(folder, hashes)
    for earlier in sorted((folder / "checkpoints").glob("*")):
        _, size_line, root_line, *_ = check_signature(earlier.read_bytes(), vkey)
        if tree_hash(hashes[: int(size_line)]) != base64.b64decode(root_line):
            raise Refused(earlier.name)
    if (folder / "records.jsonl").exists():
        for line in (folder / "records.jsonl").read_text(encoding="utf-8").splitlines():
            check_record(json.loads(line), entries)
    return size, root


def check_record(opened: dict[str, object], entries: list[bytes]) -> None:
    """The commitment of an opened record is the one in its entry; our records are strings and integers, nested once."""
    leaf = json.loads(entries[int(str(opened["seq"])) - 1])
    text = json.dumps(opened["record"], ensure_ascii=False, sort_keys=True, separators=(",", ":"))
    if sha256(b"aidants/entry/1" + bytes.fromhex(str(opened["salt"])) + text.encode()).hex() != leaf["commit"]:
        raise Refused("commitment")


def check_proof(text: str, vkey: str) -> dict[str, object]:
    """Follow a proof from the entry in its extra data to a signed root; the opened entry."""
    head, _, note = text.partition("\n\n")
    header, extra, index_line, *lines = head.split("\n")
    if header != "c2sp.org/tlog-proof@v1" or not extra.startswith("extra ") or not index_line.startswith("index "):
        raise Refused("form")
    _origin, size_line, root_line, *_ = check_signature(note.encode(), vkey)
    opened: dict[str, object] = json.loads(base64.b64decode(extra.removeprefix("extra ")))
    leaf = json.dumps(opened["leaf"], ensure_ascii=False, sort_keys=True, separators=(",", ":")).encode()
    index, size = int(index_line.removeprefix("index ")), int(size_line)
    if not 0 <= index < size:
        raise Refused("index")

    def climb(start: int, stop: int, way: list[bytes]) -> bytes:
        if stop - start == 1:
            if way:
                raise Refused("too long")
            return sha256(b"\x00" + leaf)
        half = 1
        while half * 2 < stop - start:
            half *= 2
        if not way:
            raise Refused("too short")
        if index < start + half:
            return sha256(b"\x01" + climb(start, start + half, way[:-1]) + way[-1])
        return sha256(b"\x01" + way[-1] + climb(start + half, stop, way[:-1]))

    if climb(0, size, [base64.b64decode(line) for line in lines]) != base64.b64decode(root_line):
        raise Refused("root")
    check_record({"seq": 1, "salt": opened["salt"], "record": opened["record"]}, [leaf])
    return opened
