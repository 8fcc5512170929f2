"""Verification of the tiles in the database against the tree as rebuilt from the leaves."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import sqlalchemy as sa

from aidants.i18n import gettext as _
from aidants.journal.merkle import HASH_BYTES, TILE_HEIGHT
from aidants.journal.models import JournalTile, table_of
from aidants.journal.report import Findings
from aidants.journal.tiles import WIDTH, Tile, path

_tiles: Final = table_of(JournalTile)


class TileCheck:
    """Compares as far as ``due`` leaves, those that a signed checkpoint covers; only a level's first difference is named.

    Behind an entry lost or added every hash differs; and where the entry itself is at fault, its hash says nothing more.
    """

    def __init__(self, connection: sa.Connection, findings: Findings, due: int) -> None:
        self.due = due
        self._connection = connection
        self._findings = findings
        self._differ: set[int] = set()

    def compare(self, before: int, gained: Sequence[Sequence[bytes]]) -> None:
        """Compare the hashes that a tree of ``before`` leaves gained, one list a tile level."""
        for level, hashes in enumerate(gained):
            first = before >> TILE_HEIGHT * level
            last = min(first + len(hashes), self.due >> TILE_HEIGHT * level)
            if first >= last or level in self._differ:
                continue
            number = _tiles.c.number.between(first // WIDTH, (last - 1) // WIDTH)
            query = sa.select(_tiles.c.number, _tiles.c.hashes).where(_tiles.c.level == level, number)
            found = self._connection.execute(query)
            rows = {row.number: row.hashes for row in found if isinstance(row.hashes, bytes)}
            for at in range(first, last):
                place, kept = divmod(at, WIDTH)
                if rows.get(place, b"")[kept * HASH_BYTES : (kept + 1) * HASH_BYTES] != hashes[at - first]:
                    self._name(level, at)

    def _name(self, level: int, at: int) -> None:
        since, until = (at << TILE_HEIGHT * level) + 1, (at + 1) << TILE_HEIGHT * level
        if level in self._differ or not self._findings.named.isdisjoint(range(since, until + 1)):
            return
        self._differ.add(level)
        text = _("La tuile {tile} ne correspond plus aux entrées n° {since} à {until}.")
        where = path(Tile(level, at // WIDTH, WIDTH))
        self._findings.fault(since if level == 0 else None, None, text, tile=where, since=since, until=until)

    def strays(self, size: int) -> None:
        """Find tiles, and hashes in them, that a tree of ``size`` leaves does not have."""
        if self.due > size:
            return  # that entries were lost is said already
        length = sa.func.length(_tiles.c.hashes).label("length")
        for row in self._connection.execute(sa.select(_tiles.c.level, _tiles.c.number, length)):
            known = all(isinstance(number, int) and number >= 0 for number in (row.level, row.number))
            hashes = (size >> TILE_HEIGHT * row.level) - row.number * WIDTH if known else 0
            if not known or row.length is None or row.length > max(0, min(WIDTH, hashes)) * HASH_BYTES:
                text = _("La tuile {level}/{number} contient ce que le journal n’a pas.")
                self._findings.fault(None, None, text, level=row.level, number=row.number)
