"""What those who sign answered on a screen or at a distance: kept as given, sealed, tied to one exact text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlmodel import col, select

from aidants.crypto import open_json, seal_json
from aidants.db import Work
from aidants.errors import Conflict
from aidants.mandates.lifecycle import PROTECTION, Regime, Signs
from aidants.mandates.models import ConsentOffer, ConsentReply, Mandate, MandateFrozenText, MandatePaper
from aidants.mandates.queries import MandateView
from aidants.mandates.signers import Representative
from aidants.residents.identity import bears, words
from aidants.residents.models import Resident
from aidants.residents.services import Known, resident_key

ELSEWHERE: Final = frozenset({"on_screen", "remote"})
"""Kinds of consent that who signs gives on a page of their own; the others are given on paper."""
_HANDS: Final = {
    Signs.RESIDENT: ("resident",),
    Signs.BOTH: ("resident", "representative"),
    Signs.REPRESENTATIVE: ("representative",),
    Signs.NOBODY: (),
}


@dataclass(frozen=True, slots=True)
class Said:
    """An answer as it was given. ``label``: the word on the button that was pressed; ``to``: where the link went, masked."""

    typed: str = ""
    drawing: str = ""
    label: str = ""
    language: str = ""
    channel: str = ""
    to: str = ""
    address: str = ""
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class Reply:
    """One answer, opened."""

    hand: str
    answer: str
    answered_at: datetime
    text_sha256: str
    said: Said


def hands_of(view: MandateView) -> tuple[str, ...]:
    """Return whose answers a mandate needs, in turn: the resident, who represents or assists them, or both."""
    return _HANDS[PROTECTION[Regime(view.answers.regime or Regime.NONE)].signs]


def rows_of(work: Work, text_id: str | None) -> Sequence[ConsentReply]:
    """Return the answers to a text, oldest first."""
    return work.session.exec(
        select(ConsentReply).where(ConsentReply.text_id == text_id).order_by(col(ConsentReply.answered_at))
    ).all()


def next_hand(work: Work, view: MandateView) -> str | None:
    """Return who is asked next; None when everybody has answered."""
    given = {row.hand for row in rows_of(work, view.row.text_id)}
    return next((hand for hand in hands_of(view) if hand not in given), None)


def is_their_name(resident: Known, representative: Representative | None, hand: str, typed: str) -> bool:
    """Tell whether what is typed is the name of who answers, accents and case apart."""
    if hand == "resident":
        return bears(resident.identity, typed)
    return representative is not None and set(words(typed)) == set(words(representative.name))


def keep(
    work: Work, offer: ConsentOffer, view: MandateView, resident: Known, hand: str, answer: str, said: Said
) -> str:
    """Seal one answer and return the hash of the text it is about. Raises Conflict when this hand has already answered."""
    if hand != next_hand(work, view):
        raise Conflict
    text = work.session.get_one(MandateFrozenText, view.row.text_id)
    row = ConsentReply(
        mandate_id=view.row.id,
        text_id=text.id,
        offer_id=offer.id,
        hand=hand,
        answer=answer,
        text_sha256=text.sha256,
        sealed=b"",
        answered_at=work.now,
    )
    row.sealed = seal_json(resident_key(work, resident.row), asdict(said), row.id)
    work.session.add(row)
    work.session.flush()
    return text.sha256


def all_agreed(work: Work, view: MandateView) -> bool:
    """Tell whether everybody who signs said yes to the text as it is now, word for word."""
    if view.row.text_id is None:
        return False
    text = work.session.get_one(MandateFrozenText, view.row.text_id)
    said_yes = {row.hand for row in rows_of(work, text.id) if row.answer == "yes" and row.text_sha256 == text.sha256}
    return said_yes == set(hands_of(view))


def opened(work: Work, text_id: str | None, resident: Resident) -> list[Reply]:
    """Open the answers to a text, oldest first. Raises Corrupted."""
    key = resident_key(work, resident)
    return [_open(key, row) for row in rows_of(work, text_id)]


def replies_of(work: Work, mandate_id: str, resident: Resident) -> list[Reply]:
    """Open every answer kept with a mandate, oldest first. Raises Corrupted."""
    query = select(ConsentReply).where(ConsentReply.mandate_id == mandate_id)
    key = resident_key(work, resident)
    return [_open(key, row) for row in work.session.exec(query.order_by(col(ConsentReply.answered_at)))]


def _open(key: bytes, row: ConsentReply) -> Reply:
    values: dict[str, Any] = open_json(key, row.sealed, row.id)
    return Reply(row.hand, row.answer, row.answered_at, row.text_sha256, Said(**values))


def close_offers(work: Work, mandate_id: str, outcome: str) -> None:
    """End every way in which a mandate's text can still be answered."""
    still = select(ConsentOffer).where(ConsentOffer.mandate_id == mandate_id, col(ConsentOffer.closed_at).is_(None))
    for offer in work.session.exec(still):
        close(work, offer, outcome)


def close(work: Work, offer: ConsentOffer, outcome: str) -> None:
    """End one way in which a text can be answered; its link, code and visit open nothing any more."""
    offer.closed_at, offer.outcome = work.now, outcome
    offer.token_digest = offer.visit_digest = offer.code_mac = None
    work.session.add(offer)


def drop(work: Work, row: Mandate, outcome: str) -> None:
    """Give up what a text was answered: it is another text now, or no mandate at all."""
    close_offers(work, row.id, outcome)
    row.answered_at = None
    work.session.connection().execute(sa.delete(ConsentReply).where(col(ConsentReply.mandate_id) == row.id))


def forget(work: Work, mandates: Sequence[str]) -> None:
    """Delete answers, drawings, photos and addresses of an erased resident; that links were sent stays."""
    connection = work.session.connection()
    for table in (ConsentReply, MandatePaper):
        connection.execute(sa.delete(table).where(col(table.mandate_id).in_(mandates)))
    for offer in work.session.exec(select(ConsentOffer).where(col(ConsentOffer.mandate_id).in_(mandates))):
        offer.sealed = offer.address_index = None
        if offer.closed_at is None:
            close(work, offer, "dropped")
        work.session.add(offer)
