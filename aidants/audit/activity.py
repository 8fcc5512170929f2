"""Acts per day and by kind: the plot on the auditors' first page, and the page with its tables."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any, Final

from babel.dates import format_date
from starlette.responses import Response
from starlette.routing import Route

from aidants import dates, plots
from aidants.audit.forms import Day
from aidants.audit.lines import spaced
from aidants.audit.words import kind_word
from aidants.db import Mode, Work
from aidants.holidays import is_closed_day
from aidants.i18n import N_
from aidants.journal import tally
from aidants.journal.actions import JournalSearched, Kind
from aidants.journal.services import record
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, parse

WEEKS: Final = timedelta(days=28)
LONGEST: Final = timedelta(days=366)
BACKWARDS: Final = N_("Le dernier jour vient avant le premier. Changez l’un des deux.")
TOO_LONG: Final = N_("Choisissez une année au plus.")


class PeriodForm(FormModel):
    """The days to show; the last four weeks without an answer."""

    du: Day = ""
    au: Day = ""


@dataclass(frozen=True, slots=True)
class Activity:
    """How many entries each day and each kind has, over a period."""

    first: date
    last: date
    days: dict[date, dict[str, int]]

    @property
    def kinds(self) -> list[str]:
        """The kinds that occur, in the order of the catalogue."""
        found = {kind for counts in self.days.values() for kind in counts}
        return [kind.value for kind in Kind if kind.value in found]

    def of_day(self, day: date) -> int:
        """Return the entries of one day."""
        return sum(self.days.get(day, {}).values())

    def of_kind(self, kind: str) -> int:
        """Return the entries of one kind over the period."""
        return sum(counts.get(kind, 0) for counts in self.days.values())

    def plot(self, locale: str) -> plots.Plot:
        """Draw the days; those when counters are closed and acts were recorded all the same are marked."""
        return plots.bars([(_short(day, locale), self.of_day(day), is_closed_day(day)) for day in self.every_day()])

    def every_day(self) -> list[date]:
        """Return the days of the period, those without an entry too."""
        return [self.first + timedelta(days=number) for number in range((self.last - self.first).days + 1)]


def read(work: Work, first: date | None = None, last: date | None = None) -> Activity:
    """Return the activity of a period, of the last four weeks by default, in what this auditor audits."""
    last = last or dates.local_day(work.now, work.settings.zone)
    first = first or last - WEEKS + timedelta(days=1)
    days: dict[date, dict[str, int]] = {}
    for day, kind, acts in tally.days(work.session, first, last, work.person().audited):
        days.setdefault(date.fromisoformat(day), {})[kind] = acts
    return Activity(first, last, days)


def first_page(work: Work, locale: str) -> dict[str, Any]:
    """Return what the auditors' first page shows of the activity: four weeks."""
    activity = read(work)
    return {
        "plot": activity.plot(locale),
        "first": _short(activity.first, locale),
        "last": _short(activity.last, locale),
        "total": spaced(sum(map(activity.of_day, activity.days))),
    }


def show(work: Work, view: Page) -> Response:
    """Show the plots of a period, and the tables behind them."""
    form = parse(PeriodForm, view.query)
    first, last = _period(form)
    if form.errors:
        first = last = None
    activity = read(work, first, last)
    kinds = activity.kinds
    return view.render(
        "audit/activity.html",
        status=422 if form.errors else 200,
        form=form,
        asked={"du": activity.first.isoformat(), "au": activity.last.isoformat()},
        plot=activity.plot(view.locale),
        kinds=[kind_word(kind) for kind in kinds],
        by_kind=[(kind_word(kind), activity.of_kind(kind)) for kind in kinds],
        largest=max(map(activity.of_kind, kinds), default=0),
        rows=[_row(activity, day, kinds, view.locale) for day in sorted(activity.days, reverse=True)],
        ends=[_short(activity.first, view.locale), _short(activity.last, view.locale)],
        total=spaced(sum(map(activity.of_kind, kinds))),
    )


def _row(activity: Activity, day: date, kinds: list[str], locale: str) -> list[str]:
    """Return one line of the table: the day, its entries of each kind, their sum."""
    counts = [activity.days.get(day, {}).get(kind, 0) for kind in kinds]
    return [dates.long_date(day, locale), *map(spaced, counts), spaced(sum(counts))]


def _period(form: Parsed[PeriodForm]) -> tuple[date | None, date | None]:
    """Return the days asked for; a period that is none is an error of its last day."""
    if form.value is None:
        return None, None
    first = date.fromisoformat(form.value.du) if form.value.du else None
    last = date.fromisoformat(form.value.au) if form.value.au else None
    if first and last is None:
        last = first + WEEKS - timedelta(days=1)
    if first and last and last < first:
        form.add("au", BACKWARDS)
    elif first and last and last - first >= LONGEST:
        form.add("au", TOO_LONG)
    return first, last


def _short(day: date, locale: str) -> str:
    return str(format_date(day, "d MMM", locale=locale))


def _records(work: Work, _view: Page) -> None:
    record(work, JournalSearched(view="activity"))


ROUTES: Final[list[Route]] = [
    page("/journal/actes", show, permission=Permission.AUDIT_JOURNAL, db=Mode.READ, records=_records),
]
