"""Read a guide's YAML as text with positions, so that every finding can name its line and column.

Every scalar is text (no yes/no or date surprises); typing is the schema's work. What could surprise or exhaust the
reader is refused with a French sentence: files over 256 KB, text that is not UTF-8, NUL, anchors and aliases (an alias
can unfold without end), tags (``!!python``), a key given twice, nesting deeper than any guide needs, a second document.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeAlias

import yaml

MAX_BYTES = 256 * 1024
MAX_DEPTH = 12

Plain: TypeAlias = "str | list[Plain] | dict[str, Plain]"
Location: TypeAlias = tuple[str | int, ...]


@dataclass(frozen=True)
class Mark:
    """A place in the file; both numbers count from 1."""

    line: int = 1
    column: int = 1


@dataclass(frozen=True)
class Problem:
    """Something wrong with a guide: ``location`` leads to the value (``("steps", 3, "kind")``), ``message`` is French.

    ``severity`` is ``E`` (the guide may not ship) or ``W`` (look again). ``on_key`` places it on the key, not the value.
    """

    location: Location
    message: str
    step: str = ""
    severity: str = "E"
    on_key: bool = False


def suggestion(word: str, known: Iterable[str]) -> str:
    """Return `` ; vouliez-vous dire "…" ?`` when a known word is near, else nothing."""
    near = get_close_matches(word, list(known), n=1, cutoff=0.6)
    return f' ; vouliez-vous dire "{near[0]}" ?' if near else ""


class SourceError(Exception):
    """The file cannot be read as a guide. ``message`` is French and calm; ``mark`` says where, ``key`` which key."""

    def __init__(self, message: str, mark: Mark | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.mark = mark or Mark()


@dataclass
class Node:
    """One value with its place: exactly one of ``text``, ``items`` and ``entries`` is set. ``keys`` places the keys."""

    mark: Mark
    text: str | None = None
    items: list[Node] | None = None
    entries: dict[str, Node] | None = None
    keys: dict[str, Mark] = field(default_factory=dict)

    def plain(self) -> Plain:
        """Return the same value as strings, lists and dictionaries, without positions."""
        if self.items is not None:
            return [item.plain() for item in self.items]
        if self.entries is not None:
            return {key: value.plain() for key, value in self.entries.items()}
        return self.text or ""

    def place(self, location: Location) -> Mark:
        """Return the place of ``("steps", 3, "kind")``: the value, or the nearest thing that exists above it."""
        node = self
        for part in location:
            found = node._child(part)
            if found is None:
                break
            node = found
        return node.mark

    def place_key(self, location: Location) -> Mark:
        """Return the place of the key itself when the last part of ``location`` is one, else the value's place."""
        parent = self
        for part in location[:-1]:
            parent = parent._child(part) or parent
        return parent.keys.get(str(location[-1]), self.place(location)) if location else self.mark

    def _child(self, part: str | int) -> Node | None:
        if self.items is not None and isinstance(part, int) and 0 <= part < len(self.items):
            return self.items[part]
        if self.entries is not None:
            return self.entries.get(str(part))
        return None


def read_source(path: Path) -> Node:
    """Read ``path`` into a tree with positions. Raises ``SourceError``, never anything else, whatever the file holds."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise SourceError("ce fichier ne peut pas être lu") from error
    if len(data) > MAX_BYTES:
        raise SourceError(f"fichier trop gros : {MAX_BYTES // 1024} Ko au plus")
    try:
        return parse_source(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        message = "ce fichier n’est pas en UTF-8 ; enregistrez-le dans ce codage"
        raise SourceError(message, Mark(line, 1)) from error


def parse_source(text: str) -> Node:
    """Parse YAML text into a tree with positions. Raises ``SourceError``."""
    nul = text.find("\0")
    if nul >= 0:
        raise SourceError("caractère interdit (NUL) dans le fichier", Mark(text.count("\n", 0, nul) + 1, 1))
    try:
        events = yaml.parse(text, Loader=getattr(yaml, "CBaseLoader", yaml.BaseLoader))
        return _document(_Events(events))
    except yaml.MarkedYAMLError as error:
        raise SourceError("la mise en forme YAML est fautive ici", _mark(error.problem_mark)) from error
    except yaml.YAMLError as error:
        raise SourceError("la mise en forme YAML est fautive") from error


class _Events:
    """The parser's events, one at a time, skipping nothing."""

    def __init__(self, events: Iterator[yaml.Event]) -> None:
        self._events = events

    def next(self) -> yaml.Event:
        return next(self._events)


def _mark(mark: Any) -> Mark:
    return Mark(mark.line + 1, mark.column + 1) if mark is not None else Mark()


def _document(events: _Events) -> Node:
    events.next()
    if not isinstance(events.next(), yaml.DocumentStartEvent):
        raise SourceError("le fichier est vide")
    root = _node(events, events.next(), 0)
    events.next()
    after = events.next()
    if not isinstance(after, yaml.StreamEndEvent):
        raise SourceError("un seul document par fichier : enlevez ce « --- »", _mark(after.start_mark))
    if root.entries is None:
        raise SourceError("un guide commence par des lignes « clé: valeur »", root.mark)
    return root


def _node(events: _Events, event: yaml.Event, depth: int) -> Node:
    mark = _mark(event.start_mark)
    if isinstance(event, yaml.AliasEvent):
        raise SourceError("les renvois « * » ne sont pas permis ; recopiez le texte", mark)
    assert isinstance(event, yaml.NodeEvent)
    if event.anchor is not None:
        raise SourceError("les ancres « & » ne sont pas permises ; mettez le texte entre guillemets", mark)
    if getattr(event, "tag", None) is not None:
        raise SourceError("les étiquettes « ! » ne sont pas permises ; mettez le texte entre guillemets", mark)
    if depth > MAX_DEPTH:
        raise SourceError("trop de niveaux imbriqués", mark)
    if isinstance(event, yaml.ScalarEvent):
        return Node(mark, text=event.value)
    if isinstance(event, yaml.SequenceStartEvent):
        return _sequence(events, mark, depth)
    return _mapping(events, mark, depth)


def _sequence(events: _Events, mark: Mark, depth: int) -> Node:
    items: list[Node] = []
    while not isinstance(event := events.next(), yaml.SequenceEndEvent):
        items.append(_node(events, event, depth + 1))
    return Node(mark, items=items)


def _mapping(events: _Events, mark: Mark, depth: int) -> Node:
    node = Node(mark, entries={})
    assert node.entries is not None
    while not isinstance(event := events.next(), yaml.MappingEndEvent):
        key = _node(events, event, depth + 1)
        if key.text is None:
            raise SourceError("une clé est un mot simple", key.mark)
        if key.text in node.entries:
            raise SourceError(f'clé "{key.text}" donnée deux fois', key.mark)
        node.keys[key.text] = key.mark
        node.entries[key.text] = _node(events, events.next(), depth + 1)
    return node
