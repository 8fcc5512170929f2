"""Two at once, behind a barrier: one wins, the journal says which. ``make faults``: two hundred times each."""

from __future__ import annotations

import os
import threading
from collections import Counter
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import pytest
import sqlalchemy as sa
from sqlmodel import col, select

from aidants.assistance.services import receive
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import AppError
from aidants.guides import queries, services
from aidants.guides.engine import Outcome
from aidants.guides.models import Run
from aidants.journal.models import JournalRecord
from aidants.mandates import consent, deaths, renewal
from aidants.mandates import services as mandates
from aidants.mandates.answers import Answers
from aidants.mandates.models import Authorisation, Mandate
from aidants.residents.identity import Identity
from aidants.residents.services import create_resident
from tests.security.tools import ANSWERED, actor_of
from tests.web.test_guides import reach

TIMES = 200 if os.environ.get("FAULTS") == "long" else 40
PROCEDURE, STEP = "demander-apl", "foyer"
Act = Callable[[Work], object]


@dataclass
class Two:
    """Two helpers who press at the same moment."""

    database: Database
    pool: ThreadPoolExecutor

    def do(self, act: Act, who: str = "nadia") -> object:
        with unit_of_work(self.database, Mode.WRITE, request_id="race") as work:
            work.actor = actor_of(work, who)
            return act(work)

    def at_once(self, one: Act, other: Act) -> tuple[str, str]:
        """Let both go from one barrier; return how each ended: ``done``, or the code of the refusal."""
        barrier = threading.Barrier(2)

        def go(act: Act, who: str) -> str:
            barrier.wait(10)
            try:
                self.do(act, who)
            except AppError as error:
                return error.code
            return "done"

        first, second = self.pool.submit(go, one, "nadia"), self.pool.submit(go, other, "tom")
        return first.result(30), second.result(30)

    def resident(self, number: int) -> str:
        person = Identity("Course", f"Numéro {number}", birth_date="1950-01-01")
        return str(self.do(lambda work: create_resident(work, person)))

    def waiting(self, resident: str, *procedures: str) -> str:
        """Return a mandate whose text waits for a signature."""

        def ask(work: Work) -> str:
            mandate = mandates.new_draft(work, resident, None, Answers())
            mandates.answer(work, mandate, procedures=procedures or (PROCEDURE,), **ANSWERED)
            consent.ask_consent(work, mandate)
            return mandate

        return str(self.do(ask))

    def active(self, resident: str, *procedures: str) -> str:
        mandate = self.waiting(resident, *procedures)
        self.do(lambda work: consent.activate(work, mandate))
        return mandate

    def told(self, kind: str, **where: str) -> list[int]:
        """Return the numbers of the journal's entries of this type about these subjects."""
        with unit_of_work(self.database, Mode.READ) as work:
            query = select(JournalRecord.seq).where(JournalRecord.type == kind)
            for column, value in where.items():
                query = query.where(getattr(JournalRecord, column) == value)
            return list(work.session.exec(query.order_by(col(JournalRecord.seq))))

    def place(self, run: str) -> tuple[str, int]:
        """Return the step where a walk stands, and the number that its page bears."""
        with unit_of_work(self.database, Mode.READ) as work:
            walk = queries.walk_of(work, work.session.get_one(Run, run))
            return walk.state.shown.id, walk.row.revision

    def row(self, mandate: str) -> Mandate:
        with unit_of_work(self.database, Mode.READ) as work:
            return work.session.get_one(Mandate, mandate)


@pytest.fixture
def two(demo_database: Database) -> Iterator[Two]:
    with ThreadPoolExecutor(2) as pool:
        yield Two(demo_database, pool)


def test_two_confirm_one_mandate(two: Two) -> None:
    resident = two.resident(0)
    for _ in range(TIMES):
        mandate = two.waiting(resident)

        def confirm(work: Work, mandate: str = mandate) -> None:
            consent.activate(work, mandate)

        assert two.at_once(confirm, confirm) == ("done", "done")
        for kind in ("consent_given", "mandate_activated", "authorisation_granted"):
            assert len(two.told(kind, mandate=mandate)) == 1, kind


def test_two_mandates_of_one_theme_leave_one_standing(two: Two) -> None:
    resident = two.resident(0)
    winners: Counter[int] = Counter()
    for _ in range(TIMES):
        pair = [two.waiting(resident), two.waiting(resident)]

        def confirm(mandate: str) -> Act:
            return lambda work: consent.activate(work, mandate)

        assert two.at_once(*map(confirm, pair)) == ("done", "done")
        with unit_of_work(two.database, Mode.READ) as work:
            standing = (
                select(Authorisation.mandate_id)
                .join(Mandate, col(Mandate.id) == Authorisation.mandate_id)
                .where(Mandate.resident_id == resident, col(Authorisation.withdrawn_at).is_(None))
            )
            (left,) = work.session.exec(standing).all()
        order = [two.told("mandate_activated", mandate=mandate)[0] for mandate in pair]
        last = order.index(max(order))
        assert left == pair[last], "the later one stands, the journal says which it is"
        assert two.row(pair[1 - last]).end_reason == "superseded"
        winners[last] += 1
    assert sum(winners.values()) == TIMES


def test_stopping_races_an_act_under_the_mandate(two: Two) -> None:
    """The act is done before the stop, or refused: the journal never shows it after."""
    resident = two.resident(0)
    run = str(two.do(lambda work: services.start_run(work, receive(work, resident).id, PROCEDURE)))
    reach(two.database, run, STEP)
    seen: Counter[str] = Counter()
    for _ in range(TIMES):
        mandate, step, revision = two.active(resident), *two.place(run)

        def stop(work: Work, mandate: str = mandate) -> None:
            mandates.revoke(work, mandate, None, "resident")

        def act(work: Work, step: str = step, revision: int = revision) -> None:
            services.mark(work, run, step, Outcome.DONE, revision=revision)

        stopped, acted = two.at_once(stop, act)
        assert stopped == "done"
        assert acted in {"done", "mandate_revoked"}
        seen[acted] += 1
        (ended,), done = two.told("mandate_revoked", mandate=mandate), two.told("sensitive_act", mandate=mandate)
        assert len(done) == (acted == "done")
        assert all(seq < ended for seq in done)
        if acted == "done":
            two.do(partial(_back, run, *two.place(run)))
    assert sum(seen.values()) == TIMES


def _back(run: str, step: str, revision: int, work: Work) -> None:
    services.back(work, run, step, revision=revision)


def _receive(resident: str, work: Work) -> str:
    return receive(work, resident).id


def test_a_death_races_a_new_draft(two: Two) -> None:
    seen: Counter[str] = Counter()
    for number in range(TIMES):
        resident = two.resident(number)
        sitting = str(two.do(partial(_receive, resident)))

        def report(work: Work, who: str = resident) -> None:
            deaths.report_death(work, who)

        def draft(work: Work, who: str = resident, sitting: str = sitting) -> None:
            mandates.draft_mandate(work, who, sitting)

        reported, drafted = two.at_once(report, draft)
        assert reported == "done"
        assert drafted in {"done", "resident_dead"}
        with unit_of_work(two.database, Mode.READ) as work:
            states = set(work.session.exec(select(Mandate.state).where(Mandate.resident_id == resident)))
        assert states <= {"abandoned"}, "no draft is left open for somebody reported dead"
        seen[drafted] += 1
    assert sum(seen.values()) == TIMES


def test_two_renew_one_mandate(two: Two) -> None:
    resident = two.resident(0)
    for _ in range(TIMES):
        mandate = two.active(resident)

        def renew(work: Work, mandate: str = mandate) -> None:
            renewal.renew(work, mandate)

        assert two.at_once(renew, renew) == ("done", "done")
        with unit_of_work(two.database, Mode.READ) as work:
            count = sa.select(sa.func.count()).where(col(Mandate.renews_id) == mandate)
            assert work.session.connection().execute(count).scalar() == 1


def test_two_stop_one_mandate(two: Two) -> None:
    resident = two.resident(0)
    for _ in range(TIMES):
        mandate = two.active(resident, PROCEDURE, "carte-grise-adresse")

        def whole(work: Work, mandate: str = mandate) -> None:
            mandates.revoke(work, mandate, None, "resident")

        def one_theme(work: Work, mandate: str = mandate) -> None:
            mandates.revoke(work, mandate, "logement", "helper")

        assert two.at_once(whole, one_theme) == ("done", "done")
        assert len(two.told("mandate_revoked", mandate=mandate)) == 1
        assert len(two.told("authorisation_revoked", mandate=mandate)) == 2
