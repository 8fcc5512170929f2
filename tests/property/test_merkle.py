"""The frontier against the definition of RFC 6962 §2.1, written here as plainly as the RFC says it."""

from __future__ import annotations

import hashlib
from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aidants.journal.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, leaf_hash, node_hash


def leaves(size: int) -> list[bytes]:
    return [leaf_hash(b"entry %d" % number) for number in range(size)]


@cache
def reference(start: int, stop: int) -> bytes:
    """MTH of the RFC over the numbered entries: split at the largest power of two below the size."""
    if start == stop:
        return hashlib.sha256(b"").digest()
    if stop - start == 1:
        return hashlib.sha256(b"\x00" + b"entry %d" % start).digest()
    split = 1
    while split * 2 < stop - start:
        split *= 2
    middle = start + split
    return hashlib.sha256(b"\x01" + reference(start, middle) + reference(middle, stop)).digest()


def test_known_roots() -> None:
    """Values of the RFC's own definition that can be computed by hand."""
    assert Frontier().root() == EMPTY_ROOT == hashlib.sha256().digest()
    assert EMPTY_ROOT.hex() == "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"
    assert leaf_hash(b"").hex() == "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d"
    frontier = Frontier()
    frontier.append(leaf_hash(b""))
    assert frontier.root() == leaf_hash(b"")
    frontier.append(leaf_hash(b"\x00"))
    assert frontier.root().hex() == "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125"


def test_each_size_one_by_one() -> None:
    frontier = Frontier()
    for size, leaf in enumerate(leaves(600), start=1):
        frontier.append(leaf)
        assert frontier.size == size
        assert frontier.root() == reference(0, size)


@given(st.lists(st.integers(0, 120), max_size=5))
def test_batches_give_the_same_tree_and_frontier(batches: list[int]) -> None:
    frontier, one_by_one = Frontier(), Frontier()
    everything = leaves(sum(batches))
    at = 0
    for batch in batches:
        frontier.extend(everything[at : at + batch])
        at += batch
        frontier = Frontier.from_bytes(frontier.to_bytes())
        assert frontier.root() == reference(0, at)
    for leaf in everything:
        one_by_one.append(leaf)
    assert frontier.to_bytes() == one_by_one.to_bytes()


@pytest.mark.parametrize("size", [65_535, 65_536, 65_537])
def test_around_a_power_of_two(size: int) -> None:
    frontier = Frontier()
    frontier.extend(leaves(size))
    assert frontier.root() == reference(0, size)
    assert len(frontier.to_bytes()) == 8 + HASH_BYTES * size.bit_count()


@given(st.integers(1, 600), st.data())
def test_bytes_of_another_length_are_refused(size: int, data: st.DataObject) -> None:
    frontier = Frontier()
    frontier.extend(leaves(size))
    written = frontier.to_bytes()
    with pytest.raises(ValueError, match="length"):
        Frontier.from_bytes(written[: data.draw(st.integers(0, len(written) - 1))])
    with pytest.raises(ValueError, match="length"):
        Frontier.from_bytes(written + b"x")


def test_order_and_level_matter() -> None:
    a, b = leaves(2)
    assert node_hash(a, b) != node_hash(b, a)
    assert leaf_hash(a + b) != node_hash(a, b)
