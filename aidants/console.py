"""What every command needs: one sentence at a stop, and the installation the settings name."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

from aidants.crypto import Keyring
from aidants.db import Database
from aidants.settings import Settings


class Stop(Exception):
    """Ends a command with one sentence and exit code 1."""


def stop(sentence: str) -> NoReturn:
    """End the command with one sentence."""
    raise Stop(sentence)


def open_installation(settings: Settings) -> Database:
    """Return the database with its keys. Raises Stop when there is none here, KeyMissing without its key."""
    from aidants.app import open_database

    database = open_database(settings)
    if database.is_sqlite and database.url.database and not Path(database.url.database).exists():
        stop(f"Aucune base ici : {database.url.database}. Vérifiez AIDANTS_DATA_DIR.")
    database.keyring = Keyring.load(settings.keys_path)
    return database
