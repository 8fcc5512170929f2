"""The activation of a mandate over HTTP, and its PDF: processor time of the server process."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from aidants import clock
from aidants.accounts.factors import code_at
from bench.data import Helper, Installation, let_codes_serve_again
from bench.figures import Figure
from bench.web import Client, Server, serve

BUDGET: Final = 15.0
PDFS: Final = 11


def measure(installation: Installation) -> list[Figure]:
    """Return milliseconds of processor an activation (no password is hashed in it) and a PDF."""
    settings = installation.settings
    with serve(settings) as server:
        pairs = [(Client(server.port), helper) for helper in installation.helpers]
        for client, helper in pairs:
            client.sign_in(helper)
            client.open("/personnes")
        cpu, count = 0.0, 0
        for at in range(len(installation.helpers[0].awaiting)):
            let_codes_serve_again(settings)
            codes = [code_at(helper.totp_secret, clock.now()) for _, helper in pairs]
            before = server.cpu()
            for (client, helper), code in zip(pairs, codes, strict=True):
                answer = client.post(f"/mandats/{helper.awaiting[at]}/activer", {"signe": "oui", "code": code})
                assert answer.status == 303, answer.status
            cpu, count = cpu + server.cpu() - before, count + len(pairs)
        pdfs = _pdfs(server, pairs[0][0], installation.helpers[1 : 1 + PDFS])
    note = f"{count} activations over HTTP, fresh one-time code included"
    return [
        Figure("activation", "a mandate, processor", 1000 * cpu / count, "ms", BUDGET, note=note),
        *pdfs,
    ]


def _pdfs(server: Server, client: Client, helpers: Sequence[Helper]) -> list[Figure]:
    """Return processor time and duration of a PDF, each of another mandate, the process that draws it included."""
    paths = [f"/mandats/{helper.mandate}/mandat.pdf" for helper in helpers]
    client.get(paths[0])
    cpu, began = server.cpu(), time.perf_counter()
    answers = [client.get(path) for path in paths[1:]]
    cpu, seconds = server.cpu() - cpu, time.perf_counter() - began
    assert all(answer.body.startswith(b"%PDF") for answer in answers)
    size = f"{len(answers[0].body) / 1024:.0f} KB"
    return [
        Figure("activation", "a PDF, processor", 1000 * cpu / len(answers), "ms", note=size),
        Figure("activation", "a PDF, duration", 1000 * seconds / len(answers), "ms"),
    ]
