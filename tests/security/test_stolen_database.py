"""What a thief of the whole database reads: no name, phone, birth date, e-mail, code or session."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from aidants import demo
from aidants.db import Database, Mode, unit_of_work
from aidants.messages.services import About
from aidants.residents.identity import Identity, words
from aidants.residents.services import change_resident, create_resident, get_resident
from aidants.settings import Settings
from tests.security.tools import actor_of, prepare
from tests.support.client import Browser
from tests.support.outbox import configure, queue
from tests.support.own import come_in

MARKED = Identity(
    birth_name="Quéméneur-Zylberstein",
    given_names="Apolline Zénobie",
    usual_name="Vandewoestyne",
    birth_date="1943-08-17",
    birthplace="Wissembourg-sur-Ysonne",
    phone="06 39 98 71 23",
    email="apolline@zenobie.example",
)
CHANGED = Identity("Xanthopoulos", "Ildefonse", phone="07 00 55 13 37", birth_date="1944-09-18")


def needles() -> Iterator[str]:
    """Yield everything that must not be found, as typed and as programs would write it."""
    for who in (MARKED, CHANGED):
        for value in (*words(f"{who.birth_name} {who.usual_name} {who.given_names} {who.birthplace}"), who.email):
            if len(value) > 3:
                yield from (value, value.title(), value.upper(), base64.b64encode(value.encode()).decode().rstrip("="))
        yield from (who.birth_name, who.given_names, who.birth_date, who.birth_date.replace("-", ""), who.phone)
        yield "".join(filter(str.isdigit, who.phone))
    yield from ("17/08/1943", "18/09/1944", "Quéméneur", "Zénobie")


def dump(database: Database, folder: Path) -> bytes:
    """Return the raw files (SQLite) and every column of every row, as a backup would hold them."""
    with database.engine.connect() as connection:
        rows = [tuple(row) for table in SQLModel.metadata.sorted_tables for row in connection.execute(sa.select(table))]
    texts = [value if isinstance(value, bytes) else str(value).encode() for row in rows for value in row]
    files = [path.read_bytes() for path in sorted(folder.glob("aidants.sqlite*"))]
    return b"\n".join(texts + files)


def test_nothing_of_a_resident_is_readable(
    browse: Callable[..., Browser], demo_database: Database, settings: Settings
) -> None:
    nadia = browse("nadia")
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        resident = create_resident(work, MARKED)
        other = create_resident(work, MARKED.__class__("Zzz", "Y"))
        assert change_resident(work, other, CHANGED, 1)
    for query in ("vandewoestyne", "06 39 98 71 23", "17/08/1943"):
        assert "Apolline" in nadia.post("/personnes/chercher", {"recherche": query}).text
    nadia.open(f"/personnes/{resident}")
    nadia.post(f"/personnes/{resident}/mandats")
    configure(demo_database, mail_url="file:///nowhere")
    queue(demo_database, to=MARKED.email, about=About(resident=resident), address=MARKED.full_name)
    stolen = dump(demo_database, settings.data_dir)
    assert len(stolen) > 50_000
    found = [needle for needle in needles() if needle.encode() in stolen]
    assert found == []
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        assert get_resident(work, resident).identity == MARKED


def test_no_code_session_or_secret_is_readable(
    browse: Callable[..., Browser], demo_database: Database, settings: Settings
) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia")
    account = nadia.people["nadia"]
    secrets = [account.password, account.totp_secret, *(item["code"] for item in demo.codes(demo_database))]
    sheet = browse()
    secrets += [come_in(sheet, demo_database, places.residents["Aubert"])]
    secrets += [value.rsplit(".", 1)[0] for value in sheet.http.cookies.values()]
    sheet.open("/ma-page/questions")
    assert sheet.submit({"question": "Qui a vu ma fiche ?"}, action="/ma-page/questions").status_code == 303
    secrets += ["Qui a vu ma fiche ?"]
    secrets += [value.rsplit(".", 1)[0] for value in nadia.http.cookies.values()]
    secrets += [(settings.keys_path / "master.key").read_text(encoding="ascii").strip()]
    stolen = dump(demo_database, settings.data_dir)
    master = base64.b64decode(secrets[-1])
    assert len(secrets) >= 8
    assert [secret for secret in secrets if secret.encode() in stolen] == []
    assert master not in stolen


@pytest.mark.parametrize("field", ["sealed", "wrapped_key"])
def test_a_sealed_row_moved_to_another_resident_does_not_open(demo_database: Database, field: str) -> None:
    from aidants.errors import Corrupted
    from aidants.residents.models import Resident

    places = prepare(demo_database)
    mine, theirs = places.residents["Aubert"], places.residents["Belkacem"]
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        setattr(work.session.get_one(Resident, mine), field, getattr(work.session.get_one(Resident, theirs), field))
        work.session.flush()
        with pytest.raises(Corrupted):
            get_resident(work, mine)


def test_a_stolen_database_does_not_tell_a_good_guess_of_a_sheet_s_code(demo_database: Database) -> None:
    """Without the master key no hash of the code stands anywhere, not even in the counters of tries."""
    import hashlib

    from tests.support.own import print_code
    from tests.unit.residents.test_codes import knock

    code = print_code(demo_database, prepare(demo_database).residents["Aubert"])
    assert not knock(demo_database, code, "1950-01-01")
    with demo_database.engine.connect() as connection:
        rows = [tuple(row) for table in SQLModel.metadata.sorted_tables for row in connection.execute(sa.select(table))]
    held = " ".join(value.hex() if isinstance(value, bytes) else str(value) for row in rows for value in row)
    forms = [code, f"{code[:5]}-{code[5:]}", f"throttle/own-code/{code}", f"code\x00{code}"]
    for form in forms:
        digested = hashlib.sha256(form.encode())
        assert digested.hexdigest() not in held, form
        assert str(int.from_bytes(digested.digest()[:8], "big") >> 1) not in held, form
