"""Load over real HTTP: one server on one core, eight signed-in helpers at once on another; and statements a page."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Sequence
from typing import Final

from bench.data import Helper, Installation, journal_size
from bench.figures import Figure
from bench.web import Client, Server, serve

CLIENTS: Final = 8
FIRST_VIEWS: Final = 120.0
OTHER_PAGES: Final = 250.0
REQUESTS: Final = 800
GUIDE: Final = "carte-grise-adresse"
SECTION: Final = "pages, one core"

Visit = tuple[str, bytes]
"""A path, and what the page must hold."""


def measure(installation: Installation) -> list[Figure]:
    """Return requests a second and processor time a request for each kind of page."""
    cores = sorted(os.sched_getaffinity(0))
    with serve(installation.settings, cores[0]) as server:
        if len(cores) > 1:
            os.sched_setaffinity(0, set(cores[1:]))
        try:
            return _measure(installation, server)
        finally:
            os.sched_setaffinity(0, set(cores))


def _measure(installation: Installation, server: Server) -> list[Figure]:
    helpers = installation.helpers[:CLIENTS]
    clients = [Client(server.port) for _ in helpers]
    for client, helper in zip(clients, helpers, strict=True):
        client.sign_in(helper)
    cards = [(f"/personnes/{key}", name.encode()) for key, name in installation.residents.items()]
    before = journal_size(installation.settings)
    figures = _load(server, clients, "a resident, first view", [cards[n::CLIENTS] for n in range(CLIENTS)], FIRST_VIEWS)
    grown = journal_size(installation.settings) - before
    assert grown == len(cards), f"{len(cards)} first views, {grown} entries"
    second = [cards[n::CLIENTS][: REQUESTS // CLIENTS] for n in range(CLIENTS)]
    figures += _load(server, clients, "a resident, second view", second, OTHER_PAGES)
    assert journal_size(installation.settings) == before + grown, "a second view is not journaled"
    for name, visit in _ordinary(helpers).items():
        todo = [[visit[number]] * (REQUESTS // CLIENTS) for number in range(CLIENTS)]
        figures += _load(server, clients, name, todo, OTHER_PAGES)
    return figures


def _ordinary(helpers: Sequence[Helper]) -> dict[str, list[Visit]]:
    """Return, for each kind of page, what each helper asks for."""
    return {
        "today": [("/aujourdhui", b"Camille") for _ in helpers],
        "list of persons": [("/personnes", b"/personnes/") for _ in helpers],
        "a mandate": [(f"/mandats/{helper.mandate}", "Témoin".encode()) for helper in helpers],
        "a step of a guide": [(f"/parcours/{helper.run}", b"Claude") for helper in helpers],
        "a guide, no account": [(f"/guides/{GUIDE}", b"<h1") for _ in helpers],
    }


def _load(
    server: Server, clients: Sequence[Client], name: str, todo: Sequence[Sequence[Visit]], floor: float
) -> list[Figure]:
    failures: list[str] = []
    walks = [
        threading.Thread(target=_walk, args=(client, visits, failures))
        for client, visits in zip(clients, todo, strict=True)
    ]
    cpu, own, began = server.cpu(), time.process_time(), time.perf_counter()
    for walk in walks:
        walk.start()
    for walk in walks:
        walk.join()
    seconds, own, cpu = time.perf_counter() - began, time.process_time() - own, server.cpu() - cpu
    assert not failures, failures[0]
    count = sum(len(visits) for visits in todo)
    busy = f"{count:,} requests; server busy {cpu / seconds:.0%} of its core, client {own / seconds:.0%}"
    return [
        Figure(SECTION, name, count / seconds, "requests/s", floor, at_least=True, note=busy),
        Figure(SECTION, f"{name}: processor", 1000 * cpu / count, "ms/request"),
    ]


def _walk(client: Client, visits: Sequence[Visit], failures: list[str]) -> None:
    for path, expected in visits:
        answer = client.get(path)
        if answer.status != 200 or expected not in answer.body:
            failures.append(
                f"{path}: {answer.status}, {expected!r} {'not ' * (expected not in answer.body)}in the page"
            )
            return
