"""Each rule at its threshold and one below; what accuses nobody stays silent."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from aidants.audit.anomalies import (
    BURST_PEOPLE,
    DISCLOSURES,
    ODD_ACTS,
    REFUSALS,
    SENTENCES,
    TITLES,
    UNSERVED_PEOPLE,
    Flag,
    Rule,
    Screening,
    Seen,
)

TUESDAY = datetime(2026, 11, 24, 10, 0)  # noqa: DTZ001 - local time, as the rules read it
SUNDAY = datetime(2026, 11, 22, 10, 0)  # noqa: DTZ001
LATER = date(2026, 11, 25)


def seen(
    number: int, when: datetime, kind: str = "resident", type_: str = "resident_viewed", **rest: str | None
) -> Seen:
    organisation, actor = rest.pop("organisation", "org"), rest.pop("actor", None) or "nadia"
    return Seen(number, f"e{number}", when, kind, type_, organisation, actor, **rest)


def flags(entries: list[Seen], today: date = LATER, days: int = 92) -> list[Flag]:
    screening = Screening(days)
    screening.read(entries)
    return screening.flags(today)


def rules(entries: list[Seen], today: date = LATER) -> list[tuple[Rule, int]]:
    return [(flag.rule, flag.count) for flag in flags(entries, today)]


def views(people: int, when: datetime, apart: timedelta = timedelta(minutes=2)) -> list[Seen]:
    return [seen(n, when + apart * n, resident=f"r{n}") for n in range(people)]


def served(entries: list[Seen]) -> list[Seen]:
    """The same people, received too."""
    return [
        item
        for one in entries
        for item in (one, one._replace(kind="assistance", type="assistance_started", id=f"{one.id}s"))
    ]


@pytest.mark.parametrize(
    ("when", "odd"),
    [
        (TUESDAY, False),
        (TUESDAY.replace(hour=6, minute=59), True),
        (TUESDAY.replace(hour=7), False),
        (TUESDAY.replace(hour=19, minute=59), False),
        (TUESDAY.replace(hour=20), True),
        (SUNDAY, True),
        (datetime(2026, 11, 11, 10), True),  # noqa: DTZ001 - Armistice
        (datetime(2026, 4, 6, 10), True),  # noqa: DTZ001 - Easter Monday
        (datetime(2026, 11, 21, 10), False),  # noqa: DTZ001 - a Saturday: many counters are open
    ],
)
def test_odd_hours(when: datetime, odd: bool) -> None:
    acts = [seen(n, when, "mandate", "mandate_printed", mandate="m") for n in range(ODD_ACTS)]
    expected = [(Rule.ODD_HOURS, ODD_ACTS)] if odd else []
    assert rules(acts, date(2027, 1, 1)) == expected
    assert rules(acts[1:], date(2027, 1, 1)) == []
    assert rules([act._replace(kind="account") for act in acts], date(2027, 1, 1)) == []


@pytest.mark.parametrize("actor", ["console", "public", "application"])
def test_nobody_is_not_flagged(actor: str) -> None:
    nobody = "system" if actor == "application" else actor
    assert rules([seen(n, SUNDAY, "mandate", "mandate_verified", actor=nobody) for n in range(50)]) == []


def test_a_burst_of_people() -> None:
    entries = served(views(BURST_PEOPLE + 1, TUESDAY))
    assert rules(entries) == [(Rule.BURST, BURST_PEOPLE + 1)]
    assert rules(served(views(BURST_PEOPLE, TUESDAY))) == []
    assert rules(served(views(BURST_PEOPLE * 2, TUESDAY.replace(hour=8), timedelta(minutes=4)))) == []


def test_many_entries_for_few_people_are_no_burst() -> None:
    walk = [seen(n, TUESDAY, "assistance", "step_done", resident=f"r{n % 3}") for n in range(300)]
    assert rules(walk) == []


def test_files_read_without_a_sitting() -> None:
    entries = views(UNSERVED_PEOPLE, TUESDAY)
    assert rules(entries) == [(Rule.UNSERVED, UNSERVED_PEOPLE)]
    assert rules(entries, TUESDAY.date()) == [], "the day is not over: they may still be received"
    assert rules(views(UNSERVED_PEOPLE - 1, TUESDAY)) == []
    assert rules(served(entries)) == []
    assert rules([*entries, *served(entries[:1])]) == [], "one of them was received in the end"


def test_the_days_of_two_people_do_not_add_up() -> None:
    half = UNSERVED_PEOPLE - 1
    entries = [entry._replace(actor=f"a{n}") for n in range(2) for entry in views(half, TUESDAY)]
    assert rules(entries) == []


@pytest.mark.parametrize(
    ("minutes", "outcome", "flagged"),
    [(0, "resident", True), (59, "helper", True), (60, "resident", False), (5, "erased", False)],
)
def test_a_mandate_stopped_within_the_hour(minutes: int, outcome: str, flagged: bool) -> None:
    entries = [
        seen(1, TUESDAY, "mandate", "mandate_activated", mandate="m", resident="r"),
        seen(2, TUESDAY + timedelta(minutes=minutes), "mandate", "mandate_revoked", mandate="m", outcome=outcome),
    ]
    found = flags(entries)
    assert [(flag.rule, flag.mandate, flag.seq) for flag in found] == ([(Rule.QUICK_END, "m", 2)] if flagged else [])


def test_across_midnight() -> None:
    late = datetime(2026, 11, 23, 19, 50)  # noqa: DTZ001
    entries = [
        seen(1, late.replace(hour=23, minute=50), "mandate", "mandate_activated", mandate="m"),
        seen(2, datetime(2026, 11, 24, 0, 10), "mandate", "mandate_revoked", mandate="m", outcome="resident"),  # noqa: DTZ001
    ]
    assert [flag.rule for flag in flags(entries)] == [Rule.QUICK_END]


def test_refusals_of_one_account() -> None:
    refused = [seen(n, TUESDAY, "system", "access_refused") for n in range(REFUSALS)]
    assert rules(refused) == [(Rule.REFUSALS, REFUSALS)]
    assert rules(refused[1:]) == []
    guessed = [
        seen(n, TUESDAY, "account", "sign_in_failed", actor="public", person="tom", organisation=None)
        for n in range(REFUSALS)
    ]
    assert [(flag.rule, flag.actor, flag.organisation) for flag in flags(guessed)] == [(Rule.REFUSALS, "tom", None)]
    assert rules([entry._replace(person=None) for entry in guessed]) == [], "a stranger is no account of ours"


def test_many_names_shown() -> None:
    shown = [seen(n, TUESDAY, "audit", "name_revealed" if n % 2 else "entry_opened") for n in range(DISCLOSURES)]
    assert rules(shown) == [(Rule.DISCLOSURES, DISCLOSURES)]
    assert rules(shown[1:]) == []


def test_a_flag_keeps_its_name_however_it_is_read() -> None:
    entries = [seen(n, TUESDAY, "system", "access_refused") for n in range(REFUSALS + 3)]
    at_once = flags(entries)
    one_by_one = Screening(92)
    for entry in entries:
        one_by_one.read([entry])
    again = one_by_one.flags(LATER)
    assert again == at_once
    early = flags(entries[:REFUSALS])
    assert [flag.key for flag in early] == [flag.key for flag in at_once]
    assert early[0].count < at_once[0].count
    other = flags([entry._replace(organisation="other") for entry in entries])
    assert other[0].key != at_once[0].key


def test_old_days_are_dropped_and_the_latest_comes_first() -> None:
    days = [datetime(2026, 11, 1 + n, 22) for n in range(10)]  # noqa: DTZ001
    entries = [
        seen(n * 10 + k, day, "mandate", "mandate_printed") for n, day in enumerate(days) for k in range(ODD_ACTS)
    ]
    assert [flag.day.day for flag in flags(entries, days=4)] == [10, 9, 8, 7, 6]


def test_every_rule_has_its_words() -> None:
    assert set(TITLES) == set(SENTENCES) == set(Rule)
