"""Fail when the migrations, run on an empty SQLite database, do not give the tables that the models declare."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError

ROOT = Path(__file__).resolve().parent.parent


def main() -> int:
    """Upgrade a fresh database to the newest revision and compare; the exit code is 1 on a difference."""
    with tempfile.TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/check.sqlite3"
        os.environ["AIDANTS_DATA_DIR"] = folder
        os.environ["AIDANTS_DATABASE_URL"] = url
        config = Config()
        config.set_main_option("script_location", str(ROOT / "migrations"))
        config.set_main_option("sqlalchemy.url", url)
        command.upgrade(config, "head")
        try:
            command.check(config)
        except CommandError as difference:
            print(difference, file=sys.stderr)
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
