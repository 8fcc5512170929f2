"""Canonical JSON: the one byte string of a value (RFC 8785, restricted to what the journal needs); pure.

Accepted: null, booleans, integers below 2^53 in size, strings, lists, and objects with ASCII keys. Floats are refused, so
that the number serialisation of RFC 8785 §3.2.2.3 is never needed; ASCII keys sort alike by UTF-16 unit and by code point.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any, Final

LARGEST: Final = 2**53 - 1
_encode: Final = json.JSONEncoder(
    ensure_ascii=False, check_circular=False, sort_keys=True, separators=(",", ":")
).encode


def canonical(value: object) -> bytes:
    """Return the canonical bytes. Raises ValueError for what has none: float, large integer, lone surrogate, other type."""
    _check(value)
    return _encode(value).encode("utf-8")


def parse(data: bytes | str) -> object:
    """Read canonical JSON. Raises ValueError when the bytes are not JSON or not the canonical form of what they say."""
    try:
        value: object = json.loads(data)
    except RecursionError as error:
        raise ValueError("nested too deeply") from error
    if canonical(value) != (data.encode("utf-8") if isinstance(data, str) else data):
        raise ValueError("not canonical")
    return value


def _check(value: object) -> None:
    if value is None or isinstance(value, (str, bool)):
        return
    if isinstance(value, int):
        if not -LARGEST <= value <= LARGEST:
            raise ValueError("integer out of range")
    elif isinstance(value, (list, tuple)):
        _check_all(value)
    elif isinstance(value, dict):
        if not _ascii_keys(value):
            raise ValueError("key is not an ASCII string")
        _check_all(value.values())
    else:
        raise ValueError(f"no canonical form for {type(value).__name__}")


def _ascii_keys(value: dict[Any, object]) -> bool:
    """Say whether every key is an ASCII string; joined, as asking each one took longer than encoding the value."""
    try:
        return "".join(value).isascii()
    except TypeError:
        return False


def _check_all(items: Iterable[object]) -> None:
    for item in items:
        if item is not None and type(item) is not str:
            _check(item)
