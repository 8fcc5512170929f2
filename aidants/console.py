"""What every command needs: one sentence at a stop, and the installation the settings name."""

from __future__ import annotations

from contextlib import suppress
from pathlib import Path
from typing import Final, NoReturn

from sqlalchemy.exc import DBAPIError

from aidants.crypto import Keyring
from aidants.db import Database
from aidants.settings import Settings

_opened: Final[list[Database]] = []


class Stop(Exception):
    """Ends a command with one sentence and exit code 1."""


def stop(sentence: str) -> NoReturn:
    """End the command with one sentence."""
    raise Stop(sentence)


def open_installation(settings: Settings) -> Database:
    """Return the database with its keys. Raises Stop when there is none here or of another version, KeyMissing without its key.

    A database too damaged to say its version is left to who reads it: the verification names what is damaged.
    """
    from aidants.app import open_database
    from aidants.migrate import at_head

    database = open_database(settings)
    _opened.append(database)
    if database.is_sqlite and database.url.database and not Path(database.url.database).exists():
        stop(f"Aucune base ici : {database.url.database}. Vérifiez AIDANTS_DATA_DIR.")
    with suppress(DBAPIError):
        if not at_head(database):
            stop("La base n’est pas à la version de ce programme. Lancez : aidants migrate")
    database.keyring = Keyring.load(settings.keys_path)
    return database


def close() -> None:
    """Close what the command opened."""
    while _opened:
        _opened.pop().dispose()
