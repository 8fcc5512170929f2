"""The story told to the resident: every action about them has its sentence, or a reason for none."""

from __future__ import annotations

import dataclasses
import string

import pytest

from aidants import i18n
from aidants.journal.actions import CATALOGUE
from aidants.own.story import ALWAYS_YOU, BY_OTHERS, BY_YOU, UNTOLD

ABOUT = {
    name
    for name, action in CATALOGUE.items()
    if {"resident", "mandate"} & {field.name for field in dataclasses.fields(action)}
}
KNOWN = {"who", "mandate", "operator", "scope", "sort", "step", "what"}


def test_every_action_about_a_resident_is_told_or_left_out_with_a_reason() -> None:
    assert BY_OTHERS.keys() | BY_YOU.keys() | UNTOLD.keys() == ABOUT
    assert not UNTOLD.keys() & (BY_OTHERS.keys() | BY_YOU.keys())
    assert BY_YOU.keys() >= ALWAYS_YOU


@pytest.mark.parametrize("locale", sorted(i18n.LANGUAGES))
def test_each_sentence_can_be_filled(locale: str) -> None:
    for sentences in (BY_OTHERS, BY_YOU):
        for name, text in sentences.items():
            said = i18n.catalogue(locale).gettext(text)
            fields = {field for _, field, _, _ in string.Formatter().parse(said) if field}
            assert fields <= KNOWN, name
            assert said.endswith("."), name
