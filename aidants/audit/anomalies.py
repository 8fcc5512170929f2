"""Anomaly flags: what deserves a question, found by reading entries once, in order. Pure.

A flag accuses nobody: it asks for an explanation. Each rule is one method and one sentence; thresholds are constants here.
"""

from __future__ import annotations

import hashlib
from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Final, NamedTuple

from aidants.holidays import is_closed_day
from aidants.i18n import N_
from aidants.journal.actions import UNNAMED, Kind

OPENS: Final = 7
CLOSES: Final = 20
ODD_ACTS: Final = 3
BURST_PEOPLE: Final = 20
BURST_WITHIN: Final = timedelta(hours=1)
UNSERVED_PEOPLE: Final = 5
QUICK_END: Final = timedelta(hours=1)
REFUSALS: Final = 5
DISCLOSURES: Final = 10

_COUNTER_KINDS: Final = frozenset({Kind.RESIDENT, Kind.MANDATE, Kind.ASSISTANCE})
_VIEWS: Final = frozenset({"resident_viewed", "mandate_viewed"})


class Rule(StrEnum):
    """What is looked for; the values stand in the journal."""

    ODD_HOURS = "odd_hours"
    BURST = "burst"
    UNSERVED = "unserved"
    QUICK_END = "quick_end"
    REFUSALS = "refusals"
    DISCLOSURES = "disclosures"
    RELATION = "relation"
    URGENT = "urgent"
    RECIPIENT = "recipient"


TITLES: Final = {
    Rule.ODD_HOURS: N_("Actes de nuit, un dimanche ou un jour férié"),
    Rule.BURST: N_("Beaucoup de personnes en une heure"),
    Rule.UNSERVED: N_("Fiches lues sans accueil"),
    Rule.QUICK_END: N_("Mandat arrêté dans l’heure"),
    Rule.REFUSALS: N_("Beaucoup de refus"),
    Rule.DISCLOSURES: N_("Beaucoup de noms montrés"),
    Rule.RELATION: N_("Mandat d’un proche ou d’un collègue"),
    Rule.URGENT: N_("Acte urgent après un décès"),
    Rule.RECIPIENT: N_("Lien envoyé à une adresse qui sert déjà à d’autres"),
}
SENTENCES: Final = {
    Rule.ODD_HOURS: N_("Au moins 3 actes du même compte entre 20 h et 7 h, un dimanche ou un jour férié."),
    Rule.BURST: N_("Plus de 20 personnes aidées différentes, par le même compte, en une heure."),
    Rule.UNSERVED: N_(
        "Au moins 5 fiches lues dans la journée par le même compte, sans accueil, guide ni mandat pour ces personnes."
    ),
    Rule.QUICK_END: N_("Un mandat arrêté moins d’une heure après avoir commencé."),
    Rule.REFUSALS: N_("Au moins 5 accès ou connexions refusés au même compte dans la journée."),
    Rule.DISCLOSURES: N_("Au moins 10 noms ou données scellées montrés au même compte dans la journée."),
    Rule.RELATION: N_("L’aidant a déclaré que la personne est un proche, ou travaille ici."),
    Rule.URGENT: N_("Un acte terminé après le décès signalé de la personne. La raison est scellée avec l’entrée."),
    Rule.RECIPIENT: N_(
        "Un accord demandé à distance, à l’adresse d’une personne qui travaille ici, ou qui sert à plus de deux personnes."
    ),
}


class Seen(NamedTuple):
    """What the rules read of an entry; ``when`` is local, ``person`` the account a refused sign-in was for; ``relation``: what
    the helper of a mandate declared; ``recipient``: what is odd about where a link went."""

    seq: int
    id: str
    when: datetime
    kind: str
    type: str
    organisation: str | None
    actor: str
    resident: str | None = None
    mandate: str | None = None
    outcome: str | None = None
    person: str | None = None
    relation: str | None = None
    recipient: str | None = None


@dataclass(frozen=True, slots=True)
class Flag:
    """One thing to explain: which rule, whose acts, which local day; ``entry`` is the first that counts, ``act`` its type,
    ``count`` how many."""

    rule: Rule
    day: date
    organisation: str | None
    actor: str
    mandate: str | None
    seq: int
    entry: str
    act: str
    count: int

    @property
    def key(self) -> str:
        """What names this flag for good, whoever finds it: 32 hex digits."""
        parts = (self.rule, self.day.isoformat(), self.organisation or "", self.actor, self.mandate or "")
        return hashlib.sha256("|".join(parts).encode()).hexdigest()[:32]


@dataclass(slots=True)
class _Day:
    """One account's day in one organisation, as far as it was read."""

    first: dict[Rule, Seen] = field(default_factory=dict)
    counts: dict[Rule, int] = field(default_factory=dict)
    lately: deque[tuple[datetime, str]] = field(default_factory=deque)
    viewed: dict[str, Seen] = field(default_factory=dict)
    served: set[str] = field(default_factory=set)

    def count(self, rule: Rule, seen: Seen) -> None:
        self.first.setdefault(rule, seen)
        self.counts[rule] = self.counts.get(rule, 0) + 1


_AT_LEAST: Final = {Rule.ODD_HOURS: ODD_ACTS, Rule.REFUSALS: REFUSALS, Rule.DISCLOSURES: DISCLOSURES}


class Screening:
    """Reads entries in the order of the journal and keeps what the rules need of the last ``days`` days."""

    def __init__(self, days: int) -> None:
        self._keeps = timedelta(days=days)
        self._days: dict[date, dict[tuple[str | None, str], _Day]] = {}
        self._begun: dict[str, datetime] = {}
        self._ended: dict[date, list[Flag]] = {}

    def read(self, entries: Iterable[Seen]) -> None:
        """Take entries into account; each once, in order."""
        for seen in entries:
            actor = seen.person or seen.actor
            if actor in UNNAMED:
                continue
            day = seen.when.date()
            if day not in self._days:
                self._forget(day)
            known = self._days.setdefault(day, {}).setdefault((seen.organisation, actor), _Day())
            self._hours(known, seen)
            self._people(known, seen)
            self._mandates(seen)
            if seen.type in {"access_refused", "sign_in_failed"}:
                known.count(Rule.REFUSALS, seen)
            elif seen.type in {"name_revealed", "entry_opened"}:
                known.count(Rule.DISCLOSURES, seen)

    def flags(self, today: date) -> list[Flag]:
        """Return what is flagged now, the latest day first. Fiches read without a sitting are judged once the day is over."""
        found = [flag for ended in self._ended.values() for flag in ended]
        for day, accounts in self._days.items():
            for (organisation, actor), known in accounts.items():
                for rule, first, count in _rules_of(known, over=day < today):
                    found.append(Flag(rule, day, organisation, actor, None, first.seq, first.id, first.type, count))
        return sorted(found, key=lambda flag: (flag.day, flag.seq), reverse=True)

    def _hours(self, known: _Day, seen: Seen) -> None:
        odd = not OPENS <= seen.when.hour < CLOSES or is_closed_day(seen.when.date())
        if odd and seen.kind in _COUNTER_KINDS:
            known.count(Rule.ODD_HOURS, seen)

    def _people(self, known: _Day, seen: Seen) -> None:
        """Count different residents within an hour, and who was only looked at."""
        if seen.resident is None or seen.kind not in _COUNTER_KINDS:
            return
        (known.viewed.setdefault(seen.resident, seen) if seen.type in _VIEWS else known.served.add(seen.resident))
        known.lately.append((seen.when, seen.resident))
        while known.lately[0][0] <= seen.when - BURST_WITHIN:
            known.lately.popleft()
        people = len({resident for _, resident in known.lately})
        if people > BURST_PEOPLE:
            known.first.setdefault(Rule.BURST, seen)
            known.counts[Rule.BURST] = max(known.counts.get(Rule.BURST, 0), people)

    def _mandates(self, seen: Seen) -> None:
        if seen.mandate is None:
            return
        if seen.type == "mandate_activated":
            self._begun[seen.mandate] = seen.when
            if seen.relation is not None:
                self._about_mandate(Rule.RELATION, seen)
        elif seen.type == "urgent_act":
            self._about_mandate(Rule.URGENT, seen)
        elif seen.recipient is not None:
            self._about_mandate(Rule.RECIPIENT, seen)
        elif seen.type == "mandate_revoked" and seen.outcome != "erased":
            begun = self._begun.pop(seen.mandate, None)
            if begun is not None and seen.when - begun < QUICK_END:
                self._about_mandate(Rule.QUICK_END, seen)

    def _about_mandate(self, rule: Rule, seen: Seen) -> None:
        day = seen.when.date()
        flag = Flag(rule, day, seen.organisation, seen.actor, seen.mandate, seen.seq, seen.id, seen.type, 1)
        self._ended.setdefault(day, []).append(flag)

    def _forget(self, today: date) -> None:
        """Drop the days that are too old, at the first entry of a new one."""
        oldest = today - self._keeps
        for by_day in (self._days, self._ended):
            for day in [day for day in by_day if day < oldest]:
                del by_day[day]
        yesterday = today - timedelta(days=1)
        self._begun = {mandate: when for mandate, when in self._begun.items() if when.date() >= yesterday}


def _rules_of(known: _Day, *, over: bool) -> Iterable[tuple[Rule, Seen, int]]:
    """Yield the rules that one account's day meets, with the first entry and how many."""
    for rule, least in _AT_LEAST.items():
        if known.counts.get(rule, 0) >= least:
            yield rule, known.first[rule], known.counts[rule]
    if Rule.BURST in known.first:
        yield Rule.BURST, known.first[Rule.BURST], known.counts[Rule.BURST]
    unserved = [seen for resident, seen in known.viewed.items() if resident not in known.served]
    if over and len(unserved) >= UNSERVED_PEOPLE:
        yield Rule.UNSERVED, unserved[0], len(unserved)
