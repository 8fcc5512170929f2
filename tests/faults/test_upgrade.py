"""A filled database of the release before is brought to this program's version: every row stays, nothing is counted twice."""

from __future__ import annotations

import re

import pytest
import sqlalchemy as sa
from alembic import command
from sqlalchemy.exc import IntegrityError

from aidants.counter import merging
from aidants.counter.erasure import erase
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.models import JournalDay, JournalLeaf
from aidants.journal.seal import seal_now
from aidants.journal.verify import verify
from aidants.mandates.deaths import report_death
from aidants.migrate import _config, current, upgrade
from aidants.residents.holds import set_hold
from tests.security.tools import actor_of, digest, prepare

BEFORE = "0002"


def schema(database: Database) -> dict[str, str]:
    """Return every table as the database describes it, without the addresses of objects; on SQLite its own words too."""
    with database.engine.connect() as connection:
        known = sa.inspect(connection)
        found = {
            table: repr(
                [
                    sorted(
                        (column["name"], str(column["type"]), column["nullable"]) for column in known.get_columns(table)
                    ),
                    sorted(map(repr, known.get_foreign_keys(table))),
                    sorted(map(repr, known.get_check_constraints(table))),
                    sorted(map(repr, known.get_unique_constraints(table))),
                    sorted((str(index["name"]), index["column_names"]) for index in known.get_indexes(table)),
                    known.get_pk_constraint(table),
                ]
            )
            for table in known.get_table_names()
        }
        if database.is_sqlite:
            rest = "SELECT name, sql FROM sqlite_master WHERE type <> 'table' AND sql IS NOT NULL"
            found |= {name: re.sub(r"\s+", " ", text) for name, text in connection.exec_driver_sql(rest)}
    return found


def test_a_filled_database_is_brought_up(demo_database: Database) -> None:
    seal_now(demo_database)
    tables, rows = schema(demo_database), digest(demo_database)
    command.downgrade(_config(demo_database), BEFORE)
    assert current(demo_database) == BEFORE
    assert schema(demo_database) != tables
    upgrade(demo_database)
    assert (schema(demo_database), digest(demo_database)) == (tables, rows)
    seal_now(demo_database)
    with unit_of_work(demo_database, Mode.READ) as work:
        counted = work.session.scalar(sa.select(sa.func.sum(JournalDay.acts)))
        assert counted == work.session.scalar(sa.select(sa.func.count()).select_from(JournalLeaf))
        if demo_database.is_sqlite:
            assert work.session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1
    assert verify(demo_database).ok


def test_no_way_back_once_somebody_was_erased(demo_database: Database) -> None:
    places = prepare(demo_database)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        erase(work, places.residents["Aubert"], "request")
    tables, rows = schema(demo_database), digest(demo_database)
    with pytest.raises(IntegrityError):
        command.downgrade(_config(demo_database), BEFORE)
    assert current(demo_database) != BEFORE
    upgrade(demo_database)
    now = digest(demo_database)
    assert {table for table, was in rows.items() if now[table] != was} == {"resident_merge"}, "what was only proposed"
    assert schema(demo_database) == tables
    with unit_of_work(demo_database, Mode.READ) as work:
        if demo_database.is_sqlite:
            assert work.session.connection().exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_no_way_back_while_a_record_is_set_aside_or_held(demo_database: Database) -> None:
    places = prepare(demo_database, question=False)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "tom")
        merging.confirm(work, places.merge)
    with unit_of_work(demo_database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        set_hold(work, places.residents["Aubert"], "claim", None)
    tables, rows = schema(demo_database), digest(demo_database)
    with pytest.raises(RuntimeError):
        command.downgrade(_config(demo_database), "0003")
    assert current(demo_database) == "0006"
    upgrade(demo_database)
    assert (schema(demo_database), digest(demo_database)) == (tables, rows)


@pytest.mark.parametrize("kept", ["a question", "a reported death"])
def test_no_way_back_from_what_was_told_since(demo_database: Database, kept: str) -> None:
    places = prepare(demo_database, question=kept == "a question")
    if kept == "a reported death":
        with unit_of_work(demo_database, Mode.WRITE) as work:
            work.actor = actor_of(work, "nadia")
            report_death(work, places.residents["Aubert"])
    tables, rows = schema(demo_database), digest(demo_database)
    with pytest.raises(RuntimeError):
        command.downgrade(_config(demo_database), "0006")
    upgrade(demo_database)
    assert (schema(demo_database), digest(demo_database)) == (tables, rows)
