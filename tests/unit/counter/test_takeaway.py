"""The sheet to keep: one tagged A4 page whatever it says, its code in big letters, a QR that hides the code from servers."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

import pypdf
import pypdfium2
import pytest

from aidants.counter.takeaway import sheet_pdf
from tests.unit.mandates.test_attestation import pages, qr_codes, sizes, squeeze

CODE = "KX7M4Q2R9T"
MANDATE = {
    "procedures": ["Carte grise : changer l’adresse", "Demander l’APL"],
    "end": "vendredi vingt-cinq décembre deux mille vingt-six, à minuit",
    "reference": "M-7KQ2-R9TX",
}
SHEET: dict[str, Any] = {
    "name": "Monique Aubert",
    "organisation": {
        "name": "Maison commune de Brivette",
        "address": "2, place du Lavoir, 99000 Brivette",
        "phone": "05 00 00 12 34",
        "hours": "du lundi au vendredi, 9 h à 17 h",
    },
    "email": "accueil@brivette.example",
    "helper": "Nadia Ferrand, Conseillère France services",
    "mandates": [MANDATE],
    "printed": "mardi 24 novembre 2026 à 19 h 06",
    "site": "aidants.example/ma-page",
    "address": "https://aidants.example/ma-page",
    "demo": "",
    "stamp": 1_795_000_000,
}
LONG_NAME = "Marie-Emmanuelle-Apollonie " + "Wolfeschlegelsteinhausenbergerdorff" * 2
CASES: dict[str, dict[str, Any]] = {
    "normal": SHEET,
    "nothing in force": {**SHEET, "mandates": []},
    "no address": {**SHEET, "site": "", "address": ""},
    "eight mandates": {
        **SHEET,
        "name": LONG_NAME,
        "mandates": [{**MANDATE, "procedures": [f"Une longue démarche au nom sans fin, {n}" for n in range(12)]}] * 8,
    },
    "hostile": {**SHEET, "name": '#panic("x") $ *gras* \\ "', "helper": '#read("/etc/passwd")'},
    "other script": {**SHEET, "name": "Іван Петренко"},
}


@pytest.mark.parametrize("case", CASES)
def test_one_page_with_what_matters(case: str) -> None:
    said = CASES[case]
    (page,) = pages(sheet_pdf(said, CODE))
    for words in (said["name"], "KX7M4-Q2R9T", "Ne donnez ce code à personne", "05 00 00 12 34", said["helper"]):
        assert squeeze(words) in squeeze(page), words
    if not said["mandates"]:
        assert "Personne ne peut agir en votre nom" in page


def test_the_code_is_the_largest_thing() -> None:
    found = list(sizes(sheet_pdf(SHEET, CODE), 0))
    largest = max(size for size, _ in found)
    assert largest >= 30
    assert re.sub("[^A-Z0-9]", "", "".join(letter for size, letter in found if size > largest - 0.1)) == CODE
    assert min(size for size, _ in found) >= 10


def test_the_qr_puts_the_code_where_browsers_never_send_it() -> None:
    (address,) = qr_codes(sheet_pdf(SHEET, CODE))
    parts = urlsplit(address)
    assert (parts.netloc, parts.path, parts.query, parts.fragment) == ("aidants.example", "/ma-page", "", CODE)
    assert qr_codes(sheet_pdf(CASES["no address"], CODE)) == []


def test_tagged_titled_and_in_french(tmp_path: Any) -> None:
    file = tmp_path / "sheet.pdf"
    file.write_bytes(sheet_pdf(SHEET, CODE))
    reader = pypdf.PdfReader(file)
    root: Any = reader.trailer["/Root"]
    assert (root["/Lang"], bool(root["/MarkInfo"]["/Marked"])) == ("fr", True)
    assert reader.metadata is not None
    assert reader.metadata.title == "Feuille à garder"
    assert CODE not in str(reader.metadata)
    with pypdfium2.PdfDocument(file) as document:
        assert [round(side) for side in document[0].get_size()] == [595, 842]
