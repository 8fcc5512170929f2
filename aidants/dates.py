"""Dates and hours as people read them; pure, the time zone is an argument.

French and English follow our own words; the residents' other languages follow Unicode's CLDR. Only the former write a date in
words. Instants are aware; a naive one is refused with ``ValueError``, and so is a locale that is none of ours. Spaces are
plain between day, month and year; inside a French hour (« 9 h 02 ») they do not break.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from functools import cache
from typing import Final
from zoneinfo import ZoneInfo

from babel.dates import format_date, format_skeleton

from aidants.i18n import LANGUAGES, N_, RESIDENT_LANGUAGES
from aidants.numerals import english_number, english_ordinal, french_number

EARLIEST_YEAR: Final = 1890
_NO_BREAK = "\u00a0"

_MESSAGES = {
    "not_a_number": N_("Écrivez le jour, le mois et l’année en chiffres. Par exemple : 4, 3, 1948."),
    "year_missing": N_("Écrivez l’année. Le jour et le mois peuvent manquer."),
    "month_missing": N_("Écrivez aussi le mois, ou effacez le jour."),
    "year_out_of_range": N_("Écrivez l’année avec quatre chiffres, à partir de 1890."),
    "impossible": N_("Cette date n’existe pas. Vérifiez le jour et le mois."),
    "in_future": N_("Cette date n’est pas encore passée. Vérifiez l’année."),
}


class DateError(ValueError):
    """A date that cannot be. ``code`` is stable, ``field`` is day, month or year, ``message`` a French msgid."""

    def __init__(self, code: str, field: str) -> None:
        super().__init__(f"{code}: {field}")
        self.code = code
        self.field = field
        self.message = _MESSAGES[code]


@dataclass(frozen=True, slots=True)
class PartialDate:
    """A date of which the day, or the day and the month, may be unknown (civil records of some countries).

    Raises ``DateError``: ``month_missing`` for a day without a month, ``impossible`` for a date not in the calendar.
    """

    year: int
    month: int | None = None
    day: int | None = None

    def __post_init__(self) -> None:
        if self.day is not None and self.month is None:
            raise DateError("month_missing", "month")
        if self.month is not None and not 1 <= self.month <= 12:
            raise DateError("impossible", "month")
        try:
            self._first_day()
        except ValueError:
            raise DateError("impossible", "year" if self.day is None else "day") from None

    @classmethod
    def from_iso(cls, text: str) -> PartialDate:
        """Read back what ``iso`` wrote. Raises ``DateError`` (``not_a_number``, ``impossible``)."""
        parts = text.split("-")
        if [len(part) for part in parts] not in ([4], [4, 2], [4, 2, 2]) or not _digits("".join(parts)):
            raise DateError("not_a_number", "year")
        return cls(*map(int, parts))

    def iso(self) -> str:
        """Return ``1948-03-04``, ``1948-03`` or ``1948`` (ISO 8601, reduced precision)."""
        return self._first_day().isoformat()[: 4 if self.month is None else 7 if self.day is None else 10]

    def long(self, locale: str) -> str:
        """Return « 4 mars 1948 », « mars 1948 » or « 1948 »."""
        if _is_foreign(locale):
            return self._long_by_cldr(locale)
        french, year = _is_french(locale), str(self.year)
        if self.month is None:
            return year
        month = f"{_month(self.month, locale)} {year}"
        return month if self.day is None else f"{_day_number(self.day, french)} {month}"

    def _long_by_cldr(self, locale: str) -> str:
        if self.month is None:
            return str(self.year)
        if self.day is None:
            return format_skeleton("yMMMM", self._first_day(), locale=locale)
        return format_date(self._first_day(), "long", locale)

    def _first_day(self) -> date:
        return date(self.year, self.month or 1, 1 if self.day is None else self.day)


def parse_people_date(day: str, month: str, year: str, *, today: date) -> PartialDate:
    """Read the three boxes of a past date, as typed; a box left empty is unknown, only the year is required.

    Raises ``DateError``; the years go from 1890 to ``today``, which is the day where people are.
    """
    numbers = {field: _number(text, field) for field, text in (("day", day), ("month", month), ("year", year))}
    if numbers["year"] is None:
        raise DateError("year_missing", "year")
    if numbers["year"] < EARLIEST_YEAR:
        raise DateError("year_out_of_range", "year")
    found = PartialDate(numbers["year"], numbers["month"], numbers["day"])
    if found.iso() > today.isoformat():
        raise DateError("in_future", "year")
    return found


def _number(text: str, field: str) -> int | None:
    clean = text.strip()
    if clean and (len(clean) > 4 or not _digits(clean)):
        raise DateError("not_a_number", field)
    return int(clean) if clean else None


def _digits(text: str) -> bool:
    return text.isascii() and text.isdigit()


@cache
def _month(month: int, locale: str) -> str:
    """Return the name of a month, 1 to 12; kept, for lists show many dates."""
    return format_date(date(2026, month, 1), "MMMM", locale)


@cache
def _weekday(weekday: int, locale: str) -> str:
    """Return the name of a day, 0 (Monday) to 6; kept, for lists show many dates."""
    return format_date(date(2026, 6, 1 + weekday), "EEEE", locale)


def long_date(day: date, locale: str) -> str:
    """Return « mardi 24 novembre 2026 », « mardi 1er décembre 2026 », "Tuesday 24 November 2026"."""
    if _is_foreign(locale):
        return format_date(day, "full", locale)
    number = _day_number(day.day, _is_french(locale))
    return f"{_weekday(day.weekday(), locale)} {number} {_month(day.month, locale)} {day.year}"


def date_in_words(day: date, locale: str) -> str:
    """Return « mardi vingt-quatre novembre deux mille vingt-six », which cannot be altered on paper by one stroke."""
    french, weekday, month = _is_french(locale), _weekday(day.weekday(), locale), _month(day.month, locale)
    if french:
        number = "premier" if day.day == 1 else french_number(day.day)
        return f"{weekday} {number} {month} {french_number(day.year)}"
    return f"{weekday} the {english_ordinal(day.day)} of {month} {english_number(day.year)}"


def clock_time(instant: datetime, tz: ZoneInfo, locale: str) -> str:
    """Return « 9 h 02 » (no-break spaces) or "9:02" (24 hours)."""
    local = _local(instant, tz)
    if _is_foreign(locale):
        return f"{local:%H:%M}"
    if _is_french(locale):
        return f"{local.hour}{_NO_BREAK}h{_NO_BREAK}{local.minute:02}"
    return f"{local.hour}:{local.minute:02}"


def moment(instant: datetime, tz: ZoneInfo, locale: str) -> str:
    """Return « lundi 23 novembre 2026 à 10 h 35 », "Monday 23 November 2026 at 10:35"."""
    if _is_foreign(locale):
        return f"{long_date(local_day(instant, tz), locale)}, {clock_time(instant, tz, locale)}"
    at = "à" if _is_french(locale) else "at"
    return f"{long_date(local_day(instant, tz), locale)} {at} {clock_time(instant, tz, locale)}"


def local_day(instant: datetime, tz: ZoneInfo) -> date:
    """Return the day it is for people at ``instant``."""
    return _local(instant, tz).date()


def end_of_day_end(day: date, tz: ZoneInfo) -> datetime:
    """Return the instant (UTC) of 23:59:59 local time on ``day``, whatever the clock change.

    Where the clocks go back at midnight 23:59:59 comes twice: the second is meant, the day is over only then.
    """
    return datetime.combine(day, time(23, 59, 59, fold=1), tzinfo=tz).astimezone(UTC)


def end_moment(instant: datetime, tz: ZoneInfo, locale: str) -> str:
    """Return the end of a mandate in figures: « jeudi 24 décembre 2026 à minuit », or with the hour for 24 hours."""
    if not _is_midnight(_local(instant, tz)) or _is_foreign(locale):
        return moment(instant, tz, locale)
    return f"{long_date(local_day(instant, tz), locale)} {'à minuit' if _is_french(locale) else 'at midnight'}"


def _is_midnight(local: datetime) -> bool:
    return local.timetz().replace(tzinfo=None, fold=0, microsecond=0) == time(23, 59, 59)


def end_in_words(instant: datetime, tz: ZoneInfo, locale: str) -> str:
    """Return the end of a mandate in words: « jeudi vingt-quatre décembre deux mille vingt-six, à minuit ».

    23:59:59 is said midnight; another time (24-hour mandate) is said to the minute, and an hour that comes twice when
    the clocks go back is told apart. Languages without our own words give ``end_moment``.
    """
    if _is_foreign(locale):
        return end_moment(instant, tz, locale)
    local = _local(instant, tz)
    words, french = date_in_words(local.date(), locale), _is_french(locale)
    if _is_midnight(local):
        return f"{words}, {'à minuit' if french else 'at midnight, the end of that day'}"
    return f"{words}, {_french_hour(local) if french else _english_hour(local)}{_which_of_two(local, french)}"


def relative_day(day: date, today: date, locale: str) -> str:
    """Return « aujourd’hui », « hier », « il y a 3 jours », « dans 3 jours »; beyond six days, the long date."""
    if _is_foreign(locale):
        return long_date(day, locale)
    away, french = (day - today).days, _is_french(locale)
    near = _FRENCH_DAYS if french else _ENGLISH_DAYS
    if away in near:
        return near[away]
    if abs(away) > 6:
        return long_date(day, locale)
    if away < 0:
        return f"il y a {-away} jours" if french else f"{-away} days ago"
    return f"dans {away} jours" if french else f"in {away} days"


_FRENCH_DAYS = {-2: "avant-hier", -1: "hier", 0: "aujourd’hui", 1: "demain", 2: "après-demain"}
_ENGLISH_DAYS = {-1: "yesterday", 0: "today", 1: "tomorrow"}


def _french_hour(local: datetime) -> str:
    minutes = f" {_feminine(local.minute)}" if local.minute else ""
    return f"à {_feminine(local.hour)} heure{'s' * (local.hour > 1)}{minutes}"


def _feminine(number: int) -> str:
    words = french_number(number)
    return f"{words}e" if words.rpartition(" ")[2] == "un" else words


def _english_hour(local: datetime) -> str:
    hour = english_number(local.hour % 12 or 12)
    part = "in the morning" if local.hour < 12 else "in the afternoon" if local.hour < 18 else "in the evening"
    if not local.minute:
        return f"at {hour} o’clock {part}"
    return f"at {hour} {'oh ' if local.minute < 10 else ''}{english_number(local.minute)} {part}"


def _which_of_two(local: datetime, french: bool) -> str:
    if local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset():
        return ""
    season = ("heure d’été", "summer time") if local.dst() else ("heure d’hiver", "winter time")
    return f" ({season[0] if french else season[1]})"


def _day_number(day: int, french: bool) -> str:
    return "1er" if french and day == 1 else str(day)


def _is_foreign(locale: str) -> bool:
    return locale in RESIDENT_LANGUAGES and locale not in LANGUAGES


def _is_french(locale: str) -> bool:
    if locale not in ("fr", "en"):
        raise ValueError(f"no dates in locale {locale!r}")
    return locale == "fr"


def _local(instant: datetime, tz: ZoneInfo) -> datetime:
    if instant.utcoffset() is None:
        raise ValueError("an instant carries a time zone")
    return instant.astimezone(tz)
