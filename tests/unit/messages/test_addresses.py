"""Addresses: what can be written to, nothing that could break out of a header or a number."""

from __future__ import annotations

import pytest

from aidants.messages.addresses import BadAddress, normalise
from aidants.messages.models import Channel


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("claire@exemple.fr", "claire@exemple.fr"),
        (" Claire.O'Neil+mairie@EXEMPLE.fr ", "Claire.O'Neil+mairie@exemple.fr"),
        ("contact@mairie-évreux.fr", "contact@xn--mairie-vreux-heb.fr"),
    ],
)
def test_mail(typed: str, sent: str) -> None:
    assert normalise(Channel.MAIL, typed) == sent


HOSTILE = [
    "",
    "claire",
    "@exemple.fr",
    "claire@",
    "claire@localhost",
    "a@b.fr\r\nBcc: x@y.fr",
    "a\n@b.fr",
    "a@b.fr,c@d.fr",
]
HOSTILE += [
    "Claire <a@b.fr>",
    "a b@c.fr",
    "a@b..fr",
    "a@-b.fr",
    "é@b.fr",
    "a@b.fr\x00",
    "a" * 65 + "@b.fr",
    f"a@{'b.' * 200}fr",
]
HOSTILE += ['"a b"@c.fr', "a@b.fr>", "a..b@c.fr", "a@b.fr\u2028"]


@pytest.mark.parametrize("typed", HOSTILE)
def test_mail_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        normalise(Channel.MAIL, typed)


@pytest.mark.parametrize(
    ("typed", "sent"),
    [
        ("06 12 34 56 78", "+33612345678"),
        ("06.12.34.56.78", "+33612345678"),
        ("+33 (0)6 12 34 56 78", "+33612345678"),
        ("0033612345678", "+33612345678"),
        ("0690 12 34 56", "+590690123456"),
        ("0694-12-34-56", "+594694123456"),
        ("0696123456", "+596696123456"),
        ("0692123456", "+262692123456"),
        ("0639123456", "+262639123456"),
        ("+213 551 23 45 67", "+213551234567"),
    ],
)
def test_phone(typed: str, sent: str) -> None:
    assert normalise(Channel.SMS, typed) == sent


@pytest.mark.parametrize(
    "typed",
    ["", "06 12", "0612345678&to=+33999", "+", "061234567a", "0612345678\n", "9" * 41, "+0612345678", "06123456"],
)
def test_phone_refused(typed: str) -> None:
    with pytest.raises(BadAddress):
        normalise(Channel.SMS, typed)
