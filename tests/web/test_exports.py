"""Exports: equal to the screen, confirmed by a code, journaled, verified by what others would use."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import openpyxl
import pytest
from lxml import html
from sqlmodel import select

from aidants.audit import exports
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.export import CODES, RECORDS, SCHEMA
from aidants.journal.files import open_files
from aidants.journal.models import JournalRecord
from aidants.journal.offline import verify_files
from aidants.journal.seal import signer_of
from aidants.journal.services import open_payload, under_installation
from tests.security.tools import entries_after, kinds_after, last_entry
from tests.support.client import Browser, text_of
from tests.web.test_audit import numbers
from tests.web.test_flags import limit_paul_to

Browse = Callable[..., Browser]


def export(auditor: Browser, form: str, query: str = "", code: str | None = None) -> bytes:
    auditor.open(f"/journal/exporter{query}")
    code = auditor.code("paul") if code is None else code
    answer = auditor.submit({"forme": form, "code": code}, action="/journal/exporter")
    assert answer.status_code == 200, text_of(answer)
    assert answer.headers["content-disposition"].startswith('attachment; filename="journal-')
    assert "no-store" in answer.headers["cache-control"]
    return answer.content


def rows_of(data: bytes, form: str) -> list[list[str]]:
    if form == "csv":
        return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))
    sheet = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]
    return [["" if cell.value is None else str(cell.value) for cell in row] for row in sheet.iter_rows()]


def on_screen(auditor: Browser, query: str) -> list[int]:
    """The numbers of every page of a search."""
    found: list[int] = []
    path = f"/journal{query}"
    while True:
        page = auditor.open(path)
        found += numbers(page.text)
        older = page.text.find('rel="next"')
        if older < 0:
            return found
        path = page.text[:older].rsplit('href="', 1)[1].split('"')[0].replace("&amp;", "&")


@pytest.mark.parametrize("form", ["csv", "xlsx"])
@pytest.mark.parametrize("query", ["?acte=mandate_activated", "?theme=logement", "?par={nadia}"])
def test_a_table_equals_the_screen(demo_database: Database, browse: Browse, form: str, query: str) -> None:
    with unit_of_work(demo_database, Mode.READ) as work:
        made = select(JournalRecord.actor).where(JournalRecord.type == "mandate_activated")
        query = query.format(nadia=work.session.exec(made).first())
    paul = browse("paul")
    header, *rows = rows_of(export(paul, form, query), form)
    assert header == ["Numéro", "Jour", "Heure", "Ce qui s’est passé", "Par", "Mandat"]
    assert [int(row[0]) for row in rows] == on_screen(paul, query)
    assert len(rows) >= 2
    words = text_of(paul.open(f"/journal{query}"))
    for row in rows[:50]:
        for cell in (row[2], row[3].replace("\u00a0", " "), row[4], row[5]):
            assert cell in words.replace("\u00a0", " "), row


def test_everything_across_many_batches(
    demo_database: Database, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "BATCH", 7)
    paul = browse("paul")
    paul.open("/journal/exporter")
    expected = last_entry(demo_database)
    _, *rows = rows_of(export(paul, "csv"), "csv")
    numbers_found = [int(row[0]) for row in rows]
    assert numbers_found == list(range(numbers_found[0], 0, -1))
    assert numbers_found[0] >= expected
    assert not any(name in str(rows) for name in ("Nadia", "Aubert", "Monique"))


def test_an_export_is_an_entry_with_sealed_criteria(demo_database: Database, browse: Browse) -> None:
    paul, before = browse("paul"), last_entry(demo_database)
    export(paul, "csv", "?acte=mandate_activated&du=2020-01-01")
    row = next(row for row in entries_after(demo_database, before) if row.type == "journal_exported")
    assert json.loads(row.detail or "") == {"view": "csv", "filters": ["du", "acte"]}
    with unit_of_work(demo_database, Mode.READ) as work:
        sealed = open_payload(work, row.id, under_installation(work, {}).key)
    assert sealed == {"acte": "mandate_activated", "du": "2020-01-01"}


def test_a_bundle_is_verified_without_this_installation(
    demo_database: Database, browse: Browse, tmp_path: Path
) -> None:
    data = export(browse("paul"), "bundle", "?acte=mandate_activated")
    (tmp_path / "journal.zip").write_bytes(data)
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert {CODES, SCHEMA, RECORDS, "checkpoint", "vkey", "LISEZMOI.txt"} <= set(archive.namelist())
        opened = [json.loads(line) for line in archive.read(RECORDS).splitlines()]
    assert {one["record"]["type"] for one in opened} == {"mandate_activated"}
    assert len(opened) == 3
    report = verify_files(open_files(tmp_path / "journal.zip"), signer_of(demo_database).verifier)
    assert (report.ok, report.faults) == (True, ())
    assert report.size >= last_entry(demo_database) - 1


@pytest.mark.parametrize("code", ["", "000000", "123", "x" * 21])
def test_no_export_without_a_fresh_code(demo_database: Database, browse: Browse, code: str) -> None:
    paul = browse("paul")
    paul.open("/journal/exporter?acte=mandate_activated")
    before = last_entry(demo_database)
    answer = paul.submit({"forme": "csv", "code": code}, action="/journal/exporter")
    assert answer.status_code == 422
    assert "journal_exported" not in kinds_after(demo_database, before)
    assert 'value="mandate_activated"' in answer.text, "the search is kept"


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"forme": "pdf"},
        {"forme": "csv", "du": "demain"},
        {"forme": "csv", "acte": "rien"},
        {"forme": "csv", "theme": "x"},
    ],
)
def test_a_request_that_is_none(demo_database: Database, browse: Browse, fields: dict[str, str]) -> None:
    paul = browse("paul")
    before = last_entry(demo_database)
    answer = paul.post("/journal/exporter", {"code": paul.code("paul"), **fields})
    assert answer.status_code == 422
    assert "journal_exported" not in kinds_after(demo_database, before)


def test_too_many_lines_are_refused_before_anything_is_written(
    demo_database: Database, browse: Browse, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(exports, "MOST_LINES", 5)
    paul = browse("paul")
    paul.open("/journal/exporter")
    before = last_entry(demo_database)
    answer = paul.submit({"forme": "xlsx", "code": paul.code("paul")}, action="/journal/exporter")
    assert answer.status_code == 422
    assert "choisissez une période plus courte" in text_of(answer)
    page = html.fromstring(answer.text)
    (anchor,) = page.xpath("//*[contains(@class, 'error-summary')]//a/@href")
    (field,) = page.xpath(f"//*[@id = '{anchor[1:]}']")
    assert (field.tag, field.get("name")) == ("input", "forme")
    assert "journal_exported" not in kinds_after(demo_database, before)
    export(paul, "csv", "?acte=mandate_activated")


@pytest.mark.parametrize("who", ["nadia", "claire", "sofia"])
def test_auditors_only(demo_database: Database, browse: Browse, who: str) -> None:
    browser = browse(who)
    before = last_entry(demo_database)
    assert browser.get("/journal/exporter").status_code == 403
    assert browser.post("/journal/exporter", {"forme": "csv", "code": browser.code(who)}).status_code == 403
    assert "journal_exported" not in kinds_after(demo_database, before)


def test_only_a_bundle_is_evidence_outside(demo_database: Database, browse: Browse) -> None:
    """A table holds no root of the journal: whoever keeps it can show no rewriting."""
    paul = browse("paul")
    for form, shown in (("csv", False), ("xlsx", False), ("bundle", True), ("csv", True)):
        export(paul, form)
        assert ("Exports" in text_of(paul.open("/journal"))) is shown, form


@pytest.mark.parametrize("form", ["csv", "bundle"])
def test_nothing_of_another_organisation_leaves(
    demo_database: Database, browse: Browse, form: str, tmp_path: Path
) -> None:
    here = limit_paul_to(demo_database, "Association Le Fil d’Orsenne")
    with unit_of_work(demo_database, Mode.READ) as work:
        own = set(work.session.exec(select(JournalRecord.seq).where(JournalRecord.organisation == here)))
    data = export(browse("paul"), form)
    if form == "csv":
        assert {int(row[0]) for row in rows_of(data, form)[1:]} <= own | set(range(max(own) + 1, 10**6))
        assert len(rows_of(data, form)) > 1
    else:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            opened = [json.loads(line) for line in archive.read(RECORDS).splitlines()]
        assert {one["record"]["organisation"] for one in opened} == {here}
