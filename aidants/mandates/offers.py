"""Putting a frozen text before the resident: on the helper's screen, on a tablet of the counter, by a link sent to them.

Whoever holds a link, a code or the screen acts as the resident of that mandate, and reaches nothing else. A link opens once; at
a distance a one-time code, sent to the same place, comes before any word about anybody.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, select

from aidants.accounts import services as accounts
from aidants.crypto import blind_index, digest, new_digits, new_id, open_json, seal_json
from aidants.db import Work
from aidants.errors import Conflict, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates import replies, services
from aidants.mandates.lifecycle import Duration, State, activate_before
from aidants.mandates.models import ConsentOffer, Mandate
from aidants.mandates.queries import MandateView, get_row, get_with_resident
from aidants.messages.models import Channel
from aidants.messages.services import About, enqueue
from aidants.policy import ResidentActor
from aidants.residents.services import Known, resident_key

TABLET_LASTS: Final = timedelta(minutes=15)
VISIT_LASTS: Final = timedelta(hours=2)
CODE_LASTS: Final = timedelta(minutes=10)
CODES: Final = 3
CODE_DIGITS: Final = 6
TRIES: Final = 5
_AUTH: Final = {"screen": "handed_over", "tablet": "handed_over", "mail": "one_time_code", "sms": "one_time_code"}
ANSWERED: Final = N_("La personne a déjà répondu. Reprenez depuis la page du mandat.")


@dataclass(frozen=True, slots=True)
class Asked:
    """A text that still waits for an answer, and through which offer."""

    offer: ConsentOffer
    view: MandateView
    resident: Known


# The helper's side


def ready(work: Work, mandate_id: str, consent: str) -> tuple[MandateView, Known]:
    """Return a mandate whose text may be offered now, locked; earlier offers end.

    Raises Conflict unless it waits for this kind of consent and was not answered, Refused for a text that is too old.
    """
    view, resident = get_with_resident(work, mandate_id, lock=True)
    if view.state is not State.AWAITING_CONSENT or view.row.consent != consent:
        raise Conflict
    if view.row.answered_at is not None:
        raise Conflict(ANSWERED)
    if work.now > deadline(work, view):
        raise Refused(services.TOO_OLD, code="text_too_old")
    replies.close_offers(work, mandate_id, "replaced")
    return view, resident


def deadline(work: Work, view: MandateView) -> datetime:
    """Return until when the text as it is may be answered and activated."""
    assert view.row.asked_at is not None
    return activate_before(Duration(view.answers.duration), view.row.asked_at, work.settings.zone, view.row.consent)


def new(work: Work, view: MandateView, channel: str, expires_at: datetime, token: str | None = None) -> ConsentOffer:
    """Write an offer of the mandate's present text; ``token`` opens its link."""
    assert view.row.text_id is not None
    offer = ConsentOffer(
        mandate_id=view.row.id,
        text_id=view.row.text_id,
        helper_id=work.person().person_id,
        channel=channel,
        token_digest=digest(token) if token is not None else None,
        created_at=work.now,
        expires_at=min(expires_at, deadline(work, view)),
    )
    work.session.add(offer)
    work.session.flush()
    return offer


def lend_screen(work: Work, mandate_id: str) -> Known:
    """Put the text on the helper's own screen: until they take it back with a code, their session opens nothing else."""
    view, resident = ready(work, mandate_id, "on_screen")
    offer = new(work, view, "screen", deadline(work, view))
    accounts.lend_screen(work, offer.id)
    record(work, actions.HandedOver(**services.subject(view.row), device="screen"))
    return resident


def lend_tablet(work: Work, mandate_id: str) -> str:
    """Return the secret of a link, good once and for fifteen minutes, that opens the text on another device of the counter."""
    view, _resident = ready(work, mandate_id, "on_screen")
    token = new_id()
    new(work, view, "tablet", work.now + TABLET_LASTS, token)
    record(work, actions.HandedOver(**services.subject(view.row), device="tablet"))
    return token


def taken_back(work: Work, offer_id: str) -> str | None:
    """Note that the helper holds their screen again; return the mandate, None when it is gone. An answer given stays."""
    offer = work.session.get(ConsentOffer, offer_id)
    if offer is None:
        return None
    row = get_row(work, offer.mandate_id, lock=True)
    if offer.closed_at is None:
        replies.close(work, offer, "taken_back")
    record(work, actions.TakenBack(**services.subject(row)))
    return row.id


def offers_of(work: Work, mandate_id: str) -> Sequence[ConsentOffer]:
    """Return every way a mandate's texts were offered, oldest first."""
    query = select(ConsentOffer).where(ConsentOffer.mandate_id == mandate_id)
    return work.session.exec(query.order_by(col(ConsentOffer.created_at))).all()


def latest(work: Work, mandate_id: str) -> ConsentOffer | None:
    """Return how the text was last offered."""
    query = select(ConsentOffer).where(ConsentOffer.mandate_id == mandate_id)
    return work.session.exec(query.order_by(col(ConsentOffer.created_at).desc()).limit(1)).first()


# The resident's side


def by_link(work: Work, token: str, *, lock: bool = False) -> Asked | None:
    """Return what a link asks; None, whatever the reason, for a link that does not open now."""
    return _live(work, ConsentOffer.token_digest == digest(token), lock)


def by_visit(work: Work, visit: str, *, lock: bool = False) -> Asked | None:
    """Return what the browser that used a link is asked."""
    return _live(work, ConsentOffer.visit_digest == digest(visit), lock)


def by_screen(work: Work, offer_id: str, *, lock: bool = False) -> Asked | None:
    """Return what is asked on the helper's screen, lent for this offer."""
    return _live(work, ConsentOffer.id == offer_id, lock)


def _live(work: Work, which: object, lock: bool) -> Asked | None:
    """Find an offer that may be answered now; from then on the unit acts as its resident. The mandate is locked first."""
    offer = work.session.exec(select(ConsentOffer).where(which)).one_or_none()  # type: ignore[arg-type]
    mandate = work.session.get(Mandate, offer.mandate_id) if offer is not None else None
    if offer is None or mandate is None or mandate.resident_id is None:
        return None
    who = ResidentActor(mandate.resident_id, mandate.organisation_id, offer.id, _AUTH[offer.channel])
    work.actor, work.resident = None, who
    view, resident = get_with_resident(work, mandate.id, lock=lock)
    if lock:
        work.session.refresh(offer, with_for_update=True)
    waits = view.state is State.AWAITING_CONSENT and view.row.text_id == offer.text_id
    if offer.closed_at is not None or offer.expires_at < work.now or not waits:
        work.resident = None
        return None
    return Asked(offer, view, resident)


def begin(work: Work, asked: Asked) -> str:
    """Use up the link and return the secret of the visit that it opens."""
    visit = new_id()
    asked.offer.token_digest, asked.offer.visit_digest = None, digest(visit)
    asked.offer.expires_at = min(work.now + VISIT_LASTS, deadline(work, asked.view))
    work.session.add(asked.offer)
    return visit


def sent_to(work: Work, asked: Asked) -> str:
    """Open the address or number a link was sent to."""
    assert asked.offer.sealed is not None
    found: dict[str, str] = open_json(resident_key(work, asked.resident.row), asked.offer.sealed, asked.offer.id)
    return found["to"]


def seal_address(work: Work, offer: ConsentOffer, resident: Known, address: str) -> None:
    """Keep where a link goes."""
    offer.sealed = seal_json(resident_key(work, resident.row), {"to": address}, offer.id)


def send_code(work: Work, asked: Asked, language: str) -> bool:
    """Send a new one-time code to where the link went; False after three: the last one sent still counts."""
    offer, row = asked.offer, asked.view.row
    if offer.codes >= CODES:
        return False
    code = new_digits(CODE_DIGITS)
    offer.codes += 1
    offer.code_mac, offer.code_sent_at = _mac(work, offer, code), work.now
    work.session.add(offer)
    enqueue(
        work,
        Channel(offer.channel),
        sent_to(work, asked),
        "consent_code",
        {"code": code},
        dedup=f"consent-code|{offer.id}|{offer.codes}",
        language=language,
        about=About(row.organisation_id, row.resident_id, row.id),
    )
    return True


def check_code(work: Work, asked: Asked, typed: str) -> str | None:
    """Return the secret of the visit for the right code, within ten minutes; None counts one try, the fifth ends the link."""
    offer = asked.offer
    code = "".join(sign for sign in typed if sign.isdecimal())
    fresh = offer.code_sent_at is not None and timedelta(0) <= work.now - offer.code_sent_at <= CODE_LASTS
    if fresh and offer.code_mac == _mac(work, offer, code):
        return begin(work, asked)
    offer.tries += 1
    work.session.add(offer)
    if offer.tries >= TRIES:
        replies.close(work, offer, "tries")
    return None


def _mac(work: Work, offer: ConsentOffer, code: str) -> int:
    return blind_index(work.keyring.derive("consent-code"), offer.id, code)


def answer(work: Work, asked: Asked, hand: str, said: replies.Said, *, yes: bool) -> None:
    """Keep what the resident answers. Everybody's yes lets the helper activate; one no gives the mandate up.

    Raises Conflict when this hand has already answered.
    """
    row = asked.view.row
    sha256 = replies.keep(work, asked.offer, asked.view, asked.resident, hand, "yes" if yes else "no", said)
    if not yes:
        replies.close(work, asked.offer, "answered")
        services.abandon(work, row.id, "refused")
        return
    given = actions.ConsentGiven(
        **services.subject(row), proof=row.consent, text_sha256=sha256, assurance="simple", hand=hand
    )
    record(work, given)
    if replies.next_hand(work, asked.view) is None:
        replies.close(work, asked.offer, "answered")
        row.answered_at = work.now
        work.session.add(row)
