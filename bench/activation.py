"""The activation of a mandate over HTTP, and its PDF: processor time of the server process."""

from __future__ import annotations

import time
from typing import Final

from aidants import clock
from aidants.accounts.factors import code_at
from bench.data import Helper, Installation, let_codes_serve_again
from bench.figures import Figure
from bench.web import Client, Server, serve

BUDGET: Final = 15.0
PDFS: Final = 10


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
        pdfs = _pdfs(server, *pairs[0])
    note = f"{count} activations over HTTP, fresh one-time code included"
    return [
        Figure("activation", "a mandate, processor", 1000 * cpu / count, "ms", BUDGET, note=note),
        *pdfs,
    ]


def _pdfs(server: Server, client: Client, helper: Helper) -> list[Figure]:
    """Return processor time and duration of a PDF, the first (which loads the typesetter) left out."""
    path = f"/mandats/{helper.mandate}/mandat.pdf"
    size = len(client.get(path).body)
    cpu, began = server.cpu(), time.perf_counter()
    for _ in range(PDFS):
        assert client.get(path).body.startswith(b"%PDF")
    cpu, seconds = server.cpu() - cpu, time.perf_counter() - began
    return [
        Figure("activation", "a PDF, processor", 1000 * cpu / PDFS, "ms", note=f"{size / 1024:.0f} KB"),
        Figure("activation", "a PDF, duration", 1000 * seconds / PDFS, "ms"),
    ]
