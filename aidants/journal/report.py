"""What a verification found, whatever it read: faults with their entries, and one sentence for people."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Final

from babel.numbers import format_decimal

from aidants.i18n import current, ngettext

MOST_FAULTS: Final = 100
_SHORT_ROOT: Final = 12


@dataclass(frozen=True, slots=True)
class Fault:
    """One contradiction: the entry's number and id when it concerns one, and a sentence for people."""

    seq: int | None
    entry_id: str | None
    sentence: str


@dataclass(frozen=True, slots=True)
class Report:
    """What a verification found. At most MOST_FAULTS faults are kept; ``more`` counts the others.

    ``signed`` is the size of the last checkpoint whose signature was checked, 0 when none could be.
    """

    ok: bool
    size: int
    root: bytes
    faults: tuple[Fault, ...]
    not_yet_sealed: int
    more: int = 0
    signed: int = 0

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
class Findings:
    """Collects the faults of one verification."""

    faults: list[Fault] = field(default_factory=list)
    more: int = 0
    named: set[int] = field(default_factory=set)
    """Entries with a fault of their own."""

    def fault(self, seq: int | None, entry_id: str | None, text: str, **values: object) -> None:
        """Note a fault; ``text`` is already translated and takes ``seq``, ``id`` and ``values``."""
        if len(self.faults) >= MOST_FAULTS:
            self.more += 1
            return
        if seq is not None:
            self.named.add(seq)
        self.faults.append(Fault(seq, entry_id, text.format(seq=seq, id=entry_id, **values)))
