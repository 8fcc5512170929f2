"""A resident who acts alone reaches what is theirs, and the journal says that it was them."""

from __future__ import annotations

import pytest
from sqlmodel import col, select

from aidants.accounts.models import Organisation
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.journal import actions, labels
from aidants.journal.models import JournalRecord
from aidants.journal.services import record
from aidants.mandates.models import Mandate
from aidants.mandates.queries import get_mandate, get_with_resident, mandates_of
from aidants.policy import ResidentActor
from aidants.residents.services import get_resident, keep_resident


def _alone(work: Work) -> tuple[ResidentActor, Mandate, Mandate]:
    """Let the owner of one mandate act; return them, their mandate, and another person's of the same organisation."""
    rows = list(work.session.exec(select(Mandate).order_by(col(Mandate.created_at))))
    mine = next(row for row in rows if row.state == "active")
    other = next(
        row for row in rows if row.resident_id != mine.resident_id and row.organisation_id == mine.organisation_id
    )
    assert mine.resident_id is not None
    work.resident = ResidentActor(mine.resident_id, mine.organisation_id, "visit-of-a-test", "access_code")
    return work.resident, mine, other


def test_their_own_rows_and_no_others(demo_database: Database) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        resident, mine, other = _alone(work)
        assert get_mandate(work, mine.id).row.id == mine.id
        assert get_with_resident(work, mine.id)[1].id == resident.resident_id
        assert {view.row.resident_id for view in mandates_of(work, resident.resident_id)} == {resident.resident_id}
        assert get_resident(work, resident.resident_id).id == resident.resident_id
        assert other.resident_id is not None
        for reach in (
            lambda: get_mandate(work, other.id),
            lambda: get_with_resident(work, other.id),
            lambda: mandates_of(work, other.resident_id),
            lambda: get_resident(work, other.resident_id),
            lambda: keep_resident(work, other.resident_id),
        ):
            with pytest.raises(NotFound):
                reach()


def test_nobody_of_another_organisation(demo_database: Database) -> None:
    with unit_of_work(demo_database, Mode.READ) as work:
        resident, mine, _other = _alone(work)
        elsewhere = work.session.exec(select(Organisation.id).where(Organisation.id != mine.organisation_id)).first()
        assert elsewhere is not None
        work.resident = ResidentActor(resident.resident_id, elsewhere, "visit-of-a-test", "access_code")
        with pytest.raises(NotFound):
            get_mandate(work, mine.id)


def test_the_journal_says_who_it_was(demo_database: Database) -> None:
    with unit_of_work(demo_database, Mode.WRITE) as work:
        resident, mine, _other = _alone(work)
        record(work, actions.MandateViewed(mandate=mine.id, resident=mine.resident_id))
    with unit_of_work(demo_database, Mode.READ) as work:
        entry = work.session.exec(select(JournalRecord).order_by(col(JournalRecord.seq).desc()).limit(1)).one()
    assert (entry.actor, entry.auth, entry.session) == (actions.RESIDENT, "access_code", "visit-of-a-test")
    assert (entry.organisation, entry.resident) == (resident.organisation_id, resident.resident_id)
    assert labels.person(actions.RESIDENT) == "La personne"
