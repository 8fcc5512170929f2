"""The tree as tiles (C2SP tlog-tiles): paths, widths, entry bundles, and every proof a tree can give; pure.

A tile holds up to 256 consecutive hashes of one tile level: at level 0 leaf hashes, above it the root of each full tile
below. Partial tiles are prefixes of what they grow into, so a tree only ever adds hashes at the right edge of each level.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Final, NamedTuple

from aidants.journal.merkle import EMPTY_ROOT, HASH_BYTES, TILE_HEIGHT, node_hash, perfect_root

WIDTH: Final = 1 << TILE_HEIGHT
ENTRIES: Final = "entries"
LONGEST_ENTRY: Final = 0xFFFF
HIGHEST_LEVEL: Final = 63
_PATH: Final = re.compile(
    r"tile/(?P<level>0|[1-9][0-9]?|entries)/(?P<number>(?:x[0-9]{3}/)*[0-9]{3})(?:\.p/(?P<width>[1-9][0-9]{0,2}))?"
)


class Tile(NamedTuple):
    """One tile, or the entry bundle beside a tile of level 0 when ``level`` is None; ``width`` 1 to 256."""

    level: int | None
    number: int
    width: int


def path(tile: Tile) -> str:
    """Return the path below the log's prefix: ``tile/0/x001/x234/067``, ``tile/entries/000.p/12``."""
    groups = [f"{tile.number % 1000:03}"]
    rest = tile.number // 1000
    while rest:
        groups.insert(0, f"x{rest % 1000:03}")
        rest //= 1000
    level = ENTRIES if tile.level is None else str(tile.level)
    partial = f".p/{tile.width}" if tile.width < WIDTH else ""
    return f"tile/{level}/{'/'.join(groups)}{partial}"


def parse_path(text: str) -> Tile:
    """Read a path as ``path`` writes it, and in no other form. Raises ValueError."""
    found = _PATH.fullmatch(text)
    if found is None:
        raise ValueError("not the path of a tile")
    level = None if found["level"] == ENTRIES else int(found["level"])
    number = int(found["number"].replace("/", "").replace("x", ""))
    tile = Tile(level, number, int(found["width"] or WIDTH))
    if path(tile) != text or (level or 0) > HIGHEST_LEVEL:
        raise ValueError("not the path of a tile")
    return tile


def tiles_of(size: int, since: int = 0) -> Iterator[Tile]:
    """Yield the tiles and bundles of a tree of ``size`` leaves that a tree of ``since`` leaves had not, or not as wide."""
    for level in [None, *range(HIGHEST_LEVEL + 1)]:
        height = TILE_HEIGHT * (level or 0)
        hashes, known = size >> height, since >> height
        if not hashes:
            return
        for number in range(known // WIDTH, -(-hashes // WIDTH)):
            width = min(WIDTH, hashes - number * WIDTH)
            if width > known - number * WIDTH:
                yield Tile(level, number, width)


def write_bundle(entries: Iterable[bytes]) -> bytes:
    """Return an entry bundle: each entry after its length as two big-endian bytes. Raises ValueError for one too long."""
    parts = []
    for entry in entries:
        if len(entry) > LONGEST_ENTRY:
            raise ValueError("an entry is longer than 65,535 bytes")
        parts += [len(entry).to_bytes(2, "big"), entry]
    return b"".join(parts)


def read_bundle(data: bytes) -> list[bytes]:
    """Return the entries of a bundle. Raises ValueError when its lengths do not add up."""
    entries, at = [], 0
    while at < len(data):
        length = int.from_bytes(data[at : at + 2], "big")
        entry = data[at + 2 : at + 2 + length]
        if len(entry) != length or len(data) < at + 2:
            raise ValueError("a bundle ends in the middle of an entry")
        entries.append(entry)
        at += 2 + length
    return entries


def split_hashes(data: bytes) -> list[bytes]:
    """Return the hashes of a tile. Raises ValueError when it does not hold whole hashes."""
    if len(data) % HASH_BYTES:
        raise ValueError("a tile holds whole hashes")
    return [data[at : at + HASH_BYTES] for at in range(0, len(data), HASH_BYTES)]


ReadTile = Callable[[Tile], bytes]


class Tree:
    """A tree of ``size`` leaves behind its tiles; ``read`` returns a tile's bytes, at least as wide as asked.

    What ``read`` returns is not trusted to be right, only to be long enough: check roots and proofs against a checkpoint.
    """

    def __init__(self, size: int, read: ReadTile) -> None:
        self.size = size
        self._read = read
        self._kept: dict[tuple[int, int], list[bytes]] = {}

    def root(self) -> bytes:
        """Return the root over all leaves."""
        return self._range(0, self.size) if self.size else EMPTY_ROOT

    def leaf(self, index: int) -> bytes:
        """Return the hash of the leaf at ``index``, from 0. Raises IndexError beyond the tree."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        return self._hashes(0, index, 1)[0]

    def inclusion(self, index: int) -> list[bytes]:
        """Return the inclusion proof of the leaf at ``index``, from its sibling up (RFC 6962 §2.1.1). Raises IndexError."""
        if not 0 <= index < self.size:
            raise IndexError(index)
        proof: list[bytes] = []
        start, stop = 0, self.size
        while stop - start > 1:
            middle = start + _split(stop - start)
            if index < middle:
                proof.append(self._range(middle, stop))
                stop = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return proof[::-1]

    def consistency(self, old: int) -> list[bytes]:
        """Return the proof that this tree begins with its first ``old`` leaves (RFC 6962 §2.1.2). Raises IndexError."""
        if not 0 <= old <= self.size:
            raise IndexError(old)
        if old in {0, self.size}:
            return []
        proof: list[bytes] = []
        start, stop = 0, self.size
        while stop != old:
            middle = start + _split(stop - start)
            if old <= middle:
                proof.append(self._range(middle, stop))
                stop = middle
            else:
                proof.append(self._range(start, middle))
                start = middle
        return ([self._range(start, stop)] if start else []) + proof[::-1]

    def _range(self, start: int, stop: int) -> bytes:
        """Return the root over the leaves from ``start`` to ``stop``, a subtree of the RFC's own splitting."""
        pieces = []
        while start < stop:
            height = (stop - start).bit_length() - 1
            pieces.append(self._perfect(height, start >> height))
            start += 1 << height
        root = pieces.pop()
        while pieces:
            root = node_hash(pieces.pop(), root)
        return root

    def _perfect(self, height: int, number: int) -> bytes:
        """Return the root of the perfect subtree of 2**height leaves whose number at that height is ``number``."""
        level, above = divmod(height, TILE_HEIGHT)
        return perfect_root(self._hashes(level, number << above, 1 << above))

    def _hashes(self, level: int, first: int, count: int) -> Sequence[bytes]:
        """Return hashes of a tile level; those of one tile."""
        number, at = divmod(first, WIDTH)
        kept = self._kept.get((level, number))
        if kept is None:
            width = min(WIDTH, (self.size >> TILE_HEIGHT * level) - number * WIDTH)
            kept = split_hashes(self._read(Tile(level, number, width)))
            if len(kept) < width:
                raise ValueError(f"{path(Tile(level, number, width))} is too short")
            self._kept[level, number] = kept
        return kept[at : at + count]


def _split(count: int) -> int:
    """Return the largest power of two below ``count``."""
    return 1 << (count - 1).bit_length() - 1
