"""Canonical JSON: vectors written by hand from RFC 8785."""

from __future__ import annotations

import pytest

from aidants.journal.canonical import canonical, parse


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (None, b"null"),
        (True, b"true"),
        (0, b"0"),
        (-12, b"-12"),
        (2**53 - 1, b"9007199254740991"),
        ("", b'""'),
        ("é€", '"é€"'.encode()),
        ("\U0001f600", b'"\xf0\x9f\x98\x80"'),
        ('"\\/', b'"\\"\\\\/"'),
        ("\b\t\n\f\r", rb'"\b\t\n\f\r"'),
        ("\x00\x0f\x1f\x7f", b'"\\u0000\\u000f\\u001f\x7f"'),
        ("\u2028", b'"\xe2\x80\xa8"'),
        ([], b"[]"),
        ({}, b"{}"),
        ((1, "a"), b'[1,"a"]'),
        ({"b": 1, "a": [None, False], "B": {"z": "", "": 2}}, b'{"B":{"":2,"z":""},"a":[null,false],"b":1}'),
        ({"10": 1, "1": 2, "a_b": 3, "a": 4}, b'{"1":2,"10":1,"a":4,"a_b":3}'),
    ],
)
def test_bytes(value: object, expected: bytes) -> None:
    assert canonical(value) == expected


@pytest.mark.parametrize(
    "value", [1.0, 2**53, -(2**53), float("nan"), {"é": 1}, {1: 2}, "\ud800", b"x", {1}, [object()]]
)
def test_what_has_no_canonical_form_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"range|ASCII|no canonical form|surrogates"):
        canonical(value)


def test_parse_reads_what_canonical_wrote() -> None:
    value = {"a": ["é", 1, None], "b": {"c": True}}
    assert parse(canonical(value)) == value
    assert parse(canonical(value).decode()) == value


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b'{"a": 1}',
        b'{"b":1,"a":1}',
        b'{"a":1,"a":1}',
        b"1.0",
        b"NaN",
        b'"\\u00e9"',
        b"\xff",
        b"[1]\n",
        b"[" * 9999,
    ],
)
def test_parse_refuses_any_other_form(data: bytes) -> None:
    with pytest.raises(ValueError, match=r"not canonical|no canonical form|Expecting|decode|nested"):
        parse(data)
