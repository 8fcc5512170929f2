"""Verification of an exported log, a folder or a zip, with no database and no network.

Nothing in it is believed: the tree is rebuilt from the entries, and what comes from outside (a key, an older checkpoint) is
the measure.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Sequence
from typing import Any, Final

from aidants.i18n import gettext as _
from aidants.journal import entry, export
from aidants.journal.files import Files, Unreadable
from aidants.journal.merkle import HASH_BYTES, Frontier, leaf_hash
from aidants.journal.notes import LONGEST, Checkpoint, NoteError, Verifier, open_checkpoint
from aidants.journal.report import Findings, Report
from aidants.journal.tiles import LONGEST_ENTRY, WIDTH, Tile, path, read_bundle

LONGEST_BUNDLE: Final = WIDTH * (LONGEST_ENTRY + 2)
LONGEST_RECORD: Final = 1 << 20

Progress = Callable[[int, int], None]


def verify_files(
    files: Files,
    verifier: Verifier | None = None,
    kept: Sequence[Checkpoint] = (),
    progress: Progress | None = None,
) -> Report:
    """Check an exported log. ``verifier``: the key you know (else the one that comes with it); ``kept``: checkpoints you have.

    Raises Unreadable when there is no log to check, or no signed checkpoint of that key.
    """
    verifier = verifier or own_key(files)
    last = _checkpoint(files, verifier)
    return _Check(files, verifier, last, kept, progress).run()


def own_key(files: Files) -> Verifier:
    """Return the public key that comes with a log. Raises Unreadable."""
    data = files.read(export.VKEY, LONGEST)
    try:
        return Verifier.parse((data or b"").decode())
    except (NoteError, UnicodeDecodeError) as error:
        raise Unreadable(_("La clé publique (vkey) manque ou ne se lit pas.")) from error


def _checkpoint(files: Files, verifier: Verifier) -> Checkpoint:
    data = files.read(export.CHECKPOINT, LONGEST)
    if data is None:
        raise Unreadable(_("Il n’y a pas de journal ici : le fichier checkpoint manque."))
    try:
        return open_checkpoint(data.decode(), verifier)
    except (NoteError, UnicodeDecodeError) as error:
        text = _("Le point de contrôle n’est pas signé par la clé {name}, ou il est abîmé.")
        raise Unreadable(text.format(name=verifier.name)) from error


class _Check:
    """One verification: entries, tiles, checkpoints and records in a single pass, in flat memory."""

    def __init__(
        self,
        files: Files,
        verifier: Verifier,
        last: Checkpoint,
        kept: Sequence[Checkpoint],
        progress: Progress | None,
    ) -> None:
        self._files = files
        self._last = last
        self._progress = progress
        self._frontier = Frontier()
        self._findings = Findings()
        self._fault = self._findings.fault
        self._edges: list[list[bytes]] = []
        self._roots: dict[int, list[tuple[str, bytes]]] = {}
        self._expect(last, _("Le point de contrôle ne correspond pas aux {size} premières entrées."))
        for checkpoint in kept:
            self._expect(
                checkpoint,
                _("Le point de contrôle que vous avez gardé ne correspond pas aux {size} premières entrées."),
            )
        for name in sorted(files.names("checkpoints")):
            self._expect_earlier(name, verifier)
        self._records = _records(files)
        self._next = next(self._records, None)

    def _expect(self, checkpoint: Checkpoint, text: str) -> None:
        if checkpoint.size > self._last.size:
            lost = _("Ce journal est plus court que le point de contrôle que vous avez gardé : {size} entrées.")
            self._fault(None, None, lost, size=checkpoint.size)
        self._roots.setdefault(checkpoint.size, []).append((text, checkpoint.root))

    def _expect_earlier(self, name: str, verifier: Verifier) -> None:
        data = self._files.read(f"checkpoints/{name}", LONGEST) or b""
        try:
            earlier = open_checkpoint(data.decode(), verifier)
        except (NoteError, UnicodeDecodeError):
            self._fault(None, None, _("La signature du fichier checkpoints/{name} est fausse."), name=name)
            return
        self._expect(
            earlier, _("Le point de contrôle de taille {size} ne correspond pas aux {size} premières entrées.")
        )

    def run(self) -> Report:
        """Read the log from its first entry to its last."""
        for text, root in self._roots.get(0, ()):
            if root != self._frontier.root():
                self._fault(None, None, text, size=0)
        while self._frontier.size < self._last.size and self._bundle():
            if self._progress is not None:
                self._progress(self._frontier.size, self._last.size)
        self._tiles(final=True)
        if self._next is not None:
            text = _("Un enregistrement cite l’entrée n° {seq}, que ce journal n’a pas.")
            self._fault(self._next[0], None, text)
        size, root = self._frontier.size, self._frontier.root()
        faults = tuple(self._findings.faults)
        return Report(not faults, size, root, faults, 0, self._findings.more, self._last.size)

    def _bundle(self) -> bool:
        """Take the next 256 entries into the tree; say whether the log can be read on."""
        start = self._frontier.size
        width = min(WIDTH, self._last.size - start)
        name = path(Tile(None, start // WIDTH, width))
        data = self._read(name, LONGEST_BUNDLE)
        try:
            entries = read_bundle(data or b"")
        except ValueError:
            entries = []
        if len(entries) != width:
            text = _("Les entrées n° {first} à {last} manquent ou ne se lisent pas ({name}).")
            self._fault(start + 1, None, text, first=start + 1, last=start + width, name=name)
            return False
        for seq, leaf in enumerate(entries, start=start + 1):
            self._entry(seq, leaf)
        self._grow(start, [leaf_hash(leaf) for leaf in entries])
        self._tiles(final=False)
        return True

    def _read(self, name: str, most: int) -> bytes | None:
        """Return a file of the tree; one that is too large is none: its place in the tree is then named."""
        try:
            return self._files.read(name, most)
        except Unreadable:
            return None

    def _grow(self, start: int, hashes: list[bytes]) -> None:
        """Append leaf hashes, stopping at each root that is known."""
        at = 0
        stops = sorted(size for size in self._roots if start < size <= start + len(hashes))
        for size in [*stops, start + len(hashes)]:
            for level, added in enumerate(self._frontier.extend(hashes[at : size - start])):
                self._edges += [[] for _new in range(level + 1 - len(self._edges))]
                self._edges[level] += added
            at = size - start
            for text, root in self._roots.pop(size, ()):
                if root != self._frontier.root():
                    self._fault(None, None, text, size=size)

    def _tiles(self, *, final: bool) -> None:
        """Compare the tiles that became full, at the end also the partial ones, with the tree as rebuilt."""
        for level, edge in enumerate(self._edges):
            while len(edge) >= WIDTH or (final and edge):
                width = min(WIDTH, len(edge))
                number = ((self._frontier.size >> 8 * level) - len(edge)) // WIDTH
                name = path(Tile(level, number, width))
                found = self._read(name, WIDTH * HASH_BYTES)
                expected = b"".join(edge[:width])
                if found != expected:
                    self._tile_fault(level, number, name, found or b"", expected)
                del edge[:width]

    def _tile_fault(self, level: int, number: int, name: str, found: bytes, expected: bytes) -> None:
        different = (
            at
            for at in range(0, len(expected), HASH_BYTES)
            if found[at : at + HASH_BYTES] != expected[at : at + HASH_BYTES]
        )
        at = number * WIDTH + next(different, 0) // HASH_BYTES
        since, until = (at << 8 * level) + 1, (at + 1) << 8 * level
        text = _("La tuile {tile} ne correspond pas aux entrées n° {since} à {until}.")
        self._fault(since if level == 0 else None, None, text, tile=name, since=since, until=until)

    def _entry(self, seq: int, leaf: bytes) -> None:
        """Check an entry's form, and the record that opens it when there is one."""
        try:
            written = entry.read_leaf(leaf)
        except ValueError:
            self._fault(seq, None, _("L’entrée n° {seq} est illisible."))
            written = None
        while self._next is not None and self._next[0] <= seq:
            number, opened = self._next
            self._next = next(self._records, None)
            if number == 0:
                self._fault(None, None, _("Une ligne de records.jsonl ne se lit pas."))
            elif number < seq:
                self._fault(number, None, _("L’enregistrement de l’entrée n° {seq} n’est pas à sa place."))
            elif written is not None and _commitment(opened) != written["commit"]:
                text = _("L’enregistrement de l’entrée n° {seq} (id {id}) ne correspond pas à son engagement.")
                self._fault(seq, written["id"], text)


def _records(files: Files) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield number and content of each line of records.jsonl; what does not read gets number 0."""
    for line in files.lines(export.RECORDS, LONGEST_RECORD):
        try:
            found = json.loads(line)
            yield int(found["seq"]), found
        except (ValueError, TypeError, KeyError, RecursionError):
            yield 0, {}


def _commitment(opened: dict[str, Any]) -> str:
    """Return the commitment that an opened record gives, "" for one that is none."""
    try:
        record, salt = opened["record"], bytes.fromhex(opened["salt"])
        return entry.commitment_of(salt, record)
    except (KeyError, TypeError, ValueError):
        return ""
