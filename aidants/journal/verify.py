"""Verification of the live database: every leaf, record, payload and stored checkpoint, in flat memory.

No action of the catalogue deletes records or payloads yet, so each missing one is a fault. What this cannot see: a rewriting
of the whole database that also recomputes the stored roots, for they are not signed.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import sqlalchemy as sa
from babel.numbers import format_decimal
from sqlalchemy.exc import DBAPIError

from aidants.db import Database, Mode, unit_of_work
from aidants.i18n import current, ngettext
from aidants.i18n import gettext as _
from aidants.journal import entry
from aidants.journal.merkle import Frontier, leaf_hash
from aidants.journal.models import JournalCheckpoint, JournalLeaf, JournalPayload, JournalRecord, table_of

BATCH: Final = 1000
MOST_FAULTS: Final = 100
_SHORT_ROOT: Final = 12

_leaves: Final = table_of(JournalLeaf)
_records: Final = table_of(JournalRecord)
_payloads: Final = table_of(JournalPayload)
_checkpoints: Final = table_of(JournalCheckpoint)
_COLUMNS: Final = tuple(_records.c[name] for name in entry.FIELDS)
_ID: Final = entry.FIELDS.index("id")
_SEALED: Final = entry.FIELDS.index("sealed")

Progress = Callable[[int, int], None]


@dataclass(frozen=True, slots=True)
class Fault:
    """One contradiction: the entry's number and id when it concerns one, and a sentence for people."""

    seq: int | None
    entry_id: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. At most MOST_FAULTS faults are kept; ``more`` counts the others."""

    ok: bool
    size: int
    root: bytes
    faults: tuple[Fault, ...]
    not_yet_sealed: int
    more: int = 0

    def sentence(self) -> str:
        """Return the result in one sentence, in the language of the request."""
        if self.faults:
            return self.faults[0].sentence
        text = ngettext(
            "Journal intact : {count} entrée, racine {root}…",
            "Journal intact : {count} entrées, racine {root}…",
            self.size,
        )
        return text.format(count=format_decimal(self.size, locale=current()), root=self.root.hex()[:_SHORT_ROOT])


@dataclass(slots=True)
class _Check:
    """The state of one verification."""

    frontier: Frontier = field(default_factory=Frontier)
    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    sealed: int = 0
    printed: dict[int, set[bytes]] = field(default_factory=dict)
    """Roots on paper, by size: a witness that whoever rewrites the database cannot reach."""
    roots_differ: bool = False

    def fault(self, seq: int | None, entry_id: str | None, text: str, **values: object) -> None:
        """Note a fault; ``text`` is already translated and takes ``seq``, ``id`` and ``values``."""
        if len(self.faults) >= MOST_FAULTS:
            self.more += 1
            return
        self.faults.append(Fault(seq, entry_id, text.format(seq=seq, id=entry_id, **values)))

    def report(self) -> Report:
        """Return the result."""
        size = self.frontier.size
        open_end = max(0, size - self.sealed)
        return Report(not self.faults, size, self.frontier.root(), tuple(self.faults), open_end, self.more)


def verify(database: Database, progress: Progress | None = None, printed: Iterable[tuple[int, str]] = ()) -> Report:
    """Check the whole journal in one snapshot; ``progress`` receives entries done and entries in all, batch by batch.

    ``printed``: sizes and roots (hex) that were printed, and must still be those of the journal.

    Raises Unavailable only when the database cannot be reached at all; rows that do not read are a fault.
    """
    check = _Check()
    for size, root in printed:
        check.printed.setdefault(size, set()).add(bytes.fromhex(root))
    done = 0
    readable = True
    with unit_of_work(database, Mode.READ) as work:
        options = {} if database.is_sqlite else {"isolation_level": "REPEATABLE READ"}
        connection = work.session.connection(execution_options=options)
        try:
            total = connection.execute(sa.select(sa.func.max(_leaves.c.seq))).scalar() or 0
            while done < total:
                done = _batch(connection, check, done)
                if progress is not None:
                    progress(done, total)
            _strays(connection, check)
            _beyond(check)
        except DBAPIError:
            readable = False
    if not readable:
        _unreadable(database, check, done)
    return check.report()


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
            expected = row[0]
        _entry(check, row)
        hashes.append(leaf_hash(row[1]))
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
        problem = _payload_problem(payload, values)
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
    except ValueError:
        return _("sa feuille est illisible")
    if written["id"] != values[_ID]:
        return _("son enregistrement est celui d’une autre entrée")
    return _("son enregistrement ne correspond plus à sa feuille")


def _payload_problem(payload: bytes | None, values: Sequence[Any]) -> str | None:
    """Say how the sealed payload contradicts the record, or None."""
    promised = values[_SEALED]
    if payload is None:
        return None if promised is None else _("ses données scellées manquent")
    if promised is None or hashlib.sha256(payload).hexdigest() != promised:
        return _("ses données scellées ont changé")
    return None


def _leaf_id(leaf: bytes) -> str | None:
    """Return the id that a leaf carries, or None when it does not read."""
    try:
        return str(entry.read_leaf(leaf)["id"])
    except ValueError:
        return None


def _grow(connection: sa.Connection, check: _Check, hashes: Sequence[bytes]) -> None:
    """Append leaf hashes, stopping at each stored checkpoint to compare it."""
    start = check.frontier.size
    within = _checkpoints.c.size.between(start + 1, start + len(hashes))
    query = sa.select(_checkpoints.c.size, _checkpoints.c.root, _checkpoints.c.frontier).where(within)
    stored = {row.size: row for row in connection.execute(query)}
    reached = {size for size in check.printed if start < size <= start + len(hashes)}
    at = 0
    for size in sorted(reached | set(stored)):
        check.frontier.extend(hashes[at : size - start])
        at = size - start
        if check.printed.get(size, set()) - {check.frontier.root()}:
            text = _("Un mandat imprimé cite une autre racine pour les {size} premières entrées.")
            check.fault(None, None, text, size=size)
        if size not in stored:
            continue
        root, frontier = stored[size].root, stored[size].frontier
        check.sealed = size
        if check.roots_differ:
            continue
        if root != check.frontier.root() or frontier != check.frontier.to_bytes():
            check.roots_differ = True
            text = _("Le point de contrôle de taille {size} ne correspond pas aux {size} premières entrées.")
            check.fault(None, None, text, size=size)
    check.frontier.extend(hashes[at:])


def _beyond(check: _Check) -> None:
    """Find mandates printed when the journal was longer than it is."""
    last, size = max(check.printed, default=0), check.frontier.size
    if last > size:
        text = _("Le journal a perdu des entrées : un mandat imprimé en cite {last}, il en reste {size}.")
        check.fault(None, None, text, last=last, size=size)


def _strays(connection: sa.Connection, check: _Check) -> None:
    """Find what no leaf covers: records, payloads, checkpoints beyond the end; and numbers below the first."""
    alone = _records.outerjoin(_leaves, _leaves.c.seq == _records.c.seq)
    records = sa.select(_records.c.seq, _records.c.id).select_from(alone).where(_leaves.c.seq.is_(None))
    for seq, entry_id in connection.execute(records.limit(MOST_FAULTS)):
        check.fault(seq, entry_id, _("L’enregistrement n° {seq} (id {id}) n’a pas de feuille."))
    orphans = _payloads.outerjoin(_records, _records.c.id == _payloads.c.entry_id)
    payloads = sa.select(_payloads.c.entry_id).select_from(orphans).where(_records.c.id.is_(None))
    for entry_id in connection.execute(payloads.limit(MOST_FAULTS)).scalars():
        check.fault(None, entry_id, _("Des données scellées (id {id}) n’ont pas d’enregistrement."))
    for column in (_leaves.c.seq, _checkpoints.c.size):
        for number in connection.execute(sa.select(column).where(column < 1).limit(MOST_FAULTS)).scalars():
            check.fault(number, None, _("Le numéro {seq} n’existe pas dans un journal : il commence à 1."))
    last = connection.execute(sa.select(sa.func.max(_checkpoints.c.size))).scalar() or 0
    size = check.frontier.size
    if last > size:
        text = _("Le journal a perdu des entrées : le point de contrôle en couvre {last}, il en reste {size}.")
        check.fault(size + 1, None, text, last=last, size=size)


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
