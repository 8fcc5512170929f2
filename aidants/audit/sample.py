"""A random sample that a second auditor draws again: decided by a seed that is shown, and by nothing else. Pure."""

from __future__ import annotations

import hashlib
import heapq
from collections.abc import Iterable
from typing import Final

LARGEST: Final = 100


def rank(seed: str, identifier: str) -> bytes:
    """Return the place of an id in the draw: SHA-256("aidants/sample/1" ‖ seed ‖ "/" ‖ id), compared as a number."""
    return hashlib.sha256(f"aidants/sample/1{seed}/{identifier}".encode()).digest()


def draw(seed: str, identifiers: Iterable[str], size: int) -> tuple[list[str], int]:
    """Return the ``size`` ids of lowest rank, in that order, and how many different ones there were to draw from."""
    population = set(identifiers)
    return heapq.nsmallest(size, population, key=lambda identifier: rank(seed, identifier)), len(population)
