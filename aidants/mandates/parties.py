"""How a draft will be agreed to: under which protection, by whose hand, before whom. All of it is sealed or coded.

A person who cannot sign agrees before two adults, one of them from outside (our default: Code civil art. 1359 and 1360 ask
for a writing above 1,500 euros, or that none was possible); such a mandate lasts 24 hours.
"""

from __future__ import annotations

from sqlmodel import col, select

from aidants.accounts.models import Membership, Organisation, Person
from aidants.crypto import open_json, seal_json
from aidants.dates import local_day
from aidants.db import Work
from aidants.errors import Conflict
from aidants.mandates import distance
from aidants.mandates.answers import MAX_WITNESSED
from aidants.mandates.lifecycle import Duration, NotAllowed, Protection, Regime, Signs, check_protection, is_minor
from aidants.mandates.queries import MandateView, get_with_resident
from aidants.mandates.services import answer
from aidants.mandates.signers import Representative, Signers, Witness
from aidants.residents.identity import fold
from aidants.residents.services import Known, resident_key


def protection_of(work: Work, view: MandateView, resident: Known, regime: Regime) -> Protection:
    """Return what a regime asks for this person and these procedures. Raises NotAllowed."""
    born, today = resident.identity.birth_date, local_day(work.now, work.settings.zone)
    young = is_minor(born, today)
    organisation = work.session.get_one(Organisation, view.row.organisation_id)
    return check_protection(
        regime,
        view.answers.by_scope(),
        minor=young,
        adult=bool(born) and not young,
        safeguard_allowed=organisation.safeguard_allowed,
    )


def signers_of(work: Work, view: MandateView, resident: Known) -> Signers:
    """Open who signs beside the resident."""
    if view.row.signers_sealed is None:
        return Signers()
    return Signers.from_dict(open_json(resident_key(work, resident.row), view.row.signers_sealed, view.row.id))


def choose_regime(work: Work, mandate_id: str, regime: Regime) -> Protection:
    """Store how the law protects the person; who represents them is asked anew. Raises NotAllowed."""
    view, resident = get_with_resident(work, mandate_id, lock=True)
    rule = protection_of(work, view, resident, regime)
    changes = {"consent": "", "witnessed": False} if rule.signs is not Signs.RESIDENT else {}
    answer(work, mandate_id, regime=regime.value, seen=False, **changes)
    _seal(work, view, resident, Signers())
    return rule


def name_representative(work: Work, mandate_id: str, name: str, document: str) -> None:
    """Store who represents or assists the person, and which paper was seen.

    Raises Conflict before the regime is known, NotAllowed ``document`` for a paper the regime does not ask for, ``name`` for
    a missing name, ``own_name`` for somebody of the counter: nobody signs both sides (art. 1161).
    """
    view, resident = get_with_resident(work, mandate_id, lock=True)
    if not view.answers.regime:
        raise Conflict
    rule = protection_of(work, view, resident, Regime(view.answers.regime))
    if document not in rule.documents:
        raise NotAllowed("document")
    if rule.signs is Signs.RESIDENT:
        name = ""
    elif not name:
        raise NotAllowed("name")
    elif works_here(work, name):
        raise NotAllowed("own_name")
    answer(work, mandate_id, seen=True)
    held = signers_of(work, view, resident)
    _seal(work, view, resident, Signers(Representative(name, document), held.witnesses))


def choose_consent(work: Work, mandate_id: str, kind: str, relation: str) -> None:
    """Store how the person will agree, and whether the helper declares a relation.

    Raises NotAllowed: ``representative`` when somebody else signs anyway, ``duration`` where 24 hours are not offered,
    ``too_many`` procedures for a mandate before witnesses, a code of ``distance.REASONS``.
    """
    view, resident = get_with_resident(work, mandate_id, lock=True)
    changes: dict[str, str] = {}
    if kind == "remote":
        distance.check(work.settings, view, resident)
    if kind == "witness":
        if protection_of(work, view, resident, Regime(view.answers.regime)).signs is not Signs.RESIDENT:
            raise NotAllowed("representative")
        organisation = work.session.get_one(Organisation, view.row.organisation_id)
        if Duration.SHORT not in organisation.durations.split():
            raise NotAllowed("duration")
        if len(view.answers.procedures) > MAX_WITNESSED:
            raise NotAllowed("too_many")
        if view.answers.duration != Duration.SHORT:
            changes = {"duration": Duration.SHORT.value}
    answer(work, mandate_id, consent=kind, relation=relation, witnessed=False, **changes)
    view.row.consent = kind
    held = signers_of(work, view, resident)
    _seal(work, view, resident, Signers(held.representative))


def name_witnesses(work: Work, mandate_id: str, inside: Witness, outside: Witness) -> None:
    """Store the two witnesses, the second from outside the counter.

    Raises Conflict for a mandate without witnesses, NotAllowed: ``same`` when they are one person, ``resident``, ``helper``
    when one of them is a party, ``not_outside`` when both work here.
    """
    view, resident = get_with_resident(work, mandate_id, lock=True)
    if view.answers.consent != "witness":
        raise Conflict
    names = [fold(inside.name), fold(outside.name)]
    who = resident.identity
    own = {
        fold(f"{who.given_names} {who.birth_name}"),
        fold(f"{who.given_names} {who.usual_name}"),
        fold(who.short_name),
    }
    if names[0] == names[1]:
        raise NotAllowed("same")
    if own & set(names):
        raise NotAllowed("resident")
    if fold(work.person().name) in names:
        raise NotAllowed("helper")
    if works_here(work, outside.name):
        raise NotAllowed("not_outside")
    answer(work, mandate_id, witnessed=True)
    held = signers_of(work, view, resident)
    _seal(work, view, resident, Signers(held.representative, (inside, outside)))


def works_here(work: Work, name: str) -> bool:
    """Tell whether somebody of this name works in the actor's organisation."""
    query = (
        select(Person.name)
        .join(Membership, col(Membership.person_id) == Person.id)
        .where(Membership.organisation_id == work.person().organisation_id)
    )
    return fold(name) in {fold(known) for known in work.session.exec(query)}


def _seal(work: Work, view: MandateView, resident: Known, signers: Signers) -> None:
    nobody = signers == Signers()
    key = resident_key(work, resident.row)
    view.row.signers_sealed = None if nobody else seal_json(key, signers.to_dict(), view.row.id)
    work.session.add(view.row)
