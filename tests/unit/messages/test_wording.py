"""Texts: complete in each language, on one line where a value could forge a header."""

from __future__ import annotations

import pytest

from aidants.messages.letter import compose
from aidants.messages.transports import Outgoing
from aidants.messages.wording import TEMPLATES, one_line, render

VALUES = {
    "day": "24 novembre 2026",
    "text": "a\nb\n",
    "address": "https://aidants.exemple.fr",
    "reference": "7K4M-2Q9X",
    "end": "24 décembre 2026",
    "organisation": "Maison commune de Brivette",
    "code": "123456",
    "phone": "05 00 00 12 34",
}
EVIL = "Dupont\r\nBcc: tous@exemple.fr\r\n\r\nAutre texte\u2028\x00fin"


@pytest.mark.parametrize("name", TEMPLATES)
@pytest.mark.parametrize("language", ["fr", "en", "ar"])
def test_every_template_renders(name: str, language: str) -> None:
    text = render(name, VALUES, language)
    assert text.subject
    assert text.body
    assert "{" not in text.subject + text.body


def test_values_stay_on_their_line() -> None:
    text = render("trial", {"address": EVIL}, "fr")
    assert text.body.splitlines() == [text.body]
    assert render("checkpoint", {"day": EVIL, "text": "x"}, "fr").subject == one_line(
        "Point de contrôle du journal, " + EVIL
    )


def test_verbatim_keeps_every_sign() -> None:
    note = "origin\n42\nroot=\n\n— origin sig==\n"
    assert render("checkpoint", {"day": "x", "text": note}, "fr").body == note


def test_a_value_missing_is_a_defect() -> None:
    with pytest.raises(KeyError):
        render("trial", {}, "fr")


def test_a_header_never_breaks() -> None:
    said = Outgoing("abc", "a@b.fr", "sujet", "texte", "fr", "Tue, 24 Nov 2026 10:00:00 +0100")
    letter = compose(said, "aidants@exemple.fr")
    assert b"Message-ID: <abc@exemple.fr>\r\n" in letter
    for wrong in ("sujet\r\nBcc: x@y.fr", "sujet\nBcc: x@y.fr"):
        with pytest.raises(ValueError, match=r"linefeed|line"):
            compose(Outgoing("abc", "a@b.fr", wrong, "texte", "fr", said.date), "aidants@exemple.fr")
