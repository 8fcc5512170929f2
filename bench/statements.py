"""Statements a page sends to the database, counted inside this process; beginnings and ends of transactions are not."""

from __future__ import annotations

from collections import Counter
from typing import Any, Final

import httpx2
from sqlalchemy import event
from starlette.testclient import TestClient

from aidants.app import create_app, open_database
from aidants.crypto import Keyring
from bench.data import Installation
from bench.figures import Figure
from bench.web import Client, serve

READS: Final = 6
JOURNALED: Final = 10
_WRITES: Final = ("INSERT", "UPDATE", "DELETE")


def measure(installation: Installation) -> list[Figure]:
    """Return the statements of each page: at most six, ten where a read is journaled."""
    helper, settings = installation.helpers[0], installation.settings
    cookies = _cookies(installation)
    database = open_database(settings, Keyring.load(settings.keys_path))
    first, second = list(installation.residents)[:2]
    paths = {
        "today": ("/aujourdhui", JOURNALED),
        "list of persons": ("/personnes", JOURNALED),
        "a resident, first view": (f"/personnes/{second}", JOURNALED),
        "a resident, second view": (f"/personnes/{second}", JOURNALED),
        "a mandate": (f"/mandats/{helper.mandate}", JOURNALED),
        "a step of a guide": (f"/parcours/{helper.run}", JOURNALED),
        "a guide": ("/guides/carte-grise-adresse", READS),
    }
    client = TestClient(create_app(settings, database), base_url=settings.base_url, cookies=cookies)
    for path in (f"/personnes/{first}", "/aujourdhui"):  # what a process reads once is not a page's cost
        client.get(path)
    figures = [_counted(client, database.engine, name, path, budget) for name, (path, budget) in paths.items()]
    database.dispose()
    return figures


def _cookies(installation: Installation) -> dict[str, str]:
    with serve(installation.settings) as server:
        browser = Client(server.port)
        browser.sign_in(installation.helpers[0])
    return browser.cookies


def _counted(client: httpx2.Client, engine: Any, name: str, path: str, budget: int) -> Figure:
    seen: Counter[str] = Counter()

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        seen[statement.split(None, 1)[0]] += 1

    event.listen(engine, "before_cursor_execute", note)
    answer = client.get(path)
    event.remove(engine, "before_cursor_execute", note)
    assert answer.status_code == 200, (path, answer.status_code)
    writes = sum(seen[verb] for verb in _WRITES)
    return Figure(
        "statements", name, seen["SELECT"] + writes, "a page", budget, note=f"{seen['SELECT']} reads, {writes} writes"
    )
