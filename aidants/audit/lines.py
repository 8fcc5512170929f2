"""Entries as lines of a list: when, what in plain words, by whom, under which mandate. Screens and files share them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from itertools import groupby
from typing import NamedTuple
from zoneinfo import ZoneInfo

from babel.numbers import format_decimal

from aidants import dates, i18n
from aidants.audit.words import step_of
from aidants.db import Work
from aidants.guides.queries import Revision, revisions
from aidants.guides.schema import Guide
from aidants.journal import labels
from aidants.journal.models import JournalRecord

Guides = Mapping[Revision, Guide]


class Line(NamedTuple):
    """One entry as a list shows it."""

    id: str
    seq: int
    when: datetime
    sentence: str
    actor: str
    actor_id: str
    mandate: str
    mandate_id: str | None

    @property
    def time(self) -> str:
        """The local time of day, to the second."""
        return self.when.strftime("%H:%M:%S")

    @property
    def number(self) -> str:
        """The entry's number as people read it."""
        return spaced(self.seq)


def lines(work: Work, entries: Sequence[JournalRecord]) -> list[Line]:
    """Return entries as lines, in the words of the guides they followed."""
    zone, guides = work.settings.zone, _guides(work, entries)
    return [_line(item, guides, zone) for item in entries]


def by_day(work: Work, entries: Sequence[JournalRecord], locale: str) -> list[tuple[str, list[Line]]]:
    """Return the lines under the day of the people, written out."""
    return [
        (dates.long_date(day, locale).capitalize(), list(items))
        for day, items in groupby(lines(work, entries), key=lambda line: line.when.date())
    ]


def guide_of(work: Work, entry: JournalRecord) -> Guide | None:
    """Return the guide an entry names, in the words that were followed."""
    return _guides(work, [entry]).get(_revision(entry))


def sentence_of(entry: JournalRecord, guide: Guide | None) -> str:
    """Return an entry as one sentence."""
    step = step_of(entry, guide)
    return labels.sentence(entry, guide.title if guide else "", step.title if step else "")


def moment_of(entry: JournalRecord) -> datetime:
    """Return the time of an entry."""
    return read_instant(entry.ts)


def read_instant(text: str) -> datetime:
    """Return an instant as records write it; 1970 when somebody spoiled it, which the verification names."""
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError:
        return datetime.fromtimestamp(0, UTC)


def spaced(number: int) -> str:
    """Return a number as people read it in the language of the request."""
    return str(format_decimal(number, locale=i18n.current()))


def _line(item: JournalRecord, guides: Guides, zone: ZoneInfo) -> Line:
    return Line(
        id=item.id,
        seq=item.seq,
        when=moment_of(item).astimezone(zone),
        sentence=sentence_of(item, guides.get(_revision(item))),
        actor=labels.person(item.actor),
        actor_id=item.actor,
        mandate=labels.mandate(item.mandate) if item.mandate else "",
        mandate_id=item.mandate,
    )


def _guides(work: Work, entries: Iterable[JournalRecord]) -> Guides:
    return revisions(work, {_revision(item) for item in entries if item.guide is not None})


def _revision(item: JournalRecord) -> Revision:
    return (item.guide or "", item.version or 0, item.lang or "")
