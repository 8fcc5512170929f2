"""The format of an entry: its record, the commitment to it, and the leaf of the tree; pure.

The leaf may be public: it says when (whole minute), of what kind, for which organisation, and a commitment. The record is
for auditors and can be deleted; the commitment is salted, so that a leaf alone lets nobody guess a deleted record.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any, Final

from aidants.journal.canonical import canonical, parse

VERSION: Final = 1
SALT_BYTES: Final = 32
_DOMAIN: Final = f"aidants/entry/{VERSION}".encode()
_MINUTE: Final = len("2026-11-24T06:09")

FIELDS: Final = (
    "v",
    "id",
    "ts",
    "kind",
    "type",
    "organisation",
    "actor",
    "auth",
    "level",
    "session",
    "resident",
    "mandate",
    "assistance",
    "run",
    "guide",
    "version",
    "step",
    "step_sha256",
    "lang",
    "scope",
    "procedure",
    "outcome",
    "corrects",
    "detail",
    "owner",
    "sealed",
)
"""Every member of a canonical record: each is a column, absent values are null, ``detail`` is an object."""

_MEMBERS: Final = frozenset(FIELDS)
_LEAF: Final = ("v", "id", "ts", "kind", "organisation")
_LEAF_AT: Final = tuple(FIELDS.index(name) for name in _LEAF)

_detail: Final = lru_cache(256)(parse)
"""What is in a ``detail``; most entries of a journal say one of a few."""


def instant(when: datetime) -> str:
    """Return an aware instant as records write it: ``2026-11-24T06:09:12.345Z``."""
    return when.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def commitment(salt: bytes, values: Sequence[Any]) -> str:
    """Return SHA-256("aidants/entry/1" ‖ salt ‖ canonical record), hex; ``values`` are the columns in the order of FIELDS.

    Raises ValueError when a column holds what no record can: the stored ``detail`` must be canonical JSON itself.
    """
    record = dict(zip(FIELDS, values, strict=True))
    if record["detail"] is not None:
        record["detail"] = _detail(record["detail"])
    return commitment_of(salt, record)


def commitment_of(salt: bytes, record: Mapping[str, Any]) -> str:
    """Return the commitment to a record given by its members. Raises ValueError when they are not those of one."""
    if set(record) != _MEMBERS:
        raise ValueError("not the members of a record")
    return hashlib.sha256(_DOMAIN + salt + canonical(record)).hexdigest()


def leaf(values: Sequence[Any], commit: str) -> bytes:
    """Return the bytes hashed into the tree, from the columns in the order of FIELDS and their commitment."""
    version, entry_id, ts, kind, organisation = (values[at] for at in _LEAF_AT)
    minute = ts[:_MINUTE] + "Z"
    return canonical({"v": version, "id": entry_id, "ts": minute, "kind": kind, "org": organisation, "commit": commit})


def make_leaf(row: Mapping[str, Any]) -> bytes:
    """Return the leaf of a record given by column name, salt included."""
    values = [row[name] for name in FIELDS]
    return leaf(values, commitment(row["salt"], values))


def read_leaf(data: bytes) -> dict[str, Any]:
    """Read a leaf. Raises ValueError when it is not the canonical form of one."""
    value = parse(data)
    if not isinstance(value, dict) or value.keys() != {"v", "id", "ts", "kind", "org", "commit"}:
        raise ValueError("not a leaf")
    return value
