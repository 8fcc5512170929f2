"""Dates are said as people say them, and a day ends when it ends, also when the clocks change."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from babel.dates import format_date
from hypothesis import given
from hypothesis import strategies as st

from aidants import dates, numerals
from aidants.dates import DateError, PartialDate, parse_people_date
from aidants.holidays import is_closed_day, public_holidays
from aidants.i18n import LANGUAGES, RESIDENT_LANGUAGES

PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 11, 24)
SPRING, AUTUMN = date(2026, 3, 29), date(2026, 10, 25)  # the clock changes of 2026 in France


def utc(year: int, month: int, day: int, hour: int, minute: int, second: int = 0) -> datetime:
    return datetime(year, month, day, hour, minute, second, tzinfo=UTC)


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (date(2026, 11, 24), "mardi 24 novembre 2026", "Tuesday 24 November 2026"),
        (date(2026, 12, 1), "mardi 1er décembre 2026", "Tuesday 1 December 2026"),
        (date(2026, 12, 11), "vendredi 11 décembre 2026", "Friday 11 December 2026"),
        (date(2028, 2, 29), "mardi 29 février 2028", "Tuesday 29 February 2028"),
        (date(9999, 12, 31), "vendredi 31 décembre 9999", "Friday 31 December 9999"),
    ],
)
def test_long_date(day: date, french: str, english: str) -> None:
    assert dates.long_date(day, "fr") == french
    assert dates.long_date(day, "en") == english


@pytest.mark.parametrize(
    ("day", "french", "english"),
    [
        (
            date(2026, 11, 24),
            "mardi vingt-quatre novembre deux mille vingt-six",
            "Tuesday the twenty-fourth of November two thousand and twenty-six",
        ),
        (
            date(2027, 1, 1),
            "vendredi premier janvier deux mille vingt-sept",
            "Friday the first of January two thousand and twenty-seven",
        ),
        (
            date(2080, 8, 21),
            "mercredi vingt et un août deux mille quatre-vingts",
            "Wednesday the twenty-first of August two thousand and eighty",
        ),
        (
            date(1971, 3, 12),
            "vendredi douze mars mille neuf cent soixante et onze",
            "Friday the twelfth of March one thousand nine hundred and seventy-one",
        ),
        (
            date(2200, 7, 30),
            "mercredi trente juillet deux mille deux cents",
            "Wednesday the thirtieth of July two thousand two hundred",
        ),
    ],
)
def test_date_in_words(day: date, french: str, english: str) -> None:
    assert dates.date_in_words(day, "fr") == french
    assert dates.date_in_words(day, "en") == english


@pytest.mark.parametrize(
    ("number", "words"),
    [
        (0, "zéro"),
        (16, "seize"),
        (17, "dix-sept"),
        (21, "vingt et un"),
        (22, "vingt-deux"),
        (61, "soixante et un"),
        (70, "soixante-dix"),
        (71, "soixante et onze"),
        (72, "soixante-douze"),
        (79, "soixante-dix-neuf"),
        (80, "quatre-vingts"),
        (81, "quatre-vingt-un"),
        (90, "quatre-vingt-dix"),
        (91, "quatre-vingt-onze"),
        (99, "quatre-vingt-dix-neuf"),
        (100, "cent"),
        (101, "cent un"),
        (180, "cent quatre-vingts"),
        (200, "deux cents"),
        (201, "deux cent un"),
        (1000, "mille"),
        (1001, "mille un"),
        (1948, "mille neuf cent quarante-huit"),
        (2000, "deux mille"),
        (2100, "deux mille cent"),
        (9999, "neuf mille neuf cent quatre-vingt-dix-neuf"),
    ],
)
def test_french_numbers(number: int, words: str) -> None:
    assert numerals.french_number(number) == words


@pytest.mark.parametrize(
    ("number", "words"),
    [(0, "zero"), (13, "thirteen"), (40, "forty"), (99, "ninety-nine"), (100, "one hundred"), (1000, "one thousand")],
)
def test_english_numbers(number: int, words: str) -> None:
    assert numerals.english_number(number) == words


def test_english_ordinals_of_a_month() -> None:
    said = [dates.date_in_words(date(2026, 1, day), "en").split(" ")[2] for day in range(1, 32)]
    assert said[:5] == ["first", "second", "third", "fourth", "fifth"]
    assert said[7:9] == ["eighth", "ninth"]
    assert said[19:23] == ["twentieth", "twenty-first", "twenty-second", "twenty-third"]
    assert said[29:] == ["thirtieth", "thirty-first"]


def test_numbers_in_words_are_all_different() -> None:
    for say in (numerals.french_number, numerals.english_number):
        assert len({say(number) for number in range(10_000)}) == 10_000


@pytest.mark.parametrize("number", [-1, 10_000])
def test_numbers_out_of_range_are_refused(number: int) -> None:
    for say in (numerals.french_number, numerals.english_number):
        with pytest.raises(ValueError, match="9999"):
            say(number)


@pytest.mark.parametrize(
    ("instant", "french", "english"),
    [
        (utc(2026, 11, 23, 8, 2), "9\u00a0h\u00a002", "9:02"),
        (utc(2026, 7, 14, 12, 0), "14\u00a0h\u00a000", "14:00"),
        (utc(2026, 11, 23, 23, 5), "0\u00a0h\u00a005", "0:05"),
        (utc(2026, 3, 29, 0, 59), "1\u00a0h\u00a059", "1:59"),
        (utc(2026, 3, 29, 1, 0), "3\u00a0h\u00a000", "3:00"),
    ],
)
def test_clock_time(instant: datetime, french: str, english: str) -> None:
    assert dates.clock_time(instant, PARIS, "fr") == french
    assert dates.clock_time(instant, PARIS, "en") == english


def test_moment_is_said_where_people_are() -> None:
    instant = utc(2026, 11, 23, 9, 35)
    assert dates.moment(instant, PARIS, "fr") == "lundi 23 novembre 2026 à 10\u00a0h\u00a035"
    assert dates.moment(instant, PARIS, "en") == "Monday 23 November 2026 at 10:35"
    assert dates.moment(instant, ZoneInfo("Indian/Reunion"), "fr") == "lundi 23 novembre 2026 à 13\u00a0h\u00a035"
    assert dates.moment(utc(2026, 11, 30, 23, 30), PARIS, "fr").startswith("mardi 1er décembre")
    assert dates.local_day(utc(2026, 11, 30, 23, 30), PARIS) == date(2026, 12, 1)


@pytest.mark.parametrize(
    ("day", "end"),
    [
        (SPRING - timedelta(days=1), utc(2026, 3, 28, 22, 59, 59)),
        (SPRING, utc(2026, 3, 29, 21, 59, 59)),
        (AUTUMN - timedelta(days=1), utc(2026, 10, 24, 21, 59, 59)),
        (AUTUMN, utc(2026, 10, 25, 22, 59, 59)),
        (date(2028, 2, 29), utc(2028, 2, 29, 22, 59, 59)),
        (date(2026, 12, 31), utc(2026, 12, 31, 22, 59, 59)),
        (date(9999, 12, 31), utc(9999, 12, 31, 22, 59, 59)),
    ],
)
def test_a_day_ends_at_its_last_second(day: date, end: datetime) -> None:
    found = dates.end_of_day_end(day, PARIS)
    assert found == end
    assert found.tzinfo is UTC


def test_a_day_whose_last_hour_comes_twice_ends_with_the_second() -> None:
    beirut = ZoneInfo("Asia/Beirut")  # the clocks go back at midnight there
    assert dates.end_of_day_end(date(2026, 10, 24), beirut) == utc(2026, 10, 24, 21, 59, 59)


@given(st.dates(min_value=date(1980, 1, 1), max_value=date(2200, 1, 1)))
def test_one_second_after_the_end_it_is_the_next_day(day: date) -> None:
    end = dates.end_of_day_end(day, PARIS)
    assert dates.local_day(end, PARIS) == day
    assert dates.local_day(end + timedelta(seconds=1), PARIS) == day + timedelta(days=1)
    assert dates.end_in_words(end, PARIS, "fr") == f"{dates.date_in_words(day, 'fr')}, à minuit"


@pytest.mark.parametrize(
    ("instant", "french", "english"),
    [
        (utc(2026, 12, 24, 22, 59, 59), "à minuit", "at midnight, the end of that day"),
        (utc(2026, 12, 24, 9, 35, 40), "à dix heures trente-cinq", "at ten thirty-five in the morning"),
        (utc(2026, 12, 24, 8, 0), "à neuf heures", "at nine o’clock in the morning"),
        (utc(2026, 12, 24, 0, 21), "à une heure vingt et une", "at one twenty-one in the morning"),
        (utc(2026, 12, 24, 13, 2), "à quatorze heures deux", "at two oh two in the afternoon"),
        (utc(2026, 12, 24, 20, 31), "à vingt et une heures trente et une", "at nine thirty-one in the evening"),
        (utc(2026, 12, 23, 23, 11), "à zéro heure onze", "at twelve eleven in the morning"),
    ],
)
def test_end_in_words(instant: datetime, french: str, english: str) -> None:
    said = dates.end_in_words(instant, PARIS, "fr")
    assert said == f"jeudi vingt-quatre décembre deux mille vingt-six, {french}"
    said = dates.end_in_words(instant, PARIS, "en")
    assert said == f"Thursday the twenty-fourth of December two thousand and twenty-six, {english}"


def test_the_hour_that_comes_twice_is_told_apart() -> None:
    first, second = utc(2026, 10, 25, 0, 30), utc(2026, 10, 25, 1, 30)
    assert dates.end_in_words(first, PARIS, "fr").endswith("à deux heures trente (heure d’été)")
    assert dates.end_in_words(second, PARIS, "fr").endswith("à deux heures trente (heure d’hiver)")
    assert dates.end_in_words(first, PARIS, "en").endswith("(summer time)")
    assert dates.end_in_words(second, PARIS, "en").endswith("(winter time)")


@pytest.mark.parametrize(
    ("away", "french", "english"),
    [
        (-7, "mardi 17 novembre 2026", "Tuesday 17 November 2026"),
        (-6, "il y a 6 jours", "6 days ago"),
        (-2, "avant-hier", "2 days ago"),
        (-1, "hier", "yesterday"),
        (0, "aujourd’hui", "today"),
        (1, "demain", "tomorrow"),
        (2, "après-demain", "in 2 days"),
        (3, "dans 3 jours", "in 3 days"),
        (7, "mardi 1er décembre 2026", "Tuesday 1 December 2026"),
    ],
)
def test_relative_day(away: int, french: str, english: str) -> None:
    day = TODAY + timedelta(days=away)
    assert dates.relative_day(day, TODAY, "fr") == french
    assert dates.relative_day(day, TODAY, "en") == english


@pytest.mark.parametrize(
    ("typed", "iso", "french", "english"),
    [
        (("4", "3", "1948"), "1948-03-04", "4 mars 1948", "4 March 1948"),
        ((" 04 ", "03", "1948 "), "1948-03-04", "4 mars 1948", "4 March 1948"),
        (("1", "1", "1890"), "1890-01-01", "1er janvier 1890", "1 January 1890"),
        (("", "3", "1948"), "1948-03", "mars 1948", "March 1948"),
        (("", "", "1948"), "1948", "1948", "1948"),
        (("29", "2", "2024"), "2024-02-29", "29 février 2024", "29 February 2024"),
        (("24", "11", "2026"), "2026-11-24", "24 novembre 2026", "24 November 2026"),
        (("", "11", "2026"), "2026-11", "novembre 2026", "November 2026"),
        (("", "", "2026"), "2026", "2026", "2026"),
    ],
)
def test_people_date(typed: tuple[str, str, str], iso: str, french: str, english: str) -> None:
    found = parse_people_date(*typed, today=TODAY)
    assert found.iso() == iso
    assert found.long("fr") == french
    assert found.long("en") == english
    assert PartialDate.from_iso(iso) == found


@pytest.mark.parametrize(
    ("typed", "code", "field"),
    [
        (("", "", ""), "year_missing", "year"),
        (("4", "3", ""), "year_missing", "year"),
        (("4", "", "1948"), "month_missing", "month"),
        (("31", "2", "1948"), "impossible", "day"),
        (("29", "2", "2026"), "impossible", "day"),
        (("29", "2", "1900"), "impossible", "day"),
        (("0", "3", "1948"), "impossible", "day"),
        (("4", "13", "1948"), "impossible", "month"),
        (("", "0", "1948"), "impossible", "month"),
        (("4", "3", "48"), "year_out_of_range", "year"),
        (("4", "3", "1889"), "year_out_of_range", "year"),
        (("25", "11", "2026"), "in_future", "year"),
        (("", "12", "2026"), "in_future", "year"),
        (("4", "3", "2027"), "in_future", "year"),
        (("quatre", "3", "1948"), "not_a_number", "day"),
        (("4", "٣", "1948"), "not_a_number", "month"),
        (("4", "3", "-948"), "not_a_number", "year"),
        (("4", "3", "19480"), "not_a_number", "year"),
        (("4", "3", "9" * 100_000), "not_a_number", "year"),
        (("4\0", "3", "1948"), "not_a_number", "day"),
        (("²", "3", "1948"), "not_a_number", "day"),
    ],
)
def test_date_that_cannot_be(typed: tuple[str, str, str], code: str, field: str) -> None:
    with pytest.raises(DateError) as refused:
        parse_people_date(*typed, today=TODAY)
    assert (refused.value.code, refused.value.field) == (code, field)
    assert refused.value.message.endswith(".")


@pytest.mark.parametrize("text", ["", "48", "1948-3", "1948-03-04-05", "1948-", "19a8", "1948-03-4x", "١٩٤٨"])
def test_iso_of_another_shape_is_refused(text: str) -> None:
    with pytest.raises(DateError) as refused:
        PartialDate.from_iso(text)
    assert refused.value.code == "not_a_number"


@pytest.mark.parametrize("text", ["0000", "1948-00", "1948-13", "1948-02-30"])
def test_iso_out_of_the_calendar_is_refused(text: str) -> None:
    with pytest.raises(DateError) as refused:
        PartialDate.from_iso(text)
    assert refused.value.code == "impossible"


@given(st.dates(min_value=date(1890, 1, 1), max_value=TODAY))
def test_every_past_day_can_be_typed(day: date) -> None:
    found = parse_people_date(str(day.day), str(day.month), str(day.year), today=TODAY)
    assert found.iso() == day.isoformat()


def test_naive_instant_is_refused() -> None:
    naive = datetime(2026, 11, 24, 9, 0)  # noqa: DTZ001 - the fault under test
    for say in (dates.clock_time, dates.moment, dates.end_in_words):
        with pytest.raises(ValueError, match="time zone"):
            say(naive, PARIS, "fr")


def test_unknown_locale_is_refused() -> None:
    for say in (dates.long_date, dates.date_in_words):
        with pytest.raises(ValueError, match="locale"):
            say(TODAY, "xx")
    with pytest.raises(ValueError, match="locale"):
        PartialDate(1948).long("de")


def test_end_in_figures_says_midnight_or_the_hour() -> None:
    paris = ZoneInfo("Europe/Paris")
    assert (
        dates.end_moment(dates.end_of_day_end(date(2026, 12, 24), paris), paris, "fr")
        == "jeudi 24 décembre 2026 à minuit"
    )
    assert (
        dates.end_moment(datetime(2026, 11, 25, 9, 2, tzinfo=UTC), paris, "en") == "Wednesday 25 November 2026 at 10:02"
    )


def test_legal_holidays() -> None:
    """Code du travail, art. L3133-1; the movable ones of 2026 and 2027 as calendars print them."""
    assert len(public_holidays(2026)) == 11
    assert {date(2026, 4, 6), date(2026, 5, 14), date(2026, 5, 25), date(2026, 7, 14)} <= public_holidays(2026)
    assert {date(2027, 3, 29), date(2027, 5, 6), date(2027, 5, 17)} <= public_holidays(2027)
    assert is_closed_day(date(2026, 11, 22))
    assert is_closed_day(date(2026, 12, 25))
    assert not is_closed_day(date(2026, 11, 24))


@pytest.mark.parametrize(
    ("year", "month", "day"),
    [(1981, 4, 19), (2000, 4, 23), (2008, 3, 23), (2011, 4, 24), (2026, 4, 5), (2038, 4, 25), (2049, 4, 18)],
)
def test_easter(year: int, month: int, day: int) -> None:
    """Easter Monday is the day after the Sunday that church calendars give."""
    assert date(year, month, day) + timedelta(days=1) in public_holidays(year)


@pytest.mark.parametrize("locale", sorted(set(RESIDENT_LANGUAGES) - set(LANGUAGES)))
def test_the_residents_other_languages_follow_cldr(locale: str) -> None:
    end = utc(2026, 12, 24, 22, 59, 59)
    day, hour = dates.long_date(date(2026, 12, 24), locale), dates.clock_time(end, PARIS, locale)
    assert day == format_date(date(2026, 12, 24), "full", locale)
    assert hour == "23:59"
    assert dates.end_moment(end, PARIS, locale) == dates.end_in_words(end, PARIS, locale) == f"{day}, {hour}"
    assert dates.relative_day(date(2026, 12, 24), date(2026, 12, 23), locale) == day
    assert "1948" in PartialDate.from_iso("1948-03").long(locale)
    assert PartialDate.from_iso("1948-03-04").long(locale) == format_date(date(1948, 3, 4), "long", locale)
