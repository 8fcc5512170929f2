"""Merkle tree hashing (RFC 6962 §2.1, RFC 9162 §2.1) and the frontier of a growing tree; pure.

A frontier keeps one hash for each perfect subtree of the tree, that is one for each binary digit 1 of its size: enough
to append leaves and to compute the root without the leaves already there.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Final

HASH_BYTES: Final = 32
EMPTY_ROOT: Final = hashlib.sha256(b"").digest()
_SIZE_BYTES: Final = 8


def leaf_hash(leaf: bytes) -> bytes:
    """Hash one leaf: SHA-256(0x00 ‖ leaf)."""
    return hashlib.sha256(b"\x00" + leaf).digest()


def node_hash(left: bytes, right: bytes) -> bytes:
    """Hash an inner node: SHA-256(0x01 ‖ left ‖ right)."""
    return hashlib.sha256(b"\x01" + left + right).digest()


class Frontier:
    """The right edge of a tree: grows by leaf hashes, gives size and root."""

    __slots__ = ("_levels", "size")

    def __init__(self) -> None:
        self.size = 0
        self._levels: list[bytes | None] = []

    def append(self, leaf: bytes) -> None:
        """Add one leaf hash."""
        self.extend((leaf,))

    def extend(self, leaves: Sequence[bytes]) -> None:
        """Add leaf hashes in order, one level of the tree at a time (two hashes a leaf, few Python steps)."""
        nodes, level, sha256 = list(leaves), 0, hashlib.sha256
        self.size += len(nodes)
        while nodes:
            if level == len(self._levels):
                self._levels.append(None)
            pending = self._levels[level]
            if pending is not None:
                nodes.insert(0, pending)
            self._levels[level] = nodes[-1] if len(nodes) % 2 else None
            pairs = iter(nodes)
            nodes = [sha256(b"\x01" + left + right).digest() for left, right in zip(pairs, pairs, strict=False)]
            level += 1

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
