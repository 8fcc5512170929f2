"""The life of a mandate, for all instants and all sets of grants."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from aidants.dates import local_day
from aidants.mandates.lifecycle import DAYS, Cover, Duration, Grant, State, activate_before, cover, end_of

instants = st.datetimes(datetime(2020, 1, 1), datetime(2090, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
zones = st.sampled_from(["Europe/Paris", "America/Guadeloupe", "Pacific/Noumea", "Indian/Reunion"]).map(ZoneInfo)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)

grants = st.builds(
    Grant,
    mandate_id=st.sampled_from(["m1", "m2", "m3"]),
    state=st.sampled_from(State),
    starts_at=st.none() | st.integers(-50, 50).map(lambda hours: NOW + timedelta(hours=hours)),
    ends_at=st.none() | st.integers(-50, 50).map(lambda hours: NOW + timedelta(hours=hours)),
    scope=st.sampled_from(["transports", "logement"]),
    procedures=st.sets(st.sampled_from(["a", "b"]), min_size=1).map(frozenset),
    withdrawn=st.booleans(),
)


@given(instants, zones, st.sampled_from([Duration.MONTH, Duration.SEMESTER, Duration.LONG]))
def test_the_end_is_the_last_second_of_a_local_day(frozen: datetime, zone: ZoneInfo, duration: Duration) -> None:
    end = end_of(duration, frozen, zone)
    assert local_day(end, zone) == local_day(frozen, zone) + timedelta(days=DAYS[duration])
    assert local_day(end + timedelta(seconds=1), zone) == local_day(end, zone) + timedelta(days=1)


@given(instants, zones, st.sampled_from(Duration))
def test_activation_is_over_before_the_mandate_is(frozen: datetime, zone: ZoneInfo, duration: Duration) -> None:
    assert frozen - timedelta(seconds=1) <= activate_before(duration, frozen, zone) < end_of(duration, frozen, zone)


@given(st.lists(grants, max_size=6))
def test_covered_means_a_live_grant_of_that_scope_names_the_procedure(known: list[Grant]) -> None:
    live = [
        grant
        for grant in known
        if grant.scope == "transports"
        and "a" in grant.procedures
        and not grant.withdrawn
        and grant.state in {State.ACTIVE, State.EXPIRED}
        and grant.starts_at is not None
        and grant.ends_at is not None
        and grant.starts_at <= NOW <= grant.ends_at
    ]
    answer, mandate = cover(known, ["transports"], "a", NOW)
    assert (answer is Cover.YES) == bool(live)
    assert answer is not Cover.YES or mandate in {grant.mandate_id for grant in live}


@given(st.lists(grants, max_size=5), grants)
def test_one_more_grant_never_takes_coverage_away(known: list[Grant], more: Grant) -> None:
    if cover(known, ["transports"], "a", NOW)[0] is Cover.YES:
        assert cover([*known, more], ["transports"], "a", NOW)[0] is Cover.YES
