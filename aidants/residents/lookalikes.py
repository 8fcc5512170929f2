"""Residents who may be the person about to be created: near names, or the same birth date with a near name."""

from __future__ import annotations

from typing import Final

from sqlalchemy import ColumnElement
from sqlmodel import and_, col, or_

from aidants.crypto import blind_index
from aidants.db import Work
from aidants.residents.identity import NAME_BITS, PREFIX, Identity, phonetic, tokens, words
from aidants.residents.models import Resident
from aidants.residents.services import Known, candidates, holders, open_resident, search_key

SHOWN: Final = 8


def lookalikes(work: Work, identity: Identity, but: str | None = None) -> tuple[Known, ...]:
    """Return who resembles an identity in the actor's organisation, the likeliest first; ``but`` is left out."""
    key = search_key(work)
    entries = list(tokens(key, identity))
    sounds = holders(work, [entry for entry in entries if entry[0] == "p"])
    names = {word[:PREFIX] for word in words(identity.given_names) if len(word) >= PREFIX}
    given = [("n", blind_index(key, "name", name, NAME_BITS)) for name in sorted(names)]
    near: ColumnElement[bool] = col(Resident.id).in_(sounds)
    if given:
        near = and_(near, col(Resident.id).in_(holders(work, given)))
    born = [entry for entry in entries if entry[0] == "b"]
    rows = candidates(work, or_(near, col(Resident.id).in_(holders(work, born))) if born else near) or ()
    found = [(likeness(identity, known.identity), known) for known in (open_resident(work, row) for row in rows)]
    likely = sorted((pair for pair in found if pair[0] and pair[1].id != but), key=lambda pair: -pair[0])
    return tuple(known for _, known in likely[:SHOWN])


def likeness(one: Identity, other: Identity) -> int:
    """Return how alike two identities are, 0 when they are two people's: pure.

    Near family and given names are enough whatever the birth dates, which are often wrong; one near name needs the same whole
    date. Phones say nothing: a couple may share one.
    """
    family = bool(_family(one) & _family(other))
    given = bool(_given(one) & _given(other))
    born = bool(one.birth_date) and one.birth_date == other.birth_date
    if family and given:
        return 3 if born else 2
    return int(born and len(one.birth_date) == 10 and (family or given))


def _family(identity: Identity) -> set[str]:
    return {phonetic(word) for word in words(f"{identity.birth_name} {identity.usual_name}")} - {""}


def _given(identity: Identity) -> set[str]:
    return {phonetic(word) for word in words(identity.given_names)} - {""}
