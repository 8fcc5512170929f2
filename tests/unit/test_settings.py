"""Settings: a wrong one stops the start with a sentence; what follows from the address."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from aidants import settings


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("AIDANTS_DATABSE_URL", "x", "AIDANTS_DATABASE_URL"),
        ("AIDANTS_TIMEZONE", "Europe/Pariss", "fuseau horaire inconnu"),
        ("AIDANTS_TIMEZONE", "", "fuseau horaire inconnu"),
        ("AIDANTS_TIMEZONE", "Europe", "fuseau horaire inconnu"),
        ("AIDANTS_TIMEZONE", "../../etc/passwd", "fuseau horaire inconnu"),
        ("AIDANTS_TIMEZONE", "x" * 5000, "fuseau horaire inconnu"),
        ("AIDANTS_LOCALE", "de", "fr ou en"),
        ("AIDANTS_BASE_URL", "aidants.fr", "https://"),
        ("AIDANTS_BASE_URL", "http://aidants.fr", "https"),
        ("AIDANTS_THREADS", "beaucoup", "AIDANTS_THREADS"),
        ("AIDANTS_MAIL_URL", "mail.exemple.fr", "AIDANTS_MAIL_URL"),
        ("AIDANTS_MAIL_URL", "smtp://", "adresse attendue"),
        ("AIDANTS_MAIL_URL", "smtp://mail.exemple.fr:ssl", "adresse attendue"),
        ("AIDANTS_MAIL_URL", "file://here/there", "adresse attendue"),
        ("AIDANTS_MAIL_URL", "smtp://mail.exemple.fr\r\n", "adresse attendue"),
        ("AIDANTS_MAIL_FROM", "Aidants <a@b.fr>", "adresse électronique attendue"),
        ("AIDANTS_SMS_URL", "ftp://exemple.fr/{to}{text}", "adresse attendue"),
        ("AIDANTS_SMS_URL", "https://exemple.fr/?to={to}", "{to} et {text}"),
        ("AIDANTS_CONFIG", "/nowhere/aidants.toml", "illisible"),
    ],
)
def test_a_wrong_setting_is_named_in_a_sentence(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str, words: str
) -> None:
    monkeypatch.setenv(name, value)
    with pytest.raises(settings.SettingsError, match=words.replace("/", "/")):
        settings.load()


def test_the_file_is_weaker_than_the_environment(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "aidants.toml"
    file.write_text('timezone = "America/Guadeloupe"\nthreads = 4\n', encoding="utf-8")
    monkeypatch.setenv("AIDANTS_CONFIG", str(file))
    monkeypatch.setenv("AIDANTS_THREADS", "9")
    found = settings.load()
    assert (found.timezone, found.threads) == ("America/Guadeloupe", 9)


@pytest.mark.parametrize(
    ("url", "reachable", "https"),
    [
        ("http://127.0.0.1:8000", False, False),
        ("https://localhost", False, True),
        ("https://192.168.1.20", False, True),
        ("https://guichet.local", False, True),
        ("https://guichet", False, True),
        ("https://aidants.brivette.example", True, True),
        ("https://8.8.8.8", True, True),
    ],
)
def test_a_private_address_is_not_reachable_from_a_phone(url: str, reachable: bool, https: bool) -> None:
    found = settings.load(base_url=url)
    assert (found.reachable, found.https) == (reachable, https)


def test_hosts_are_those_of_the_address_and_those_allowed() -> None:
    assert settings.load(base_url="https://a.example", allowed_hosts="B.example, c.example").hosts == {
        "a.example",
        "b.example",
        "c.example",
    }


def test_postgresql_addresses_name_the_driver_we_ship() -> None:
    assert settings.load(database_url="postgresql://u@h/d").database == "postgresql+psycopg://u@h/d"


def test_settings_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        settings.load().timezone = "UTC"


def test_a_wrong_mail_server_is_told_without_its_password(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIDANTS_MAIL_URL", "smpt://aidants:hunter2@mail.exemple.fr")
    with pytest.raises(settings.SettingsError) as raised:
        settings.load()
    assert "hunter2" not in str(raised.value)


@pytest.mark.parametrize(
    ("values", "sender"),
    [
        ({"base_url": "https://aidants.exemple.fr"}, "aidants@aidants.exemple.fr"),
        ({"base_url": "http://127.0.0.1:8000"}, "aidants@localhost"),
        ({"base_url": "http://[::1]:8000"}, "aidants@localhost"),
        ({"mail_from": "nepasrepondre@exemple.fr"}, "nepasrepondre@exemple.fr"),
    ],
)
def test_messages_come_from_an_address(values: dict[str, Any], sender: str) -> None:
    assert settings.Settings(**values).sender == sender
