"""Bar plots drawn on the server: the geometry, in the units of the drawing; ``components/plots.html`` writes the SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 200
_STEPS: Final = (1, 2, 5)
_TICKS: Final = 4


@dataclass(frozen=True, slots=True)
class Bar:
    """One bar: where it stands, what it says, and whether it is marked."""

    x: float
    y: float
    width: float
    height: float
    label: str
    value: int
    marked: bool


@dataclass(frozen=True, slots=True)
class Plot:
    """Bars over a zero line, with round values to read them by."""

    bars: tuple[Bar, ...]
    ticks: tuple[tuple[float, int], ...]
    width: int = WIDTH
    height: int = HEIGHT


def scale(largest: int) -> int:
    """Return the distance between two readable values (1, 2 or 5 times a power of ten) so that four at most reach the top."""
    power = 1
    while True:
        for step in _STEPS:
            if step * power * _TICKS >= largest:
                return step * power
        power *= 10


def bars(values: Sequence[tuple[str, int, bool]]) -> Plot:
    """Lay out one bar for each (label, value, marked), from left to right."""
    step = scale(max((value for _, value, _ in values), default=0))
    top = step * max(1, -(-max((value for _, value, _ in values), default=0) // step))
    pace = WIDTH / max(1, len(values))
    drawn = tuple(
        Bar(
            x=round(at * pace + pace * 0.15, 2),
            y=round(HEIGHT - HEIGHT * value / top, 2),
            width=round(pace * 0.7, 2),
            height=round(HEIGHT * value / top, 2),
            label=label,
            value=value,
            marked=marked,
        )
        for at, (label, value, marked) in enumerate(values)
    )
    ticks = tuple((round(HEIGHT - HEIGHT * value / top, 2), value) for value in range(0, top + 1, step))
    return Plot(drawn, ticks)
