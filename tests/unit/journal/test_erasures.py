"""What an erasure leaves in the journal and beside it: spans of entries, the list, and what the verification accepts."""

from __future__ import annotations

import subprocess
import sys
from datetime import UTC, datetime
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from aidants import crypto
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import Unavailable
from aidants.journal import actions
from aidants.journal.erasures import LIST_FILE, Erased, ErasureList, owner_of, spans
from aidants.journal.models import JournalPayload, table_of
from aidants.journal.services import Private, record, shred_payloads
from aidants.journal.verify import verify

NOW = datetime(2026, 11, 24, 9, 30, tzinfo=UTC)
MONIQUE, AHMED = "a" * 26, "b" * 26
KEY = bytes(32)
PAYLOADS = table_of(JournalPayload)


def test_spans() -> None:
    assert spans([]) == ()
    assert spans([12, 4, 10, 11, 12]) == ("4", "10-12")


@given(st.sets(st.integers(1, 400)))
def test_spans_cover_what_they_name_and_nothing_else(numbers: set[int]) -> None:
    erased = Erased()
    erased.add(MONIQUE, {"entries": list(spans(numbers))}, 401)
    assert {seq for seq in range(402) if erased.covers(owner_of(MONIQUE), seq)} == numbers
    assert not any(erased.covers(owner_of(AHMED), seq) for seq in numbers)
    assert not any(erased.covers(None, seq) for seq in numbers)


def test_an_erasure_says_nothing_of_later_entries() -> None:
    erased = Erased()
    erased.add(MONIQUE, {"entries": ["1-999999", "8"]}, 5)
    assert {seq for seq in range(20) if erased.covers(owner_of(MONIQUE), seq)} == {1, 2, 3, 4}


@pytest.mark.parametrize("detail", [None, [], {}, {"entries": "1-9"}, {"entries": ["x", "1-y", "-3", ""]}])
def test_what_does_not_read_covers_nothing(detail: object) -> None:
    erased = Erased()
    erased.add(MONIQUE, detail, 10)
    assert not any(erased.covers(owner_of(MONIQUE), seq) for seq in range(10))


def test_the_list_keeps_everybody_once(tmp_path: Path) -> None:
    kept = ErasureList(tmp_path / "signer")
    assert kept.residents() == ()
    for resident in (MONIQUE, AHMED, MONIQUE):
        kept.add(resident, NOW)
    assert kept.residents() == (MONIQUE, AHMED)
    assert (tmp_path / "signer" / LIST_FILE).stat().st_mode & 0o777 == 0o600


def test_a_line_cut_short_spoils_no_other(tmp_path: Path) -> None:
    kept = ErasureList(tmp_path)
    kept.add(MONIQUE, NOW)
    path = tmp_path / LIST_FILE
    path.write_bytes(path.read_bytes() + b'{"resident": "ccc')
    kept.add(AHMED, NOW)
    path.write_bytes(path.read_bytes() + b'[]\n7\n{"resident": 7}\n\xff\xfe\n' + b"[" * 100_000)
    assert kept.residents() == (MONIQUE, AHMED)


def test_a_list_that_cannot_be_written_refuses(tmp_path: Path) -> None:
    (tmp_path / LIST_FILE).mkdir()
    with pytest.raises(Unavailable):
        ErasureList(tmp_path).add(MONIQUE, NOW)


def test_a_line_that_does_not_fit_on_the_disk_refuses(tmp_path: Path) -> None:
    script = (
        "import resource, sys; from pathlib import Path; from aidants import clock; from aidants.errors import Unavailable\n"
        "from aidants.journal.erasures import ErasureList\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))\n"
        "try: ErasureList(Path(sys.argv[1])).add('a' * 26, clock.now())\n"
        "except Unavailable: sys.exit(7)\n"
    )
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], check=False, timeout=60)
    assert done.returncode == 7


def write(database: Database, resident: str, *, sealed: bool = True) -> None:
    private = Private(owner_of(resident), KEY, {"reason": "le motif"}) if sealed else None
    with unit_of_work(database, Mode.WRITE) as work:
        record(work, actions.ResidentViewed(resident=resident), private)


def test_a_payload_under_a_resident_s_key_needs_its_resident(database: Database) -> None:
    private = Private(owner_of(MONIQUE), KEY, {"reason": "x"})
    for action in (actions.ResidentViewed(resident=AHMED), actions.SignedOut()):
        with pytest.raises(ValueError, match="does not name"), unit_of_work(database, Mode.WRITE) as work:
            record(work, action, private)


def test_an_erasure_covers_its_own_payloads(database: Database) -> None:
    for resident, sealed in ((MONIQUE, True), (AHMED, True), (MONIQUE, False), (MONIQUE, True)):
        write(database, resident, sealed=sealed)
    before = verify(database)
    with unit_of_work(database, Mode.WRITE) as work:
        gone = shred_payloads(work, MONIQUE)
        record(work, actions.ResidentErased(resident=MONIQUE, outcome="request", entries=spans(gone)))
    assert gone == [1, 4]
    after = verify(database)
    assert (before.ok, after.ok, after.size) == (True, True, 5)
    with unit_of_work(database, Mode.READ) as work:
        assert work.session.connection().execute(sa.select(sa.func.count()).select_from(PAYLOADS)).scalar() == 1


@pytest.mark.parametrize(
    ("deleted", "named"),
    [(2, [2]), (6, [6])],
    ids=["of somebody else", "of the same person, made after the erasure"],
)
def test_a_payload_missing_otherwise_is_a_fault(database: Database, deleted: int, named: list[int]) -> None:
    for resident in (MONIQUE, AHMED, MONIQUE, MONIQUE):
        write(database, resident)
    with unit_of_work(database, Mode.WRITE) as work:
        gone = spans(shred_payloads(work, MONIQUE))
        record(work, actions.ResidentErased(resident=MONIQUE, outcome="request", entries=gone))
    write(database, MONIQUE)
    assert verify(database).ok
    with database.engine.begin() as connection:
        which = f"SELECT id FROM journal_record WHERE seq = {deleted}"
        connection.exec_driver_sql(f"DELETE FROM journal_payload WHERE entry_id = ({which})")
    report = verify(database)
    assert [fault.seq for fault in report.faults] == named
    assert "manquent" in report.sentence()


def test_an_erasure_that_did_not_happen_is_a_fault(database: Database) -> None:
    write(database, MONIQUE)
    with unit_of_work(database, Mode.WRITE) as work:
        record(work, actions.ResidentErased(resident=MONIQUE, outcome="request", entries=("1",)))
    assert [fault.seq for fault in verify(database).faults] == [1]


def test_a_forged_erasure_is_found(database: Database) -> None:
    """Whoever deletes a payload cannot excuse it by changing an entry into an erasure."""
    write(database, MONIQUE)
    write(database, AHMED)
    with database.engine.begin() as connection:
        connection.exec_driver_sql(
            "DELETE FROM journal_payload WHERE entry_id = (SELECT id FROM journal_record WHERE seq = 1)"
        )
        connection.exec_driver_sql(
            f"UPDATE journal_record SET type = 'resident_erased', resident = '{MONIQUE}', "
            """detail = '{"entries":["1"]}' WHERE seq = 2"""
        )
    assert [fault.seq for fault in verify(database).faults] == [2]


def test_the_key_does_not_outlive_the_payload(database: Database) -> None:
    """The key of an entry's payload is derived from the owner's and the entry's id: one opens no other."""
    assert crypto.derive(KEY, "journal/one") != crypto.derive(KEY, "journal/two")


def test_an_erasure_that_does_not_read_stops_no_verification(database: Database) -> None:
    for _ in range(6):
        write(database, MONIQUE)
    with database.engine.begin() as connection:
        spoil = sa.text("UPDATE journal_record SET type = 'resident_erased', detail = :detail WHERE seq = 5")
        connection.execute(spoil, {"detail": "[" * 100_000})
    assert [fault.seq for fault in verify(database).faults] == [5]
