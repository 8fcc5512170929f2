"""The access code of a resident's sheet: ten letters and digits, printed once, never stored, replaced by the next one."""

from __future__ import annotations

from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants.crypto import blind_index, new_code, normalise_code
from aidants.db import Work
from aidants.journal import actions
from aidants.journal.services import record
from aidants.residents.models import AccessCode, Resident, ResidentVisit
from aidants.residents.services import keep_resident, lock_resident

LETTERS: Final = 10
MOST_WRONG: Final = 20
"""Wrong birth dates that one code bears: there are 40,000 dates, a stolen sheet must not try them all."""
_BITS: Final = 63


def new_access_code() -> str:
    """Return a code to print; nothing is stored yet."""
    return new_code(LETTERS)


def index_of(work: Work, code: str) -> int:
    """Return the keyed index under which a code is stored and counted: 50 bits could be guessed from a plain hash."""
    return blind_index(work.keyring.derive("access-codes"), "code", normalise_code(code), _BITS)


def issue(work: Work, resident_id: str, code: str) -> None:
    """Make ``code`` the resident's only good one: those before it end, and so do the visits they opened.

    Raises NotFound for somebody who is not the organisation's, erased or set aside.
    """
    keep_resident(work, resident_id)
    lock_resident(work, resident_id)
    for old in work.session.exec(_live(resident_id)):
        old.ended_at = work.now
        work.session.add(old)
    work.session.add(
        AccessCode(
            resident_id=resident_id,
            code_index=index_of(work, code),
            issued_by=work.person().person_id,
            issued_at=work.now,
        )
    )
    record(work, actions.AccessCodeIssued(resident=resident_id))


def _live(resident_id: str) -> SelectOfScalar[AccessCode]:
    return select(AccessCode).where(AccessCode.resident_id == resident_id, col(AccessCode.ended_at).is_(None))


def find(work: Work, code: str) -> tuple[AccessCode, Resident] | None:
    """Return a code that is good now with whose it is, held until the unit ends; None for any other."""
    query = (
        select(AccessCode, Resident)
        .join(Resident, col(Resident.id) == AccessCode.resident_id)
        .where(
            AccessCode.code_index == index_of(work, code),
            col(AccessCode.ended_at).is_(None),
            col(Resident.merged_into).is_(None),
        )
        .with_for_update(of=AccessCode)
    )
    found = work.session.exec(query).one_or_none()
    if found is None:
        return None
    work.session.refresh(found[0])
    return (found[0], found[1]) if found[0].ended_at is None else None


def count_wrong(work: Work, row: AccessCode) -> None:
    """Count a wrong answer given with a good code; at ``MOST_WRONG`` the code ends, and another sheet must be printed."""
    row.wrong += 1
    if row.wrong >= MOST_WRONG:
        row.ended_at = work.now
    work.session.add(row)


def forget(work: Work, resident_id: str) -> None:
    """Delete the codes and visits of a resident who is erased."""
    connection, theirs = work.session.connection(), col(AccessCode.resident_id) == resident_id
    opened = col(ResidentVisit.code_id).in_(sa.select(col(AccessCode.id)).where(theirs))
    connection.execute(sa.delete(ResidentVisit).where(sa.or_(col(ResidentVisit.resident_id) == resident_id, opened)))
    connection.execute(sa.delete(AccessCode).where(theirs))
