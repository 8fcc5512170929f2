"""Pages of a person's record: look-alikes before creation, two versions, two records of one person, hold, erasure, access."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from lxml import html
from sqlmodel import SQLModel, select

from aidants.counter.access import HELD
from aidants.db import Database, Mode, unit_of_work
from aidants.journal import actions
from aidants.journal.erasures import owner_of
from aidants.journal.models import JournalRecord
from aidants.journal.services import Private, record
from aidants.mandates.queries import get_with_resident, verification_code
from aidants.messages.services import About
from aidants.residents.merges import forget_merged
from aidants.residents.models import Resident
from aidants.residents.services import get_resident, resident_key
from aidants.settings import Settings
from tests.security.tools import Places, actor_of, digest, entries_after, kinds_after, last_entry, prepare
from tests.support.client import Browser, text_of
from tests.support.outbox import configure, queue
from tests.support.own import come_in
from tests.unit.mandates.test_attestation import pages, sizes, squeeze

Open = Callable[..., Browser]
TWIN = {
    "birth_name": "Obert",
    "given_names": "Monique",
    "birth-day": "4",
    "birth-month": "3",
    "birth-year": "1948",
    "language": "pt",
    "aids": ["large_type", "read_aloud"],
}


def count(database: Database) -> int:
    with unit_of_work(database, Mode.READ) as work:
        return len(work.session.exec(select(Resident.id)).all())


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database)


@pytest.mark.parametrize(
    "typed",
    [
        TWIN,
        {"birth_name": "AUBERT", "given_names": "monique"},
        {"birth_name": "Durand", "usual_name": "Aubert", "given_names": "Monique Jeanne"},
        {"birth_name": "Aubert", "given_names": "Louise", **{key: TWIN[key] for key in TWIN if "birth-" in key}},
    ],
)
def test_who_resembles_is_shown_before_anything_is_created(
    browse: Open, demo_database: Database, typed: dict[str, Any]
) -> None:
    nadia, before, entries = browse("nadia"), count(demo_database), last_entry(demo_database)
    answer = nadia.post("/personnes/nouvelle", typed)
    assert answer.status_code == 200
    words = text_of(answer)
    assert "Est-ce une de ces personnes ?" in words
    assert "Monique Aubert" in words
    assert "4 mars 1948" in words
    assert "dernière visite" in words
    assert (count(demo_database), kinds_after(demo_database, entries)) == (before, ["resident_searched"])
    created = nadia.submit(action="/personnes/nouvelle")
    again = nadia.post("/personnes/nouvelle", {**typed, "autre": "oui"})
    assert created.status_code == 303
    assert created.headers["location"] == again.headers["location"]
    assert count(demo_database) == before + 1


@pytest.mark.parametrize(
    "typed",
    [
        {"birth_name": "Aubert", "given_names": "Louise"},
        {"birth_name": "Zbigniewska", "given_names": "Ewa", **{key: TWIN[key] for key in TWIN if "birth-" in key}},
    ],
)
def test_another_person_is_created_at_once_and_the_same_form_twice_is_one(
    browse: Open, demo_database: Database, typed: dict[str, Any]
) -> None:
    nadia, before = browse("nadia"), count(demo_database)
    places = {nadia.post("/personnes/nouvelle", typed).headers["location"] for _ in range(2)}
    assert (len(places), count(demo_database)) == (1, before + 1)


def test_another_organisation_s_people_are_not_shown(browse: Open, demo_database: Database) -> None:
    assert browse("youssef").post("/personnes/nouvelle", TWIN).status_code == 303


def test_two_helpers_creating_the_same_person_at_once_make_one(browse: Open, demo_database: Database) -> None:
    typed = {"birth_name": "Zbigniewska", "given_names": "Ewa"}
    browsers = [browse("nadia"), browse("tom")]
    tokens = [browser.token() for browser in browsers]
    before, barrier = count(demo_database), threading.Barrier(2)

    def create(browser: Browser, token: str) -> int:
        barrier.wait(5)
        return browser.post("/personnes/nouvelle", typed, token=token).status_code

    with ThreadPoolExecutor(2) as pool:
        answers = sorted(pool.map(create, browsers, tokens))
    assert answers == [200, 303]
    assert count(demo_database) == before + 1


def test_language_and_reading_aids_are_kept_and_shown(browse: Open, demo_database: Database) -> None:
    nadia = browse("nadia")
    card = nadia.post("/personnes/nouvelle", {**TWIN, "autre": "oui"}).headers["location"]
    words = text_of(nadia.open(card))
    assert "Portugais" in words
    assert "De grandes lettres, Que l’on lise à voix haute" in words
    page = nadia.open(f"{card}/modifier").text
    assert page.count("checked") == 2
    for field, value in (("language", "xx"), ("aids", "sugar"), ("aids", ["large_type"] * 3)):
        before = digest(demo_database)
        answer = nadia.post("/personnes/nouvelle", {**TWIN, field: value})
        assert answer.status_code == 422, field
        assert f'href="#{field}"' in answer.text
        assert digest(demo_database) == before


def test_two_tabs_show_both_versions_and_the_helper_chooses(
    browse: Open, demo_database: Database, places: Places
) -> None:
    who = places.residents["Aubert"]
    nadia, tom = browse("nadia"), browse("tom")
    nadia.open(f"/personnes/{who}/modifier")
    tom.open(f"/personnes/{who}/modifier")
    assert tom.submit({"phone": "06 00 00 00 01"}, action=f"/personnes/{who}/modifier").status_code == 303
    before = digest(demo_database)
    answer = nadia.submit({"phone": "06 00 00 00 02", "aids": "large_type"}, action=f"/personnes/{who}/modifier")
    assert answer.status_code == 409
    assert digest(demo_database) == before
    words = text_of(answer)
    assert "06 00 00 00 01" in words
    assert "06 00 00 00 02" in words
    assert "De grandes lettres" in words
    assert nadia.submit(action=f"/personnes/{who}/modifier").status_code == 303
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        known = get_resident(work, who)
    assert (known.identity.phone, known.identity.aids, known.row.version) == ("06 00 00 00 02", "large_type", 3)


def test_two_records_are_proposed_compared_confirmed_and_separated(
    browse: Open, demo_database: Database, places: Places
) -> None:
    nadia, tom, who = browse("nadia"), browse("tom"), places.residents["Aubert"]
    other = nadia.post("/personnes/nouvelle", {**TWIN, "autre": "oui"}).headers["location"].rsplit("/", 1)[1]
    nadia.open(f"/personnes/{who}/doublon")
    assert nadia.submit({}, action=f"/personnes/{who}/doublon").status_code in {200, 422}
    found = nadia.post(f"/personnes/{who}/doublon", {"acte": "chercher", "recherche": "belkacem"})
    assert "Ahmed Belkacem" in text_of(found)
    empty = nadia.post(f"/personnes/{who}/doublon", {})
    assert empty.status_code == 422
    assert {'href="#fiche"', 'href="#garder"'} <= set(re.findall(r'href="#\w+"', empty.text))
    answer = nadia.post(f"/personnes/{who}/doublon", {"fiche": other, "garder": "celle-ci"})
    page = answer.headers["location"]
    assert "Une autre personne de l’équipe doit confirmer" in text_of(nadia.open(page))
    before = digest(demo_database)
    assert nadia.post(f"{page}/confirmer").status_code == 409
    assert digest(demo_database) == before
    assert "Deux fiches pour la même personne ?" in text_of(tom.open(f"/personnes/{who}"))
    assert "Obert" in text_of(tom.open(page))
    assert tom.submit(action=f"{page}/confirmer").status_code == 303
    assert tom.get(f"/personnes/{other}").status_code == 404
    assert "Séparer les deux fiches réunies" in text_of(nadia.open(f"/personnes/{who}"))
    nadia.open(page)
    assert nadia.submit(action=f"{page}/separer").status_code == 303
    assert tom.get(f"/personnes/{other}").status_code == 200


def test_reprint_receipt_and_code_work_after_a_merge_and_after_its_end(
    browse: Open, demo_database: Database, places: Places
) -> None:
    nadia, tom = browse("nadia"), browse("tom")
    who, kept = places.residents["Aubert"], places.residents["Vidal"]
    mandate = places.mandate_of[who]
    with unit_of_work(demo_database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        code = verification_code(work, *get_with_resident(work, mandate))
    page = nadia.post(f"/personnes/{kept}/doublon", {"fiche": who, "garder": "celle-ci"}).headers["location"]
    for act in ("confirmer", "separer"):
        assert tom.post(f"{page}/{act}").status_code == 303
        paper = nadia.get(f"/mandats/{mandate}/mandat.pdf")
        assert (paper.status_code, paper.content[:5]) == (200, b"%PDF-"), act
        assert nadia.get(f"/mandats/{mandate}/recu").status_code == 200
        assert browse().get(f"/v/{code}").status_code == 200
        assert code[:4] in nadia.open(f"/mandats/{mandate}").text


def test_an_auditor_who_asks_for_the_name_of_a_record_set_aside_sees_the_one_kept(
    browse: Open, demo_database: Database, places: Places
) -> None:
    nadia, tom, paul = browse("nadia"), browse("tom"), browse("paul")
    kept, other = places.residents["Vidal"], places.residents["Belkacem"]
    page = nadia.post(f"/personnes/{kept}/doublon", {"fiche": other, "garder": "celle-ci"}).headers["location"]
    assert tom.post(f"{page}/confirmer").status_code == 303
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.now += timedelta(days=31)
        assert forget_merged(work) == 1
    with unit_of_work(demo_database, Mode.READ) as work:
        about = select(JournalRecord.id).where(JournalRecord.resident == other)
        entry = work.session.exec(about.where(JournalRecord.type == "resident_created")).one()
    paul.open(f"/journal/entrees/{entry}/voir")
    fields = {"quoi": "personne", "motif": "Réclamation reçue le 20 novembre", "code": paul.code("paul")}
    assert paul.submit(fields, action=f"/journal/entrees/{entry}/voir").status_code == 303
    assert "Peyrat" in text_of(paul.open(f"/journal/entrees/{entry}"))


ACTS = [
    ("GET", "/personnes/{who}/doublon", {}),
    ("POST", "/personnes/{who}/doublon", {"fiche": "z" * 26, "garder": "autre"}),
    ("GET", "/reunions/{merge}", {}),
    ("POST", "/reunions/{merge}/confirmer", {}),
    ("POST", "/reunions/{merge}/refuser", {}),
    ("POST", "/reunions/{merge}/separer", {}),
    ("GET", "/personnes/{who}/effacer", {}),
    ("POST", "/personnes/{who}/effacer", {"raison": "request", "sur": "oui"}),
    ("GET", "/personnes/{who}/suspendre", {}),
    ("POST", "/personnes/{who}/suspendre", {"raison": "claim"}),
    ("POST", "/personnes/{who}/reprendre", {"levee": "closed"}),
    ("GET", "/personnes/{who}/acces", {}),
    ("POST", "/personnes/{who}/acces", {"forme": "page"}),
]


def test_another_organisation_and_an_unknown_id_answer_alike(
    browse: Open, demo_database: Database, places: Places
) -> None:
    youssef, ines = browse("youssef"), browse("ines")
    token, strange = youssef.token(), ines.token()
    before = digest(demo_database)
    for method, pattern, fields in ACTS:
        for who, merge in ((places.residents["Aubert"], places.merge), ("z" * 26, "z" * 26)):
            path = pattern.format(who=who, merge=merge)
            sent = [
                one.get(path) if method == "GET" else one.post(path, fields, token=mine)
                for one, mine in ((youssef, token), (ines, strange))
            ]
            assert [answer.status_code for answer in sent] == [404, 403], path
            assert "Aubert" not in sent[0].text + sent[1].text
    assert digest(demo_database) == before


def test_erasing_asks_why_and_for_a_fresh_code(browse: Open, demo_database: Database, places: Places) -> None:
    nadia, who = browse("nadia"), places.residents["Aubert"]
    with unit_of_work(demo_database, Mode.WRITE) as work:  # her code of the sign-in is too old for this
        work.session.connection().exec_driver_sql("UPDATE browser_session SET reauthenticated_at = NULL")
    page = nadia.open(f"/personnes/{who}/effacer")
    assert "Ce qui disparaît" in text_of(page)
    before = digest(demo_database, {"browser_session": {"reauthenticated_at"}})
    answer = nadia.submit({}, action=f"/personnes/{who}/effacer")
    assert answer.status_code == 422
    assert {'href="#raison"', 'href="#sur"'} <= set(re.findall(r'href="#\w+"', answer.text))
    for code in ("", "000000", "x" * 21):
        fields = {"raison": "request", "sur": "oui", "code": code}
        assert nadia.post(f"/personnes/{who}/effacer", fields).status_code == 422
    for fields in ({"raison": "because", "sur": "oui"}, {"raison": "request", "sur": "non"}):
        assert nadia.post(f"/personnes/{who}/effacer", fields).status_code == 422
    assert digest(demo_database, {"browser_session": {"reauthenticated_at"}}) == before
    fields = {"raison": "mistake", "sur": "oui", "code": nadia.code("nadia")}
    assert nadia.post(f"/personnes/{who}/effacer", fields).status_code == 303
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.get(Resident, who) is None
    assert nadia.post(f"/personnes/{who}/effacer", fields).status_code == 404


def test_a_hold_is_shown_and_refuses_erasing_until_lifted(
    browse: Open, demo_database: Database, places: Places
) -> None:
    nadia, who = browse("nadia"), places.residents["Aubert"]
    card = f"/personnes/{who}"
    nadia.open(f"{card}/suspendre")
    before = digest(demo_database)
    day = {"fin-day": "31", "fin-month": "2", "fin-year": "2027"}
    for fields in (
        {},
        {"raison": "other"},
        {"raison": "claim", **day},
        {"raison": "claim", **day, "fin-day": "1", "fin-year": "2001"},
        {"raison": "claim", **day, "fin-day": "1", "fin-year": "2999"},
        {"raison": "claim", "fin-day": "²", "fin-month": "x", "fin-year": "-1"},
        {"raison": "claim", "fin-year": "9" * 11},
    ):
        assert nadia.post(f"{card}/suspendre", fields).status_code == 422, fields
    assert nadia.post(f"{card}/reprendre", {}).status_code == 422
    assert digest(demo_database) == before
    entries = last_entry(demo_database)
    fields = {"raison": "court", "fin-day": "1", "fin-month": "3", "fin-year": "2028"}
    assert nadia.post(f"{card}/suspendre", fields).status_code == 303
    words = text_of(nadia.open(f"{card}/effacer"))
    assert "Une procédure en justice est en cours" in words
    assert "1er mars 2028" in words
    held = digest(demo_database)
    sure = {"raison": "request", "sur": "oui", "code": nadia.code("nadia")}
    assert nadia.post(f"{card}/effacer", sure).status_code == 409
    assert {name for name, now in digest(demo_database).items() if now != held[name]} <= {"person"}
    assert nadia.post(f"{card}/reprendre", {"levee": "closed"}).status_code == 303
    kinds = kinds_after(demo_database, entries)
    assert [kind for kind in kinds if "hold" in kind] == ["resident_hold_set", "resident_hold_lifted"]
    assert nadia.post(f"{card}/effacer", sure).status_code == 303


def fill(database: Database, who: str) -> None:
    """Seal something with an entry about a resident."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        key = resident_key(work, work.session.get_one(Resident, who))
        record(work, actions.ResidentViewed(resident=who), Private(owner_of(who), key, {"reference": "CAF 123"}))


def test_everything_held_is_given_and_nothing_of_anybody_else(
    browse: Open, demo_database: Database, places: Places
) -> None:
    nadia, tom, who = browse("nadia"), browse("tom"), places.residents["Aubert"]
    other = nadia.post("/personnes/nouvelle", {**TWIN, "autre": "oui"}).headers["location"].rsplit("/", 1)[1]
    fill(demo_database, other)
    merge = nadia.post(f"/personnes/{who}/doublon", {"fiche": other, "garder": "celle-ci"}).headers["location"]
    assert tom.post(f"{merge}/confirmer").status_code == 303
    fill(demo_database, who)
    configure(demo_database, mail_url="file:///nowhere")
    queue(demo_database, to="claire@exemple.fr", about=About(resident=who))
    alone = browse()
    come_in(alone, demo_database, who)
    alone.open("/ma-page/questions")
    assert alone.submit({"question": "Qui a vu ma fiche ?"}, action="/ma-page/questions").status_code == 303
    nadia.open("/personnes")
    before = last_entry(demo_database)
    code = nadia.code("nadia")
    answer = nadia.post(f"/personnes/{who}/acces", {"forme": "json", "code": code})
    assert answer.status_code == 200
    assert answer.headers["content-disposition"] == 'attachment; filename="dossier.json"'
    (said,) = [entry for entry in entries_after(demo_database, before) if entry.type == "access_requested"]
    assert (said.resident, said.detail) == (who, '{"view":"json"}')
    file = answer.json()
    assert [one["identity"]["birth_name"] for one in file["records"]] == ["Aubert", "Obert"]
    assert all(file[part] for part in set(HELD.values()) | {"listed"})
    active = next(one for one in file["mandates"] if one["state"] == "active")
    assert "Monique" in active["texts"][0]["words"]
    assert active["code"]
    assert active["authorisations"][0]["procedures"]
    assert [entry["sealed"] for entry in file["journal"] if entry["sealed"]] == [{"reference": "CAF 123"}] * 2
    assert any(entry["function"] == "Conseillère France services" for entry in file["journal"])
    page = nadia.post(f"/personnes/{who}/acces", {"forme": "page"})
    assert page.status_code == 200
    assert "claire@exemple.fr" not in answer.text, "the address is a helper's"
    for name in ("Belkacem", "Kouadio", "Le Goff", "Vidal"):
        assert name not in answer.text
        assert name not in page.text
    ids = set(places.residents.values()) - {who}
    assert not [one for one in ids if one in answer.text]
    assert "CAF 123" in page.text
    assert "Portugais" in page.text


def test_the_file_on_paper_says_what_the_page_says(browse: Open, demo_database: Database, places: Places) -> None:
    nadia, who = browse("nadia"), places.residents["Aubert"]
    fill(demo_database, who)
    configure(demo_database, mail_url="file:///nowhere")
    queue(demo_database, to="claire@exemple.fr", about=About(resident=who))
    nadia.open("/personnes")
    page = nadia.post(f"/personnes/{who}/acces", {"forme": "page", "code": nadia.code("nadia")})
    before = last_entry(demo_database)
    answer = nadia.post(f"/personnes/{who}/acces", {"forme": "pdf"})
    assert answer.headers["content-type"] == "application/pdf"
    assert answer.headers["content-disposition"] == 'attachment; filename="dossier.pdf"'
    (said,) = [entry for entry in entries_after(demo_database, before) if entry.type == "access_requested"]
    assert (said.resident, said.detail) == (who, '{"view":"pdf"}')
    assert b"pdfuaid:part>1<" in answer.content
    paper = squeeze("".join(pages(answer.content)))
    shown = html.fromstring(page.text).xpath(
        "//article//text()[not(ancestor::h1) and not(ancestor::p[@class='muted'])]"
    )
    assert len(shown) > 50
    assert [text for text in map(squeeze, shown) if text.strip("·") not in paper] == []
    assert "claire@exemple.fr" not in paper
    assert min(size for size, _ in sizes(answer.content, 0)) >= 9.99


def test_the_file_needs_a_fresh_code(browse: Open, demo_database: Database, places: Places) -> None:
    nadia, who = browse("nadia"), places.residents["Aubert"]
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.session.connection().exec_driver_sql("UPDATE browser_session SET reauthenticated_at = NULL")
    entries = last_entry(demo_database)
    for fields in ({}, {"code": "000000"}, {"forme": "json"}, {"forme": "xml"}):
        answer = nadia.post(f"/personnes/{who}/acces", fields)
        assert answer.status_code == 422
        assert "1948" not in answer.text
    assert "access_requested" not in kinds_after(demo_database, entries)


def test_no_table_that_holds_something_about_a_resident_is_forgotten() -> None:
    """Tables that name a resident, that seal something, or hang on a mandate, sitting or walk."""
    others = {  # what they seal is about somebody else
        "organisation": "the key of the organisation",
        "person": "the factor of a helper",
        "installation": "the key's fingerprint",
    }
    roots = {"resident", "mandate", "assistance", "run", "journal_record"}
    named = set()
    for table in SQLModel.metadata.sorted_tables:
        keys = {key.column.table.name for key in table.foreign_keys}
        columns = {column.name for column in table.columns}
        about = bool(columns & {"resident", "resident_id", "kept_id", "merged_into"})
        seals = any("sealed" in name or "wrapped" in name for name in columns)
        if about or seals or keys & roots or table.name in roots:
            named.add(table.name)
    assert named - others.keys() == HELD.keys()


@pytest.mark.sqlite_only("one engine shows the command")
def test_the_command_writes_both_forms(demo_database: Database, settings: Settings, tmp_path: Path) -> None:
    who = prepare(demo_database).residents["Aubert"]
    demo_database.dispose()

    def aidants(*words: str) -> subprocess.CompletedProcess[str]:
        command = [sys.executable, "-m", "aidants.cli", "resident", "export", *words]
        environment = {"AIDANTS_DATA_DIR": str(settings.data_dir), "PATH": "/usr/bin:/bin"}
        return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60, check=False)

    page, data = tmp_path / "dossier.html", tmp_path / "dossier.json"
    assert aidants(who, str(page)).returncode == 0
    assert aidants(who, str(data)).returncode == 0
    assert "Monique Aubert" in page.read_text(encoding="utf-8") or "Aubert" in page.read_text(encoding="utf-8")
    assert json.loads(data.read_text(encoding="utf-8"))["records"][0]["identity"]["birth_name"] == "Aubert"
    assert page.stat().st_mode & 0o077 == 0
    for words in ((who, str(data)), (who, str(tmp_path / "x.pdf")), ("z" * 26, str(tmp_path / "y.json"))):
        refused = aidants(*words)
        assert refused.returncode == 1
        assert "Traceback" not in refused.stderr
    assert not (tmp_path / "y.json").exists()
