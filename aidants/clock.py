"""The only clock. Everything else receives its time, so that tests and audits can say what time it was."""

from __future__ import annotations

from datetime import UTC, datetime


def now() -> datetime:
    """Return the current instant, aware, in UTC."""
    return datetime.now(UTC)
