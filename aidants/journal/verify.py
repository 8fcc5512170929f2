"""Verification of the live database: every leaf, record, payload, tile and stored checkpoint, in flat memory.

A payload may be missing when an entry says that its owner was erased; nothing else deletes records or payloads yet, so any
other missing one is a fault. The tree is always rebuilt from the
leaves; tiles are compared with it and never believed. Checkpoints kept outside the database are the measure of what is in it.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from enum import Enum, auto
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from aidants.db import Database, Mode, unit_of_work
from aidants.i18n import N_
from aidants.i18n import gettext as _
from aidants.journal import entry, stored_tables
from aidants.journal.actions import ResidentErased
from aidants.journal.erasures import Erased
from aidants.journal.merkle import Frontier, leaf_hash
from aidants.journal.models import (
    JournalCheckpoint,
    JournalLeaf,
    JournalPayload,
    JournalRecord,
    JournalTile,
    table_of,
)
from aidants.journal.notes import Checkpoint, NoteError, Verifier, open_checkpoint
from aidants.journal.report import Findings, Report
from aidants.journal.stored_tiles import TileCheck

BATCH: Final = 1000

_leaves: Final = table_of(JournalLeaf)
_records: Final = table_of(JournalRecord)
_payloads: Final = table_of(JournalPayload)
_checkpoints: Final = table_of(JournalCheckpoint)
_tiles: Final = table_of(JournalTile)
_COLUMNS: Final = tuple(_records.c[name] for name in entry.FIELDS)
_ID: Final = entry.FIELDS.index("id")
_OWNER: Final = entry.FIELDS.index("owner")
_SEALED: Final = entry.FIELDS.index("sealed")

Progress = Callable[[int, int], None]


class Outside(Enum):
    """Where a root is kept that whoever rewrites the database cannot reach."""

    PRINTED = auto()
    KEPT = auto()


_ANOTHER_ROOT: Final = {
    Outside.PRINTED: N_("Un mandat imprimé cite une autre racine pour les {size} premières entrées."),
    Outside.KEPT: N_("Un point de contrôle gardé au-dehors donne une autre racine pour les {size} premières entrées."),
}
_LOST: Final = {
    Outside.PRINTED: N_("Le journal a perdu des entrées : un mandat imprimé en cite {last}, il en reste {size}."),
    Outside.KEPT: N_(
        "Le journal a perdu des entrées : un point de contrôle gardé au-dehors en couvre {last}, il en reste {size}."
    ),
}


@dataclass(slots=True)
class _Check(Findings):
    """The state of one verification."""

    frontier: Frontier = field(default_factory=Frontier)
    sealed: int = 0
    verifier: Verifier | None = None
    signed: int = 0
    outside: dict[int, dict[str, Outside]] = field(default_factory=dict)
    """Roots (hex) kept outside the database, by size: whoever rewrites it cannot reach them."""
    roots_differ: bool = False
    erased: Erased = field(default_factory=Erased)
    tiles: TileCheck = field(init=False)

    def places(self) -> set[Outside]:
        """Return where roots are kept outside."""
        return {where for roots in self.outside.values() for where in roots.values()}

    def report(self) -> Report:
        """Return the result."""
        size = self.frontier.size
        open_end = max(0, size - self.sealed)
        faults = tuple(self.faults)
        return Report(not faults, size, self.frontier.root(), faults, open_end, self.more, self.signed)


def verify(
    database: Database,
    progress: Progress | None = None,
    printed: Iterable[tuple[int, str]] = (),
    verifier: Verifier | None = None,
    kept: Iterable[Checkpoint] = (),
    here: sa.Select[tuple[str]] | None = None,
) -> Report:
    """Check the whole journal in one snapshot; ``progress`` receives entries done and entries in all, batch by batch.

    ``printed``: sizes and roots (hex) that were printed, and must still be those of the journal. ``verifier``: the key that
    signs its checkpoints; ``kept``: checkpoints that somebody kept outside, their signatures checked. ``here`` selects the ids
    of the residents there are: none of them may have been erased.

    Raises Unavailable only when the database cannot be reached at all; rows that do not read are a fault.
    """
    check = _Check(verifier=verifier)
    for size, root in printed:
        check.outside.setdefault(size, {})[root] = Outside.PRINTED
    for checkpoint in kept:
        check.outside.setdefault(checkpoint.size, {})[checkpoint.root.hex()] = Outside.KEPT
    done = 0
    readable = True
    with unit_of_work(database, Mode.READ) as work:
        options = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        connection = work.session.connection(execution_options=options)
        try:
            total = connection.execute(sa.select(sa.func.max(_leaves.c.seq))).scalar() or 0
            signed = sa.select(sa.func.max(_checkpoints.c.size)).where(_checkpoints.c.note.is_not(None))
            _erasures(connection, check, here)
            tiles = check.tiles = TileCheck(connection, check, connection.execute(signed).scalar() or 0)
            while done < total:
                done = _batch(connection, check, done)
                if progress is not None:
                    progress(done, total)
            stored_tables.strays(connection, check, check.frontier.size)
            stored_tables.compare(connection, check)
            tiles.strays(check.frontier.size)
            _beyond(check)
        except DBAPIError:
            readable = False
    if not readable:
        _unreadable(database, check, done)
    return check.report()


def _erasures(connection: sa.Connection, check: _Check, here: sa.Select[tuple[str]] | None) -> None:
    """Read which payloads were erased, before the walk that holds these very entries to their leaves."""
    erased = sa.select(_records.c.resident).where(_records.c.type == ResidentErased.type)
    if here is not None:
        for resident in connection.execute(sa.intersect(erased, here)).scalars():
            check.fault(None, resident, _("Le journal dit effacée une personne qui est encore là (id {id})."))
    said = sa.select(_records.c.seq, _records.c.resident, _records.c.detail)
    for seq, resident, detail in connection.execute(said.where(_records.c.type == ResidentErased.type)):
        with suppress(ValueError, TypeError, RecursionError):
            check.erased.add(resident, json.loads(detail), seq)


def _batch(connection: sa.Connection, check: _Check, done: int) -> int:
    """Check the next entries and the checkpoints within them; return the last number seen."""
    joined = _leaves.outerjoin(_records, _records.c.seq == _leaves.c.seq)
    joined = joined.outerjoin(_payloads, _payloads.c.entry_id == _records.c.id)
    query = sa.select(_leaves.c.seq, _leaves.c.leaf, _payloads.c.sealed, _records.c.salt, *_COLUMNS).select_from(joined)
    rows = connection.execute(query.where(_leaves.c.seq > done).order_by(_leaves.c.seq).limit(BATCH)).all()
    hashes: list[bytes] = []
    expected = done
    for row in rows:
        expected += 1
        if row[0] != expected:
            missing = _("Les entrées n° {first} à {last} manquent.")
            check.fault(expected, None, missing, first=expected, last=row[0] - 1)
            check.tiles.due = 0  # the entries after a gap have other places in the tree
            expected = row[0]
        _entry(check, row)
        hashes.append(leaf_hash(row[1] if isinstance(row[1], bytes) else b""))
    _grow(connection, check, hashes)
    return expected


def _entry(check: _Check, row: Sequence[Any]) -> None:
    """Check one leaf against its record, and the record against its payload."""
    seq, leaf, payload, salt, *values = row
    if values[_ID] is None:
        check.fault(seq, _leaf_id(leaf), _("L’entrée n° {seq} (id {id}) n’a plus son enregistrement."))
        return
    problem = _difference(leaf, salt, values)
    if problem is None:
        problem = _payload_problem(check.erased, seq, payload, values)
    if problem is not None:
        text = _("L’entrée n° {seq} (id {id}) a été modifiée : {problem}.")
        check.fault(seq, _leaf_id(leaf) or values[_ID], text, problem=problem)


def _difference(leaf: bytes, salt: bytes, values: Sequence[Any]) -> str | None:
    """Say how the leaf and the record contradict each other, or None."""
    try:
        commit = entry.commitment(salt, values)
        if entry.leaf(values, commit) == leaf:
            return None
    except (ValueError, TypeError):
        return _("son enregistrement est illisible")
    try:
        written = entry.read_leaf(leaf)
    except (ValueError, TypeError):
        return _("sa feuille est illisible")
    if written["id"] != values[_ID]:
        return _("son enregistrement est celui d’une autre entrée")
    return _("son enregistrement ne correspond plus à sa feuille")


def _payload_problem(erased: Erased, seq: int, payload: object, values: Sequence[Any]) -> str | None:
    """Say how the sealed payload contradicts the record and the erasures, or None."""
    promised = values[_SEALED]
    gone = promised is not None and erased.covers(values[_OWNER], seq)
    if payload is None:
        return None if promised is None or gone else _("ses données scellées manquent")
    if gone:
        return _("ses données scellées sont là, et le journal les dit effacées")
    if promised is None or not isinstance(payload, bytes) or hashlib.sha256(payload).hexdigest() != promised:
        return _("ses données scellées ont changé")
    return None


def _leaf_id(leaf: bytes) -> str | None:
    """Return the id that a leaf carries, or None when it does not read."""
    try:
        return str(entry.read_leaf(leaf)["id"])
    except (ValueError, TypeError):
        return None


def _grow(connection: sa.Connection, check: _Check, hashes: Sequence[bytes]) -> None:
    """Append leaf hashes, stopping at each root that is known, and compare the tiles with what the tree gained."""
    start = check.frontier.size
    within = _checkpoints.c.size.between(start + 1, start + len(hashes))
    query = sa.select(_checkpoints.c.size, _checkpoints.c.root, _checkpoints.c.frontier, _checkpoints.c.note)
    stored = {row.size: row for row in connection.execute(query.where(within))}
    reached = {size for size in check.outside if start < size <= start + len(hashes)}
    gained: list[list[bytes]] = []
    at = 0
    for size in [*sorted(reached | set(stored)), start + len(hashes)]:
        for level, added in enumerate(check.frontier.extend(hashes[at : size - start])):
            gained += [[]] * (level + 1 - len(gained))
            gained[level] = gained[level] + added
        at = size - start
        for root, where in check.outside.get(size, {}).items():
            if root != check.frontier.root().hex():
                check.fault(None, None, _(_ANOTHER_ROOT[where]), size=size)
        if size in stored:
            _checkpoint(check, stored[size])
    check.tiles.compare(start, gained)


def _checkpoint(check: _Check, stored: Any) -> None:
    """Compare a stored checkpoint with the tree as rebuilt, and check its signature. Only the first wrong root is named."""
    size = check.sealed = stored.size
    if not check.roots_differ and (stored.root, stored.frontier) != (check.frontier.root(), check.frontier.to_bytes()):
        check.roots_differ = True
        text = _("Le point de contrôle de taille {size} ne correspond pas aux {size} premières entrées.")
        check.fault(None, None, text, size=size)
    if stored.note is None:
        if check.signed:
            check.fault(None, None, _("Le point de contrôle de taille {size} n’est plus signé."), size=size)
    elif check.verifier is not None:
        try:
            said = open_checkpoint(str(stored.note), check.verifier)
        except NoteError:
            said = None
        if said is None or (said.size, said.root) != (size, stored.root):
            text = _("La signature du point de contrôle de taille {size} est fausse.")
            check.fault(None, None, text, size=size)
        else:
            check.signed = size


def _beyond(check: _Check) -> None:
    """Find what is kept outside and gone here: a longer journal, or signatures."""
    if check.signed == 0 and check.verifier is not None and Outside.KEPT in check.places():
        check.fault(None, None, _("Le journal n’est plus signé : plus aucun point de contrôle ne l’est."))
    last, size = max(check.outside, default=0), check.frontier.size
    if last > size:
        where = next(iter(check.outside[last].values()))
        check.fault(None, None, _(_LOST[where]), last=last, size=size)


def _unreadable(database: Database, check: _Check, done: int) -> None:
    """Name the first entry after ``done`` that does not read; without one, the trouble is elsewhere in the journal."""
    joined = _leaves.outerjoin(_records, _records.c.seq == _leaves.c.seq)
    joined = joined.outerjoin(_payloads, _payloads.c.entry_id == _records.c.id)
    query = sa.select(_leaves, _records, _payloads).select_from(joined)
    for seq in range(done + 1, done + BATCH + 1):
        with unit_of_work(database, Mode.READ) as work:
            try:
                work.session.connection().execute(query.where(_leaves.c.seq == seq)).all()
            except DBAPIError:
                check.fault(seq, None, _("L’entrée n° {seq} ne se lit plus : la base de données est abîmée."))
                return
    text = _("Le journal ne se lit plus après l’entrée n° {last} : la base de données est abîmée.")
    check.fault(None, None, text, last=done)
