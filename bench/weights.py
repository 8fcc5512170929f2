"""Bytes on the wire, headers of the answers included: a first visit with all its files, then one page after another."""

from __future__ import annotations

import re
from typing import Final

from bench.data import Installation
from bench.figures import Figure
from bench.web import Client, serve

FIRST: Final = 90.0
NEXT: Final = 15.0
_ASSET: Final = re.compile(rb'(?:href|src)="(/static/[^"]+)"')


def measure(installation: Installation) -> list[Figure]:
    """Return kilobytes (1,024 bytes), gzip accepted."""
    helper = installation.helpers[0]
    with serve(installation.settings) as server:
        client = Client(server.port)
        home = client.get("/")
        assets = sorted({match.decode() for match in _ASSET.findall(home.body)})
        files = [client.get(path) for path in assets]
        assert all(answer.status == 200 for answer in (home, *files))
        first = home.size + sum(answer.size for answer in files)
        client.sign_in(helper)
        person = next(iter(installation.residents))
        paths = {
            "today": "/aujourdhui",
            "list of persons": "/personnes",
            "a resident": f"/personnes/{person}",
            "a mandate": f"/mandats/{helper.mandate}",
            "a step of a guide": f"/parcours/{helper.run}",
            "guides": "/guides",
        }
        pages = {name: client.get(path) for name, path in paths.items()}
        assert all(answer.status == 200 for answer in pages.values())
    note = f"{1 + len(files)} requests; page alone {home.size / 1024:.1f} KB"
    return [
        Figure("weight", "home, first visit, all files", first / 1024, "KB", FIRST, note=note),
        *(Figure("weight", f"{name}, next page", answer.size / 1024, "KB", NEXT) for name, answer in pages.items()),
    ]
