"""Drawn signatures: points of ours, nothing else; smooth curves out of them."""

from __future__ import annotations

import pytest

from aidants.mandates.drawing import HEIGHT, LONGEST, WIDTH, BadDrawing, read, smooth


def test_strokes_are_read_and_drawn_as_curves() -> None:
    path = "M1 2L3 4L5 6M10 10L20 20"
    assert read(path) == [[(1, 2), (3, 4), (5, 6)], [(10, 10), (20, 20)]]
    assert smooth(path) == "M1 2Q3 4 4 5L5 6M10 10L20 20"
    assert (read(""), smooth("")) == ([], "")


def test_the_frame_and_the_length_are_bounds() -> None:
    corner = f"M0 0L{WIDTH} {HEIGHT}"
    assert read(corner) == [[(0, 0), (WIDTH, HEIGHT)]]
    longest = "M1 1" + "L1 1" * ((LONGEST - 4) // 4)
    assert len(longest) == LONGEST
    assert len(read(longest)[0]) == LONGEST // 4
    for path in (f"M0 0L{WIDTH + 1} 0", f"M0 0L0 {HEIGHT + 1}", longest + "L1 1"):
        with pytest.raises(BadDrawing):
            read(path)


@pytest.mark.parametrize("path", ["M1 1", "L1 1L2 2", "M1 1L2 2Z", "M1 1 L2 2", "m1 1l2 2", "M1.5 1L2 2", "M1 1L2 2\n"])
def test_other_letters_are_refused(path: str) -> None:
    with pytest.raises(BadDrawing):
        smooth(path)
