"""What the public pages read: the organisations of this installation, and what a verification code stands for."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from enum import StrEnum
from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import Organisation
from aidants.crypto import normalise_code
from aidants.db import Work
from aidants.i18n import N_
from aidants.mandates.lifecycle import Duration, State
from aidants.mandates.models import Authorisation
from aidants.mandates.queries import MandateView, find_by_code
from aidants.procedures import PROCEDURES, SCOPES

CODE_LENGTH: Final = 8
MOST_ORGANISATIONS: Final = 200
_LETTERS: Final = frozenset("23456789ABCDEFGHJKLMNPQRSTUVWXYZ")


class Answer(StrEnum):
    """What the page answers about a code."""

    VALID = "valid"
    EXPIRED = "expired"
    STOPPED = "stopped"
    REPLACED = "replaced"
    NOT_SIGNED = "not_signed"
    GIVEN_UP = "given_up"
    UNKNOWN = "unknown"


TITLES: Final = {
    Answer.VALID: N_("Ce mandat est valable"),
    Answer.EXPIRED: N_("Ce mandat est terminé"),
    Answer.STOPPED: N_("Ce mandat est arrêté"),
    Answer.REPLACED: N_("Ce mandat est remplacé"),
    Answer.NOT_SIGNED: N_("Ce mandat n’est pas encore signé"),
    Answer.GIVEN_UP: N_("Ce mandat n’a jamais été signé"),
    Answer.UNKNOWN: N_("Ce code n’existe pas"),
}
KINDS: Final = {
    Answer.VALID: "valid",
    Answer.EXPIRED: "stopped",
    Answer.STOPPED: "stopped",
    Answer.REPLACED: "stopped",
    Answer.NOT_SIGNED: "unknown",
    Answer.GIVEN_UP: "stopped",
    Answer.UNKNOWN: "unknown",
}
CONSENTS: Final = {
    "paper": (
        N_("sur papier, signé en deux exemplaires"),
        N_("écrit signé de la main des deux parties (code civil, art. 1985)"),
    ),
    "on_screen": (
        N_("sur un écran du guichet, par le nom tapé et une signature dessinée si la personne l’a voulu"),
        N_("simple, à compléter par un papier signé (code civil, art. 1366 et 1367)"),
    ),
    "remote": (
        N_("à distance, par un lien et un code reçus par la personne, et le nom tapé"),
        N_("simple, à compléter par un papier signé (code civil, art. 1366 et 1367)"),
    ),
    "witness": (
        N_("de vive voix, devant deux témoins qui ont signé"),
        N_("témoignage écrit de deux adultes, la personne ne pouvant pas signer"),
    ),
}
"""How the resident agreed and how strong that proof is, in words; every kind of ``terms.CONSENTS``."""
WHO_STOPPED: Final = {
    "resident": N_("par la personne elle-même"),
    "helper": N_("par la structure"),
    "superseded": N_("remplacé par un mandat plus récent"),
}


@dataclass(frozen=True, slots=True)
class Line:
    """One procedure of a mandate; ``withdrawn_at`` when it was taken back before the mandate ended."""

    title: str
    withdrawn_at: datetime | None
    withdrawn_by: str


@dataclass(frozen=True, slots=True)
class Theme:
    """One theme of a mandate with its procedures."""

    label: str
    lines: tuple[Line, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """Everything the page shows about a code: no name, birth date or contact of anybody. Texts are msgids."""

    answer: Answer
    code: str = ""
    outcome: str = "unknown"
    mandate_id: str | None = None
    organisation_id: str | None = None
    organisation: str = ""
    phone: str = ""
    themes: tuple[Theme, ...] = ()
    consent: str = ""
    level: str = ""
    begun_at: datetime | None = None
    ends_at: datetime | None = None
    short: bool = False
    stopped_at: datetime | None = None
    stopped_by: str = ""

    @property
    def title(self) -> str:
        """The verdict, as a sentence."""
        return TITLES[self.answer]

    @property
    def kind(self) -> str:
        """How the verdict looks."""
        return KINDS[self.answer]


def organisations(work: Work) -> Sequence[Organisation]:
    """Return the organisations of this installation, by name, at most 200: public bodies and their public contacts."""
    query = select(Organisation).order_by(col(Organisation.name), col(Organisation.id)).limit(MOST_ORGANISATIONS)
    return work.session.exec(query).all()


def well_formed(code: str) -> bool:
    """Tell whether a normalised code could be one of ours: eight of the letters and digits that codes are made of."""
    return len(code) == CODE_LENGTH and _LETTERS.issuperset(code)


def read_verdict(work: Work, typed: str) -> Verdict:
    """Return what a code stands for now, whoever asks; malformed and unknown codes answer alike."""
    code = normalise_code(typed)
    if not well_formed(code):
        return Verdict(Answer.UNKNOWN)
    view = find_by_code(work, code)
    if view is None:
        return Verdict(Answer.UNKNOWN, code=code)
    answer, row = _answer(view), view.row
    organisation = work.session.get_one(Organisation, row.organisation_id)
    known = Verdict(
        answer,
        code=code,
        outcome=view.state.value,
        mandate_id=row.id,
        organisation_id=row.organisation_id,
        organisation=organisation.name,
        phone=organisation.phone,
    )
    return _with_grant(known, view) if row.activated_at is not None else known


def _answer(view: MandateView) -> Answer:
    if view.state is State.REVOKED:
        return Answer.REPLACED if view.row.end_reason == "superseded" else Answer.STOPPED
    return {
        State.ACTIVE: Answer.VALID,
        State.EXPIRED: Answer.EXPIRED,
        State.ABANDONED: Answer.GIVEN_UP,
    }.get(view.state, Answer.NOT_SIGNED)


def _with_grant(known: Verdict, view: MandateView) -> Verdict:
    """Add what was granted: only a mandate that was signed says what it is for."""
    row = view.row
    consent, level = CONSENTS[row.consent]
    return replace(
        known,
        themes=_themes(view),
        consent=consent,
        level=level,
        begun_at=row.activated_at,
        ends_at=row.ends_at,
        short=row.duration == Duration.SHORT,
        stopped_at=row.ended_at if view.state is State.REVOKED else None,
        stopped_by=WHO_STOPPED.get(row.end_reason or "", ""),
    )


def _themes(view: MandateView) -> tuple[Theme, ...]:
    """List the procedures by theme, in the order of the catalogue.

    A procedure of two themes needs both: it is taken back as soon as one of them is. What fell with the whole mandate
    is not struck again.
    """
    ended = view.row.ended_at
    taken_back: dict[str, Authorisation] = {}
    for item in view.authorisations:
        if item.withdrawn_at is not None and item.withdrawn_at != ended:
            taken_back |= dict.fromkeys(item.procedures.split(), item)
    return tuple(
        Theme(SCOPES[item.scope].label, tuple(_line(name, taken_back.get(name)) for name in item.procedures.split()))
        for item in sorted(view.authorisations, key=lambda item: list(SCOPES).index(item.scope))
    )


def _line(name: str, taken_back: Authorisation | None) -> Line:
    """Name a procedure; one that left the catalogue since keeps its id: an old mandate must still be verifiable."""
    title = PROCEDURES[name].title if name in PROCEDURES else name
    if taken_back is None:
        return Line(title, None, "")
    return Line(title, taken_back.withdrawn_at, WHO_STOPPED.get(taken_back.withdrawn_by or "", ""))
