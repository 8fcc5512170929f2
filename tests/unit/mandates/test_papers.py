"""The other papers: the certificate of a stop, and the forms to fill in by hand."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import pypdf
import pypdfium2
import pytest

from aidants.mandates.blank import Counter, blank_pdf, new_reference, read_reference
from aidants.mandates.certificate import Certificate, certificate_pdf
from aidants.mandates.terms import TERMS
from aidants.procedures import PROCEDURES
from tests.unit.mandates.test_attestation import COMPOUND, ONE_WORD, URL, pages, qr_codes, sizes, squeeze

NOW = datetime(2026, 11, 25, 9, 0, tzinfo=UTC)
WHOLE = Certificate(
    reference="M-2026-000417",
    code="7HRW-93KD",
    person="Ahmed Belkacem",
    born="12 juillet 1961, Oran (Algérie)",
    organisation="Maison commune de Brivette",
    address="2, place du Lavoir, 99001 Brivette",
    phone="05 00 00 12 34",
    started="mardi 24 novembre 2026 à 9 h 02",
    stopped=(("Famille, scolarité", "mercredi 25 novembre 2026 à 10 h 00"),),
    whole=True,
    when="mercredi 25 novembre 2026 à 10 h 00",
    by="à la demande de la personne",
    operators=("CAF", "Finances publiques"),
    helper="Nadia Ferrand",
)
PART = replace(WHOLE, whole=False)
LONG = replace(
    PART,
    person=f"{ONE_WORD} {COMPOUND} Шевченко بلقاسم",
    organisation="Communauté de communes du Val de Brivette et des Hautes Terres de la Lisière" * 2,
    stopped=WHOLE.stopped * 10,
    operators=tuple(dict.fromkeys(procedure.operator for procedure in PROCEDURES.values()))[:12],
)
COUNTER = Counter(
    name="Maison commune de Brivette",
    kind="Maison France services",
    address="2, place du Lavoir, 99001 Brivette",
    phone="05 00 00 12 34",
    email="accueil@brivette.example",
    dpo="dpd@brivette.example",
    public_mission=True,
    durations=("SHORT", "MONTH", "LONG"),
)
REFERENCES = ("P-2222-2222", "P-7HRW-93KD")


@cache
def certificate(which: Certificate, url: str | None = URL) -> bytes:
    return certificate_pdf(which, NOW, url)


@cache
def forms(count: int) -> bytes:
    return blank_pdf(COUNTER, REFERENCES[:count], NOW)


@pytest.mark.parametrize("facts", [WHOLE, PART, LONG], ids=["whole", "part", "long"])
def test_a_certificate_says_what_stopped(facts: Certificate) -> None:
    found = pages(certificate(facts))
    assert len(found) == (2 if facts is LONG else 1)
    words = squeeze("".join(found))
    for fact in (
        facts.reference,
        facts.code,
        facts.person.split(" ")[0],
        facts.organisation,
        facts.phone,
        facts.started,
    ):
        assert squeeze(fact) in words
    assert all(squeeze(name) in words for name in facts.operators)
    assert (squeeze("Tout le mandat") in words) == facts.whole
    assert (squeeze("Famille, scolarité") in words) != facts.whole
    assert squeeze(facts.by) in words
    assert "art. 2004" in " ".join(found)
    assert qr_codes(certificate(facts)) == [URL]
    assert min(size for number in range(len(found)) for size, _ in sizes(certificate(facts), number)) >= 9.99


def test_a_certificate_without_an_address_shows_no_dead_drawing() -> None:
    assert qr_codes(certificate(WHOLE, None)) == []
    assert "Téléphonez au guichet, 05 00 00 12 34, et donnez le code 7HRW-93KD." in pages(certificate(WHOLE, None))[0]


def test_two_hands_sign_it() -> None:
    (page,) = pages(certificate(WHOLE))
    assert page.count("Lieu") == page.count("Heure") == 2
    assert page.count("Signature") == 2
    assert "Nadia Ferrand pour la structure" in page


@pytest.mark.parametrize("value", ['#read("/etc/passwd")', "] #panic() [", "= *_$@<l> `r` ~ -- // /*", "{code} %s"])
def test_hostile_values_are_only_letters(value: str) -> None:
    found = "".join(pages(certificate_pdf(replace(WHOLE, person=value, by=value, operators=(value,)), NOW, None)))
    assert squeeze(found).count(squeeze(value)) == 4
    assert "root:" not in found
    found = "".join(pages(blank_pdf(replace(COUNTER, name=value, address=value), REFERENCES[:1], NOW)))
    assert squeeze(value) in squeeze(found)


def test_each_form_is_printed_twice_on_two_pages() -> None:
    found = pages(forms(2))
    assert len(found) == 8
    for place, reference in enumerate(REFERENCES):
        mine = found[4 * place : 4 * place + 4]
        assert all(reference in page for page in mine)
        assert ["Exemplaire de la personne" in page for page in mine] == [True, False, False, False]
        assert ["Exemplaire de la structure" in page for page in mine] == [False, False, True, False]
        assert [re.findall(r"Page \d sur \d", page) for page in mine] == [["Page 1 sur 2"], ["Page 2 sur 2"]] * 2


def test_a_form_offers_every_procedure_that_may_be_mandated_and_no_other() -> None:
    words = squeeze(pages(forms(1))[0])
    for procedure in PROCEDURES.values():
        assert (squeeze(procedure.title) in words) == procedure.mandatable, procedure.title
    for said in ("24 heures", "un mois (31 jours)", "un an (365 jours)", "Lieu", "Heure", "Barrez ce qui reste vide"):
        assert squeeze(said) in words
    assert squeeze("six mois") not in words, "a duration that the organisation does not allow"
    assert squeeze("aucune mesure de protection juridique") in words
    terms = squeeze(pages(forms(1))[1])
    assert all(squeeze(part.heading) in terms for part in TERMS)
    assert "{" not in terms
    assert "15jours" in terms or "quinzejours" in terms


def room_to_sign(pdf: bytes) -> float:
    """Millimetres between the word « Signature » and the bottom margin of the first page."""
    with pypdfium2.PdfDocument(pdf) as document:
        text = document[0].get_textpage()
        found = text.search("Signature", match_case=True)
        places = [text.get_charbox(start)[1] for start, _count in iter(found.get_next, None)]
    assert len(places) == 2
    lowest: float = min(places)
    return lowest * 25.4 / 72 - 18


def test_a_form_of_a_long_name_keeps_its_signatures_on_the_first_page() -> None:
    long = replace(
        COUNTER, name="Communauté de communes " * 5, address="12 bis, route de la Lisière, " * 6, kind="Association"
    )
    found = pages(blank_pdf(long, REFERENCES[:1], NOW))
    assert len(found) == 4
    assert room_to_sign(forms(1)) >= 20
    assert room_to_sign(blank_pdf(long, REFERENCES[:1], NOW)) >= 10


def test_twenty_forms_at_most() -> None:
    for count in (0, 21):
        with pytest.raises(ValueError, match="1 to 20"):
            blank_pdf(COUNTER, ["P-2222-2222"] * count, NOW)
    assert len(pages(blank_pdf(COUNTER, [new_reference() for _ in range(20)], NOW))) == 80


def test_a_number_copied_wrong_is_noticed() -> None:
    numbers = {new_reference() for _ in range(500)}
    assert len(numbers) == 500
    for number in sorted(numbers)[:50]:
        assert re.fullmatch(r"P-[2-9A-HJ-NP-Z]{4}-[2-9A-HJ-NP-Z]{4}", number)
        assert read_reference(number) == number
        assert read_reference(f" {number.lower().replace('-', ' ')} ") == number
        assert read_reference(number.removeprefix("P-")) == number
        for place in range(2, len(number)):
            if number[place] != "-":
                other = "3" if number[place] != "3" else "4"
                assert read_reference(number[:place] + other + number[place + 1 :]) is None


@pytest.mark.parametrize(
    "typed", ["", "P", "P-", "M-2026-000417", "P-0000-0000", "P-2222-222", "P-2222-22222", "é" * 9, "9" * 10**6]
)
def test_what_is_no_number_is_none(typed: str) -> None:
    assert read_reference(typed) is None


@pytest.mark.parametrize("drawn", [lambda: certificate(WHOLE), lambda: forms(1)], ids=["certificate", "form"])
def test_papers_are_tagged_ours_in_the_margins_and_always_the_same(drawn: Callable[[], bytes]) -> None:
    pdf = drawn()
    root: Any = pypdf.PdfReader(io.BytesIO(pdf)).trailer["/Root"]
    assert root["/Lang"] == "fr"
    metadata = root["/Metadata"].get_data().decode()
    assert "<pdfuaid:part>1</pdfuaid:part>" in metadata
    assert "<pdfaid:conformance>A</pdfaid:conformance>" in metadata
    fonts = set(re.findall(rb"/FontName/[A-Z]{6}\+([A-Za-z-]+)", pdf))
    assert fonts == {b"AtkinsonHyperlegibleNext-Regular", b"AtkinsonHyperlegibleNext-Bold"}
    millimetre = 72 / 25.4
    with pypdfium2.PdfDocument(pdf) as document:
        for page in document:
            text = page.get_textpage()
            boxes = [text.get_charbox(i) for i in range(text.count_chars()) if text.get_text_range(i, 1).strip()]
            assert min(left for left, *_ in boxes) >= 15.5 * millimetre
            assert max(right for _, _, right, _ in boxes) <= (210 - 15.5) * millimetre
            assert min(bottom for _, bottom, *_ in boxes) >= 8 * millimetre


def test_same_facts_same_bytes() -> None:
    assert certificate_pdf(WHOLE, NOW, URL) == certificate(WHOLE)
    assert blank_pdf(COUNTER, REFERENCES[:1], NOW) == forms(1)
