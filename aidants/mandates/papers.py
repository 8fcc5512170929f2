"""Photos and scans of the paper that was signed by hand: sealed, downloaded, taken away; the word of a helper who saw it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final

from sqlmodel import col, func, select

from aidants.crypto import open_sealed, seal
from aidants.db import Work
from aidants.errors import Conflict, NotFound, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates import pictures
from aidants.mandates.lifecycle import State
from aidants.mandates.models import MandatePaper
from aidants.mandates.queries import MandateView, get_mandate, get_with_resident
from aidants.mandates.services import subject
from aidants.residents.services import resident_key

MOST: Final = 5
FULL: Final = N_("Cinq photos au plus pour un mandat. Retirez-en une.")
_TAKES: Final = frozenset({State.AWAITING_CONSENT, State.ACTIVE})


@dataclass(frozen=True, slots=True)
class Paper:
    """One photo, without its bytes."""

    id: str
    format: str
    size: int
    added_at: datetime

    @property
    def kilobytes(self) -> int:
        """Its size as people read it, at least 1."""
        return max(1, round(self.size / 1024))


def takes_paper(view: MandateView) -> bool:
    """Tell whether a signed paper can be joined to a mandate now."""
    return view.state in _TAKES


def papers_of(work: Work, mandate_id: str) -> list[Paper]:
    """Return the photos of a mandate that the caller may see, oldest first."""
    query = select(MandatePaper.id, MandatePaper.format, MandatePaper.size, MandatePaper.added_at)
    found = work.session.exec(
        query.where(MandatePaper.mandate_id == mandate_id).order_by(col(MandatePaper.added_at), col(MandatePaper.id))
    )
    return [Paper(*row) for row in found]


def attach(work: Work, mandate_id: str, data: bytes) -> None:
    """Seal a photo of the signed paper with its mandate.

    Raises BadPicture, Conflict for a mandate that is over or was never asked, Refused for a sixth.
    """
    view, resident = get_with_resident(work, mandate_id, lock=True)
    if not takes_paper(view):
        raise Conflict
    kind, kept = pictures.clean(data)
    here = select(func.count()).select_from(MandatePaper).where(MandatePaper.mandate_id == mandate_id)
    if work.session.exec(here).one() >= MOST:
        raise Refused(FULL, code="too_many_papers")
    row = MandatePaper(
        mandate_id=mandate_id,
        format=kind,
        size=len(kept),
        sealed=b"",
        added_by=work.person().person_id,
        added_at=work.now,
    )
    row.sealed = seal(resident_key(work, resident.row), kept, row.id)
    work.session.add(row)
    if view.row.paper_signed_at is None:
        view.row.paper_signed_at = work.now
        work.session.add(view.row)
    record(work, actions.ProofAttached(**subject(view.row), proof=kind))


def say_signed(work: Work, mandate_id: str) -> None:
    """Note that a paper was signed after a consent at a distance. Nothing happens the second time."""
    view = get_mandate(work, mandate_id, lock=True)
    if view.state is not State.ACTIVE or view.row.consent != "remote":
        raise Conflict
    if view.row.paper_signed_at is None:
        view.row.paper_signed_at = work.now
        work.session.add(view.row)
        record(work, actions.ProofAttached(**subject(view.row), proof="signed"))


def remove(work: Work, mandate_id: str, paper_id: str) -> None:
    """Delete a photo sealed by mistake; without any, a paper is owed again. Nothing happens the second time."""
    view = get_mandate(work, mandate_id, lock=True)
    row = work.session.get(MandatePaper, paper_id)
    if row is None or row.mandate_id != mandate_id:
        return
    work.session.delete(row)
    work.session.flush()
    if not papers_of(work, mandate_id):
        view.row.paper_signed_at = None
        work.session.add(view.row)
    record(work, actions.ProofRemoved(**subject(view.row), proof=row.format))


def read(work: Work, mandate_id: str, paper_id: str) -> tuple[str, bytes]:
    """Open a photo for its download and journal it. Raises NotFound."""
    view, resident = get_with_resident(work, mandate_id)
    row = work.session.get(MandatePaper, paper_id)
    if row is None or row.mandate_id != mandate_id:
        raise NotFound
    record(work, actions.ProofViewed(**subject(view.row), proof=row.format))
    return row.format, open_sealed(resident_key(work, resident.row), row.sealed, row.id)
