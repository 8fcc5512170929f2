"""The published log over HTTP, the receipts, and what a counter sees when the journal refuses to go on."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import Session, select

from aidants.db import Database
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.sealer import Sealer
from aidants.journal.tiles import path, tiles_of
from aidants.settings import Settings
from tests.security.tools import Places, digest, last_entry, prepare
from tests.support import second_reader
from tests.support.client import Browser, text_of

Open = Callable[..., Browser]


def entries(database: Database, kind: str) -> list[JournalRecord]:
    with Session(database.engine) as session:
        return list(session.exec(select(JournalRecord).where(JournalRecord.type == kind).order_by("seq")).all())


@pytest.mark.parametrize("public", [False, True])
def test_the_log_read_over_http_is_accepted_by_the_second_reader(
    browse: Open, demo_database: Database, tmp_path: Path, *, public: bool
) -> None:
    size = seal_now(demo_database).size
    paul = browse("paul", log_public=public)
    size = seal_now(demo_database).size
    for name in ["checkpoint", *map(path, tiles_of(size))]:
        answer = paul.get(f"/journal/log/{name}")
        assert answer.status_code == 200, name
        (tmp_path / "log" / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / "log" / name).write_bytes(answer.content)
        assert "immutable" in answer.headers["cache-control"] or name == "checkpoint"
    assert paul.get("/journal/log/checkpoint").headers["content-type"] == "text/plain; charset=utf-8"
    assert second_reader.check_log(tmp_path / "log", signer_of(demo_database).verifier.vkey())[0] == size


def test_strangers_read_hashes_only_when_the_log_is_public_and_entries_never(
    browse: Open, demo_database: Database
) -> None:
    seal_now(demo_database)
    hidden, public = browse(), browse(log_public=True)
    for name in ("checkpoint", "tile/0/000.p/1"):
        assert hidden.get(f"/journal/log/{name}").status_code in {303, 403}, name
        assert public.get(f"/journal/log/{name}").status_code == 200, name
    assert public.get("/journal/log/tile/entries/000.p/1").status_code in {303, 403}
    nadia = browse("nadia", log_public=True)
    assert nadia.get("/journal/log/tile/entries/000.p/1").status_code == 403
    assert nadia.get("/journal/log/tile/0/000.p/1").status_code == 200


@pytest.mark.parametrize(
    "name",
    [
        "tile/0/001",
        "tile/0/000",
        "tile/1/000.p/1",
        "tile/0/x001/000",
        "tile/0/0",
        "tile/64/000",
        "vkey",
    ],
)
def test_what_the_log_has_not(browse: Open, demo_database: Database, name: str) -> None:
    seal_now(demo_database)
    assert browse("paul").get(f"/journal/log/{name}").status_code == 404


def test_the_proof_of_an_entry(browse: Open, demo_database: Database) -> None:
    paul = browse("paul")
    row = entries(demo_database, "mandate_activated")[0]
    page = paul.open(f"/journal/entrees/{row.id}")
    link = f"/journal/entrees/{row.id}/preuve.tlog-proof"
    assert link in page.text
    answer = paul.get(link)
    opened = second_reader.check_proof(answer.text, signer_of(demo_database).verifier.vkey())
    assert opened["record"]["id"] == row.id  # type: ignore[index]
    assert f'filename="entree-{row.seq}.tlog-proof"' in answer.headers["content-disposition"]
    (issued,) = entries(demo_database, "proof_issued")
    assert row.id in str(issued.detail)
    assert browse("claire").get(f"/journal-structure/entrees/{row.id}/preuve.tlog-proof").status_code == 200
    assert browse("tom").get(f"/mon-journal/entrees/{row.id}/preuve.tlog-proof").status_code == 404
    assert browse("nadia").get(link).status_code == 403


def test_the_receipt_of_a_mandate(browse: Open, demo_database: Database) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia")
    mandate = f"/mandats/{places.mandates['active']}"
    assert f"{mandate}/recu" in nadia.open(mandate).text
    words = text_of(nadia.open(f"{mandate}/recu"))
    text = nadia.get(f"{mandate}/recu.tlog-proof").text
    opened = second_reader.check_proof(text, signer_of(demo_database).verifier.vkey())
    record = opened["record"]
    assert isinstance(record, dict)
    assert (record["type"], record["mandate"]) == ("consent_given", places.mandates["active"])
    assert str(record["detail"]["text_sha256"]) in words
    assert re.search(r"Racine \(SHA-256\)\s*[0-9a-f]{64}", words)
    assert len(entries(demo_database, "proof_issued")) == 2
    for state in ("draft", "awaiting_consent"):
        assert nadia.get(f"/mandats/{places.mandates[state]}/recu").status_code == 404
    assert browse("youssef").get(f"{mandate}/recu").status_code == 404


def cut(database: Database, after: int) -> None:
    """Restore a backup: everything the journal got after an entry is gone, the signer remembers."""
    with database.engine.begin() as connection:
        if connection.dialect.name == "sqlite":
            for what in ("insert", "update", "delete"):
                connection.exec_driver_sql(f"DROP TRIGGER journal_leaf_{what}")
        else:
            connection.exec_driver_sql("ALTER TABLE journal_leaf DISABLE TRIGGER USER")
        connection.execute(sa.text("DELETE FROM journal_leaf WHERE seq > :after"), {"after": after})
        connection.execute(sa.text("DELETE FROM journal_record WHERE seq > :after"), {"after": after})
        connection.execute(sa.text("DELETE FROM journal_checkpoint WHERE size > :after"), {"after": after})


def test_an_old_backup_is_read_and_not_written(browse: Open, demo_database: Database, settings: Settings) -> None:
    before = last_entry(demo_database)
    places: Places = prepare(demo_database)
    nadia = browse("nadia")
    token = nadia.token()
    seal_now(demo_database)
    cut(demo_database, before)
    sealer = Sealer(demo_database, 0.05)
    sealer.start()
    sealer.stop()
    state = digest(demo_database)
    refused = nadia.post(f"/mandats/{places.mandates['active']}/arreter", {"par": "resident"}, token=token)
    assert refused.status_code == 503
    assert "Plus rien n’est enregistré" in text_of(refused)
    assert "ancienne sauvegarde" in text_of(refused)
    card = nadia.get(f"/personnes/{places.residents['Aubert']}")
    assert card.status_code == 503, "what cannot be recorded is not shown"
    assert "Aubert" not in card.text
    for path_ in ("/", "/guides", "/guides/carte-grise-adresse", "/aide", "/verifier"):
        assert browse().get(path_).status_code == 200, path_
    assert (digest(demo_database), last_entry(demo_database)) == (state, before)
