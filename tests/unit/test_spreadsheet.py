"""Tables as files: read back by another library, cell by cell."""

from __future__ import annotations

import csv
import io

import openpyxl
import pytest

from aidants.spreadsheet import Cell, Format, write

HEADER = ["Numéro", "Ce qui s’est passé"]
ROWS: list[tuple[Cell, ...]] = [(48_213, "Mandat activé ; « papier »"), (7, 'une "citation"\net une ligne'), (0, "")]
FORMULAS = ["=1+1", "+33 6", "-2", "@SUM(A1)", "\tx", "\r=1", '=HYPERLINK("http://x")']


def read_csv(data: bytes) -> list[list[str]]:
    assert data.startswith(b"\xef\xbb\xbf")
    return list(csv.reader(io.StringIO(data.decode("utf-8-sig"), newline=""), delimiter=";"))


def read_xlsx(data: bytes) -> list[list[object]]:
    book = openpyxl.load_workbook(io.BytesIO(data))
    return [[cell.value for cell in row] for row in book.worksheets[0].iter_rows()]


def test_csv() -> None:
    with write(Format.CSV, HEADER, ROWS) as file:
        assert read_csv(file.read()) == [HEADER, *([str(cell) for cell in row] for row in ROWS)]


def test_xlsx() -> None:
    with write(Format.XLSX, HEADER, ROWS) as file:
        found = read_xlsx(file.read())
    assert found[0] == HEADER
    assert [[cell if cell is not None else "" for cell in row] for row in found[1:]] == [list(row) for row in ROWS]


@pytest.mark.parametrize("text", FORMULAS)
def test_no_cell_is_a_formula(text: str) -> None:
    with write(Format.CSV, ["x"], [(text,)]) as file:
        assert read_csv(file.read())[1] == [f"'{text}"]
    with write(Format.XLSX, ["x"], [(text,)]) as file:
        data = file.read()
    cell = openpyxl.load_workbook(io.BytesIO(data)).worksheets[0]["A2"]
    assert (cell.data_type, cell.hyperlink) == ("s", None)


@pytest.mark.parametrize("kind", list(Format))
def test_many_rows_are_taken_one_by_one(kind: Format) -> None:
    taken = 0

    def rows() -> object:
        nonlocal taken
        for number in range(20_000):
            taken += 1
            yield (number, "ligne")

    with write(kind, HEADER, rows()) as file:  # type: ignore[arg-type]
        assert len((read_csv if kind is Format.CSV else read_xlsx)(file.read())) == 20_001
    assert taken == 20_000
