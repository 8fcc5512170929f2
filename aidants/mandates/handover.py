"""Mandates that change records of one person: what was sealed under the one's key is sealed anew under the other's."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, Final

from sqlmodel import col, select

from aidants.crypto import open_sealed, seal
from aidants.db import Work
from aidants.mandates.models import ConsentOffer, ConsentReply, Mandate, MandateFrozenText, MandatePaper
from aidants.residents.models import Resident
from aidants.residents.services import resident_key


def lock_mandates(work: Work, residents: Collection[str]) -> None:
    """Hold every mandate of these residents until the unit ends, before the residents' own rows: an activation does so too."""
    here = select(Mandate.id).where(col(Mandate.resident_id).in_(residents))
    work.session.exec(here.order_by(Mandate.id).with_for_update()).all()


def hand_over(work: Work, source: Resident, target: Resident, only: Collection[str] | None = None) -> list[str]:
    """Give the mandates of ``source`` to ``target`` and return their ids; ``only`` leaves out the others.

    Words, hashes, signers and codes stay: only the key changes. Raises Corrupted when one does not open: nothing is moved.
    """
    query = select(Mandate).where(Mandate.resident_id == source.id)
    if only is not None:
        query = query.where(col(Mandate.id).in_(only))
    rows = work.session.exec(query.order_by(Mandate.id).with_for_update()).all()
    old, new = resident_key(work, source), resident_key(work, target)
    for row in rows:
        work.session.refresh(row)
        row.resident_id = target.id
        if row.code_sealed is not None:
            row.code_sealed = seal(new, open_sealed(old, row.code_sealed, row.id), row.id)
        if row.signers_sealed is not None:
            row.signers_sealed = seal(new, open_sealed(old, row.signers_sealed, row.id), row.id)
        work.session.add(row)
    ids = [row.id for row in rows]
    _seal_anew(work, ids, old, new)
    return ids


_SEALED: Final[tuple[Any, ...]] = (MandateFrozenText, ConsentOffer, ConsentReply, MandatePaper)
"""Tables with something sealed under the key of a mandate's resident."""


def _seal_anew(work: Work, mandates: list[str], old: bytes, new: bytes) -> None:
    for table in _SEALED:
        for row in work.session.exec(select(table).where(col(table.mandate_id).in_(mandates))):
            if row.sealed is not None:
                row.sealed = seal(new, open_sealed(old, row.sealed, row.id), row.id)
                work.session.add(row)
