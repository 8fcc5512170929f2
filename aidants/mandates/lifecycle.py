"""The life of a mandate: states, durations, ends, and the one decision whether an act is covered. Pure.

Code civil: art. 1984 (mandate), 1987–1989 (named procedures, nothing beyond), 2003–2006 (how it ends).
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

from aidants.dates import PartialDate, end_of_day_end, local_day
from aidants.i18n import N_, R_

ADULT: Final = 18
DRAFT_LASTS: Final = timedelta(hours=24)
REMOTE_LASTS: Final = timedelta(days=15)
_SHORT_ACTIVATION: Final = timedelta(hours=2)


class State(StrEnum):
    """Where a mandate stands. ``EXPIRED`` is never stored by a person's act: time alone brings it."""

    DRAFT = "draft"
    AWAITING_CONSENT = "awaiting_consent"
    ACTIVE = "active"
    EXPIRED = "expired"
    REVOKED = "revoked"
    ABANDONED = "abandoned"


class Duration(StrEnum):
    """How long a mandate may last."""

    SHORT = "SHORT"
    MONTH = "MONTH"
    SEMESTER = "SEMESTER"
    LONG = "LONG"


DAYS: Final = {Duration.MONTH: 31, Duration.SEMESTER: 182, Duration.LONG: 365}
DURATION_LABELS: Final = {
    Duration.SHORT: R_("Aujourd’hui seulement"),
    Duration.MONTH: R_("Un mois"),
    Duration.SEMESTER: R_("Six mois"),
    Duration.LONG: R_("Un an"),
}


class Cover(StrEnum):
    """Answer to « may the helper do this now? »; all but ``YES`` are the codes of refusals."""

    YES = "covered"
    NO_MANDATE = "no_mandate"
    NOT_ACTIVE = "mandate_not_active"
    EXPIRED = "mandate_expired"
    REVOKED = "mandate_revoked"
    OUTSIDE = "outside_mandate"


REFUSALS: Final = {
    Cover.NO_MANDATE: N_("Cette personne n’a donné aucun mandat à votre structure pour cette démarche."),
    Cover.NOT_ACTIVE: N_("Le mandat n’est pas encore signé et confirmé. Il n’autorise rien pour l’instant."),
    Cover.EXPIRED: N_("Le mandat est terminé. Il faut un nouvel accord de la personne."),
    Cover.REVOKED: N_("Le mandat a été arrêté. Rien ne peut plus être fait en son nom."),
    Cover.OUTSIDE: N_("Cette démarche n’est pas dans le mandat. Il ne permet que ce qui y est écrit."),
}


@dataclass(frozen=True, slots=True)
class Grant:
    """One authorisation as the decision sees it."""

    mandate_id: str
    state: State
    starts_at: datetime | None
    ends_at: datetime | None
    scope: str
    procedures: frozenset[str]
    withdrawn: bool


def end_of(duration: Duration, frozen_at: datetime, zone: ZoneInfo) -> datetime:
    """Return the last instant of a mandate whose text is frozen at ``frozen_at``.

    24 hours for SHORT; else 23:59:59 local time of the last day, whatever the clock change in between.
    """
    if duration is Duration.SHORT:
        return frozen_at.astimezone(UTC) + timedelta(hours=24)
    return end_of_day_end(local_day(frozen_at, zone) + timedelta(days=DAYS[duration]), zone)


def activate_before(duration: Duration, frozen_at: datetime, zone: ZoneInfo, consent: str = "paper") -> datetime:
    """Return the instant after which a frozen text is too old to be activated.

    Midnight of that day, or two hours for SHORT; at a distance 15 days, and never after the end that the text says.
    """
    frozen = frozen_at.astimezone(UTC)
    if consent == "remote":
        return min(frozen + REMOTE_LASTS, end_of(duration, frozen_at, zone))
    midnight = end_of_day_end(local_day(frozen_at, zone), zone)
    return min(midnight, frozen + _SHORT_ACTIVATION) if duration is Duration.SHORT else midnight


def state_at(
    state: State, ends_at: datetime | None, now: datetime, waiting_since: datetime, consent: str = "paper"
) -> State:
    """Return the state as time has made it: an active mandate expires, a draft or an unsigned text lapses in 24 hours.

    A text to be answered at a distance lapses in 15 days, or at the end it says.
    """
    over = ends_at is not None and now > ends_at
    if state is State.AWAITING_CONSENT and consent == "remote":
        return State.ABANDONED if over or now - waiting_since > REMOTE_LASTS else state
    if state in {State.DRAFT, State.AWAITING_CONSENT} and now - waiting_since > DRAFT_LASTS:
        return State.ABANDONED
    return State.EXPIRED if state is State.ACTIVE and over else state


def cover(grants: Iterable[Grant], scopes: Iterable[str], procedure: str, now: datetime) -> tuple[Cover, str | None]:
    """Decide whether an act under ``scopes`` for ``procedure`` is covered now, and by which mandate.

    Every scope must be granted. When none covers, the answer names the nearest reason.
    """
    known = list(grants)
    answers = [_cover_one(known, scope, procedure, now) for scope in scopes]
    refused = [answer for answer in answers if answer[0] is not Cover.YES]
    return (refused or answers or [(Cover.NO_MANDATE, None)])[0]


def _cover_one(grants: list[Grant], scope: str, procedure: str, now: datetime) -> tuple[Cover, str | None]:
    naming = [grant for grant in grants if grant.scope == scope and procedure in grant.procedures]
    order = (Cover.YES, Cover.REVOKED, Cover.EXPIRED, Cover.NOT_ACTIVE)
    found = sorted(((_judge(grant, now), grant.mandate_id) for grant in naming), key=lambda pair: order.index(pair[0]))
    if found:
        return found[0]
    live = any(_judge(grant, now) is Cover.YES for grant in grants)
    return (Cover.OUTSIDE if live else Cover.NO_MANDATE), None


def _judge(grant: Grant, now: datetime) -> Cover:
    if grant.withdrawn or grant.state is State.REVOKED:
        return Cover.REVOKED
    if grant.state in {State.DRAFT, State.AWAITING_CONSENT, State.ABANDONED} or grant.starts_at is None:
        return Cover.NOT_ACTIVE
    if grant.ends_at is None or now > grant.ends_at:
        return Cover.EXPIRED
    return Cover.YES if now >= grant.starts_at else Cover.NOT_ACTIVE


def is_minor(birth_date: str, today: date) -> bool:
    """Tell whether a birth date (ISO, possibly partial) may be that of a person under 18; unknown counts as adult."""
    if not birth_date:
        return False
    born = PartialDate.from_iso(birth_date)
    reached = (today.year - born.year) - ((today.month, today.day) < (born.month or 12, born.day or 31))
    return reached < ADULT


# Who signs for a protected person or a minor, and what is refused


class Regime(StrEnum):
    """How the law protects a person; the keys are the French legal terms."""

    NONE = "aucune"
    SAFEGUARD = "sauvegarde"
    CURATORSHIP = "curatelle"
    ENHANCED_CURATORSHIP = "curatelle_renforcee"
    GUARDIANSHIP = "tutelle"
    FAMILY_REPRESENTATION = "habilitation_representation"
    FAMILY_ASSISTANCE = "habilitation_assistance"
    FUTURE_PROTECTION = "protection_future"
    MINOR = "mineur"
    EMANCIPATED = "emancipe"
    UNABLE = "ne_comprend_pas"


class Signs(StrEnum):
    """Whose hand makes the mandate."""

    RESIDENT = "resident"
    BOTH = "both"
    REPRESENTATIVE = "representative"
    NOBODY = "nobody"


@dataclass(frozen=True, slots=True)
class Protection:
    """What a regime asks: who signs, which scopes stay closed, and which paper must have been seen (never copied).

    ``by_setting``: refused unless the organisation chose to accept it. ``law``: articles of the Code civil.
    """

    signs: Signs
    law: str
    documents: tuple[str, ...] = ()
    refused: frozenset[str] = frozenset()
    by_setting: bool = False


PROTECTION: Final = {
    Regime.NONE: Protection(Signs.RESIDENT, "1984"),
    Regime.SAFEGUARD: Protection(Signs.RESIDENT, "435, 436", ("order",), by_setting=True),
    Regime.CURATORSHIP: Protection(Signs.BOTH, "467", ("judgment",)),
    Regime.ENHANCED_CURATORSHIP: Protection(Signs.BOTH, "472", ("judgment",), frozenset({"argent"})),
    Regime.GUARDIANSHIP: Protection(Signs.REPRESENTATIVE, "458, 473", ("judgment",)),
    Regime.FAMILY_REPRESENTATION: Protection(Signs.REPRESENTATIVE, "494-1, 494-6", ("judgment",)),
    Regime.FAMILY_ASSISTANCE: Protection(Signs.BOTH, "494-1, 494-6", ("judgment",)),
    Regime.FUTURE_PROTECTION: Protection(Signs.BOTH, "488", ("stamped_mandate",)),
    Regime.MINOR: Protection(Signs.REPRESENTATIVE, "388-1-1, 1146", ("family_book", "judgment")),
    Regime.EMANCIPATED: Protection(Signs.RESIDENT, "413-6", ("emancipation",)),
    Regime.UNABLE: Protection(Signs.NOBODY, "414-1"),
}
"""Facts of 2026, each with a safe default where the law leaves a doubt; golden-tested as a whole."""

UNDER_AGE: Final = frozenset({Regime.MINOR, Regime.EMANCIPATED, Regime.GUARDIANSHIP})
"""Regimes that fit a person under 18."""


class NotAllowed(ValueError):
    """The answer about protection does not allow this mandate; ``code`` is stable."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


def check_protection(
    regime: Regime, scopes: Iterable[str], *, minor: bool, adult: bool, safeguard_allowed: bool
) -> Protection:
    """Return what a regime asks, for these scopes and this age.

    ``minor`` and ``adult``: the birth date says so; both are False when it says neither. Raises NotAllowed: ``minor``,
    ``not_minor``, ``protected_person`` (nobody can sign here), ``unable``, ``scope_refused``.
    """
    rule = PROTECTION[regime]
    if minor and regime not in UNDER_AGE:
        raise NotAllowed("minor")
    if adult and regime in {Regime.MINOR, Regime.EMANCIPATED}:
        raise NotAllowed("not_minor")
    if rule.signs is Signs.NOBODY:
        raise NotAllowed("unable")
    if rule.by_setting and not safeguard_allowed:
        raise NotAllowed("protected_person")
    if rule.refused & set(scopes):
        raise NotAllowed("scope_refused")
    return rule
