"""A signature drawn with a finger or a mouse: points only. Pure.

Neither pressure nor speed is taken: they would be biometric data (RGPD art. 9). Where no drawing is wanted or possible, the
typed name is enough.
"""

from __future__ import annotations

import re
from itertools import pairwise
from typing import Final

WIDTH: Final = 1000
HEIGHT: Final = 400
LONGEST: Final = 20 * 1024
"""Bytes of a path; a long signature takes a quarter."""

_PATH: Final = re.compile(r"(?:M\d{1,4} \d{1,3}(?:L\d{1,4} \d{1,3})+)+", re.ASCII)
_STROKE: Final = re.compile(r"M([^M]+)")

Point = tuple[int, int]


class BadDrawing(ValueError):
    """What was sent is no drawing of ours."""


def read(path: str) -> list[list[Point]]:
    """Return the strokes of a path (``M1 2L3 4L5 6M…``), each of two points or more; none for an empty one.

    Raises BadDrawing for any other letter, a point outside the frame, or more than ``LONGEST`` bytes.
    """
    if not path:
        return []
    if len(path) > LONGEST or not _PATH.fullmatch(path):
        raise BadDrawing
    strokes = [[_point(pair) for pair in stroke.split("L")] for stroke in _STROKE.findall(path)]
    if any(x > WIDTH or y > HEIGHT for stroke in strokes for x, y in stroke):
        raise BadDrawing
    return strokes


def _point(pair: str) -> Point:
    x, y = pair.split(" ")
    return int(x), int(y)


def smooth(path: str) -> str:
    """Return the same strokes as curves through the middles of their segments, for an SVG. Raises BadDrawing."""
    return "".join(_curve(stroke) for stroke in read(path))


def _curve(points: list[Point]) -> str:
    (x, y), last = points[0], points[-1]
    parts = [f"M{x} {y}"]
    for (x, y), (after_x, after_y) in pairwise(points[1:]):
        parts.append(f"Q{x} {y} {(x + after_x) / 2:g} {(y + after_y) / 2:g}")
    return "".join([*parts, f"L{last[0]} {last[1]}"])
