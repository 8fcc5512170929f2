"""The geometry of plots."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants.plots import HEIGHT, WIDTH, bars, top_of


@pytest.mark.parametrize(
    ("largest", "top"), [(0, 2), (2, 2), (3, 4), (4, 4), (5, 10), (11, 20), (40, 40), (41, 100), (1_000_001, 2_000_000)]
)
def test_top(largest: int, top: int) -> None:
    assert top_of(largest) == top


@given(st.lists(st.integers(0, 10**6), max_size=400))
def test_bars_stand_side_by_side_within_the_drawing(values: list[int]) -> None:
    plot = bars([(str(at), value, False) for at, value in enumerate(values)])
    assert [bar.value for bar in plot.bars] == values
    assert plot.top >= max(values, default=0)
    assert plot.top % 2 == 0
    edge = 0.0
    for bar in plot.bars:
        assert bar.x >= edge
        edge = bar.x + bar.width - 0.02
        assert bar.y + bar.height == pytest.approx(HEIGHT, abs=0.02)
        assert bar.height == pytest.approx(HEIGHT * bar.value / plot.top, abs=0.01)
    assert edge <= WIDTH


def test_marks() -> None:
    plot = bars([("a", 1, True), ("b", 0, True), ("c", 3, False)])
    assert [bar.label for bar in plot.marked] == ["a"]
