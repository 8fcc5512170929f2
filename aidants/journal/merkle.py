"""Merkle tree hashing and proofs (RFC 6962 §2.1, RFC 9162 §2.1), and the frontier of a growing tree; pure.

A frontier keeps one hash for each perfect subtree of the tree, that is one for each binary digit 1 of its size: enough
to append leaves and to compute the root without the leaves already there. Making proofs needs tiles: see ``tiles``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
TILE_HEIGHT: Final = 8
"""Levels of the tree in one tile (C2SP tlog-tiles): a tile is 256 hashes wide."""
_SIZE_BYTES: Final = 8


def leaf_hash(leaf: bytes) -> bytes:
    """Hash one leaf: SHA-256(0x00 ‖ leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


def perfect_root(hashes: Sequence[bytes]) -> bytes:
    """Return the root over the hashes of one level; their number is a power of two."""
    nodes, sha256 = list(hashes), hashlib.sha256
    while len(nodes) > 1:
        nodes = [sha256(b"\x01" + nodes[at] + nodes[at + 1]).digest() for at in range(0, len(nodes), 2)]
    return nodes[0]


def inclusion_holds(leaf: bytes, index: int, size: int, proof: Sequence[bytes], root: bytes) -> bool:
    """Say whether the proof leads from a leaf hash at ``index`` (from 0) to the root of ``size`` leaves (RFC 9162 §2.1.3.2)."""
    if not 0 <= index < size:
        return False
    number, last, found = index, size - 1, leaf
    for sibling in proof:
        if last == 0:
            return False
        if number & 1 or number == last:
            found = node_hash(sibling, found)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            found = node_hash(found, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and found == root


def consistency_holds(old: int, size: int, proof: Sequence[bytes], old_root: bytes, root: bytes) -> bool:
    """Say whether the proof shows that the tree of ``size`` leaves begins with the tree of ``old`` (RFC 9162 §2.1.4.2).

    Every tree begins with the empty one, and with itself: these need, and allow, no proof.
    """
    if not 0 <= old <= size:
        return False
    if old in {0, size}:
        return not proof and old_root == (EMPTY_ROOT if old == 0 else root)
    path = list(proof) if old & (old - 1) else [old_root, *proof]
    if not path:
        return False
    number, last = old - 1, size - 1
    while number & 1:
        number, last = number >> 1, last >> 1
    then = now = path[0]
    for sibling in path[1:]:
        if last == 0:
            return False
        if number & 1 or number == last:
            then, now = node_hash(sibling, then), node_hash(sibling, now)
            while number and not number & 1:
                number, last = number >> 1, last >> 1
        else:
            now = node_hash(now, sibling)
        number, last = number >> 1, last >> 1
    return last == 0 and then == old_root and now == root


class Frontier:
    """The right edge of a tree: grows by leaf hashes, gives size and root."""

    __slots__ = ("_levels", "size")

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[bytes | None] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> list[list[bytes]]:
        """Add leaf hashes in order, one level of the tree at a time (two hashes a leaf, few Python steps).

        Return what this adds to the tiles: the new hashes of each tile level, from the leaves up.
        """
        nodes, level, sha256 = list(leaves), 0, hashlib.sha256
        self.size += len(nodes)
        added: list[list[bytes]] = []
        while nodes:
            if level % TILE_HEIGHT == 0:
                added.append(nodes)
            if level == len(self._levels):
                self._levels.append(None)
            pending = self._levels[level]
            if pending is not None:
                nodes = [pending, *nodes]
            self._levels[level] = nodes[-1] if len(nodes) % 2 else None
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            level += 1
        return added

    def root(self) -> bytes:
        """Return the tree's root; the root of the empty tree is SHA-256 of nothing."""
        root: bytes | None = None
        for node in self._levels:
            if node is not None:
                root = node if root is None else node_hash(node, root)
        return EMPTY_ROOT if root is None else root

    def to_bytes(self) -> bytes:
        """Return the size (8 bytes, big-endian) and the subtree hashes, the largest subtree first."""
        return self.size.to_bytes(_SIZE_BYTES, "big") + b"".join(node for node in reversed(self._levels) if node)

    @classmethod
    def from_bytes(cls, data: bytes) -> Frontier:
        """Read what ``to_bytes`` wrote. Raises ValueError when the length does not fit the size."""
        frontier = cls()
        frontier.size = size = int.from_bytes(data[:_SIZE_BYTES], "big")
        if len(data) != _SIZE_BYTES + HASH_BYTES * size.bit_count():
            raise ValueError("length does not fit the size")
        rest = len(data)
        for level in range(size.bit_length()):
            if size >> level & 1:
                frontier._levels.append(data[rest - HASH_BYTES : rest])
                rest -= HASH_BYTES
            else:
                frontier._levels.append(None)
        return frontier
