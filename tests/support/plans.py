"""How a database would run a query: the same question on both engines."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa


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
