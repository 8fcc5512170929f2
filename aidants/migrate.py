"""The schema's versions: where the database stands, and bringing it to this program's version."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa

from aidants.db import Database
from aidants.settings import data_path

if TYPE_CHECKING:
    from alembic.config import Config

_VERSION_TABLE = "alembic_version"


def _config(database: Database) -> Config:
    from alembic.config import Config  # only commands need it

    config = Config()
    config.set_main_option("script_location", str(data_path("migrations")))
    config.attributes["database"] = database
    return config


def newest() -> str:
    """Return the revision this program was written for."""
    return (data_path("migrations") / "HEAD").read_text(encoding="ascii").strip()


def current(database: Database) -> str | None:
    """Return the database's revision, None for an empty database."""
    with database.engine.connect() as connection:
        if not sa.inspect(connection).has_table(_VERSION_TABLE):
            return None
        return connection.execute(sa.text(f"SELECT version_num FROM {_VERSION_TABLE}")).scalar_one_or_none()  # noqa: S608


def at_head(database: Database) -> bool:
    """Tell whether the database's schema is this program's."""
    return current(database) == newest()


def upgrade(database: Database) -> None:
    """Bring the database to this program's schema."""
    from alembic import command

    command.upgrade(_config(database), "head")
