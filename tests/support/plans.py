"""How a database runs a query, and how much it reads for it: the same questions on both engines."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event

from aidants.db import Database


def plan(connection: sa.Connection, query: Any) -> str:
    """Return the plan; scans and sorts are made dear on PostgreSQL, which prefers them for the few rows of a test."""
    text = str(query.compile(connection, compile_kwargs={"literal_binds": True}))
    explain = "EXPLAIN QUERY PLAN"
    if connection.dialect.name == "postgresql":
        explain = "EXPLAIN"
        for way in ("seqscan", "bitmapscan", "sort"):
            connection.exec_driver_sql(f"SET LOCAL enable_{way} = off")
    left_open = ("x",) * text.count("?")  # what SQLAlchemy does not write out: ``IS ?``
    return str(connection.exec_driver_sql(f"{explain} {text}", left_open).all())


@dataclass
class Cost:
    """What queries cost: the lines of their plans, how much they read."""

    plans: list[str] = field(default_factory=list)
    read: int = 0
    """Steps of SQLite's virtual machine; on PostgreSQL rows that scans went through, whether they kept them or not."""

    def dear(self) -> list[str]:
        """Return the lines that read or sort more than they give: scans, temporary sorts, whole bitmaps."""
        marks = ("TEMP B-TREE", "Seq Scan", "Sort", "Bitmap", "AUTOMATIC")
        return [line for line in self.plans if any(mark in line for mark in marks) or _whole(line)]


def _whole(line: str) -> bool:
    return line.startswith("SCAN journal_") and "USING INDEX" not in line


def cost(database: Database, work: Callable[[], object]) -> Cost:
    """Run ``work`` and return what the SELECTs it sends through ``database`` cost, as they were really planned."""
    found = Cost()
    with _sent(database) as sent, _steps(database, found):
        work()
    with database.engine.connect() as connection:
        for statement, parameters in sent:
            if database.is_sqlite:
                rows = connection.exec_driver_sql(f"EXPLAIN QUERY PLAN {statement}", parameters)
                found.plans += [row[3] for row in rows]
            else:
                explain = f"EXPLAIN (ANALYZE, FORMAT JSON) {statement}"
                _read_node(connection.exec_driver_sql(explain, parameters).scalar_one()[0]["Plan"], found)
    return found


@contextmanager
def _sent(database: Database) -> Iterator[list[tuple[str, Any]]]:
    """Collect the SELECTs of the block with their parameters."""
    seen: list[tuple[str, Any]] = []

    def note(_connection: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        if statement.startswith("SELECT"):
            seen.append((statement, parameters))

    event.listen(database.engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(database.engine, "before_cursor_execute", note)


@contextmanager
def _steps(database: Database, found: Cost) -> Iterator[None]:
    """Count the steps of SQLite's virtual machine on every connection that the block takes from the pool."""
    used: list[Any] = []

    def tick() -> int:
        found.read += 1
        return 0

    def watch(connection: Any, *_: Any) -> None:
        connection.set_progress_handler(tick, 1)
        used.append(connection)

    if not database.is_sqlite:
        yield
        return
    event.listen(database.engine, "checkout", watch)
    try:
        yield
    finally:
        event.remove(database.engine, "checkout", watch)
        for connection in used:
            connection.set_progress_handler(None, 0)


def _read_node(node: dict[str, Any], found: Cost) -> None:
    """Add a node of PostgreSQL's plan and those below it."""
    used = node.get("Index Name") or node.get("Relation Name") or ""
    found.plans.append(f"{node['Node Type']} {used}".strip())
    below = node.get("Plans", [])
    if not below:
        seen = (
            node["Actual Rows"] + node.get("Rows Removed by Filter", 0) + node.get("Rows Removed by Index Recheck", 0)
        )
        found.read += round(seen * node["Actual Loops"])
    for child in below:
        _read_node(child, found)
