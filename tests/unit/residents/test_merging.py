"""Two records of one person: proposed, confirmed by somebody else, undone, final, erased; nothing is lost on the way."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from sqlmodel import col, select

from aidants import maintenance
from aidants.assistance.models import Assistance
from aidants.assistance.services import receive
from aidants.counter import merging
from aidants.counter.erasure import erase
from aidants.crypto import open_sealed, seal_json
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import AppError, BadRequest, NotFound, Refused
from aidants.guides.models import Run
from aidants.guides.services import start_run
from aidants.journal.models import JournalRecord
from aidants.journal.seal import seal_now, signer_of
from aidants.journal.verify import verify
from aidants.mandates import consent
from aidants.mandates import services as mandates
from aidants.mandates.models import Mandate, MandateFrozenText
from aidants.mandates.parties import signers_of
from aidants.mandates.queries import frozen_text, get_with_resident, verification_code
from aidants.mandates.signers import Signers, Witness
from aidants.residents import holds, merges
from aidants.residents.identity import Identity, understand
from aidants.residents.models import Resident, ResidentMerge, ResidentToken
from aidants.residents.services import create_resident, get_resident, resident_key, search
from tests.security.tools import ANSWERED, Places, actor_of, digest, kinds_after, last_entry, prepare

TWIN = Identity("Obert", "Monique", birth_date="1948-03-04", language="pt")


class Room:
    """Monique Aubert, and the second record that somebody made of her: with a mandate, a sitting and a walk."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.places: Places = prepare(database)
        self.kept = self.places.residents["Aubert"]
        self.elsewhere = self.places.residents["Belkacem"]
        with unit_of_work(database, Mode.WRITE) as work:
            work.actor = actor_of(work, "tom")
            self.other = create_resident(work, TWIN)
            sitting = receive(work, self.other)
            self.run = start_run(work, sitting.id, "demander-apl")
            self.mandate = mandates.draft_mandate(work, self.other, sitting.id)
            mandates.answer(work, self.mandate, procedures=("demander-apl",), **ANSWERED)
            consent.ask_consent(work, self.mandate)
            consent.activate(work, self.mandate)
        self.paper = self.read(self.mandate)

    def draft_to_sign(self) -> str:
        """Return another mandate of the second record, whose text waits for a signature."""
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.actor = actor_of(work, "tom")
            draft = mandates.draft_mandate(work, self.other, receive(work, self.other).id)
            mandates.answer(work, draft, procedures=("compte-ameli",), **ANSWERED)
            consent.ask_consent(work, draft)
            return draft

    def read(self, mandate_id: str) -> tuple[bytes, str, str]:
        """Return the words of a mandate as reprinted, their hash, and the verification code."""
        with unit_of_work(self.database, Mode.READ) as work:
            work.actor = actor_of(work, "nadia")
            view, resident = get_with_resident(work, mandate_id)
            text, row = frozen_text(work, view, resident)
            return text.to_json(), row.sha256, verification_code(work, view, resident)

    def propose(self, who: str = "nadia", kept: str = "", other: str = "") -> str:
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.actor = actor_of(work, who)
            return merges.propose(work, kept or self.kept, other or self.other)

    def confirm(self, merge: str, who: str = "tom") -> None:
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.actor = actor_of(work, who)
            merging.confirm(work, merge)

    def undo(self, merge: str, who: str = "nadia", later: timedelta = timedelta(0)) -> None:
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.actor = actor_of(work, who)
            work.now += later
            merging.undo(work, merge)

    def erase(self, who: str) -> None:
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.actor = actor_of(work, "nadia")
            erase(work, who, "request")

    def hold(self, who: str, reason: str, lasts: timedelta | None) -> None:
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.actor = actor_of(work, who)
            holds.set_hold(work, self.other, reason, work.now + lasts if lasts is not None else None)

    def settle(self) -> int:
        with unit_of_work(self.database, Mode.WRITE) as work:
            work.now += timedelta(days=31)
            return merges.forget_merged(work)

    def owned(self, resident: str) -> dict[str, set[str]]:
        """Return the ids that hang on a resident, by table."""
        with unit_of_work(self.database, Mode.READ) as work:
            models: tuple[type[Mandate] | type[Assistance] | type[Run], ...] = (Mandate, Assistance, Run)
            return {
                str(model.__tablename__): set(
                    work.session.exec(select(model.id).where(model.resident_id == resident)).all()
                )
                for model in models
            }

    def found(self, text: str) -> set[str]:
        with unit_of_work(self.database, Mode.READ) as work:
            work.actor = actor_of(work, "nadia")
            answer = search(work, understand(text))
            return set() if answer.alike else {known.id for known in answer.residents}


@pytest.fixture
def room(demo_database: Database) -> Room:
    return Room(demo_database)


def test_everything_goes_to_the_record_kept_and_opens_as_before(room: Room) -> None:
    mine, theirs = room.owned(room.kept), room.owned(room.other)
    papers = {mandate: room.read(mandate) for mandate in (room.mandate, room.places.mandates["active"])}
    before = last_entry(room.database)
    room.confirm(room.propose())
    assert kinds_after(room.database, before) == ["merge_proposed", "residents_merged"]
    assert room.owned(room.kept) == {table: mine[table] | theirs[table] for table in mine}
    assert all(not ids for ids in room.owned(room.other).values())
    assert {mandate: room.read(mandate) for mandate in papers} == papers
    assert (room.found("obert"), room.found("aubert")) == (set(), {room.kept})
    with unit_of_work(room.database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        with pytest.raises(NotFound):
            get_resident(work, room.other)
        assert get_resident(work, room.kept).identity.birth_name == "Aubert"
        tokens = select(ResidentToken).where(ResidentToken.resident_id == room.other)
        assert work.session.exec(tokens).all() == []


def test_who_signs_beside_the_resident_opens_after_a_merge_and_after_an_undo(room: Room) -> None:
    signers = Signers(witnesses=(Witness("Rosa Lima", "Voisine"), Witness("Paul Renaud", "Médecin")))
    with unit_of_work(room.database, Mode.WRITE) as work:
        key = resident_key(work, work.session.get_one(Resident, room.other))
        row = work.session.get_one(Mandate, room.mandate)
        row.signers_sealed = seal_json(key, signers.to_dict(), row.id)
        work.session.add(row)
    merge = room.propose()
    for act in (room.confirm, room.undo):
        act(merge)
        with unit_of_work(room.database, Mode.READ) as work:
            work.actor = actor_of(work, "nadia")
            assert signers_of(work, *get_with_resident(work, room.mandate)) == signers


def test_undoing_puts_everything_back_and_leaves_what_is_new(room: Room) -> None:
    mine, theirs = room.owned(room.kept), room.owned(room.other)
    merge = room.propose()
    room.confirm(merge)
    with unit_of_work(room.database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        new = mandates.draft_mandate(work, room.kept, receive(work, room.kept).id)
    before = last_entry(room.database)
    room.undo(merge)
    assert kinds_after(room.database, before) == ["residents_unmerged"]
    room.undo(merge)
    assert room.owned(room.other) == theirs
    assert room.owned(room.kept)["mandate"] == mine["mandate"] | {new}
    assert room.owned(room.kept)["run"] == mine["run"]
    assert room.read(room.mandate) == room.paper
    assert room.found("obert") == {room.other}
    with unit_of_work(room.database, Mode.READ) as work:
        work.actor = actor_of(work, "nadia")
        assert get_resident(work, room.other).identity == TWIN
        key = resident_key(work, work.session.get_one(Resident, room.other))
        row = work.session.get_one(Mandate, room.mandate)
        assert row.code_sealed is not None
        assert open_sealed(key, row.code_sealed, row.id), "sealed under its own key again"


def test_it_takes_a_second_helper_of_the_same_organisation(room: Room) -> None:
    merge = room.propose()
    before = digest(room.database)
    with pytest.raises(Refused):
        room.confirm(merge, "nadia")
    for act in (room.confirm, room.undo):
        with pytest.raises(NotFound):
            act(merge, "youssef")
    with pytest.raises(NotFound):
        room.propose("youssef")
    with pytest.raises(BadRequest):
        room.propose(other=room.kept)
    with pytest.raises(NotFound):
        room.propose(other="z" * 26)
    assert digest(room.database) == before


def test_a_record_of_another_organisation_cannot_be_the_other_half(room: Room) -> None:
    with unit_of_work(room.database, Mode.WRITE) as work:
        work.actor = actor_of(work, "youssef")
        theirs = create_resident(work, TWIN)
    before = digest(room.database)
    for kept, other in ((room.kept, theirs), (theirs, room.kept)):
        with pytest.raises(NotFound):
            room.propose(kept=kept, other=other)
    assert digest(room.database) == before


def test_two_tabs_propose_once_and_confirm_once(room: Room) -> None:
    merge = room.propose()
    assert {room.propose(), room.propose("tom"), room.propose("tom", room.other, room.kept)} == {merge}
    room.confirm(merge)
    before, entries = digest(room.database), last_entry(room.database)
    room.confirm(merge)
    assert (digest(room.database), last_entry(room.database)) == (before, entries)


def test_what_was_declined_or_is_old_stays(room: Room) -> None:
    declined = room.propose()
    with unit_of_work(room.database, Mode.WRITE) as work:
        work.actor = actor_of(work, "tom")
        merges.decline(work, declined)
    with pytest.raises(Refused):
        room.confirm(declined)
    merge = room.propose()
    assert merge != declined
    with pytest.raises(Refused):
        room.undo(merge)
    room.confirm(merge)
    with pytest.raises(Refused):
        room.undo(merge, later=timedelta(days=31))
    assert room.owned(room.kept)["mandate"] >= {room.mandate}


def test_after_thirty_days_the_other_identity_is_gone_and_papers_open(room: Room) -> None:
    merge = room.propose()
    room.confirm(merge)
    with unit_of_work(room.database, Mode.WRITE) as work:
        assert merges.forget_merged(work) == 0, "not yet"
    assert (room.settle(), room.settle()) == (1, 0)
    assert room.read(room.mandate) == room.paper
    with pytest.raises(Refused):
        room.undo(merge)
    with unit_of_work(room.database, Mode.READ) as work:
        assert work.session.get_one(Resident, room.other).sealed == b""


def test_the_daily_jobs_make_it_final(room: Room) -> None:
    merge = room.propose()
    room.confirm(merge)
    assert maintenance.run(room.database)["merges"] == 0
    with unit_of_work(room.database, Mode.WRITE) as work:
        row = work.session.get_one(ResidentMerge, merge)
        assert row.confirmed_at is not None
        row.confirmed_at -= timedelta(days=31)
    assert [maintenance.run(room.database)["merges"] for _ in range(2)] == [1, 0]
    with unit_of_work(room.database, Mode.READ) as work:
        assert work.session.get_one(Resident, room.other).sealed == b""


@pytest.mark.parametrize("final", [False, True])
def test_erasing_the_record_kept_erases_both(room: Room, final: bool) -> None:
    room.confirm(room.propose())
    if final:
        room.settle()
    room.erase(room.kept)
    with unit_of_work(room.database, Mode.READ) as work:
        assert work.session.get(Resident, room.kept) is None
        assert work.session.get(Resident, room.other) is None
        assert work.session.exec(select(ResidentMerge).where(ResidentMerge.kept_id == room.kept)).all() == []
        row = work.session.get_one(Mandate, room.mandate)
        assert (row.resident_id, row.code_sealed, row.state) == (None, None, "revoked")
        texts = select(MandateFrozenText).where(MandateFrozenText.mandate_id == room.mandate)
        assert {text.sealed for text in work.session.exec(texts)} == {b""}
        said = select(JournalRecord.resident).where(JournalRecord.type == "resident_erased")
        assert set(work.session.exec(said)) == {room.kept, room.other}
    seal_now(room.database)
    assert verify(room.database, None, (), signer_of(room.database).verifier, ()).ok


def test_erasing_the_record_set_aside_separates_it_first(room: Room) -> None:
    mine = room.owned(room.kept)
    room.confirm(room.propose())
    room.erase(room.other)
    assert room.owned(room.kept) == mine
    with unit_of_work(room.database, Mode.READ) as work:
        assert work.session.get(Resident, room.other) is None
        assert work.session.get_one(Mandate, room.mandate).resident_id is None


def test_an_erased_record_cannot_be_merged(room: Room) -> None:
    merge = room.propose()
    room.erase(room.other)
    with pytest.raises(NotFound):
        room.confirm(merge)
    with pytest.raises(NotFound):
        room.propose()


def test_a_chain_is_undone_from_its_end(room: Room) -> None:
    first = room.propose()
    room.confirm(first)
    second = room.propose(kept=room.elsewhere, other=room.kept)
    room.confirm(second)
    assert room.read(room.mandate) == room.paper
    with pytest.raises(Refused):
        room.undo(first)
    room.undo(second)
    room.undo(first)
    assert room.read(room.mandate) == room.paper
    assert room.owned(room.other)["mandate"] == {room.mandate}


def test_a_text_that_waits_is_not_signed_under_the_other_name(room: Room) -> None:
    draft = room.draft_to_sign()
    merge = room.propose()
    room.confirm(merge)
    for _ in range(2):
        with unit_of_work(room.database, Mode.WRITE) as work:
            work.actor = actor_of(work, "tom")
            with pytest.raises(Refused):
                consent.activate(work, draft)
        room.undo(merge)


def test_a_hold_of_either_record_holds_the_one_kept(room: Room) -> None:
    room.hold("tom", "court", None)
    room.confirm(room.propose())
    with pytest.raises(Refused):
        room.erase(room.kept)
    assert room.read(room.mandate) == room.paper


def together(*acts: object) -> list[str]:
    """Do acts at the same moment; return the name of what each raised, "" for nothing."""
    barrier = threading.Barrier(len(acts))

    def run(act: object) -> str:
        barrier.wait(5)
        try:
            act()  # type: ignore[operator]
        except AppError as error:
            return type(error).__name__
        return ""

    with ThreadPoolExecutor(len(acts)) as pool:
        return list(pool.map(run, acts))


def test_two_confirmations_at_once_merge_once(room: Room) -> None:
    merge = room.propose("nadia")
    before = last_entry(room.database)
    assert together(lambda: room.confirm(merge), lambda: room.confirm(merge)) == ["", ""]
    assert kinds_after(room.database, before).count("residents_merged") == 1


def test_erasing_while_merging_leaves_nobody_halfway(room: Room) -> None:
    merge = room.propose()
    outcomes = together(lambda: room.confirm(merge), lambda: room.erase(room.other))
    assert set(outcomes) <= {"", "NotFound", "Unavailable"}
    with unit_of_work(room.database, Mode.READ) as work:
        gone = work.session.get(Resident, room.other) is None
        row = work.session.get_one(Mandate, room.mandate)
        assert row.resident_id == (None if gone else room.kept)
        loose = select(ResidentMerge.id).where(col(ResidentMerge.other_id) == room.other)
        assert bool(work.session.exec(loose).first()) is not gone


def test_a_mandate_activated_while_merging_belongs_to_the_record_kept(room: Room) -> None:
    draft = room.draft_to_sign()
    merge = room.propose()

    def activate() -> None:
        with unit_of_work(room.database, Mode.WRITE) as work:
            work.actor = actor_of(work, "tom")
            consent.activate(work, draft)

    outcomes = together(lambda: room.confirm(merge), activate)
    assert outcomes[0] in {"", "Unavailable"}
    with unit_of_work(room.database, Mode.READ) as work:
        row = work.session.get_one(Mandate, draft)
        assert row.resident_id == (room.kept if outcomes[0] == "" else room.other)
        assert row.state == ("active" if outcomes[1] == "" else "awaiting_consent")
    assert room.read(draft)[0]


def test_a_draft_begun_while_merging_is_never_left_with_the_record_set_aside(room: Room) -> None:
    merge = room.propose()

    def draft() -> None:
        with unit_of_work(room.database, Mode.WRITE) as work:
            work.actor = actor_of(work, "tom")
            mandates.draft_mandate(work, room.other, receive(work, room.other).id)

    outcomes = together(lambda: room.confirm(merge), draft)
    assert set(outcomes) <= {"", "NotFound", "Unavailable"}
    if outcomes[0] == "":
        assert all(not ids for ids in room.owned(room.other).values())


@pytest.mark.parametrize("until", [None, timedelta(days=400)])
def test_a_held_record_is_not_erased_until_lifted_or_past(room: Room, until: timedelta | None) -> None:
    before = last_entry(room.database)
    room.hold("nadia", "claim", until)
    with pytest.raises(Refused):
        room.erase(room.other)
    with unit_of_work(room.database, Mode.READ) as work:
        row = work.session.get_one(Resident, room.other)
        assert holds.held(row, work.now)
        assert holds.held(row, work.now + timedelta(days=401)) is (until is None)
    with unit_of_work(room.database, Mode.WRITE) as work:
        work.actor = actor_of(work, "tom")
        holds.lift_hold(work, room.other, "closed")
        holds.lift_hold(work, room.other, "closed")
    room.erase(room.other)
    kinds = [kind for kind in kinds_after(room.database, before) if kind.startswith("resident_")]
    assert kinds == ["resident_hold_set", "resident_hold_lifted", "resident_erased"]


def test_a_hold_is_refused_with_a_past_end_an_unknown_reason_or_from_elsewhere(room: Room) -> None:
    before = digest(room.database)
    for who, reason, days, error in (
        ("nadia", "claim", -1, BadRequest),
        ("nadia", "claim", 3000, BadRequest),
        ("nadia", "because", 10, BadRequest),
        ("youssef", "claim", 10, NotFound),
    ):
        with pytest.raises(error):
            room.hold(who, reason, timedelta(days=days))
    assert digest(room.database) == before
