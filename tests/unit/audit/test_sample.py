"""The draw: the same for everybody, fair, and written down in full."""

from __future__ import annotations

import hashlib
from collections import Counter

from hypothesis import given
from hypothesis import strategies as st

from aidants.audit.sample import draw, rank

IDS = [f"m{number:03}" for number in range(200)]


def test_the_formula_is_the_one_on_the_page() -> None:
    assert rank("graine", "m1") == hashlib.sha256(b"aidants/sample/1graine/m1").digest()


def test_a_draw_that_never_changes() -> None:
    assert draw("4f1c", IDS, 5) == (["m046", "m196", "m123", "m068", "m124"], 200)


@given(st.text(max_size=20), st.lists(st.text(min_size=1, max_size=5)), st.integers(1, 20))
def test_order_and_repetition_of_the_population_do_not_matter(seed: str, ids: list[str], size: int) -> None:
    drawn, population = draw(seed, ids, size)
    assert draw(seed, [*reversed(ids), *ids], size) == (drawn, population)
    assert len(drawn) == min(size, population) == len(set(drawn))
    assert set(drawn) <= set(ids)


def test_another_seed_is_another_draw() -> None:
    assert draw("1", IDS, 10) != draw("2", IDS, 10)


def test_each_is_drawn_about_as_often() -> None:
    counts = Counter(drawn for seed in range(400) for drawn in draw(str(seed), IDS, 10)[0])
    assert len(counts) == len(IDS)
    assert min(counts.values()) >= 4
    assert max(counts.values()) <= 45  # 20 expected
