"""Ends, activation windows, coverage, ages: by hand, at the edges."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from aidants.mandates.lifecycle import (
    Cover,
    Duration,
    Grant,
    State,
    activate_before,
    cover,
    end_of,
    is_minor,
    state_at,
)

PARIS = ZoneInfo("Europe/Paris")
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)


def paris(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=PARIS)  # type: ignore[arg-type, misc]


@pytest.mark.parametrize(
    ("duration", "frozen", "end"),
    [
        (Duration.MONTH, paris(2026, 11, 23, 10, 35), paris(2026, 12, 24, 23, 59, 59)),
        (Duration.MONTH, paris(2026, 10, 1, 12, 0), paris(2026, 11, 1, 23, 59, 59)),  # clocks go back on 25 October
        (Duration.MONTH, paris(2027, 3, 10, 12, 0), paris(2027, 4, 10, 23, 59, 59)),  # and forward on 28 March
        (Duration.MONTH, paris(2026, 1, 31, 8, 0), paris(2026, 3, 3, 23, 59, 59)),
        (Duration.LONG, paris(2028, 2, 29, 8, 0), paris(2029, 2, 28, 23, 59, 59)),
        (Duration.SEMESTER, paris(2026, 11, 24, 8, 0), paris(2027, 5, 25, 23, 59, 59)),
        (Duration.MONTH, paris(2026, 11, 24, 0, 0, 1), paris(2026, 12, 25, 23, 59, 59)),
        (Duration.MONTH, paris(2026, 11, 24, 23, 59, 59), paris(2026, 12, 25, 23, 59, 59)),
    ],
)
def test_a_mandate_ends_at_the_last_second_of_its_last_day_in_paris(
    duration: Duration, frozen: datetime, end: datetime
) -> None:
    assert end_of(duration, frozen.astimezone(UTC), PARIS) == end


def test_a_short_mandate_lasts_24_hours_whatever_the_clocks_do() -> None:
    frozen = paris(2026, 10, 24, 18, 0)
    assert end_of(Duration.SHORT, frozen, PARIS) - frozen.astimezone(UTC) == timedelta(hours=24)


@pytest.mark.parametrize(
    ("duration", "frozen", "last"),
    [
        (Duration.MONTH, paris(2026, 11, 24, 9, 0), paris(2026, 11, 24, 23, 59, 59)),
        (Duration.SHORT, paris(2026, 11, 24, 9, 0), paris(2026, 11, 24, 11, 0)),
        (Duration.SHORT, paris(2026, 11, 24, 23, 0), paris(2026, 11, 24, 23, 59, 59)),
    ],
)
def test_a_text_is_signed_the_same_day_and_a_short_one_within_two_hours(
    duration: Duration, frozen: datetime, last: datetime
) -> None:
    assert activate_before(duration, frozen, PARIS) == last


def grant(scope: str = "transports", **changes: object) -> Grant:
    base: dict[str, object] = {
        "mandate_id": "m",
        "state": State.ACTIVE,
        "starts_at": NOW - timedelta(days=1),
        "ends_at": NOW + timedelta(days=1),
        "scope": scope,
        "procedures": frozenset({"carte-grise-adresse"}),
        "withdrawn": False,
    }
    return Grant(**{**base, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("grants", "answer"),
    [
        ([], Cover.NO_MANDATE),
        ([grant()], Cover.YES),
        ([grant(ends_at=NOW)], Cover.YES),
        ([grant(ends_at=NOW - timedelta(seconds=1))], Cover.EXPIRED),
        ([grant(starts_at=NOW + timedelta(seconds=1))], Cover.NOT_ACTIVE),
        ([grant(state=State.AWAITING_CONSENT, starts_at=None)], Cover.NOT_ACTIVE),
        ([grant(state=State.DRAFT, starts_at=None)], Cover.NOT_ACTIVE),
        ([grant(state=State.ABANDONED)], Cover.NOT_ACTIVE),
        ([grant(withdrawn=True)], Cover.REVOKED),
        ([grant(state=State.REVOKED)], Cover.REVOKED),
        ([grant(procedures=frozenset({"carte-grise-achat"}))], Cover.OUTSIDE),
        ([grant("logement")], Cover.OUTSIDE),
        ([grant(withdrawn=True), grant(mandate_id="n")], Cover.YES),
        ([grant(ends_at=NOW - timedelta(days=1)), grant(withdrawn=True)], Cover.REVOKED),
    ],
)
def test_coverage_at_this_very_moment(grants: list[Grant], answer: Cover) -> None:
    assert cover(grants, ["transports"], "carte-grise-adresse", NOW)[0] is answer


def test_a_procedure_with_two_scopes_needs_both() -> None:
    one = grant("argent", procedures=frozenset({"porter-plainte"}))
    two = grant("justice", procedures=frozenset({"porter-plainte"}), mandate_id="n")
    assert cover([one], ["argent", "justice"], "porter-plainte", NOW)[0] is not Cover.YES
    assert cover([one, two], ["argent", "justice"], "porter-plainte", NOW) == (Cover.YES, "m")


def test_no_scope_is_covered_by_nothing() -> None:
    assert cover([grant()], [], "carte-grise-adresse", NOW) == (Cover.NO_MANDATE, None)


def test_time_alone_expires_an_active_mandate_and_no_other() -> None:
    late = NOW + timedelta(seconds=1)
    assert state_at(State.ACTIVE, NOW, NOW, NOW) is State.ACTIVE
    assert state_at(State.ACTIVE, NOW, late, NOW) is State.EXPIRED
    assert state_at(State.REVOKED, NOW, late, NOW) is State.REVOKED


@pytest.mark.parametrize("state", [State.DRAFT, State.AWAITING_CONSENT])
def test_what_nobody_signed_lapses_after_a_day(state: State) -> None:
    day = timedelta(hours=24)
    assert state_at(state, None, NOW + day, NOW) is state
    assert state_at(state, None, NOW + day + timedelta(seconds=1), NOW) is State.ABANDONED


@pytest.mark.parametrize(
    ("born", "minor"),
    [
        ("", False),
        ("1948-03-04", False),
        ("2008-11-24", False),
        ("2008-11-25", True),
        ("2008-11", True),
        ("2008-10", False),
        ("2008", True),
        ("2007", False),
        ("2007-12-31", False),
        ("2015-01-01", True),
    ],
)
def test_a_person_who_may_be_under_18_counts_as_under_18(born: str, minor: bool) -> None:
    assert is_minor(born, date(2026, 11, 24)) is minor


@pytest.mark.parametrize(
    ("duration", "frozen", "last"),
    [
        (Duration.MONTH, paris(2026, 3, 20, 9, 0), paris(2026, 4, 4, 10, 0)),  # the clocks go forward on the 29th
        (Duration.MONTH, paris(2026, 10, 20, 9, 0), paris(2026, 11, 4, 8, 0)),  # and back on the 25th
        (Duration.LONG, paris(2028, 2, 14, 12, 0), paris(2028, 2, 29, 12, 0)),
        (Duration.SHORT, paris(2026, 11, 24, 9, 0), paris(2026, 11, 25, 9, 0)),
    ],
)
def test_at_a_distance_a_text_waits_fifteen_days_and_never_beyond_its_end(
    duration: Duration, frozen: datetime, last: datetime
) -> None:
    assert activate_before(duration, frozen, PARIS, "remote") == last


def test_a_text_to_be_answered_at_a_distance_lapses_in_fifteen_days_or_at_its_end() -> None:
    waiting, second, days = State.AWAITING_CONSENT, timedelta(seconds=1), timedelta(days=15)
    assert state_at(waiting, NOW + days * 2, NOW + days, NOW, "remote") is waiting
    assert state_at(waiting, NOW + days * 2, NOW + days + second, NOW, "remote") is State.ABANDONED
    assert state_at(waiting, NOW, NOW + second, NOW, "remote") is State.ABANDONED
    assert state_at(State.DRAFT, None, NOW + timedelta(days=1) + second, NOW, "remote") is State.ABANDONED
    assert state_at(waiting, NOW + days * 2, NOW + timedelta(days=1) + second, NOW, "on_screen") is State.ABANDONED
