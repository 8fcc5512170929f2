"""Asking a resident's consent and receiving it: freezing the exact text, then activating the mandate.

No act of the resident, no mandate. Activation, authorisations and journal entries are one transaction.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import col, select

from aidants.accounts.models import Organisation, Person
from aidants.crypto import blind_index, new_code, seal
from aidants.dates import PartialDate
from aidants.db import Work
from aidants.errors import Conflict, Refused
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.mandates import distance, replies, wording
from aidants.mandates.answers import MAX_WITNESSED
from aidants.mandates.lifecycle import Duration, NotAllowed, Regime, State, activate_before, end_of
from aidants.mandates.models import Authorisation, Mandate, MandateFrozenText
from aidants.mandates.parties import protection_of, signers_of
from aidants.mandates.queries import MandateView, get_with_resident, verification_code
from aidants.mandates.services import TOO_OLD, end, subject
from aidants.policy import require_fresh
from aidants.residents.forms import DOCUMENTS
from aidants.residents.services import Known, lock_resident, resident_key

ASSURANCE: Final = {"paper": "handwritten", "witness": "witnessed"}
"""How strong a consent is that the helper records; one that the person gave on a page was recorded then."""
NOT_ANSWERED: Final = N_("La personne n’a pas encore répondu oui à ce texte. Rien ne peut être confirmé.")
NOT_ALLOWED: Final = {
    "minor": N_("La personne a moins de 18 ans. Revenez à la question sur la protection."),
    "not_minor": N_("La date de naissance dit plus de 18 ans. Revenez à la question sur la protection."),
    "protected_person": N_("Votre structure n’accepte pas de mandat sous sauvegarde de justice."),
    "unable": N_("La personne ne comprend pas ce qu’elle signerait. Aucun mandat n’est possible."),
    "scope_refused": N_(
        "Sous curatelle renforcée, rien ne peut être confié dans le thème de l’argent. Retirez ces démarches."
    ),
}
"""Why a protection forbids a mandate, by code of ``NotAllowed``."""


def ask_consent(work: Work, mandate_id: str) -> str:
    """Freeze the exact text and its end, ready to print, and return the text's id; an unsigned text is frozen anew.

    Raises Conflict when answers are missing or the mandate has gone on; Refused for a minor, a duration or a scope
    that the organisation does not allow.
    """
    view, resident = get_with_resident(work, mandate_id, lock=True)
    answers, row = view.answers, view.row
    if view.state not in {State.DRAFT, State.AWAITING_CONSENT}:
        raise Conflict
    if answers.missing() != "relire":
        raise Conflict(N_("Une question n’a pas encore de réponse."))
    organisation = work.session.get_one(Organisation, row.organisation_id)
    _check_allowed(work, view, resident, organisation)
    key = resident_key(work, resident.row)
    if row.code_sealed is None:
        code = new_code(8)
        row.code_sealed = seal(key, code.encode("ascii"), row.id)
        row.code_index = blind_index(work.keyring.derive("verification"), "code", code)
    replies.drop(work, row, "replaced")
    row.asked_at, row.duration = work.now, answers.duration
    row.ends_at = end_of(Duration(answers.duration), work.now, work.settings.zone)
    text = wording.build(_facts(work, view, resident, organisation))
    frozen = MandateFrozenText(
        mandate_id=row.id,
        sealed=b"",
        sha256=text.sha256(),
        language=text.language,
        template_version=text.template_version,
        frozen_at=work.now,
        ends_at=row.ends_at,
        resident_version=resident.row.version,
    )
    frozen.sealed = seal(key, text.to_json(), frozen.id)
    row.state, row.text_id = State.AWAITING_CONSENT, frozen.id
    work.session.add_all([row, frozen])
    record(
        work,
        actions.ConsentAsked(
            **subject(row),
            proof=row.consent,
            text_sha256=frozen.sha256,
            lang=frozen.language,
            template=frozen.template_version,
            duration=answers.duration,
        ),
    )
    return frozen.id


def _check_allowed(work: Work, view: MandateView, resident: Known, organisation: Organisation) -> None:
    """Hold the answers to the rules at this very moment: durations, protection, age, witnesses. Raises Refused."""
    answers = view.answers
    if answers.duration not in organisation.durations.split():
        raise Refused(N_("Votre structure ne permet pas cette durée."), code="duration_not_allowed")
    if answers.consent == "witness" and answers.duration != Duration.SHORT:
        raise Refused(N_("Devant témoins, un mandat dure 24 heures."), code="duration_not_allowed")
    if answers.consent == "witness" and len(answers.procedures) > MAX_WITNESSED:
        raise Refused(N_("Devant témoins, six démarches au plus. Retirez-en."), code="too_many_procedures")
    try:
        protection_of(work, view, resident, Regime(answers.regime))
        if answers.consent == "remote":
            distance.check_rules(view)
    except NotAllowed as refused:
        raise Refused((NOT_ALLOWED | distance.REASONS)[refused.code], code=refused.code) from refused


def _facts(work: Work, view: MandateView, resident: Known, organisation: Organisation) -> wording.MandateFacts:
    helper = work.session.get_one(Person, view.row.helper_id)
    who, row = resident.identity, view.row
    code = verification_code(work, view, resident)
    assert row.asked_at is not None
    assert row.ends_at is not None
    return wording.MandateFacts(
        reference=row.reference,
        birth_name=who.birth_name,
        usual_name=who.usual_name,
        given_names=who.given_names,
        birth_date=PartialDate.from_iso(who.birth_date).long("fr") if who.birth_date else "",
        birthplace=who.birthplace,
        identity_document=DOCUMENTS.get(who.document_seen, "") if who.document_seen != "known" else "",
        organisation=organisation.name,
        organisation_type=organisation.kind,
        address=organisation.address,
        phone=organisation.phone,
        email=organisation.email,
        dpo=organisation.dpo_contact,
        helper_name=helper.name,
        helper_function=helper.function,
        scopes=view.answers.by_scope(),
        duration=view.answers.duration,
        frozen_at=row.asked_at,
        ends_at=row.ends_at,
        timezone=work.settings.timezone,
        code=f"{code[:4]}-{code[4:]}",
        consent=row.consent,
        regime=view.answers.regime,
        signers=signers_of(work, view, resident),
        public_mission=organisation.public_mission,
        reader=who.language,
    )


def note_checkpoint(work: Work, text_id: str, size: int, root: str) -> None:
    """Keep with a frozen text the journal state that covers it, so that every print shows the same."""
    text = work.session.get_one(MandateFrozenText, text_id)
    if text.journal_size is None:
        text.journal_size, text.journal_root = size, root
        work.session.add(text)


def activate(work: Work, mandate_id: str) -> None:
    """Make the mandate usable: the resident signed, the helper has just confirmed with a fresh code.

    Nothing happens the second time. Raises, before anything is changed, Conflict for a draft or a mandate already given up,
    Refused for a text too old (it must be printed again: its date would be wrong).
    """
    require_fresh(work.actor, work.now)
    view, resident = get_with_resident(work, mandate_id, lock=True)
    row, answers = view.row, view.answers
    if view.state is State.ACTIVE:
        return
    if view.state is not State.AWAITING_CONSENT or row.asked_at is None or row.ends_at is None:
        raise Conflict
    if work.now > activate_before(Duration(answers.duration), row.asked_at, work.settings.zone, row.consent):
        raise Refused(TOO_OLD, code="text_too_old")
    lock_resident(work, resident.id)
    text = work.session.get_one(MandateFrozenText, row.text_id)
    if text.resident_version != resident.row.version:
        raise Refused(
            N_("La fiche a changé depuis. Remettez le texte à l’heure, imprimez-le et faites-le signer."),
            code="text_too_old",
        )
    _check_allowed(work, view, resident, work.session.get_one(Organisation, row.organisation_id))
    elsewhere = row.consent in replies.ELSEWHERE
    if elsewhere and not replies.all_agreed(work, view):
        raise Refused(NOT_ANSWERED, code="not_answered")
    replies.close_offers(work, row.id, "dropped")
    row.state, row.activated_at = State.ACTIVE, work.now
    if not elsewhere:
        assurance = ASSURANCE[row.consent]
        given = actions.ConsentGiven(**subject(row), proof=row.consent, text_sha256=text.sha256, assurance=assurance)
        record(work, given)
    record(
        work,
        actions.MandateActivated(
            **subject(row),
            proof=row.consent,
            duration=answers.duration,
            procedures=len(answers.procedures),
            regime=answers.regime if answers.regime != Regime.NONE else None,
            relation=answers.relation or None,
            ends_at=row.ends_at.strftime("%Y-%m-%dT%H:%M:%SZ"),
        ),
    )
    scopes = answers.by_scope()
    _supersede(work, view, set(scopes))
    for scope, procedures in scopes.items():
        work.session.add(Authorisation(mandate_id=row.id, scope=scope, procedures=" ".join(procedures)))
        record(work, actions.AuthorisationGranted(**subject(row), scope=scope, procedures=procedures))
    work.session.add(row)


def _supersede(work: Work, view: MandateView, scopes: set[str]) -> None:
    """Withdraw what the same organisation already held under these scopes; other organisations' stay untouched."""
    older = (
        select(Authorisation, Mandate)
        .join(Mandate, col(Mandate.id) == Authorisation.mandate_id)
        .where(
            Mandate.organisation_id == view.row.organisation_id,
            Mandate.resident_id == view.row.resident_id,
            Mandate.id != view.row.id,
            Mandate.state == State.ACTIVE,
            col(Mandate.ends_at) >= work.now,
            col(Authorisation.withdrawn_at).is_(None),
        )
        .with_for_update()
    )
    left: dict[str, list[Authorisation]] = {}
    mandates: dict[str, Mandate] = {}
    for item, mandate in work.session.exec(older):
        mandates[mandate.id] = mandate
        if item.scope in scopes:
            item.withdrawn_at, item.withdrawn_by = work.now, "superseded"
            work.session.add(item)
            record(work, actions.AuthorisationSuperseded(**subject(mandate), scope=item.scope, by=view.row.id))
        else:
            left.setdefault(mandate.id, []).append(item)
    for mandate_id, mandate in mandates.items():
        if mandate_id not in left:
            end(work, MandateView(mandate, State.ACTIVE, ()), "superseded")
