"""Bar plots drawn on the server: the geometry, in the units of the drawing; ``components/plots.html`` writes the SVG. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

WIDTH: Final = 640
HEIGHT: Final = 200
_STEPS: Final = (1, 2, 5)
_FILLED: Final = 0.7


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
    """Bars over a zero line; ``top`` is the round value of the upper edge, even, so that its half is whole too."""

    bars: tuple[Bar, ...]
    top: int
    width: int = WIDTH
    height: int = HEIGHT

    @property
    def marked(self) -> list[Bar]:
        """The bars that are marked and say something."""
        return [bar for bar in self.bars if bar.marked and bar.value]


def top_of(largest: int) -> int:
    """Return the smallest of 2, 4, 10, 20, 40, 100… that is not below ``largest``."""
    power = 1
    while True:
        for step in _STEPS:
            if 2 * step * power >= largest:
                return 2 * step * power
        power *= 10


def bars(values: Sequence[tuple[str, int, bool]]) -> Plot:
    """Lay out one bar for each (label, value, marked), from left to right."""
    top = top_of(max((value for _, value, _ in values), default=0))
    pace = WIDTH / max(1, len(values))
    drawn = (
        Bar(
            x=round((at + (1 - _FILLED) / 2) * pace, 2),
            y=round(HEIGHT - HEIGHT * value / top, 2),
            width=round(pace * _FILLED, 2),
            height=round(HEIGHT * value / top, 2),
            label=label,
            value=value,
            marked=marked,
        )
        for at, (label, value, marked) in enumerate(values)
    )
    return Plot(tuple(drawn), top)
