"""Resident memory of the server process: after mixed requests with PDFs, and at the peak of concurrent sign-ins."""

from __future__ import annotations

import itertools
import threading
from typing import Final

from bench.data import Helper, Installation
from bench.figures import Figure
from bench.web import Client, Server, serve

REQUESTS: Final = 1000
PDFS: Final = 20
AFTER: Final = 130.0
PEAK: Final = 200.0


def measure(installation: Installation) -> list[Figure]:
    """Return megabytes: of a new server, after the requests, and at the peak while everybody signs in at once."""
    with serve(installation.settings) as server:
        started = server.memory()
        server.forget_peak()
        clients = _sign_in_together(server, installation.helpers)
        peak = server.memory("VmHWM")
        answers = _mixed(clients, installation)
        after = server.memory()
    signing = f"{len(clients)} concurrent sign-ins"
    return [
        Figure("memory", "server just started", started, "MB"),
        Figure("memory", f"peak during {signing}", peak, "MB", PEAK),
        Figure("memory", f"after {answers:,} mixed requests, {PDFS} of them PDFs", after, "MB", AFTER),
    ]


def _sign_in_together(server: Server, helpers: tuple[Helper, ...]) -> list[Client]:
    clients, failures = [Client(server.port) for _ in helpers], []

    def sign_in(client: Client, helper: Helper) -> None:
        try:
            client.sign_in(helper)
        except AssertionError as error:
            failures.append(error)

    walks = [threading.Thread(target=sign_in, args=pair) for pair in zip(clients, helpers, strict=True)]
    for walk in walks:
        walk.start()
    for walk in walks:
        walk.join()
    if failures:
        raise failures[0]
    return clients


def _mixed(clients: list[Client], installation: Installation) -> int:
    """Ask for every kind of page in turn; the PDFs are spread evenly among them."""
    count = 0
    cards = itertools.cycle(f"/personnes/{key}" for key in installation.residents)
    for number, (client, helper) in enumerate(itertools.cycle(zip(clients, installation.helpers, strict=True))):
        if count >= REQUESTS:
            return count
        paths = ["/aujourdhui", "/personnes", next(cards), f"/mandats/{helper.mandate}", f"/parcours/{helper.run}"]
        every = REQUESTS // len(paths) // PDFS
        if number % every == 0:
            printed = installation.helpers[number // every % len(installation.helpers)]
            paths.append(f"/mandats/{printed.mandate}/mandat.pdf")
        for path in paths:
            answer = client.get(path)
            assert answer.status == 200, (path, answer.status)
        count += len(paths)
    return count
