"""What residents ask the counter from their own pages: a question, their whole file, to be erased; and the answers.

Words and answers are sealed under the resident's key. The counter has a month (RGPD art. 12 § 3).
"""

from __future__ import annotations

from calendar import monthrange
from collections.abc import Collection
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, func, select

from aidants.crypto import open_sealed, seal
from aidants.dates import end_of_day_end, local_day
from aidants.db import Work
from aidants.errors import NotFound, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.residents.models import Resident, ResidentRequest
from aidants.residents.services import Known, keep_resident, lock_resident, open_resident, resident_key

LONGEST: Final = 1000
MOST_OPEN: Final = 5
SHOWN: Final = 20
QUESTION: Final = "question"
KINDS: Final = {
    QUESTION: N_("Question"),
    "access": N_("Avoir tout son dossier"),
    "erasure": N_("Effacer ses données"),
}
"""What may be asked, as a helper reads it."""
_TWICE: Final = timedelta(minutes=10)


class TooManyOpen(Refused):
    """The resident already waits for five answers (409)."""

    code = "too_many_requests"
    message = N_("Vous avez déjà cinq demandes en attente. Attendez une réponse, ou téléphonez au guichet.")


@dataclass(frozen=True, slots=True)
class Request:
    """A request, opened. ``resident`` where a helper reads it."""

    row: ResidentRequest
    words: str
    answer: str = ""
    resident: Known | None = None


@dataclass(frozen=True, slots=True)
class Waiting:
    """How many requests wait for an answer, and when the first of them is due."""

    count: int
    due_at: datetime | None


def a_month_after(day: date) -> date:
    """Return the same day of the next month, or its last day (règlement 1182/71, art. 3 § 2 c)."""
    year, month = (day.year + 1, 1) if day.month == 12 else (day.year, day.month + 1)
    return date(year, month, min(day.day, monthrange(year, month)[1]))


def make(work: Work, kind: str, words: str) -> str:
    """Ask the counter something, as the resident who acts; the same words sent twice in ten minutes are asked once.

    Raises TooManyOpen.
    """
    assert work.resident is not None
    known = keep_resident(work, work.resident.resident_id)
    lock_resident(work, known.id)
    key, waits = resident_key(work, known.row), _open_of(work, known.id)
    for row in waits:
        same = row.kind == kind and open_sealed(key, row.words_sealed, row.id).decode() == words
        if same and (kind != QUESTION or work.now - row.made_at < _TWICE):
            return row.id
    if len(waits) >= MOST_OPEN:
        raise TooManyOpen
    row = ResidentRequest(
        organisation_id=work.resident.organisation_id,
        resident_id=known.id,
        kind=kind,
        words_sealed=b"",
        made_at=work.now,
        due_at=end_of_day_end(a_month_after(local_day(work.now, work.settings.zone)), work.settings.zone),
    )
    row.words_sealed = seal(key, words.encode(), row.id)
    work.session.add(row)
    record(work, actions.RequestMade(resident=known.id, request=row.id, sort=kind))
    return row.id


def _open_of(work: Work, resident_id: str) -> list[ResidentRequest]:
    query = select(ResidentRequest).where(
        ResidentRequest.resident_id == resident_id, col(ResidentRequest.closed_at).is_(None)
    )
    return list(work.session.exec(query))


def of_resident(work: Work, resident: Resident, most: int | None = SHOWN) -> list[Request]:
    """Return what a resident asked, newest first; ``most``: how many, None for all."""
    query = select(ResidentRequest).where(ResidentRequest.resident_id == resident.id)
    rows = work.session.exec(query.order_by(col(ResidentRequest.made_at).desc()).limit(most))
    return [_opened(work, row, resident) for row in rows]


_HERE: Final = (
    select(ResidentRequest, Resident)
    .join(Resident, col(Resident.id) == ResidentRequest.resident_id)
    .where(ResidentRequest.organisation_id == sa.bindparam("organisation"))
)
_WAITING: Final = _HERE.where(col(ResidentRequest.closed_at).is_(None)).order_by(
    col(ResidentRequest.due_at), col(ResidentRequest.id)
)
_ONE: Final = _HERE.where(ResidentRequest.id == sa.bindparam("id"))
_COUNT: Final = select(func.count(), func.min(ResidentRequest.due_at)).where(
    ResidentRequest.organisation_id == sa.bindparam("organisation"), col(ResidentRequest.closed_at).is_(None)
)


def count_waiting(work: Work) -> Waiting:
    """Return how many requests wait in the actor's organisation; nobody is named."""
    count, due = work.session.exec(_COUNT, params={"organisation": work.person().organisation_id}).one()
    return Waiting(count, due)


def waiting(work: Work) -> list[Request]:
    """Return the requests that wait in the actor's organisation, the first due first; as many as a page shows."""
    found = work.session.exec(_WAITING.limit(SHOWN), params={"organisation": work.person().organisation_id})
    return [replace(_opened(work, row, resident), resident=open_resident(work, resident)) for row, resident in found]


def get(work: Work, request_id: str, *, lock: bool = False) -> Request:
    """Return one request of the actor's organisation. Raises NotFound for an unknown one and for another's alike."""
    query = _ONE.with_for_update(of=ResidentRequest) if lock else _ONE
    which = {"organisation": work.person().organisation_id, "id": request_id}
    found = work.session.exec(query, params=which).one_or_none()
    if found is None:
        raise NotFound
    if lock:
        work.session.refresh(found[0])
    return replace(_opened(work, *found), resident=open_resident(work, found[1]))


def answer(work: Work, request_id: str, words: str) -> None:
    """Answer a request and close it; nothing happens once it is closed. Raises NotFound."""
    request = get(work, request_id, lock=True)
    row, known = request.row, request.resident
    assert known is not None
    if row.closed_at is not None:
        return
    if words:
        row.answer_sealed = seal(resident_key(work, known.row), words.encode(), _answer_of(row))
    row.closed_at, row.closed_by = work.now, work.person().person_id
    work.session.add(row)
    record(work, actions.RequestAnswered(resident=known.id, request=row.id, sort=row.kind))


def hand_over(work: Work, source: Resident, target: Resident, only: Collection[str] | None = None) -> list[str]:
    """Give the requests of ``source`` to ``target`` and return their ids; ``only`` leaves out the others."""
    query = select(ResidentRequest).where(ResidentRequest.resident_id == source.id)
    if only is not None:
        query = query.where(col(ResidentRequest.id).in_(only))
    rows = work.session.exec(query.order_by(ResidentRequest.id).with_for_update()).all()
    old, new = resident_key(work, source), resident_key(work, target)
    for row in rows:
        row.resident_id = target.id
        row.words_sealed = seal(new, open_sealed(old, row.words_sealed, row.id), row.id)
        if row.answer_sealed is not None:
            row.answer_sealed = seal(new, open_sealed(old, row.answer_sealed, _answer_of(row)), _answer_of(row))
        work.session.add(row)
    return [row.id for row in rows]


def forget(work: Work, resident_id: str) -> None:
    """Delete what an erased resident asked, with the answers."""
    theirs = col(ResidentRequest.resident_id) == resident_id
    work.session.connection().execute(sa.delete(ResidentRequest).where(theirs))


def _opened(work: Work, row: ResidentRequest, resident: Resident) -> Request:
    key = resident_key(work, resident)
    said = open_sealed(key, row.answer_sealed, _answer_of(row)).decode() if row.answer_sealed is not None else ""
    return Request(row, open_sealed(key, row.words_sealed, row.id).decode(), said)


def _answer_of(row: ResidentRequest) -> str:
    """Return the associated data of an answer, so that it cannot be put in the place of the question."""
    return f"{row.id}/answer"
