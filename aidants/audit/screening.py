"""Anomaly flags over the live journal: each process reads the last three months once, then only what is new."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import datetime, timedelta
from typing import Any, Final
from weakref import WeakKeyDictionary
from zoneinfo import ZoneInfo

from sqlmodel import Session, col, select

from aidants.audit.anomalies import Flag, Screening, Seen
from aidants.dates import local_day
from aidants.db import Database, Work
from aidants.journal.actions import ConsentLinkSent, MandateActivated, SignInFailed
from aidants.journal.entry import instant
from aidants.journal.models import JournalRecord

DAYS: Final = 92
_BATCH: Final = 5000
_DETAILED: Final = frozenset({SignInFailed.type, MandateActivated.type, ConsentLinkSent.type})
"""Actions whose detail the rules read."""
_COLUMNS: Final = tuple(
    getattr(JournalRecord, name)
    for name in ["seq", "id", "ts", "kind", "type", "organisation", "actor", "resident", "mandate", "outcome", "detail"]
)
_screeners: Final[WeakKeyDictionary[Database, _Screener]] = WeakKeyDictionary()
_making: Final = threading.Lock()


def flags(work: Work) -> list[Flag]:
    """Return the flags of the last three months in what this auditor audits, the latest first."""
    assert work.database is not None
    with _making:
        screener = _screeners.setdefault(work.database, _Screener())
    audited, zone = work.person().audited, work.settings.zone
    found = screener.refresh(work.session, work.now, zone)
    return [flag for flag in found if audited is None or flag.organisation in audited]


class _Screener:
    """The rules, and how far they have read."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._screening = Screening(DAYS)
        self._last = 0

    def refresh(self, session: Session, now: datetime, zone: ZoneInfo) -> list[Flag]:
        """Read what is new and return every flag."""
        with self._lock:
            if self._last == 0:
                self._last = _before(session, now - timedelta(days=DAYS))
            while True:
                newer = select(*_COLUMNS).where(JournalRecord.seq > self._last)
                rows = session.exec(newer.order_by(col(JournalRecord.seq)).limit(_BATCH)).all()
                if not rows:
                    return self._screening.flags(local_day(now, zone))
                self._screening.read(_seen(rows, zone))
                self._last = rows[-1][0]


def _before(session: Session, when: datetime) -> int:
    """Return the number of the last entry made before an instant, found by its time."""
    ts, seq = col(JournalRecord.ts), col(JournalRecord.seq)
    query = select(JournalRecord.seq).where(ts < instant(when)).order_by(ts.desc(), seq.desc()).limit(1)
    return session.exec(query).first() or 0


def _seen(rows: Any, zone: ZoneInfo) -> Iterator[Seen]:
    """Yield entries as the rules read them; one that somebody spoiled is left to the verification."""
    for seq, entry_id, ts, kind, kind_of_act, organisation, actor, resident, mandate, outcome, detail in rows:
        try:
            when = datetime.fromisoformat(ts).astimezone(zone)
            said = json.loads(detail or "{}") if kind_of_act in _DETAILED else {}
            found = [said.get(name) for name in ("person", "relation", "recipient")]
        except (ValueError, AttributeError, OverflowError, RecursionError):
            continue
        details = (value if isinstance(value, str) else None for value in found)
        yield Seen(seq, entry_id, when, kind, kind_of_act, organisation, actor, resident, mandate, outcome, *details)
