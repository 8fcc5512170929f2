"""From the command ``aidants serve`` to the first answer, each time in a new process."""

from __future__ import annotations

import statistics
from typing import Final

from bench.data import Installation
from bench.figures import Figure
from bench.web import serve

TIMES: Final = 5
BUDGET: Final = 1.5


def measure(installation: Installation) -> list[Figure]:
    """Return the median over ``TIMES`` starts, and the slowest."""
    seconds = []
    for _ in range(TIMES):
        with serve(installation.settings) as server:
            seconds.append(server.started)
    return [
        Figure("start", f"command to first answer, median of {TIMES}", statistics.median(seconds), "s", BUDGET),
        Figure("start", "the slowest of them", max(seconds), "s"),
    ]
