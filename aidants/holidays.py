"""Days on which a counter is closed: Sundays and the legal holidays of France."""

from __future__ import annotations

from datetime import date, timedelta
from functools import cache
from typing import Final

_FIXED_HOLIDAYS: Final = ((1, 1), (5, 1), (5, 8), (7, 14), (8, 15), (11, 1), (11, 11), (12, 25))
_AFTER_EASTER: Final = (1, 39, 50)
"""Easter Monday, Ascension, Whit Monday."""


@cache
def public_holidays(year: int) -> frozenset[date]:
    """Return the eleven legal holidays of France as a whole (Code du travail, art. L3133-1); local ones are left out."""
    easter = _easter(year)
    return frozenset(date(year, month, day) for month, day in _FIXED_HOLIDAYS) | {
        easter + timedelta(days=days) for days in _AFTER_EASTER
    }


def is_closed_day(day: date) -> bool:
    """Tell whether a day is a Sunday or a legal holiday."""
    return day.isoweekday() == 7 or day in public_holidays(day.year)


def _easter(year: int) -> date:
    """Return Easter Sunday of the Gregorian calendar: the Sunday after the full moon that follows 21 March."""
    golden, century = year % 19, year // 100
    epact = (19 * golden + century - century // 4 - (8 * century + 13) // 25 + 15) % 30
    moon = epact - (epact > 28 or (epact == 28 and golden > 10))
    weekday = (year + year // 4 + moon + 2 - century + century // 4) % 7
    return date(year, 3, 28) + timedelta(days=moon - weekday)
