"""The page on messages and the commands: what failed is seen and sent again, nobody's address is."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa
from starlette.testclient import TestClient

from aidants.app import create_app
from aidants.cli import main
from aidants.db import Database
from aidants.messages.delivery import PAUSES, deliver_due
from aidants.messages.models import Channel, OutboxMessage
from aidants.messages.transports import transports
from aidants.settings import Settings
from tests.security.tools import digest, entries_after, last_entry
from tests.support.client import Browser, text_of
from tests.support.outbox import configure, make_due, queue, received, rows, states, wait_for

PRIVATE = ("claire@exemple.fr", "06 12", "612345678", "s3cret", "AKEY")


@pytest.fixture
def failed(demo_database: Database) -> Database:
    """One message given up, one put off, one that waits; nobody listens at the mail server."""
    settings = configure(
        demo_database, mail_url="smtp://moi:s3cret@127.0.0.1:1", sms_url="http://127.0.0.1:1/AKEY?{to}{text}"
    )
    queue(demo_database, "one")
    for _ in range(len(PAUSES) + 1):
        deliver_due(demo_database, transports(settings))
        make_due(demo_database)
    queue(demo_database, "two", "0612345678", Channel.SMS)
    deliver_due(demo_database, transports(settings))
    queue(demo_database, "three")
    assert [row.state for row in rows(demo_database)] == ["failed", "queued", "queued"]
    return demo_database


def test_nothing_set_up(browse: Callable[..., Browser]) -> None:
    page = text_of(browse("sofia").open("/messages"))
    assert page.count("Pas réglé") == 2
    assert "Aucun message n’est en difficulté." in page


def test_troubles_are_shown_in_words_without_addresses(failed: Database, browse: Callable[..., Browser]) -> None:
    answer = browse("sofia").open("/messages")
    page = text_of(answer)
    assert "Message d’essai" in page
    assert "6 essais : le serveur ne répond pas" in page
    assert "1 essai : le serveur ne répond pas" in page
    assert "Confiés à 127.0.0.1." in page
    assert answer.text.count("/renvoyer") == 1
    assert [secret for secret in PRIVATE if secret in answer.text] == []


def test_sending_again(failed: Database, browse: Callable[..., Browser], tmp_path: Path) -> None:
    sofia, before = browse("sofia"), last_entry(failed)
    sofia.open("/messages")
    (row,) = [row for row in rows(failed) if row.state == "failed"]
    answer = sofia.submit(action=f"/messages/{row.id}/renvoyer")
    assert answer.headers["location"] == "/messages?envoi=demande"
    (found,) = [other for other in rows(failed) if other.id == row.id]
    assert (found.state, found.attempts) == ("queued", 0)
    asked = [entry for entry in entries_after(failed, before) if entry.type == "message_requeued"]
    assert [row.id in (entry.detail or "") for entry in asked] == [True]
    unchanged = digest(failed)
    assert sofia.post(f"/messages/{row.id}/renvoyer").status_code == 404, "it waits already"
    assert digest(failed) == unchanged
    settings = configure(failed, mail_url=f"file://{tmp_path}/out", sms_url=f"file://{tmp_path}/sms")
    make_due(failed)
    assert deliver_due(failed, transports(settings)).sent == 3
    assert len(received(tmp_path / "out")) == 2
    assert sofia.post(f"/messages/{row.id}/renvoyer").status_code == 404, "it is sent"


@pytest.mark.parametrize("who", [None, "nadia", "ines", "claire", "paul", "youssef"])
def test_only_administrators(failed: Database, browse: Callable[..., Browser], who: str | None) -> None:
    browser = browse(who)
    (row,) = [row for row in rows(failed) if row.state == "failed"]
    before = digest(failed)
    assert browser.get("/messages").status_code in {303, 403}
    assert browser.post(f"/messages/{row.id}/renvoyer").status_code in {303, 403}
    assert digest(failed) == before


@pytest.mark.parametrize("ref", ["a" * 26, "a", "../journal", "a" * 5000])
def test_unknown_messages(browse: Callable[..., Browser], ref: str) -> None:
    assert browse("sofia").post(f"/messages/{ref}/renvoyer").status_code == 404


def test_many_troubles_are_cut(demo_database: Database, browse: Callable[..., Browser]) -> None:
    configure(demo_database, mail_url="smtp://127.0.0.1:1")
    for number in range(53):
        queue(demo_database, f"trial|{number}")
    with demo_database.engine.begin() as connection:
        connection.execute(sa.update(OutboxMessage).values(state="failed", error="message_refused", attempts=1))
    page = browse("sofia").open("/messages")
    assert page.text.count("/renvoyer") == 50
    assert "Et 3 autres, plus anciens." in text_of(page)


@pytest.fixture
def command(
    demo_database: Database, settings: Settings, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> Callable[..., tuple[int, str]]:
    """Run ``aidants …`` in this process: exit code, and all it printed."""
    monkeypatch.setenv("AIDANTS_DATA_DIR", str(settings.data_dir))
    if settings.database_url:
        monkeypatch.setenv("AIDANTS_DATABASE_URL", settings.database_url)

    def run(*words: str) -> tuple[int, str]:
        monkeypatch.setattr("sys.argv", ["aidants", *words])
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return int(ended.value.code or 0), out + err

    return run


def test_commands(
    demo_database: Database,
    command: Callable[..., tuple[int, str]],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    code, said = command("messages", "try", "claire@exemple.fr")
    assert (code, "Aucun moyen d’envoi" in said) == (1, True)
    monkeypatch.setenv("AIDANTS_MAIL_URL", f"file://{tmp_path}/out")
    assert command("messages", "try", "claire@@exemple")[0] == 1
    assert command("messages", "try", "claire@exemple.fr")[0] == 0
    assert command("messages", "deliver") == (0, "1 envoyé(s), 0 remis à plus tard, 0 abandonné(s).\n")
    (letter,) = received(tmp_path / "out")
    assert (letter["To"], letter["Subject"]) == ("claire@exemple.fr", "Message d’essai")
    monkeypatch.setenv("AIDANTS_MAIL_URL", "smtp://127.0.0.1:1")
    assert command("messages", "try", "claire@exemple.fr")[0] == 0
    assert command("messages", "deliver") == (1, "0 envoyé(s), 1 remis à plus tard, 0 abandonné(s).\n")
    for count in (1, 0):
        assert command("maintenance", "run") == (0, f"ends : 0\nreminders : 0\nmerges : 0\ncheckpoint : {count}\n")
    assert states(demo_database) == {"sent": 1, "queued": 2}


def test_the_server_delivers_by_itself(demo_database: Database, tmp_path: Path) -> None:
    """Its threads mail the checkpoint at the start, then each message after its commit."""
    settings = configure(demo_database, mail_url=f"file://{tmp_path}/out")
    with TestClient(create_app(settings, demo_database), base_url=settings.base_url):
        wait_for(lambda: states(demo_database) == {"sent": 1})
        queue(demo_database)
        wait_for(lambda: states(demo_database) == {"sent": 2})
    assert len(received(tmp_path / "out")) == 2
