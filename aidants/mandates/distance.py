"""Consent at a distance: who may be asked that way, where the link goes, and how many may leave."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sqlmodel import col, func, select

from aidants import i18n
from aidants.accounts.models import Organisation, Person
from aidants.crypto import blind_index, new_id
from aidants.dates import end_moment
from aidants.db import Work
from aidants.errors import Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates import offers, services
from aidants.mandates.lifecycle import PROTECTION, NotAllowed, Regime, Signs
from aidants.mandates.models import ConsentOffer, Mandate
from aidants.mandates.queries import MandateView
from aidants.messages.addresses import BadAddress, normalise
from aidants.messages.models import Channel
from aidants.messages.services import About, available, enqueue
from aidants.residents.identity import Identity
from aidants.residents.services import Known
from aidants.settings import Settings

ADDRESS_A_DAY: Final = 3
HELPER_AN_HOUR: Final = 20
INSTALLATION_AN_HOUR: Final = 200
COUPLE: Final = 2
"""A telephone may be that of two people who live together; beyond, auditors are told."""
REASONS: Final = {
    "remote_money": N_("Pour l’argent, jamais à distance : la personne signe ici. Choisissez le papier ou l’écran."),
    "remote_represented": N_("Une autre personne signe pour elle ou avec elle : ce n’est pas possible à distance."),
    "remote_unreachable": N_("Sa fiche n’a ni téléphone ni e-mail où envoyer un lien."),
}
OWN: Final = N_("Cette adresse est la vôtre. Le lien doit arriver chez la personne, sur son téléphone ou son e-mail.")
TOO_MANY: Final = {
    "address": N_(
        "Trois liens sont déjà partis aujourd’hui à cette adresse. Attendez demain, ou choisissez le papier."
    ),
    "helper": N_("Vous avez envoyé vingt liens en une heure. Attendez un peu."),
    "installation": N_("Beaucoup de liens sont partis depuis une heure. Attendez un peu."),
}


def channels(settings: Settings, who: Identity) -> dict[Channel, str]:
    """Return where a link may be sent to this person, as sent to: their own number, their own e-mail."""
    found = {}
    for channel, address in ((Channel.SMS, who.phone), (Channel.MAIL, who.email)):
        if address and available(settings, channel):
            try:
                found[channel] = normalise(channel, address)
            except BadAddress:
                continue
    return found


def check_rules(view: MandateView) -> None:
    """Hold what is asked to the rules of a consent at a distance. Raises NotAllowed with a code of ``REASONS``."""
    if "argent" in view.answers.by_scope():
        raise NotAllowed("remote_money")
    if PROTECTION[Regime(view.answers.regime or Regime.NONE)].signs is not Signs.RESIDENT:
        raise NotAllowed("remote_represented")


def check(settings: Settings, view: MandateView, resident: Known) -> None:
    """Hold it to the rules, and to what can be sent to this person here. Raises NotAllowed with a code of ``REASONS``."""
    check_rules(view)
    if not channels(settings, resident.identity):
        raise NotAllowed("remote_unreachable")


def send_link(work: Work, mandate_id: str, channel: Channel) -> None:
    """Send the resident a link to the text, in their language. The one sent before dies.

    Raises Conflict and Refused as ``offers.ready``; Refused: ``own_address``, ``too_many_links``, a code of ``REASONS``.
    """
    view, resident = offers.ready(work, mandate_id, "remote")
    try:
        check(work.settings, view, resident)
    except NotAllowed as refused:
        raise Refused(REASONS[refused.code], code=refused.code) from refused
    address = channels(work.settings, resident.identity).get(channel)
    if address is None:
        raise Refused(REASONS["remote_unreachable"], code="remote_unreachable")
    index = blind_index(work.keyring.derive("consent-address"), channel, address.casefold())
    recipient = _recipient(work, view, channel, address, index)
    _refuse_flood(work, index)
    token = new_id()
    offer = offers.new(work, view, channel.value, offers.deadline(work, view), token)
    offer.address_index = index
    offers.seal_address(work, offer, resident, address)
    work.session.add(offer)
    _enqueue(work, view, resident, channel, address, offer, token)
    record(
        work,
        actions.ConsentLinkSent(**services.subject(view.row), channel=channel.value, recipient=recipient),
    )


def _recipient(work: Work, view: MandateView, channel: Channel, address: str, index: int) -> str | None:
    """Say what auditors should know of an address. Raises Refused for the helper's own."""
    if channel is Channel.MAIL:
        owner = work.session.exec(select(Person.id).where(func.lower(Person.email) == address.casefold())).first()
        if owner == work.person().person_id:
            raise Refused(OWN, code="own_address")
        if owner is not None:
            return "helper"
    served = (
        select(Mandate.resident_id)
        .join(ConsentOffer, col(ConsentOffer.mandate_id) == Mandate.id)
        .where(ConsentOffer.address_index == index, Mandate.resident_id != view.row.resident_id)
        .distinct()
    )
    others = len(work.session.exec(served.limit(COUPLE)).all())
    return "shared" if others >= COUPLE else None


def _refuse_flood(work: Work, index: int) -> None:
    """Count what left already. Raises Refused."""
    hour, links = work.now - timedelta(hours=1), col(ConsentOffer.address_index).is_not(None)
    checks = (
        ("address", ADDRESS_A_DAY, work.now - timedelta(days=1), ConsentOffer.address_index == index),
        ("helper", HELPER_AN_HOUR, hour, links & (col(ConsentOffer.helper_id) == work.person().person_id)),
        ("installation", INSTALLATION_AN_HOUR, hour, links),
    )
    for name, most, since, which in checks:
        if _count(work, since, which) >= most:
            raise Refused(TOO_MANY[name], code="too_many_links")


def _count(work: Work, since: datetime, which: object) -> int:
    query = select(func.count()).select_from(ConsentOffer).where(ConsentOffer.created_at > since)
    return int(work.session.exec(query.where(which)).one())  # type: ignore[arg-type]


def _enqueue(
    work: Work, view: MandateView, resident: Known, channel: Channel, address: str, offer: ConsentOffer, token: str
) -> None:
    wanted = resident.identity.language
    language = wanted if wanted in i18n.RESIDENT_LANGUAGES else i18n.DEFAULT
    settings, row = work.settings, view.row
    values = {
        "organisation": work.session.get_one(Organisation, row.organisation_id).name,
        "address": f"{settings.base_url}/accord/{token}",
        "end": end_moment(offer.expires_at, settings.zone, language),
    }
    about = About(row.organisation_id, row.resident_id, row.id)
    occasion = f"consent-link|{offer.id}"
    enqueue(work, channel, address, "consent_link", values, dedup=occasion, language=language, about=about)
