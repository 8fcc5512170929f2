"""What people and programs may type: unreadable, too long, impossible, forbidden everywhere, twice, or not asked for."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, select

from aidants.accounts.models import Organisation
from aidants.crypto import open_json
from aidants.db import Database, Mode, unit_of_work
from aidants.mandates.models import Mandate
from aidants.residents.models import Resident
from aidants.residents.services import open_resident, resident_key
from tests.security.tools import digest, entries_after, kinds_after, last_entry, prepare
from tests.support.client import Browser, text_of

Open = Callable[..., Browser]
PERSON = {"birth_name": "Testard", "given_names": "Lise"}
#: Every text field of every form, with what else the form needs.
FIELDS = [
    ("/personnes/nouvelle", name, PERSON)
    for name in ("birth_name", "given_names", "usual_name", "birthplace", "phone", "email")
]
FIELDS += [("/personnes/nouvelle", f"birth-{part}", PERSON) for part in ("day", "month", "year")]
FIELDS += [
    ("/personnes/chercher", "recherche", {}),
    ("/connexion", "email", {"password": "un mot de passe"}),
    ("/connexion/code", "code", {}),
    ("/confirmer", "code", {}),
    ("/verifier", "code", {}),
    ("{draft}/demarches", "mots", {"action": "chercher"}),
    ("{awaiting}/activer", "code", {"signe": "oui"}),
    ("{active}/arreter", "theme", {"par": "resident"}),
]
FORBIDDEN = {
    "nir": [
        "1 51 03 23 096 123",
        "151032309612383",
        "2 85 05 2A 123 456",
        "28505 2B123456 10",
        "1.51.03.23.096.123 83",
    ],
    "card": ["4970 1012 3456 7893", "5555555555554444"],
    "iban": ["FR76 3000 6000 0112 3456 7890 189", "DE89370400440532013000"],
}
KIND = {
    "nir": "On dirait un numéro de sécurité sociale",
    "card": "On dirait un numéro de carte bancaire",
    "iban": "On dirait un numéro de compte bancaire",
}


def place(path: str, places: Any) -> str:
    states = {"draft": "draft", "awaiting": "awaiting_consent", "active": "active"}
    return path.format(**{name: f"/mandats/{places.mandates[state]}" for name, state in states.items()})


def everything(database: Database) -> str:
    """Return all columns of all tables as text, and what is sealed in clear: nothing forbidden may be in either."""
    with database.engine.connect() as connection:
        whole = repr([connection.execute(sa.select(table)).all() for table in SQLModel.metadata.sorted_tables])
    with unit_of_work(database, Mode.READ) as work:
        whole += repr([open_resident(work, row).identity for row in work.session.exec(select(Resident))])
    return whole


def payloads(database: Database, seq: int) -> list[str]:
    """Open the sealed payloads of the entries written since."""
    from aidants.crypto import derive
    from aidants.journal.models import JournalPayload

    opened = []
    with unit_of_work(database, Mode.READ) as work:
        for entry in entries_after(database, seq):
            row = work.session.get(JournalPayload, entry.id)
            if row is None or entry.owner is None:
                continue
            kind, _, owner = entry.owner.partition(":")
            if kind == "installation":
                key = work.keyring.derive("journal")
            elif kind == "organisation":
                key = work.keyring.unwrap(work.session.get_one(Organisation, owner).wrapped_key)
            else:
                key = resident_key(work, work.session.get_one(Resident, owner))
            opened.append(
                repr(open_json(derive(key, f"journal/{entry.id}"), row.sealed, f"aidants-journal|{entry.id}"))
            )
    return opened


@pytest.mark.parametrize("code", FORBIDDEN)
def test_forbidden_numbers_are_refused_in_every_field(
    browse: Open, demo_database: Database, code: str, caplog: pytest.LogCaptureFixture
) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia")
    token = nadia.token()
    before, entries, values = digest(demo_database), last_entry(demo_database), FORBIDDEN[code]
    caplog.set_level("DEBUG")
    for number, (path, field, others) in enumerate(FIELDS):
        value = values[number % len(values)]
        if field == "code" and path.startswith("/connexion"):
            continue  # asked before the session exists: see the next test
        answer = nadia.post(place(path, places), {**others, field: value}, token=token)
        assert answer.status_code in {200, 422}, (path, field)
        if len(value) <= 20 or field not in {"code", "theme"}:
            assert KIND[code] in text_of(answer) or "trop long" in text_of(answer), (path, field)
    assert digest(demo_database) == before
    stored = everything(demo_database) + "".join(payloads(demo_database, entries))
    assert not any(value in text for value in values for text in (stored, caplog.text))
    assert {entry.type for entry in entries_after(demo_database, entries)} <= {"mandate_viewed", "resident_viewed"}


def test_every_spelling_of_a_forbidden_number_is_refused(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    token = nadia.token()
    before = digest(demo_database)
    for code, values in FORBIDDEN.items():
        for value in values:
            answer = nadia.post("/personnes/nouvelle", {**PERSON, "birthplace": f"né à {value} Lyon"}, token=token)
            assert answer.status_code == 422, value
            assert KIND[code] in text_of(answer), value
    assert digest(demo_database) == before


BODIES: list[tuple[bytes, int]] = [
    (b"birth_name=%FF&given_names=Lise", 400),
    (b"birth_name=\xff\xfe&given_names=Lise", 400),
    (b"birth_name=%ED%A0%80&given_names=Lise", 400),
    (b"birth_name=Tes%00tard&given_names=Lise", 400),
    (b"%00=1&birth_name=Testard&given_names=Lise", 400),
    (b"&".join(b"a%d=1" % number for number in range(600)), 400),
    (b"birth_name=Tes%07tard&given_names=Lise", 422),
    (b"birth_name=" + b"a" * 1_000_000 + b"&given_names=Lise", 422),
    (b"birth_name=" + b"a" * 4_200_000 + b"&given_names=Lise", 413),
    (b"given_names=" + b"%C3%A9" * 200 + b"&birth_name=Testard", 422),
    (b"birth_name=12345&given_names=Lise", 422),
    (b"birth_name=%20%20&given_names=Lise", 422),
]


def test_what_cannot_be_stored_is_refused(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    token = nadia.token()
    before, entries = digest(demo_database), last_entry(demo_database)
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for body, status in BODIES:
        answer = nadia.http.post("/personnes/nouvelle", content=b"csrf=" + token.encode() + b"&" + body, headers=kind)
        assert answer.status_code == status, body[:80]
        if len(body) > 500 and status == 422:
            assert re.search(r"trop long\W+80 signes au plus", text_of(answer)), text_of(answer)
            assert len(answer.content) < 50_000
    assert digest(demo_database) == before
    assert kinds_after(demo_database, entries) == []


UNREADABLE = ["q=%FF", "q=%00", "q=" + "a" * 200, "q=%ED%A0%80", "theme=%C3"]
SENSELESS = [
    "du=01/01/0001", "au=31/12/9999", "du=9999-12-31&au=0001-01-01", "avant=999999999999999", "avant=-1", "du=hier",
    "par=A-ZZZZ", "mandat=%27%20OR%201=1", "acte=rien", "theme=rien", "structure=rien", "avant=1e9",
]  # fmt: skip


def test_a_query_that_cannot_be_read_or_makes_no_sense_is_answered(browse: Open) -> None:
    stranger, paul = browse(), browse("paul")
    for query in UNREADABLE:
        assert stranger.get(f"/guides?{query}").status_code in {400, 422}, query
    for query in SENSELESS:
        assert paul.get(f"/journal?{query}").status_code in {200, 422}, query


DATES = [
    ("31", "02", "1950"), ("30", "février", "1950"), ("29", "2", "1951"), ("0", "1", "1950"), ("1", "13", "1950"),
    ("1", "1", "2090"), ("1", "1", "1700"), ("un", "1", "1950"), ("1", "1", "mille neuf"), ("1", "", "1950"),
    ("1", "1", ""), ("-1", "1", "1950"), ("1", "1", "19500"), ("²", "1", "1950"), ("1" * 11, "1", "1950"),
]  # fmt: skip


def test_impossible_dates_are_refused_on_their_field(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    token = nadia.token()
    before = digest(demo_database)
    for day, month, year in DATES:
        fields = {**PERSON, "birth-day": day, "birth-month": month, "birth-year": year}
        answer = nadia.post("/personnes/nouvelle", fields, token=token)
        assert answer.status_code == 422, fields
        assert 'href="#birth-' in answer.text, fields
    assert digest(demo_database) == before


def stored(browser: Browser, database: Database, fields: dict[str, Any]) -> Any:
    answer = browser.post("/personnes/nouvelle", fields)
    assert answer.status_code == 303, text_of(answer)
    with unit_of_work(database, Mode.READ) as work:
        return open_resident(work, work.session.get_one(Resident, answer.headers["location"].rsplit("/", 1)[1]))


def test_direction_marks_are_stripped_and_names_composed(browse: Open, demo_database: Database) -> None:
    fields = {
        "birth_name": "\u202eNoe\u0308l\u2066\u200f",
        "given_names": " \u061cعائشة ",
        "usual_name": "Ng\u00a0uyễn",
    }
    known = stored(browse("nadia"), demo_database, fields)
    assert (known.identity.birth_name, known.identity.given_names) == ("Noël", "عائشة")


def test_markup_is_shown_as_text(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    known = stored(nadia, demo_database, {"birth_name": "<script>alert(1)</script>", "given_names": "{{ 7*7 }}\"'><b>"})
    for path in (f"/personnes/{known.id}", f"/personnes/{known.id}/modifier", "/personnes"):
        page = nadia.open(path).text
        assert "<script>alert" not in page, path
        assert "<b>" not in page, path
        assert "&lt;script&gt;" in page, path
        assert ">49" not in page, path


def test_a_field_sent_twice_keeps_the_last_and_unknown_fields_are_ignored(
    browse: Open, demo_database: Database
) -> None:
    fields = {
        **PERSON,
        "birth_name": ["Premier", "Dernier"],
        "organisation_id": "a" * 26,
        "id": "b" * 26,
        "version": "7",
        "created_by": "c" * 26,
        "sealed": "x",
        "birthplace_insee": "99122",
        "sex": "X",
    }
    known = stored(browse("nadia"), demo_database, fields)
    assert known.identity.birth_name == "Dernier"
    assert (known.identity.birthplace_insee, known.identity.sex) == ("", "")
    assert known.row.version == 1
    assert not {known.id, known.row.organisation_id, known.row.created_by} & {letter * 26 for letter in "abc"}


@pytest.mark.parametrize("question", ["demarches", "autres", "duree", "protection", "accord", "lecture", "relire"])
def test_a_mandate_takes_nothing_that_is_not_asked(browse: Open, demo_database: Database, question: str) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia")
    mandate_id = places.mandates["draft"]
    asked: dict[str, dict[str, Any]] = {
        "demarches": {"demarches": ["carte-grise-adresse"]},
        "duree": {"duree": "MONTH"},
        "protection": {"protection": "non"},
        "accord": {"accord": "paper"},
        "lecture": {"lu": "oui"},
    }
    extra = {
        "organisation_id": "a" * 26,
        "state": "active",
        "activated_at": "2020-01-01",
        "ends_at": "2099-01-01",
        "helper_id": "b" * 26,
        "resident_id": "c" * 26,
        "consent": "remote",
    }
    with unit_of_work(demo_database, Mode.READ) as work:
        before = work.session.get_one(Mandate, mandate_id).model_dump()
    assert nadia.post(f"/mandats/{mandate_id}/{question}", {**asked.get(question, {}), **extra}).status_code == 303
    with unit_of_work(demo_database, Mode.READ) as work:
        after = work.session.get_one(Mandate, mandate_id).model_dump()
    kept = ("organisation_id", "helper_id", "resident_id", "consent", "activated_at", "reference", "created_at")
    assert {name: after[name] for name in kept} == {name: before[name] for name in kept}
    assert after["state"] == ("awaiting_consent" if question == "relire" else "draft")
    if after["ends_at"] is not None:
        assert after["ends_at"].year < 2090


def test_an_edited_version_never_overwrites(browse: Open, demo_database: Database) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia")
    token, before = nadia.token(), digest(demo_database)
    path = f"/personnes/{places.residents['Aubert']}/modifier"
    for version in ("0", "2", "-1", "", "1e0", "٣", "9" * 30, "1; DROP TABLE resident"):
        assert nadia.post(path, {**PERSON, "version": version}, token=token).status_code == 409, version
    assert digest(demo_database) == before


def test_other_methods_are_refused(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    before = digest(demo_database)
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE"):
        assert nadia.http.request(method, "/personnes/nouvelle").status_code == 405, method
    assert digest(demo_database) == before
