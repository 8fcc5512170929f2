"""Tiles and proofs against RFC 6962 §2.1, written here as plainly as the RFC says it."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aidants.journal.merkle import EMPTY_ROOT, HASH_BYTES, Frontier, consistency_holds, inclusion_holds, leaf_hash
from aidants.journal.tiles import WIDTH, Tile, Tree, tiles_of
from tests.property.test_merkle import leaves, reference

BIG = (65_535, 65_536, 65_537)


def split(count: int) -> int:
    """k of the RFC: the largest power of two smaller than ``count``."""
    power = 1
    while power * 2 < count:
        power *= 2
    return power


def path_of(index: int, start: int, stop: int) -> list[bytes]:
    """PATH(m, D[n])."""
    if stop - start == 1:
        return []
    middle = start + split(stop - start)
    if index < middle:
        return [*path_of(index, start, middle), reference(middle, stop)]
    return [*path_of(index, middle, stop), reference(start, middle)]


def subproof(old: int, start: int, stop: int, *, whole: bool = True) -> list[bytes]:
    """SUBPROOF(m, D[n], b), with ``old`` counted from the first leaf of the whole tree."""
    if old == stop:
        return [] if whole else [reference(start, stop)]
    middle = start + split(stop - start)
    if old <= middle:
        return [*subproof(old, start, middle, whole=whole), reference(middle, stop)]
    return [*subproof(old, middle, stop, whole=False), reference(start, middle)]


def store(batches: list[int]) -> tuple[dict[tuple[int | None, int], bytearray], Frontier]:
    """Grow a tree batch by batch and keep its tiles as the sealer would: each hash is only ever appended."""
    kept: dict[tuple[int | None, int], bytearray] = {}
    frontier, everything = Frontier(), leaves(sum(batches))
    for batch in batches:
        before = frontier.size
        for level, added in enumerate(frontier.extend(everything[before : before + batch])):
            first = before >> 8 * level
            for at, found in enumerate(added, start=first):
                kept.setdefault((level, at // WIDTH), bytearray()).extend(found)
    return kept, frontier


def reader(kept: dict[tuple[int | None, int], bytearray]) -> Callable[[Tile], bytes]:
    return lambda tile: bytes(kept[tile.level, tile.number])


def check(tree: Tree, indexes: list[int], olds: list[int]) -> None:
    size = tree.size
    root = tree.root()
    assert root == reference(0, size)
    for index in indexes:
        proof = tree.inclusion(index)
        assert proof == path_of(index, 0, size)
        assert inclusion_holds(tree.leaf(index), index, size, proof, root)
        for wrong in (index ^ 1, size, -1):
            assert not inclusion_holds(tree.leaf(index), wrong, size, proof, root) or wrong == index
    for old in olds:
        proof = tree.consistency(old)
        assert proof == (subproof(old, 0, size) if old else [])
        assert consistency_holds(old, size, proof, reference(0, old), root)


def test_each_size() -> None:
    kept, _ = store([600])
    for size in range(601):
        tree = Tree(size, reader(kept))
        few = sorted({0, 1, size // 3, size // 2, size - 2, size - 1} & set(range(size)))
        check(tree, list(range(size)) if size < 40 else few, list(range(size + 1)) if size < 40 else [0, *few, size])


@pytest.mark.parametrize("size", BIG)
def test_around_a_power_of_two(size: int) -> None:
    kept, frontier = store([size])
    tree = Tree(size, reader(kept))
    assert frontier.root() == tree.root()
    check(tree, [0, 255, 256, 32_768, size - 1], [0, 1, 255, 256, 257, 65_535, size])


@settings(max_examples=40)
@given(st.lists(st.integers(0, 700), max_size=6))
def test_batches_make_the_same_tiles(batches: list[int]) -> None:
    kept, frontier = store(batches)
    assert kept == store([sum(batches)])[0]
    assert {(level, number): len(found) // HASH_BYTES for (level, number), found in kept.items()} == {
        (tile.level, tile.number): tile.width for tile in tiles_of(frontier.size) if tile.level is not None
    }


@settings(max_examples=60)
@given(st.integers(1, 3000), st.data())
def test_a_proof_bent_anywhere_no_longer_holds(size: int, data: st.DataObject) -> None:
    kept, frontier = store([size])
    tree, root = Tree(size, reader(kept)), frontier.root()
    index = data.draw(st.integers(0, size - 1))
    old = data.draw(st.integers(0, size))
    leaf = leaf_hash(b"entry %d" % index)
    way, bridge = tree.inclusion(index), tree.consistency(old)
    assert inclusion_holds(leaf, index, size, way, root)
    assert consistency_holds(old, size, bridge, reference(0, old), root)

    def way_holds(bent: list[bytes]) -> bool:
        return inclusion_holds(leaf, index, size, bent, root)

    def bridge_holds(bent: list[bytes]) -> bool:
        return consistency_holds(old, size, bent, reference(0, old), root)

    for proof, holds in ((way, way_holds), (bridge, bridge_holds)):
        assert not holds([*proof, bytes(32)])
        if proof:
            at = data.draw(st.integers(0, len(proof) - 1))
            assert not holds([*proof[:at], bytes(32), *proof[at + 1 :]])
            assert not holds(proof[:-1])
    assert not inclusion_holds(bytes(32), index, size, way, root)
    assert not inclusion_holds(leaf, index, size, way, bytes(32))
    assert not consistency_holds(old, size, bridge, bytes(32), root)
    if old:
        assert not consistency_holds(old, size, bridge, reference(0, old), bytes(32))


def test_the_empty_tree() -> None:
    tree = Tree(0, reader({}))
    assert tree.root() == EMPTY_ROOT
    assert tree.consistency(0) == []
    assert consistency_holds(0, 0, [], EMPTY_ROOT, EMPTY_ROOT)
    for wrong in (-1, 0, 1):
        with pytest.raises(IndexError):
            tree.inclusion(wrong)
    with pytest.raises(IndexError):
        tree.consistency(1)


def test_a_tile_that_lacks_hashes_is_an_error_not_another_root() -> None:
    kept, _ = store([300])
    kept[0, 1] = kept[0, 1][:-HASH_BYTES]
    with pytest.raises(ValueError, match="too short"):
        Tree(300, reader(kept)).root()
    kept[0, 1] = kept[0, 1][:-1]
    with pytest.raises(ValueError, match="whole hashes"):
        Tree(300, reader(kept)).root()
