"""The flood gate: ten a minute, then a count."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from aidants.journal.flood import ADMITTED, MOST_TRACKED, FloodGate

START = datetime(2026, 11, 24, 6, 9, tzinfo=UTC)
SECOND = timedelta(seconds=1)


def test_ten_pass_then_the_next_minute_says_how_many_did_not() -> None:
    gate = FloodGate()
    answers = [gate.admit("192.0.2.1", "sign_in_failed", START + number * SECOND) for number in range(35)]
    assert answers == [0] * ADMITTED + [None] * 25
    assert gate.admit("192.0.2.1", "sign_in_failed", START + 60 * SECOND) == 25
    assert gate.admit("192.0.2.1", "sign_in_failed", START + 61 * SECOND) == 0


def test_addresses_and_types_do_not_share() -> None:
    gate = FloodGate()
    for _ in range(ADMITTED + 1):
        last = gate.admit("192.0.2.1", "sign_in_failed", START)
    assert last is None
    assert gate.admit("192.0.2.2", "sign_in_failed", START) == 0
    assert gate.admit("192.0.2.1", "mandate_verified", START) == 0


def test_a_clock_that_goes_back_opens_a_new_minute() -> None:
    gate = FloodGate()
    for _ in range(ADMITTED + 2):
        gate.admit("192.0.2.1", "x", START)
    assert gate.admit("192.0.2.1", "x", START - timedelta(hours=1)) == 2


def test_memory_is_bounded_and_the_oldest_goes_first() -> None:
    gate = FloodGate()
    for number in range(MOST_TRACKED + 1):
        gate.admit(f"host-{number}", "x", START + number * timedelta(milliseconds=1))
    assert len(gate._windows) == MOST_TRACKED
    assert ("host-0", "x") not in gate._windows
    assert ("host-1", "x") in gate._windows
