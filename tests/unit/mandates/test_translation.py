"""The mandate's translation: frozen with the French text, printed beside it, in the reader's own direction."""

from __future__ import annotations

import json
import re
import unicodedata
from collections import Counter
from dataclasses import replace
from functools import cache

import pypdfium2
import pytest

from aidants import i18n
from aidants.mandates.attestation import mandate_pdf
from aidants.mandates.terms import PROTECTIONS, STATEMENTS
from aidants.mandates.translation import translate
from aidants.mandates.wording import MandateText, build
from aidants.procedures import PROCEDURES
from tests.unit.mandates.test_attestation import (
    COMPOUND,
    CURATOR,
    FACTS,
    FOOTER,
    LONG,
    WITNESSES,
    pages,
    sizes,
    squeeze,
)

READERS = [language for language in i18n.RESIDENT_LANGUAGES if language != "fr"]
ISOLATES = dict.fromkeys(map(ord, "\u2066\u2068\u2069"))


@cache
def text_of(language: str, *, long: bool = False) -> MandateText:
    return build(replace(LONG if long else FACTS, reader=language))


@cache
def printed(language: str, *, long: bool = False) -> bytes:
    return mandate_pdf(text_of(language, long=long), FOOTER)


def arabic(text: str) -> Counter[str]:
    return Counter(letter for letter in unicodedata.normalize("NFKC", text) if "\u0620" <= letter <= "\u06ff")


def letters(pdf: bytes, page: int) -> list[tuple[str, float, float]]:
    """Each letter of a page, composed, with its left edge and its base."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[page].get_textpage()
        boxes = [(text.get_text_range(i, 1), text.get_charbox(i)) for i in range(text.count_chars())]
    return [(unicodedata.normalize("NFKC", letter), box[0], box[1]) for letter, box in boxes]


@pytest.mark.parametrize("language", READERS)
def test_everything_that_is_promised_is_translated(language: str, no_silent_french: None) -> None:
    said = i18n.catalogue(language).gettext
    for regime, words in PROTECTIONS.items():
        protected = translate(replace(FACTS, reader=language, regime=regime))
        assert protected is not None
        assert said(words) in protected.lines()
    sheet = translate(replace(FACTS, reader=language))
    assert sheet is not None
    assert [item for part in sheet.said for item in part.items] == [said(one.text) for one in STATEMENTS]
    assert [pair for block in sheet.scopes for pair in block.procedures] == [
        (said(PROCEDURES[name].title), PROCEDURES[name].title)
        for name in ("caf-changement", "declarer-revenus", "payer-impot")
    ]
    words = " ".join(sheet.lines()).translate(ISOLATES)
    for fact in (FACTS.reference, FACTS.phone, FACTS.email, FACTS.dpo, FACTS.helper_name, FACTS.organisation, "2026"):
        assert fact in words
    assert bool(sheet.unreviewed) == (language in i18n.UNREVIEWED)
    assert re.fullmatch(rf"{language} \d{{4}}-\d\d-\d\d", sheet.version)
    unable = translate(replace(FACTS, reader=language, consent="witness", duration="SHORT", signers=WITNESSES))
    assert unable is not None
    assert said("La personne ne peut pas signer. Elle a donné son accord de vive voix.") in unable.lines()


@pytest.mark.parametrize("language", ["fr", "", "xx", "../en"])
def test_a_reader_of_french_or_of_no_language_of_ours_gets_the_french_alone(language: str) -> None:
    text = build(replace(FACTS, reader=language))
    assert text.translation is None
    assert text == build(FACTS)
    assert "translation" not in json.loads(text.to_json()), "texts frozen before keep their bytes"


@pytest.mark.parametrize("language", READERS)
def test_the_french_is_the_same_whoever_reads_and_the_translation_is_frozen_with_it(language: str) -> None:
    french, both = build(FACTS), text_of(language)
    assert replace(both, translation=None) == french
    assert both.plain_text() == french.plain_text()
    assert both.sha256() != french.sha256()
    stored = MandateText.from_json(both.to_json())
    assert stored == both
    assert mandate_pdf(stored, FOOTER) == printed(language)


def test_a_later_catalogue_changes_no_reprint(monkeypatch: pytest.MonkeyPatch) -> None:
    stored, before = text_of("es").to_json(), printed("es")
    monkeypatch.setattr(i18n, "catalogue", lambda _locale: i18n._French())
    assert mandate_pdf(MandateText.from_json(stored), FOOTER) == before


@pytest.mark.parametrize("long", [False, True], ids=["usual", "long"])
@pytest.mark.parametrize("language", READERS)
def test_the_sheet_follows_the_two_french_pages(language: str, long: bool) -> None:
    text, pdf = text_of(language, long=long), printed(language, long=long)
    found = pages(pdf)
    assert len(found) in {3, 4}
    (first, _) = pages(mandate_pdf(replace(text, translation=None), FOOTER))
    assert found[0] == first.replace("sur 2", f"sur {len(found)}")
    assert text.sha256() in found[1]
    sheet = text.translation
    assert sheet is not None
    beside, told = squeeze("".join(found[2:])), [line.translate(ISOLATES).removeprefix("- ") for line in sheet.lines()]
    if language == "ar":  # the reader gives lines from right to left in pieces: none is missing
        assert not arabic("".join(told)) - arabic(beside)
    else:
        assert [line for line in told if squeeze(line) not in beside] == []
    for number in range(2, len(found)):
        assert min(size for size, _ in sizes(pdf, number)) >= 8.99
    assert sum(size < 9.99 for size, _ in sizes(pdf, len(found) - 1)) < 40, "only the version is small"


@pytest.mark.parametrize("language", READERS)
def test_letters_are_ours_and_the_standard_is_kept(language: str) -> None:
    pdf = printed(language, long=True)
    fonts = set(re.findall(rb"/FontName/[A-Z]{6}\+([A-Za-z-]+)", pdf))
    other = {"ar": b"NotoSansArabic", "uk": b"NotoSans"}.get(language)
    assert {font.split(b"-")[0] for font in fonts} == {b"AtkinsonHyperlegibleNext"} | ({other} if other else set())
    assert b"pdfuaid:part>1<" in pdf
    assert f"/Lang({language})".encode() in pdf or f"/Lang ({language})".encode() in pdf, "language of the part"


def test_nothing_of_the_sheet_is_in_the_margins() -> None:
    millimetre = 72 / 25.4
    for language in READERS:
        with pypdfium2.PdfDocument(printed(language, long=True)) as document:
            for page in document:
                text = page.get_textpage()
                boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()]
                assert min(left for left, *_ in boxes) >= 15.5 * millimetre
                assert max(right for _, _, right, _ in boxes) <= (210 - 15.5) * millimetre
                assert min(bottom for _, bottom, *_ in boxes) >= 8 * millimetre


def test_arabic_runs_from_right_to_left_and_its_numbers_from_left_to_right() -> None:
    found = letters(printed("ar"), 2)
    title = [(letter, x) for letter, x, y in found if y > 780 and "\u0600" <= letter[:1] <= "\u06ff"]
    assert title[0][1] > 400, "the title begins at the right"
    assert title[0][1] > title[-1][1]
    words = "".join(letter[:1] for letter, *_ in found)
    start = words.index("05 00 00 12 34")
    edges = [x for letter, x, _ in found[start : start + 14] if letter.isdigit()]
    assert edges == sorted(edges), "a telephone number is never turned round"


def test_a_stopped_theme_is_struck_in_both_languages() -> None:
    pdf = mandate_pdf(text_of("es"), FOOTER, {"argent": "24 novembre 2026"})
    assert [page.count("Arrêté le 24 novembre 2026") for page in pages(pdf)] == [1, 0, 1]


@pytest.mark.parametrize("value", ['#read("/etc/passwd")', "] #panic() [", "{phone} {{ }} %s", "‮abc‬", "أحمد"])
def test_hostile_values_are_only_letters_in_the_sheet_too(value: str) -> None:
    for language in ("ar", "es"):
        text = build(replace(FACTS, reader=language, given_names=value, organisation=value, birth_name="Fin"))
        found = pages(mandate_pdf(text, FOOTER))
        assert len(found) == 3
        assert "root:" not in "".join(found)
        clean = value.strip("‮‬")
        assert squeeze(clean)[:6] in squeeze(found[2]) or language == "ar"


def test_protected_persons_and_long_names_have_their_sheet() -> None:
    facts = replace(LONG, regime="curatelle", signers=CURATOR, reader="uk", birth_name="Шевченко-" + COMPOUND)
    found = pages(mandate_pdf(build(facts), FOOTER))
    assert len(found) == 4
    assert "Шевченко" in found[0]
    assert "curatelle" in "".join(found[2:])
