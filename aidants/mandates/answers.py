"""The questions of a draft, one a page, and what has been answered. Pure.

The order is the journey: what, anything else, how long, protected or not, the statements read aloud, check.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from aidants.procedures import PROCEDURES, SCOPES

QUESTIONS: Final = ("demarches", "autres", "duree", "protection", "lecture", "relire")
MAX_PROCEDURES: Final = 12


@dataclass(frozen=True, slots=True)
class Answers:
    """What has been answered so far. ``more_asked``: the helper asked whether there is anything else."""

    procedures: tuple[str, ...] = ()
    more_asked: bool = False
    duration: str = ""
    unprotected: bool = False
    read_aloud: bool = False

    def to_json(self) -> str:
        """Return the stored form."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Answers:
        """Read the stored form."""
        values: dict[str, Any] = json.loads(text)
        known = {field.name for field in fields(cls)}
        kept = {name: value for name, value in values.items() if name in known}
        return cls(**{**kept, "procedures": tuple(kept.get("procedures", ()))})

    def missing(self) -> str:
        """Return the first question without an answer; ``relire`` when all are answered."""
        answered = (bool(self.procedures), self.more_asked, bool(self.duration), self.unprotected, self.read_aloud)
        return next((name for name, done in zip(QUESTIONS, answered, strict=False) if not done), "relire")

    def may_open(self, question: str) -> bool:
        """Tell whether a question may be shown: those before it are answered."""
        return QUESTIONS.index(question) <= QUESTIONS.index(self.missing())

    def by_scope(self) -> dict[str, tuple[str, ...]]:
        """Return the chosen procedures under each scope they bring, scopes in their usual order."""
        return {
            scope: tuple(name for name in self.procedures if scope in _scopes_of(name))
            for scope in SCOPES
            if any(scope in _scopes_of(name) for name in self.procedures)
        }


def _scopes_of(name: str) -> tuple[str, ...]:
    return PROCEDURES[name].scopes if name in PROCEDURES else ()


def number(question: str) -> int:
    """Return the number of a question, from 1."""
    return QUESTIONS.index(question) + 1


def before(question: str) -> str | None:
    """Return the question before, None for the first."""
    place = QUESTIONS.index(question)
    return QUESTIONS[place - 1] if place else None


def after(question: str) -> str:
    """Return the question after; the last one stays."""
    return QUESTIONS[min(QUESTIONS.index(question) + 1, len(QUESTIONS) - 1)]
