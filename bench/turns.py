"""Two installations asked by turns, so that a noisy machine is as noisy for both."""

from __future__ import annotations

import statistics
from collections.abc import Callable
from typing import Final

PAIRS: Final = 30
WARM: Final = 3
RATIO: Final = 1.5


def by_turns(
    few: Callable[[], object], many: Callable[[], object], cpu_few: Callable[[], float], cpu_many: Callable[[], float]
) -> tuple[float, float]:
    """Return the median processor time of each, in milliseconds, over PAIRS interleaved pairs; the first WARM do not count."""
    found: tuple[list[float], list[float]] = ([], [])
    for _ in range(PAIRS + WARM):
        for ask, cpu, times in ((few, cpu_few, found[0]), (many, cpu_many, found[1])):
            began = cpu()
            ask()
            times.append(1000 * (cpu() - began))
    small, large = (statistics.median(times[WARM:]) for times in found)
    return small, large
