"""The real services and tools that tests use, in one place to import from."""

from __future__ import annotations

from tests.support.postgres import PostgresServer, ServiceMissing, free_port, postgres_server
from tests.support.tools import AXE_TAGS, axe, chromium, vnu
from tests.support.wheel import ServedWheel, built_wheel

__all__ = [
    "AXE_TAGS",
    "PostgresServer",
    "ServedWheel",
    "ServiceMissing",
    "axe",
    "built_wheel",
    "chromium",
    "free_port",
    "postgres_server",
    "vnu",
]
