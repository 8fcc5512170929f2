"""The questions of a draft, one a page, and what has been answered. Pure.

The order is the journey: what, anything else, how long, protected or not, how the person agrees, the statements read aloud,
check.
"""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from typing import Any, Final

from aidants.mandates.lifecycle import PROTECTION, Regime
from aidants.procedures import PROCEDURES, SCOPES

QUESTIONS: Final = ("demarches", "autres", "duree", "protection", "accord", "lecture", "relire")
PART_OF: Final = {"regime": "protection", "representant": "protection", "temoins": "accord"}
"""Further pages of a question, asked when its answer needs them."""
MAX_PROCEDURES: Final = 12
MAX_WITNESSED: Final = 6
"""Before witnesses: four signatures and these procedures stand on one page, and the mandate lasts one day."""


@dataclass(frozen=True, slots=True)
class Answers:
    """What has been answered so far.

    ``more_asked``: the helper asked whether there is anything else. ``regime``: how the law protects the person. ``seen``:
    the paper that the regime asks for was seen, and who represents the person is known. ``consent``: how the person will
    agree; ``witnessed``: the witnesses are known. ``relation``: ``relative`` or ``colleague`` when the helper declared one.
    """

    procedures: tuple[str, ...] = ()
    more_asked: bool = False
    duration: str = ""
    regime: str = ""
    seen: bool = False
    consent: str = ""
    witnessed: bool = False
    relation: str = ""
    read_aloud: bool = False

    def to_json(self) -> str:
        """Return the stored form."""
        return json.dumps(asdict(self), separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Answers:
        """Read the stored form."""
        values: dict[str, Any] = json.loads(text)
        if values.get("unprotected"):  # a draft from before protected persons could give a mandate
            values |= {"regime": Regime.NONE.value, "consent": "paper"}
        known = {field.name for field in fields(cls)}
        kept = {name: value for name, value in values.items() if name in known}
        return cls(**{**kept, "procedures": tuple(kept.get("procedures", ()))})

    def missing(self) -> str:
        """Return the first question without an answer; ``relire`` when all are answered."""
        protection = bool(self.regime) and (self.seen or not PROTECTION[Regime(self.regime)].documents)
        agreement = bool(self.consent) and (self.witnessed or self.consent != "witness")
        if self.consent == "remote" and "argent" in self.by_scope():  # added since: never at a distance
            agreement = False
        answered = (
            *(bool(self.procedures), self.more_asked, bool(self.duration)),
            *(protection, agreement, self.read_aloud),
        )
        return next((name for name, done in zip(QUESTIONS, answered, strict=False) if not done), "relire")

    def may_open(self, question: str) -> bool:
        """Tell whether a question may be shown: those before it are answered."""
        return number(question) <= number(self.missing())

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
    return QUESTIONS.index(PART_OF.get(question, question)) + 1


def before(question: str) -> str | None:
    """Return the question before, None for the first; a further page comes after its question."""
    if question in PART_OF:
        return PART_OF[question]
    place = QUESTIONS.index(question)
    return QUESTIONS[place - 1] if place else None


def after(question: str) -> str:
    """Return the question after; the last one stays."""
    return QUESTIONS[min(number(question), len(QUESTIONS) - 1)]
