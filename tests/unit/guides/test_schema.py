"""Reading, typing, canonical JSON and its hashes."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest
from pydantic import ValidationError

from aidants.guides.schema import (
    Guide,
    GuideError,
    Kind,
    SensitiveMode,
    guide_sha256,
    load_guide,
    load_library,
    step_sha256,
)

Write = Callable[..., Path]


@pytest.fixture
def write(tmp_path: Path, guide_text: str) -> Write:
    def _write(old: str = "", new: str = "", name: str = "guide.fr.yaml") -> Path:
        path = tmp_path / name
        path.write_text(guide_text.replace(old, new) if old else guide_text, encoding="utf-8")
        return path

    return _write


def test_scalars_are_text_until_the_schema_types_them(write: Write) -> None:
    guide = load_guide(write("title: Bonjour", "title: no"))
    assert guide.step("debut").title == "no"
    assert (guide.version, guide.minutes, guide.expires_on) == (1, 10, date(2027, 6, 1))
    assert (guide.reviewed_by, guide.reviewed_on, guide.facts_as_of) == ("", None, "2024-05")
    assert guide.step("choix").kind is Kind.QUESTION
    remplir = guide.step("remplir").sensitive
    assert remplir is not None
    assert remplir.mode is SensitiveMode.MANDATE


def test_json_round_trip_keeps_guide_and_hashes(write: Write) -> None:
    guide = load_guide(write())
    again = Guide.from_json(guide.to_json())
    assert again == guide
    assert again.to_json() == guide.to_json()
    assert guide_sha256(again) == guide_sha256(guide)
    assert [step_sha256(step) for step in again.steps] == [step_sha256(step) for step in guide.steps]


def test_the_hash_follows_the_words_and_not_the_layout(write: Write) -> None:
    guide = load_guide(write())
    spaced = load_guide(write("text: Attendez un peu.", "text: >-\n      Attendez\n      un peu."))
    changed = load_guide(write("Attendez un peu", "Attendez encore"))
    assert guide_sha256(spaced) == guide_sha256(guide)
    assert guide_sha256(changed) != guide_sha256(guide)
    assert step_sha256(changed.step("aide")) != step_sha256(guide.step("aide"))
    assert step_sha256(changed.step("fin")) == step_sha256(guide.step("fin"))


def test_each_language_has_its_own_hash(write: Write) -> None:
    french, english = load_guide(write()), load_guide(write(name="guide.en.yaml"))
    assert (french.lang, english.lang) == ("fr", "en")
    assert guide_sha256(french) != guide_sha256(english)


def test_models_are_frozen(write: Write) -> None:
    guide = load_guide(write())
    with pytest.raises(ValidationError):
        guide.title = "autre"


@pytest.mark.parametrize(
    ("old", "new", "part"),
    [
        ("minutes: 10", "minutes: dix", "minutes"),
        ("    next: fin", "    next: nulle-part", "n’existe pas"),
        ("id: essai", "id: [", "guide.fr.yaml:"),
    ],
)
def test_a_guide_that_cannot_be_walked_is_refused(write: Write, old: str, new: str, part: str) -> None:
    with pytest.raises(GuideError, match=part):
        load_guide(write(old, new))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"id": "essai"}', "pas du json"])
def test_from_json_refuses_what_is_no_guide(text: str) -> None:
    with pytest.raises(GuideError, match="révision illisible"):
        Guide.from_json(text)


def test_load_library_reads_every_guide_by_id(library: Path) -> None:
    assert list(load_library(library)) == ["essai"]


def test_an_unknown_step_is_a_key_error(write: Write) -> None:
    guide = load_guide(write())
    assert not guide.has_step("rien")
    with pytest.raises(KeyError):
        guide.step("rien")
