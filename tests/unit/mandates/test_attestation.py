"""The printed mandate: two pages, readable, checkable, and nothing in it can act."""

from __future__ import annotations

import io
import re
import subprocess
import sys
import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pypdf
import pypdfium2
import pypdfium2.raw as pdfium
import pytest
import zxingcpp
from PIL import Image

from aidants.mandates import paper
from aidants.mandates.attestation import Footer, mandate_pdf
from aidants.mandates.paper import NotDrawn
from aidants.mandates.signers import Representative, Signers, Witness
from aidants.mandates.wording import MandateFacts, MandateText, build
from aidants.procedures import PROCEDURES

FACTS = MandateFacts(
    reference="M-2026-000417",
    birth_name="Belkacem",
    usual_name="",
    given_names="Ahmed",
    birth_date="12 juillet 1961",
    birthplace="Oran (Algérie)",
    identity_document="carte nationale d’identité",
    organisation="Maison commune de Brivette",
    organisation_type="Maison France services",
    address="2, place du Lavoir, 99001 Brivette",
    phone="05 00 00 12 34",
    email="accueil@brivette.example",
    dpo="dpd@brivette.example",
    helper_name="Nadia Ferrand",
    helper_function="conseillère numérique",
    scopes={"argent": ("declarer-revenus", "payer-impot"), "famille": ("caf-changement",)},
    duration="MONTH",
    frozen_at=datetime(2026, 11, 24, 8, 2, tzinfo=UTC),
    ends_at=datetime(2026, 12, 25, 22, 59, 59, tzinfo=UTC),
    timezone="Europe/Paris",
    code="7HRW-93KD",
)
URL = "https://aidants.brivette.example/verifier/7HRW-93KD"
UNSIGNED = "non signé : le journal n’a pas encore de points de contrôle signés"
FOOTER = Footer(48209, "0f" * 32, False, UNSIGNED, URL)
NO_JOURNAL = Footer(None, None, False, UNSIGNED, None)


def _many(count: int, per_theme: int) -> dict[str, tuple[str, ...]]:
    chosen: dict[str, tuple[str, ...]] = {}
    for procedure in PROCEDURES.values():
        held = chosen.get(procedure.scopes[0], ())
        if procedure.mandatable and len(held) < per_theme and sum(map(len, chosen.values())) < count:
            chosen[procedure.scopes[0]] = (*held, procedure.id)
    return chosen


CURATOR = Signers(Representative("Odile Sancerre", "judgment"))
WITNESSES = Signers(witnesses=(Witness("Paul Vidal", "voisin"), Witness("Rosa Lima", "infirmière à domicile")))
COMPOUND = "Delaroche-Montgaillard-Vandersteen-Ÿsebaert-Kerguéhennec-Roux"
ONE_WORD = "Wolfeschlegelsteinhausenbergerdorffwelchevoralternwarengewiss"
LONG = replace(
    FACTS,
    birth_name=COMPOUND,
    given_names="Jean-Baptiste Ÿolande",
    organisation="Communauté de communes du Val de Brivette et des Hautes Terres de la Lisière",
    scopes=_many(12, 3),
)
TEXTS = {
    "normal": build(FACTS),
    "twelve": build(replace(FACTS, scopes=_many(12, 3))),
    "ten themes": build(replace(FACTS, scopes=_many(12, 2))),
    "long names": build(LONG),
    "assisted": build(replace(FACTS, regime="curatelle", signers=CURATOR, scopes=_many(12, 3))),
    "assisted, long names": build(
        replace(LONG, regime="curatelle", signers=CURATOR, birth_name="Шевченко-" + COMPOUND)
    ),
    "represented": build(replace(FACTS, regime="tutelle", signers=CURATOR)),
    "witnessed": build(replace(FACTS, consent="witness", duration="SHORT", signers=WITNESSES)),
    "witnessed, six": build(replace(FACTS, consent="witness", duration="SHORT", signers=WITNESSES, scopes=_many(6, 3))),
    "one word": build(replace(FACTS, birth_name=COMPOUND, usual_name=ONE_WORD)),
    "unreachable": build(replace(LONG, email="")),
}
FOOTERS = {"unreachable": NO_JOURNAL}


@cache
def printed(case: str) -> bytes:
    return mandate_pdf(TEXTS[case], FOOTERS.get(case, FOOTER))


def pages(pdf: bytes) -> list[str]:
    """The text of each page on one line: ordinary spaces, no soft breaks, letters in composed form."""
    with pypdfium2.PdfDocument(pdf) as document:
        texts = [page.get_textpage().get_text_bounded() for page in document]
    return [re.sub(r"\s+", " ", unicodedata.normalize("NFKC", t).replace("\u200b", "")) for t in texts]


def squeeze(text: str) -> str:
    """Letters without any space or hyphen: a line may end anywhere, and the reader drops a hyphen at its end."""
    return re.sub(r"[\s\u00ad\x02\ufffe-]+", "", unicodedata.normalize("NFKC", text))


def qr_codes(pdf: bytes) -> list[str]:
    with pypdfium2.PdfDocument(pdf) as document:
        images: list[Image.Image] = [page.render(scale=3).to_pil() for page in document]
    return [code.text for image in images for code in zxingcpp.read_barcodes(image)]


def sizes(pdf: bytes, number: int) -> Iterator[tuple[float, str]]:
    """Size in points and letter of everything printed on a page, scaling included."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[number].get_textpage()
        matrix = pdfium.FS_MATRIX()
        for index in range(text.count_chars()):
            letter = chr(pdfium.FPDFText_GetUnicode(text, index))
            if letter.isspace() or pdfium.FPDFText_IsGenerated(text, index) == 1:
                continue
            assert pdfium.FPDFText_GetMatrix(text, index, matrix)
            yield pdfium.FPDFText_GetFontSize(text, index) * (matrix.c**2 + matrix.d**2) ** 0.5, letter


@pytest.mark.parametrize("case", TEXTS)
def test_two_pages_with_every_word(case: str) -> None:
    text, pdf = TEXTS[case], printed(case)
    found = pages(pdf)
    assert len(found) == 2
    everything = squeeze("".join(found))
    missing = [line for line in text.plain_text().splitlines() if squeeze(line.removeprefix("- ")) not in everything]
    assert [line for line in missing if not line.startswith("Référence ")] == []
    first = squeeze(found[0])
    for party in (text.resident, text.organisation):
        for fact in (party.name, *party.lines, party.signer, party.statement):
            assert squeeze(fact) in first
    for block in text.scopes:
        assert all(squeeze(line) in first for line in block.procedures)
    assert squeeze(text.sections[0].lead) in first
    assert text.code in found[0]
    assert "Lieu" in found[0]
    assert "Heure" in found[0]
    assert text.sha256() in found[1]


@pytest.mark.parametrize("case", TEXTS)
def test_letters_are_large_enough(case: str) -> None:
    pdf = printed(case)
    assert min(size for size, _ in sizes(pdf, 0)) >= 9.99
    assert min(size for size, _ in sizes(pdf, 1)) >= 8.99


@pytest.mark.parametrize("case", TEXTS)
def test_nothing_is_printed_in_the_margins(case: str) -> None:
    with pypdfium2.PdfDocument(printed(case)) as document:
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()]
            millimetre = 72 / 25.4
            assert min(left for left, *_ in boxes) >= 15.5 * millimetre
            assert max(right for _, _, right, _ in boxes) <= (210 - 15.5) * millimetre
            assert min(bottom for _, bottom, *_ in boxes) >= 8 * millimetre


def test_a_name_of_one_long_word_stays_in_its_column() -> None:
    with pypdfium2.PdfDocument(printed("one word")) as document:
        page = document[0].get_textpage()
        letters = [(page.get_text_range(i, 1), page.get_charbox(i)) for i in range(page.count_chars())]
    shown = [(letter, box) for letter, box in letters if letter.isalpha()]
    text = "".join(letter for letter, _ in shown)
    starts = [found.start() for found in re.finditer(ONE_WORD, text)]
    assert len(starts) == 2, "at the top and in the signature box"
    for start in starts:
        assert max(box[2] for _, box in shown[start : start + len(ONE_WORD)]) <= 105 * 72 / 25.4


def test_qr_opens_the_verification_page() -> None:
    for case in ("normal", "twelve", "long names"):
        assert qr_codes(printed(case)) == [URL]


def test_unreachable_prints_code_and_phone_instead_of_a_dead_qr() -> None:
    first, second = pages(printed("unreachable"))
    assert qr_codes(printed("unreachable")) == []
    assert "Téléphonez au guichet, 05 00 00 12 34, et donnez le code 7HRW-93KD." in first
    assert UNSIGNED in second
    assert "http" not in first + second
    assert "brivette.example/" not in first + second


def test_checkpoint_says_what_it_is_worth() -> None:
    first, _ = pages(printed("normal"))
    assert "Point de contrôle : 48 209" in first
    assert "0f" * 32 in squeeze(first)
    assert UNSIGNED in first
    signed, _ = pages(mandate_pdf(TEXTS["normal"], replace(FOOTER, signed=True, label="signé par la structure")))
    assert "Point de contrôle signé : 48 209" in signed


def test_a_demonstration_says_so_on_each_page() -> None:
    words = "Démonstration : personnes inventées"
    assert all(words in page for page in pages(mandate_pdf(TEXTS["long names"], replace(FOOTER, demo=True))))
    assert not any(words in page for page in pages(printed("long names")))


def test_revoked_theme_is_marked_and_the_words_stay() -> None:
    text = TEXTS["normal"]
    pdf = mandate_pdf(text, FOOTER, {"argent": "24 novembre 2026"})
    first, _ = pages(pdf)
    assert first.count("Arrêté le 24 novembre 2026") == 1
    assert all(squeeze(line) in squeeze(first) for block in text.scopes for line in block.procedures)
    with pypdfium2.PdfDocument(pdf) as new, pypdfium2.PdfDocument(printed("normal")) as old:
        strokes = [sum(o.type == pdfium.FPDF_PAGEOBJ_PATH for o in d[0].get_objects()) for d in (old, new)]
    assert strokes[1] >= strokes[0] + len(text.scopes[1].procedures), "each stopped line is struck through"


def test_arabic_name_reads_from_right_to_left() -> None:
    text = build(replace(FACTS, given_names="أحمد", usual_name="بلقاسم", birth_name=COMPOUND, scopes=_many(12, 3)))
    pdf = mandate_pdf(text, FOOTER)
    first, _ = pages(pdf)
    assert len(pages(pdf)) == 2
    assert "بلقاسم" in first
    assert "أحمد" in first
    with pypdfium2.PdfDocument(pdf) as document:
        page = document[0].get_textpage()
        places = [
            (page.get_charbox(i)[0], unicodedata.normalize("NFKC", page.get_text_range(i, 1)), page.get_charbox(i)[1])
            for i in range(page.count_chars())
        ]
    top = max(y for _, letter, y in places if letter == "ب")
    line = {letter: x for x, letter, y in places if abs(y - top) < 14 and "\u0600" <= letter <= "\u06ff"}
    assert line["ب"] > line["ق"] > line["س"], "first letter of the name on the right"
    assert b"pdfuaid:part>1<" in pdf


def test_a_letter_no_font_has_still_gives_paper(monkeypatch: pytest.MonkeyPatch) -> None:
    press = paper._press
    monkeypatch.setattr(paper, "_press", lambda job: press({**job, "system_fonts": False}))
    pdf = mandate_pdf(build(replace(FACTS, birth_name="ᏣᎳᎩ")), FOOTER)
    assert len(pages(pdf)) == 2
    assert b"pdfuaid" not in pdf, "claims no standard it does not meet"


def test_a_press_that_hangs_or_dies_is_told_and_gives_its_place_back(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr(paper, "SECONDS", 0.001)
        for _ in range(3):
            with pytest.raises(NotDrawn):
                mandate_pdf(TEXTS["normal"], FOOTER)
    with monkeypatch.context() as patch:
        patch.setattr(paper, "data_path", lambda name: Path("/nowhere") / name)
        with pytest.raises(NotDrawn):
            mandate_pdf(TEXTS["normal"], FOOTER)
    assert mandate_pdf(TEXTS["normal"], FOOTER) == printed("normal")
    assert "Belkacem" not in caplog.text


def test_the_press_is_told_nothing_of_our_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDANTS_DATABASE_URL", "postgresql://somewhere/secret")
    seen: list[dict[str, str]] = []

    def spy(command: list[str], **options: Any) -> subprocess.CompletedProcess[bytes]:
        seen.append(options["env"])
        return subprocess.CompletedProcess(command, 0, b"%PDF", b"")

    monkeypatch.setattr(subprocess, "run", spy)
    mandate_pdf(TEXTS["normal"], FOOTER)
    assert [name for name in seen[0] if name.startswith("AIDANTS_")] == []
    assert "PATH" in seen[0]


def test_the_server_itself_never_loads_the_typesetter() -> None:
    script = "import sys, aidants.app; sys.exit('typst' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", script], check=False).returncode == 0


@pytest.mark.parametrize(
    "value",
    [
        '#read("/etc/passwd")',
        "] #panic() [",
        r"\ \u{41} \" '",
        '*_$@<label> `raw` $x^2$ ~ -- ... // /* "',
        "{code} {{ }} %s <b>&amp;",
        "= Titre\u00a0: - liste",
    ],
)
def test_hostile_values_are_only_letters(value: str) -> None:
    facts = replace(FACTS, given_names=value, birth_name="Fin", organisation=value, birthplace=value)
    first, second = pages(mandate_pdf(build(facts), FOOTER))
    assert squeeze(value + "Fin") in squeeze(first)
    assert squeeze(first).count(squeeze(value)) >= 4
    assert "root:" not in first + second


def test_declares_its_standards_and_structure() -> None:
    pdf = printed("normal")
    reader = pypdf.PdfReader(io.BytesIO(pdf))
    root: Any = reader.trailer["/Root"]
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert "/StructTreeRoot" in root
    assert root["/ViewerPreferences"]["/DisplayDocTitle"]
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:part>2</pdfaid:part><pdfaid:conformance>A</pdfaid:conformance>" in metadata
    assert "Mandat pour des démarches en ligne M-2026-000417" in metadata
    roles = list(_roles(root["/StructTreeRoot"]))
    assert roles.count("/H1") == 1
    assert {"/H2", "/H3", "/P", "/L", "/LI", "/Figure"} <= set(roles)


def _roles(node: Any) -> Iterator[str]:
    node = node.get_object() if hasattr(node, "get_object") else node
    if isinstance(node, list):
        for child in node:
            yield from _roles(child)
    elif isinstance(node, dict):
        if "/S" in node:
            yield node["/S"]
        yield from _roles(node.get("/K", []))


def test_every_font_is_embedded_and_ours() -> None:
    fonts = set(re.findall(rb"/FontName/[A-Z]{6}\+([A-Za-z-]+)", printed("long names")))
    assert fonts == {b"AtkinsonHyperlegibleNext-Regular", b"AtkinsonHyperlegibleNext-Bold"}


def test_same_text_same_bytes_also_from_storage() -> None:
    stored = MandateText.from_json(TEXTS["normal"].to_json())
    assert mandate_pdf(stored, FOOTER) == printed("normal")
    assert mandate_pdf(stored, replace(FOOTER, size=48210)) != printed("normal")
