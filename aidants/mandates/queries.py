"""Reading mandates. Rows are reached only through ``visible_mandates``."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants.crypto import blind_index, normalise_code, open_sealed
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.journal.models import JournalRecord
from aidants.mandates.answers import Answers
from aidants.mandates.lifecycle import Cover, Grant, State, cover, state_at
from aidants.mandates.models import Authorisation, Mandate, MandateFrozenText
from aidants.mandates.wording import MandateText
from aidants.policy import Actor
from aidants.residents.models import Resident
from aidants.residents.services import Known, get_resident, open_resident, resident_key


@dataclass(frozen=True, slots=True)
class MandateView:
    """A mandate with its authorisations, as time has made it."""

    row: Mandate
    state: State
    authorisations: tuple[Authorisation, ...]

    @property
    def answers(self) -> Answers:
        """The draft's answers."""
        return Answers.from_json(self.row.answers)

    @property
    def scopes(self) -> dict[str, tuple[str, ...]]:
        """Procedure ids by scope: as granted, or as drafted."""
        if not self.authorisations:
            return self.answers.by_scope()
        return {item.scope: tuple(item.procedures.split()) for item in self.authorisations}

    @property
    def owes_paper(self) -> bool:
        """Whether a paper is still to be signed: after a consent at a distance, at the next visit."""
        return self.state is State.ACTIVE and self.row.consent == "remote" and self.row.paper_signed_at is None

    @property
    def live_procedures(self) -> tuple[str, ...]:
        """Procedures a helper may carry out now."""
        if self.state is not State.ACTIVE:
            return ()
        named = [name for item in self.authorisations if not item.withdrawn_at for name in item.procedures.split()]
        return tuple(dict.fromkeys(named))


def visible_mandates(actor: Actor) -> SelectOfScalar[Mandate]:
    """Return the rows this actor may see: those given to the organisation they work in."""
    return select(Mandate).where(Mandate.organisation_id == actor.organisation_id)


# Statements built once: building them anew takes longer than running them.
_VISIBLE: Final = select(Mandate).where(Mandate.organisation_id == sa.bindparam("organisation"))
_ONE: Final = _VISIBLE.where(Mandate.id == sa.bindparam("id"))
_ONE_LOCKED: Final = _ONE.with_for_update()
_WITH_RESIDENT: Final = (
    select(Mandate, Resident)
    .join(Resident, col(Resident.id) == Mandate.resident_id)
    .where(
        Mandate.organisation_id == sa.bindparam("organisation"),
        Resident.organisation_id == Mandate.organisation_id,
        Mandate.id == sa.bindparam("id"),
    )
)
_OF_RESIDENT: Final = (
    _VISIBLE.where(Mandate.resident_id == sa.bindparam("resident"), Mandate.state != State.ABANDONED)
    .order_by(col(Mandate.created_at).desc())
    .limit(50)
)
_GRANTED: Final = (
    select(Authorisation)
    .where(col(Authorisation.mandate_id).in_(sa.bindparam("mandates", expanding=True)))
    .order_by(Authorisation.scope)
)


_HELD: Final = (
    select(Authorisation, Mandate)
    .join(Mandate, col(Mandate.id) == Authorisation.mandate_id)
    .where(Mandate.organisation_id == sa.bindparam("organisation"), Mandate.resident_id == sa.bindparam("resident"))
)
_HELD_LOCKED: Final = _HELD.with_for_update(read=True, of=Mandate)


def get_row(work: Work, mandate_id: str, *, lock: bool = False) -> Mandate:
    """Return one mandate's row. Raises NotFound for an unknown id and for another organisation's alike."""
    which = {"organisation": work.organisation_id, "id": mandate_id}
    row = work.session.exec(_ONE_LOCKED if lock else _ONE, params=which).one_or_none()
    if row is None or not work.reaches(row.resident_id):
        raise NotFound
    if lock:
        work.session.refresh(row)
    return row


def get_mandate(work: Work, mandate_id: str, *, lock: bool = False) -> MandateView:
    """Return one mandate. Raises NotFound for an unknown id and for another organisation's alike."""
    return _views(work, [get_row(work, mandate_id, lock=lock)])[0]


def mandates_of(work: Work, resident_id: str) -> tuple[MandateView, ...]:
    """Return a resident's mandates, newest first; those never given are left out."""
    if not work.reaches(resident_id):
        raise NotFound
    which = {"organisation": work.organisation_id, "resident": resident_id}
    views = _views(work, work.session.exec(_OF_RESIDENT, params=which).all())
    return tuple(view for view in views if view.state is not State.ABANDONED)


def counted(work: Work, residents: Sequence[str]) -> list[str]:
    """Return how many mandates each of these residents gave or is about to give, in their order, written out."""
    given = col(Mandate.resident_id).in_(residents)
    query = select(Mandate.resident_id, sa.func.count()).where(given, Mandate.state != State.ABANDONED)
    found = dict(work.session.exec(query.group_by(col(Mandate.resident_id))).all())
    return [str(found.get(resident, 0)) for resident in residents]


def _views(work: Work, rows: Iterable[Mandate]) -> tuple[MandateView, ...]:
    rows = list(rows)
    granted: dict[str, list[Authorisation]] = {row.id: [] for row in rows}
    if any(row.activated_at for row in rows):
        for item in work.session.exec(_GRANTED, params={"mandates": list(granted)}):
            granted[item.mandate_id].append(item)
    return tuple(MandateView(row, _state(row, work.now), tuple(granted[row.id])) for row in rows)


def _state(row: Mandate, now: datetime) -> State:
    return state_at(State(row.state), row.ends_at, now, row.asked_at or row.created_at, row.consent)


def get_with_resident(work: Work, mandate_id: str, *, lock: bool = False) -> tuple[MandateView, Known]:
    """Return one mandate and its resident, opened."""
    if lock:
        view = get_mandate(work, mandate_id, lock=True)
        if view.row.resident_id is None:
            raise NotFound
        return view, get_resident(work, view.row.resident_id)
    which = {"organisation": work.organisation_id, "id": mandate_id}
    found = work.session.exec(_WITH_RESIDENT, params=which).one_or_none()
    if found is None or not work.reaches(found[0].resident_id):
        raise NotFound
    return _views(work, [found[0]])[0], open_resident(work, found[1])


def covered(
    work: Work, resident_id: str | None, scopes: Iterable[str], procedure: str, *, lock: bool = False
) -> tuple[Cover, str | None]:
    """Decide at this very moment whether the actor's organisation may act for a resident, and by which mandate.

    ``lock`` holds the mandates until the act is committed: none is stopped in between.
    """
    if resident_id is None:
        return Cover.NO_MANDATE, None
    which = {"organisation": work.person().organisation_id, "resident": resident_id}
    grants = [
        Grant(
            mandate_id=mandate.id,
            state=State(mandate.state),
            starts_at=mandate.activated_at,
            ends_at=mandate.ends_at,
            scope=item.scope,
            procedures=frozenset(item.procedures.split()),
            withdrawn=item.withdrawn_at is not None,
        )
        for item, mandate in work.session.exec(_HELD_LOCKED if lock else _HELD, params=which)
    ]
    return cover(grants, scopes, procedure, work.now)


def code_index(work: Work, code: str) -> int:
    """Return the keyed index of a verification code: its 40 bits could be guessed from a plain hash."""
    return blind_index(work.keyring.derive("verification"), "code", normalise_code(code))


def find_by_code(work: Work, code: str) -> MandateView | None:
    """Return the mandate of a verification code, whoever asks; the page shows no identity."""
    row = work.session.exec(select(Mandate).where(Mandate.code_index == code_index(work, code))).one_or_none()
    return _views(work, [row])[0] if row is not None else None


def verification_code(work: Work, view: MandateView, resident: Known) -> str:
    """Open the verification code of a mandate (eight letters, written in two groups)."""
    assert view.row.code_sealed is not None
    return open_sealed(resident_key(work, resident.row), view.row.code_sealed, view.row.id).decode("ascii")


def printed_roots(database: Database) -> list[tuple[int, str]]:
    """Return the journal's sizes and roots that stand on printed mandates: the verification holds the journal to them."""
    query = select(MandateFrozenText.journal_size, MandateFrozenText.journal_root).distinct()
    with unit_of_work(database, Mode.READ) as work:
        return [
            (size, root) for size, root in work.session.exec(query) if isinstance(size, int) and isinstance(root, str)
        ]


def consent_entry(work: Work, mandate_id: str) -> JournalRecord:
    """Return the journal's entry of the resident's consent. Raises NotFound for a mandate that never had it."""
    get_row(work, mandate_id)
    query = select(JournalRecord).where(JournalRecord.mandate == mandate_id, JournalRecord.type == "consent_given")
    found = work.session.exec(
        query.order_by(col(JournalRecord.seq).desc())
    ).first()  # the text may have been frozen anew
    if found is None:
        raise NotFound
    return found


def frozen_text(work: Work, view: MandateView, resident: Known) -> tuple[MandateText, MandateFrozenText]:
    """Open the exact text last shown to the resident. Raises NotFound while there is none."""
    row = work.session.get(MandateFrozenText, view.row.text_id) if view.row.text_id else None
    if row is None:
        raise NotFound
    return MandateText.from_json(open_sealed(resident_key(work, resident.row), row.sealed, row.id)), row
