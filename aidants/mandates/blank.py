"""Mandate forms to fill in by hand, on days without network: two copies, numbered, procedures to tick.

The number of a form is its reference: ``P-`` and two groups of four, the last sign a check (Luhn modulo 32), so that a number
copied wrong is noticed. Whoever prints forms keeps their numbers: each makes one mandate at most.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import combinations, pairwise
from typing import Any, Final

from aidants.crypto import new_code, normalise_code
from aidants.mandates import paper
from aidants.mandates.terms import DURATIONS, PLAIN_WORDS, PROTECTIONS, SCOPE_NOTES, SIGNATURES, TERMS, Section
from aidants.procedures import PROCEDURES, SCOPES

MOST: Final = 20
"""Forms printed at once."""
MODEL: Final = "fr-p1"
_SIGNS: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_PROOF: Final = Section(
    "by_hand",
    "Preuve et exemplaires",
    paragraphs=(
        "Accord : papier signé en deux exemplaires, un pour la personne, un pour la structure. Une croix n’est pas une "
        "signature. La structure enregistre ce mandat dans les quinze jours ; elle donne alors un code pour le vérifier. "
        "Le texte français seul a valeur légale.",
        SCOPE_NOTES["argent"],
    ),
)
_COPIES: Final = ("Exemplaire de la personne", "Exemplaire de la structure")


@dataclass(frozen=True, slots=True)
class Counter:
    """The organisation that the forms are for. ``durations``: those it allows; ``contacts``: how to stop, in words."""

    name: str
    kind: str
    address: str
    phone: str
    email: str
    dpo: str
    public_mission: bool
    durations: tuple[str, ...]


def new_reference() -> str:
    """Return the number of a new form, drawn by chance: ``P-7HRW-93KD``."""
    return _written(new_code(7))


def read_reference(text: str) -> str | None:
    """Return the number that a person copied from a form, as it is printed; None when it can be none of ours."""
    signs = normalise_code(text).removeprefix("P") if len(normalise_code(text)) == 9 else normalise_code(text)
    if len(signs) != 8 or any(sign not in _SIGNS for sign in signs) or _check(signs[:7]) != signs[7]:
        return None
    return _written(signs[:7])


def _written(signs: str) -> str:
    whole = signs + _check(signs)
    return f"P-{whole[:4]}-{whole[4:]}"


def _check(signs: str) -> str:
    total, size = 0, len(_SIGNS)
    for place, sign in enumerate(reversed(signs)):
        value = _SIGNS.index(sign) * (2 - place % 2)
        total += value // size + value % size
    return _SIGNS[-total % size]


def blank_pdf(counter: Counter, references: Sequence[str], now: datetime, *, demo: bool = False) -> bytes:
    """Return the forms of these numbers, each twice on two pages. Raises NotDrawn; ValueError for none or more than 20."""
    if not 1 <= len(references) <= MOST:
        raise ValueError(f"forms are printed 1 to {MOST} at once")
    terms = [_filled(section, counter) for section in (*TERMS, _PROOF) if section.id != "proof"]
    data = {
        "references": list(references),
        "copies": _COPIES,
        "organisation": counter.name,
        "lines": [line for line in (counter.kind, counter.address, _contact(counter)) if line],
        "phone": counter.phone,
        "plain_words": {"heading": PLAIN_WORDS.heading, "paragraphs": PLAIN_WORDS.paragraphs},
        "durations": [words for key, words in DURATIONS.items() if key in counter.durations],
        "columns": _even(_themes(), [2 + sum(_lines(one) for one in part["procedures"]) for part in _themes()], 3),
        "declared": PROTECTIONS["aucune"],
        "signatures": SIGNATURES,
        "terms": _even(terms, [_length(part) for part in terms], 2),
        "model": MODEL,
        "demo": paper.demonstration(demo),
    }
    return paper.draw("blank.typ", data, now)


def _themes() -> list[dict[str, Any]]:
    """Return every procedure that may be mandated, under the theme where it is listed."""
    named: dict[str, list[str]] = {key: [] for key in SCOPES}
    for procedure in PROCEDURES.values():
        if procedure.mandatable:
            named[procedure.scopes[0]].append(procedure.title)
    return [{"label": SCOPES[key].label, "procedures": titles} for key, titles in named.items() if titles]


def _lines(title: str) -> int:
    return 1 + len(title) // 28


def _length(part: dict[str, Any]) -> int:
    return 80 + sum(map(len, part["paragraphs"])) + sum(30 + len(item) for item in part["items"])


def _even(parts: list[dict[str, Any]], weights: list[int], columns: int) -> list[list[dict[str, Any]]]:
    """Cut a list into columns of weights as even as its order allows."""
    ends = min(
        combinations(range(1, len(parts)), columns - 1),
        key=lambda cuts: max(sum(weights[a:b]) for a, b in pairwise((0, *cuts, len(parts)))),
    )
    return [parts[a:b] for a, b in pairwise((0, *ends, len(parts)))]


def _contact(counter: Counter) -> str:
    return f"{counter.phone}, {counter.email}" if counter.email else counter.phone


def _filled(section: Section, counter: Counter) -> dict[str, Any]:
    basis = "mission d’intérêt public (RGPD, art. 6-1-e)" if counter.public_mission else "ce mandat (RGPD, art. 6-1-b)"
    values = {
        "organisation": f"{counter.name}, {counter.address}",
        "basis": basis,
        "dpo": counter.dpo or f"la structure, {counter.phone}",
        "ways": "de vive voix au guichet, par téléphone ou par lettre",
    }
    return {
        "heading": section.heading,
        "lead": section.lead,
        "paragraphs": [paragraph.format_map(values) for paragraph in section.paragraphs],
        "items": section.items,
    }
