"""Photos and scans of the signed paper: what is taken, how it is kept, who may have it back, how it goes."""

from __future__ import annotations

import struct
import zlib
from collections.abc import Callable

import httpx2
import pytest
from sqlmodel import select

from aidants.counter.access import gather
from aidants.counter.erasure import erase
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import TooLarge
from aidants.mandates import papers, pictures
from aidants.mandates.models import MandatePaper
from aidants.residents.models import Resident
from tests.security.tools import actor_of
from tests.support.client import Browser, text_of
from tests.web.test_mandate_journey import active_mandate, mandate_row, records
from tests.web.test_on_screen import asked, lent, mandate_id, say, take_back

Open = Callable[..., Browser]
PLACE = b"48 51 24 N, 2 21 07 E"


def jpeg(extra: bytes = b"", tail: bytes = b"") -> bytes:
    """Return the bones of a JPEG with an Exif segment that says where it was taken."""
    exif = b"Exif\0\0" + PLACE
    segment = b"\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif
    pixels = b"\xff\xda" + struct.pack(">H", 8) + b"\x01\x01\0\0\x3f\0" + b"\x12\xff\0\x34" + extra
    return b"\xff\xd8" + segment + b"\xff\xdb" + struct.pack(">H", 4) + b"\0\1" + pixels + b"\xff\xd9" + tail


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


PNG = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", b"\0" * 13) + chunk(b"IDAT", b"x") + chunk(b"IEND", b"")
PDF = b"%PDF-1.7\n1 0 obj << /OpenAction << /S /JavaScript /JS (app.alert(1)) >> >>\n%%EOF\n"


def send(nadia: Browser, mandate: str, data: bytes, name: str = "photo.jpg") -> httpx2.Response:
    return nadia.http.post(
        f"{mandate}/papiers", data={"csrf": nadia.token()}, files={"photo": (name, data, "image/jpeg")}
    )


def kept(database: Database) -> list[MandatePaper]:
    with unit_of_work(database, Mode.READ) as work:
        return list(work.session.exec(select(MandatePaper)).all())


def downloads(nadia: Browser, mandate: str) -> list[httpx2.Response]:
    with unit_of_work(nadia.database, Mode.READ) as work:
        found = papers.papers_of(work, mandate_id(mandate))
    return [nadia.get(f"{mandate}/papiers/{paper.id}") for paper in found]


def test_a_photo_is_sealed_downloaded_removed(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    assert send(nadia, mandate, jpeg()).headers["location"] == f"{mandate}/preuve"
    (row,) = kept(database)
    assert row.format == "jpeg"
    assert PLACE not in row.sealed
    assert b"\xff\xdb" not in row.sealed[:20]
    (answer,) = downloads(nadia, mandate)
    assert PLACE not in answer.content
    assert answer.content == jpeg().replace(b"\xff\xe1" + struct.pack(">H", len(PLACE) + 8) + b"Exif\0\0" + PLACE, b"")
    assert answer.headers["content-disposition"] == 'attachment; filename="papier-signe.jpg"'
    assert answer.headers["content-security-policy"] == "default-src 'none'; sandbox"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "no-store" in answer.headers["cache-control"]
    assert "Photo ou scan" in text_of(nadia.open(f"{mandate}/preuve"))
    for kind in ("proof_attached", "proof_viewed"):
        assert records(database, kind)[-1].mandate == mandate_id(mandate)
    nadia.post(f"{mandate}/papiers/{row.id}/retirer")
    nadia.post(f"{mandate}/papiers/{row.id}/retirer")
    assert kept(database) == []
    assert len(records(database, "proof_removed")) == 1
    assert nadia.get(f"{mandate}/papiers/{row.id}").status_code == 404


@pytest.mark.parametrize("data", [PNG, PDF])
def test_what_draws_is_kept_as_it_is(browse: Open, database: Database, data: bytes) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    send(nadia, mandate, data)
    (answer,) = downloads(nadia, mandate)
    assert answer.content == data
    assert answer.headers["content-disposition"].startswith("attachment")


@pytest.mark.parametrize(
    "data",
    [
        b"", b"GIF89a", b"<svg onload=alert(1)>", b"MZ", b"\xff\xd8\xff", jpeg()[:-2], jpeg()[:20], PNG[:-5],
        PNG.replace(b"x", b"y"), b" " + PDF, b"%PDF-1.7 cut", b"\xff\xd8\xff\xe1\0\0", b"PK\x03\x04" + jpeg(),
    ],
)  # fmt: skip
def test_what_is_no_picture_is_refused(browse: Open, database: Database, data: bytes) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    answer = send(nadia, mandate, data)
    assert answer.status_code == 422
    assert 'id="photo-error"' in answer.text
    assert kept(database) == []


def test_what_hides_behind_a_picture_does_not_stay(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    send(nadia, mandate, jpeg(tail=b"<script>alert(1)</script>PK\x03\x04"))
    send(nadia, mandate, PNG[:-12] + chunk(b"tEXt", b"Author\0Ewa") + PNG[-12:] + b"<script>")
    first, second = downloads(nadia, mandate)
    assert b"script" not in first.content + second.content
    assert second.content == PNG


@pytest.mark.parametrize(
    "name", ["../../etc/passwd", "a\u202egpj.exe", 'x"; filename="y', "x" * 1500, "é\u0000.jpg", "", "photo\r\nX: y"]
)
def test_the_name_of_the_file_is_never_used(browse: Open, database: Database, name: str) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    answer = send(nadia, mandate, PNG, name)
    assert answer.status_code in {303, 400, 422}
    for found in downloads(nadia, mandate):
        assert found.headers["content-disposition"] == 'attachment; filename="papier-signe.png"'


def test_too_heavy_is_refused_before_it_is_read(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    full = jpeg(extra=b"\1" * (pictures.LARGEST - len(jpeg())))
    assert len(full) == pictures.LARGEST
    assert send(nadia, mandate, full).status_code == 303
    assert send(nadia, mandate, full + b"\0").status_code == 422
    token, read = nadia.token(), []

    def body() -> object:
        for _ in range(200):
            read.append(1)
            yield b"x" * 65536

    answer = nadia.http.post(
        f"{mandate}/papiers",
        content=body(),  # type: ignore[arg-type]
        headers={"content-type": "multipart/form-data; boundary=b", "content-length": str(200 * 65536)},
    )
    assert (answer.status_code, bool(token)) == (TooLarge.status, True)
    assert len(kept(database)) == 1
    other = nadia.http.post(f"{mandate}/refus", data={"csrf": token, "x": "y" * 5 * 1024 * 1024})
    assert other.status_code == TooLarge.status


def test_a_sixth_is_refused(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    for _ in range(papers.MOST):
        assert send(nadia, mandate, PNG).status_code == 303
    assert send(nadia, mandate, PNG).status_code == 409
    assert len(kept(database)) == papers.MOST
    assert 'type="file"' not in nadia.open(f"{mandate}/preuve").text


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"x"),
        ("multipart/form-data; boundary=b", b"--b\r\n\r\nx"),
        ("multipart/form-data; boundary=b", b'--b\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n\xff\r\n--b--'),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: attachment\r\n\r\nx\r\n--b--"),
        ("multipart/form-data; boundary=b", b"junk--b--"),
        ("multipart/form-data; boundary=" + "b" * 80, b"--b--"),
        ("application/json", b"{}"),
    ],
)
def test_a_form_that_is_none_is_refused(browse: Open, database: Database, kind: str, body: bytes) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    answer = nadia.http.post(f"{mandate}/papiers", content=body, headers={"content-type": kind})
    assert answer.status_code in {400, 403}
    assert kept(database) == []


def test_a_file_needs_a_form_token_and_goes_where_files_go(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    _card, mandate = active_mandate(nadia)
    files = {"photo": ("p.png", PNG, "image/png")}
    assert nadia.http.post(f"{mandate}/papiers", data={"csrf": "x"}, files=files).status_code == 403
    assert nadia.http.post(f"{mandate}/refus", data={"csrf": nadia.token()}, files=files).status_code == 400
    youssef = browse("youssef")
    assert send(youssef, mandate, PNG).status_code == 404
    assert kept(database) == []


def test_erasing_and_the_whole_file(browse: Open, database: Database) -> None:
    nadia = browse("nadia")
    mandate = asked(nadia)
    lent(nadia, mandate)
    say(nadia, signature="M1 2L3 4")
    take_back(nadia)
    send(nadia, mandate, PNG)
    resident_id = mandate_row(database, mandate_id(mandate)).resident_id
    assert resident_id is not None
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        (held,) = gather(work, work.session.get_one(Resident, resident_id))["mandates"]
    assert [reply["said"]["drawing"] for reply in held["replies"]] == ["M1 2L3 4"]
    assert [paper["format"] for paper in held["papers"]] == ["png"]
    assert [offer["channel"] for offer in held["asked"]] == ["screen"]
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        erase(work, resident_id, "request")
    assert kept(database) == []
