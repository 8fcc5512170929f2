"""Settings: frozen, typed, read once. A wrong one stops the start with a sentence a person understands.

Sources, strongest first: arguments, environment ``AIDANTS_*``, the TOML file named by ``AIDANTS_CONFIG``.
"""

from __future__ import annotations

import difflib
import ipaddress
import os
import re
import tomllib
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from pydantic import ValidationError, field_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

PREFIX = "AIDANTS_"


class SettingsError(ValueError):
    """A setting is unknown or wrong; the message is one French sentence."""


class Settings(BaseSettings):
    """Everything an operator can choose. ``docs/reglages.md`` documents each field."""

    model_config = SettingsConfigDict(env_prefix=PREFIX, frozen=True, extra="forbid")

    data_dir: Path = Path("data")
    keys_dir: Path | None = None
    signer_dir: Path | None = None
    seal_here: bool = True
    log_public: bool = False
    database_url: str = ""
    base_url: str = "http://127.0.0.1:8000"
    timezone: str = "Europe/Paris"
    locale: str = "fr"
    allowed_hosts: str = ""
    trusted_proxies: str = ""
    log: Literal["json", "quiet"] = "json"
    help_phone: str = ""
    help_hours: str = ""
    publication_director: str = ""
    host_contact: str = ""
    threads: int = 16
    max_body_bytes: int = 4 * 1024 * 1024
    write_wait_seconds: float = 5.0
    checkpoint_seconds: float = 1.0
    mail_url: str = ""
    mail_from: str = ""
    sms_url: str = ""
    maintain_here: bool = True

    @field_validator("timezone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError) as error:
            raise ValueError(f"fuseau horaire inconnu : {value}") from error
        return value

    @field_validator("locale")
    @classmethod
    def _known_locale(cls, value: str) -> str:
        if value not in {"fr", "en"}:
            raise ValueError("langue attendue : fr ou en")
        return value

    @field_validator("base_url")
    @classmethod
    def _usable_url(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise ValueError("adresse attendue, par exemple https://aidants.ma-commune.fr")
        if parts.scheme == "http" and not _is_local(parts.hostname):
            raise ValueError("http n’est permis que sur cette machine ; ailleurs, utilisez https")
        return value.rstrip("/")

    @field_validator("mail_url")
    @classmethod
    def _usable_mail(cls, value: str) -> str:
        return _channel(value, {"smtp", "smtps"}, "smtp://serveur:587, smtps://serveur, file:///dossier ou none")

    @field_validator("mail_from")
    @classmethod
    def _usable_sender(cls, value: str) -> str:
        if value and not re.fullmatch(r"[\w.+-]+@[\w.-]+", value, re.ASCII):
            raise ValueError("adresse électronique attendue")
        return value

    @field_validator("sms_url")
    @classmethod
    def _usable_sms(cls, value: str) -> str:
        schemes = {"http", "https", "post+http", "post+https"}
        value = _channel(value, schemes, "https://passerelle/envoi?to={to}&text={text}, file:///dossier ou none")
        if urlsplit(value).scheme in schemes and not {"{to}", "{text}"} <= set(re.findall(r"\{\w+\}", value)):
            raise ValueError("l’adresse doit contenir {to} et {text}")
        return value

    @property
    def sender(self) -> str:
        """The address messages come from."""
        host = urlsplit(self.base_url).hostname or ""
        named = "." in host and not host.replace(".", "").isdigit() and ":" not in host
        return self.mail_from or f"aidants@{host if named else 'localhost'}"

    @property
    def zone(self) -> ZoneInfo:
        """The time zone in which people read dates."""
        return ZoneInfo(self.timezone)

    @property
    def keys_path(self) -> Path:
        """Folder of the master key; outside the database, possibly another disk."""
        return self.keys_dir or self.data_dir / "keys"

    @property
    def signer_path(self) -> Path:
        """Folder of the journal's signer: its key and what it signed last."""
        return self.signer_dir or self.keys_path / "journal"

    @property
    def log_origin(self) -> str:
        """Name given to the journal when its key is created: the address of its log, without scheme."""
        return self.base_url.split("://", 1)[1] + "/journal/log"

    @property
    def database(self) -> str:
        """SQLAlchemy URL; SQLite in ``data_dir`` unless set."""
        url = self.database_url or f"sqlite:///{(self.data_dir / 'aidants.sqlite').absolute()}"
        return url.replace("postgresql://", "postgresql+psycopg://", 1)

    @property
    def https(self) -> bool:
        """Whether people reach the application over HTTPS (cookie prefix, HSTS)."""
        return self.base_url.startswith("https://")

    @property
    def hosts(self) -> frozenset[str]:
        """Host names answered, in lower case, without port."""
        own = urlsplit(self.base_url).hostname or ""
        extra = {part.strip().lower() for part in self.allowed_hosts.split(",") if part.strip()}
        local = {"127.0.0.1", "localhost", "[::1]"} if _is_local(own) else set()
        return frozenset({own.lower()} | extra | local)

    @property
    def proxies(self) -> frozenset[str]:
        """Addresses whose ``X-Forwarded-For`` is believed."""
        return frozenset(part.strip() for part in self.trusted_proxies.split(",") if part.strip())

    @property
    def local(self) -> bool:
        """Whether ``base_url`` is this very machine."""
        return _is_local(urlsplit(self.base_url).hostname or "")

    @property
    def reachable(self) -> bool:
        """Whether a phone outside the counter can open ``base_url`` (else no QR code is printed)."""
        host = urlsplit(self.base_url).hostname or ""
        if _is_local(host) or host.endswith((".local", ".lan", ".internal", ".home")) or "." not in host:
            return False
        try:
            return ipaddress.ip_address(host).is_global
        except ValueError:
            return True


def _channel(value: str, schemes: set[str], examples: str) -> str:
    """Return the address of a transport, "" for none. Raises ValueError without quoting it: it may hold a password."""
    if value in {"", "none"}:
        return ""
    try:
        parts = urlsplit(value)
        known = bool(parts.hostname) and parts.scheme in schemes and parts.port != 0
    except ValueError:
        known = False
    if not (known or value.startswith("file:///")) or not value.isprintable():
        raise ValueError(f"adresse attendue : {examples}")
    return value


def _is_local(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def load(**overrides: Any) -> Settings:
    """Read the settings. Raises SettingsError naming the field and, for an unknown key, the nearest known one."""
    known = set(Settings.model_fields)
    values: dict[str, Any] = {}
    config = os.environ.get(f"{PREFIX}CONFIG")
    if config:
        try:
            values = tomllib.loads(Path(config).read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"Le fichier de réglages {config} est illisible : {error}.") from error
    environment = {
        key.removeprefix(PREFIX).lower(): value for key, value in os.environ.items() if key.startswith(PREFIX)
    }
    environment.pop("config", None)
    values |= environment | overrides
    for key in values:
        if key not in known:
            nearest = difflib.get_close_matches(key, known, n=1)
            hint = f" Vouliez-vous dire {PREFIX}{nearest[0].upper()} ?" if nearest else ""
            raise SettingsError(f"Réglage inconnu : {PREFIX}{key.upper()}.{hint}")
    try:
        return Settings(**values)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0]).upper() if first["loc"] else ""
        reason = str(first["msg"]).removeprefix("Value error, ")
        raise SettingsError(f"Réglage {PREFIX}{name} : {reason}.") from error


def data_path(name: str) -> Path:
    """Return the folder ``templates``, ``static``, ``locales`` or ``migrations``, in a checkout or in the wheel."""
    package = Path(__file__).resolve().parent
    packed = package / "_data" / name
    return packed if packed.is_dir() else package.parent / name
