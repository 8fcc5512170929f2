"""Pages of a draft on who signs: protected or not, who represents the person, on paper or before witnesses."""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from aidants.db import Work
from aidants.i18n import N_, gettext
from aidants.mandates import distance, parties, services
from aidants.mandates.consent import NOT_ALLOWED
from aidants.mandates.drafts import draft, go_on, guard, home, show
from aidants.mandates.forms import AgreementForm, ProtectionForm, RegimeForm, RepresentativeForm, WitnessesForm
from aidants.mandates.lifecycle import PROTECTION, NotAllowed, Regime, Signs
from aidants.mandates.queries import MandateView
from aidants.mandates.signers import DOCUMENTS, REGIMES, Witness
from aidants.residents.services import Known
from aidants.web.endpoint import Page
from aidants.web.forms import Parsed, parse

ASK_PROTECTION: Final = N_("Répondez oui, non, ou « Je ne sais pas ».")
DOUBT: Final = N_(
    "Dans le doute, ne faites pas de mandat. Demandez si un juge a nommé quelqu’un pour aider la personne."
)
ASK_REGIME: Final = N_("Choisissez ce qui protège la personne.")
ASK_NAME: Final = N_("Écrivez le nom de la personne qui signe.")
ASK_DOCUMENT: Final = N_("Choisissez le papier que vous avez vu.")
ASK_PRESENT: Final = N_("Sans cette personne, le mandat ne peut pas être signé. Revenez ensemble.")
OWN_NAME: Final = N_("Cette personne travaille ici. Nul ne signe des deux côtés : demandez à une autre structure.")
ASK_AGREEMENT: Final = N_("Dites comment la personne donne son accord.")
ASK_ADULTS: Final = N_("Vérifiez que les deux témoins ont plus de 18 ans, puis cochez.")
AGREEMENTS: Final = distance.REASONS | {
    "representative": N_("Une autre personne signe déjà pour elle ou avec elle. Choisissez le papier."),
    "duration": N_("Devant témoins, un mandat dure 24 heures. Votre structure ne permet pas cette durée."),
    "too_many": N_("Devant témoins, six démarches au plus. Revenez en retirer."),
}
WITNESSES: Final = {
    "same": N_("Il faut deux personnes différentes."),
    "resident": N_("La personne ne peut pas être son propre témoin."),
    "helper": N_("Vous signez pour la structure : vous ne pouvez pas être témoin."),
    "not_outside": N_("Ce témoin travaille ici. Le second témoin doit venir du dehors."),
}
_GIVE_UP: Final = {"protected_person": "protected_person", "unable": "unable"}


def ask_protection(work: Work, view: Page) -> Response:
    """Ask the plain question."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "protection") or show(view, mandate, resident, "protection", Parsed())


def answer_protection(work: Work, view: Page) -> Response:
    """No goes on, yes asks how, a doubt asks again."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "protection")) is not None:
        return elsewhere
    own = {"protection": {"missing": ASK_PROTECTION, "literal_error": ASK_PROTECTION}}
    form = parse(ProtectionForm, view.form, own)
    if form.value is not None and form.value.protection == "ne_sait_pas":
        form.add("protection", DOUBT)
    if form.value is not None and form.value.protection == "non":
        try:
            parties.choose_regime(work, mandate.row.id, Regime.NONE)
        except NotAllowed as refused:
            form.add("protection", NOT_ALLOWED[refused.code])
    if form.errors:
        return show(view, mandate, resident, "protection", form)
    if form.valid().protection == "oui":
        return view.redirect(home(mandate.row.id, "regime"))
    return go_on(view, "protection")


def ask_regime(work: Work, view: Page) -> Response:
    """Ask how the person is protected."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "protection") or _regimes(view, mandate, resident, Parsed())


def _regimes(view: Page, mandate: MandateView, resident: Known, form: Parsed[Any]) -> Response:
    choices = [(regime.value, gettext(label), gettext(hint)) for regime, (label, hint) in REGIMES.items()]
    return show(view, mandate, resident, "regime", form, choices=choices)


def answer_regime(work: Work, view: Page) -> Response:
    """Store it and ask who signs; where nobody can sign here, the draft stops, journaled."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "protection")) is not None:
        return elsewhere
    form = parse(RegimeForm, view.form, {"regime": {"missing": ASK_REGIME, "enum": ASK_REGIME}})
    if form.value is not None:
        try:
            parties.choose_regime(work, mandate.row.id, form.value.regime)
        except NotAllowed as refused:
            if refused.code in _GIVE_UP:
                services.abandon(work, mandate.row.id, _GIVE_UP[refused.code])
                return view.redirect(f"/mandats/{mandate.row.id}")
            form.add("regime", NOT_ALLOWED[refused.code])
    if form.errors:
        return _regimes(view, mandate, resident, form)
    return view.redirect(home(mandate.row.id, "representant"))


def ask_representative(work: Work, view: Page) -> Response:
    """Ask who signs for the person or with them, and which paper was seen."""
    mandate, resident = draft(work, view)
    elsewhere = guard(view, mandate, "protection") or _needs_regime(view, mandate)
    return elsewhere or _representative(view, mandate, resident, Parsed())


def _needs_regime(view: Page, mandate: MandateView) -> Response | None:
    regime = mandate.answers.regime
    if regime and PROTECTION[Regime(regime)].documents:
        return None
    return view.redirect(home(mandate.row.id, "protection"))


def _representative(view: Page, mandate: MandateView, resident: Known, form: Parsed[Any]) -> Response:
    regime = Regime(mandate.answers.regime)
    rule = PROTECTION[regime]
    return show(
        view,
        mandate,
        resident,
        "representant",
        form,
        regime=gettext(REGIMES[regime][0]),
        alone=rule.signs is Signs.RESIDENT,
        instead=rule.signs is Signs.REPRESENTATIVE,
        documents=[(name, gettext(DOCUMENTS[name])) for name in rule.documents],
    )


def answer_representative(work: Work, view: Page) -> Response:
    """Seal the name and go on."""
    mandate, resident = draft(work, view)
    elsewhere = guard(view, mandate, "protection") or _needs_regime(view, mandate)
    if elsewhere is not None:
        return elsewhere
    own = {
        "piece": {"missing": ASK_DOCUMENT, "string_too_short": ASK_DOCUMENT},
        "present": {"missing": ASK_PRESENT, "literal_error": ASK_PRESENT},
    }
    form = parse(RepresentativeForm, view.form, own)
    if form.value is not None:
        try:
            parties.name_representative(work, mandate.row.id, form.value.nom, form.value.piece)
        except NotAllowed as refused:
            field, text = {"document": ("piece", ASK_DOCUMENT), "own_name": ("nom", OWN_NAME)}.get(
                refused.code, ("nom", ASK_NAME)
            )
            form.add(field, text)
    if form.errors:
        return _representative(view, mandate, resident, form)
    return go_on(view, "representant")


def ask_agreement(work: Work, view: Page) -> Response:
    """Ask how the person gives their agreement."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "accord") or _agreements(work, view, mandate, resident, Parsed())


def _agreements(work: Work, view: Page, mandate: MandateView, resident: Known, form: Parsed[Any]) -> Response:
    """Show the ways to agree; « à distance » only where a link can reach this person."""
    reachable = bool(distance.channels(work.settings, resident.identity))
    return show(view, mandate, resident, "accord", form, remote=reachable)


def answer_agreement(work: Work, view: Page) -> Response:
    """Store it; who cannot sign needs witnesses."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "accord")) is not None:
        return elsewhere
    own = {"accord": {"missing": ASK_AGREEMENT, "literal_error": ASK_AGREEMENT}}
    form = parse(AgreementForm, view.form, own)
    if form.value is not None:
        try:
            relation = "" if form.value.proche == "none" else form.value.proche
            parties.choose_consent(work, mandate.row.id, form.value.accord, relation)
        except NotAllowed as refused:
            form.add("accord", AGREEMENTS[refused.code])
    if form.errors:
        return _agreements(work, view, mandate, resident, form)
    if form.valid().accord == "witness":
        return view.redirect(home(mandate.row.id, "temoins"))
    return go_on(view, "accord")


def ask_witnesses(work: Work, view: Page) -> Response:
    """Ask who the two witnesses are."""
    mandate, resident = draft(work, view)
    elsewhere = guard(view, mandate, "accord") or _needs_witnesses(view, mandate)
    return elsewhere or show(view, mandate, resident, "temoins", Parsed())


def _needs_witnesses(view: Page, mandate: MandateView) -> Response | None:
    return None if mandate.answers.consent == "witness" else view.redirect(home(mandate.row.id, "accord"))


def answer_witnesses(work: Work, view: Page) -> Response:
    """Seal their names and go on."""
    mandate, resident = draft(work, view)
    elsewhere = guard(view, mandate, "accord") or _needs_witnesses(view, mandate)
    if elsewhere is not None:
        return elsewhere
    form = parse(WitnessesForm, view.form, {"majeurs": {"missing": ASK_ADULTS, "literal_error": ASK_ADULTS}})
    if form.value is not None:
        told = form.value
        inside, outside = Witness(told.temoin1, told.qualite1), Witness(told.temoin2, told.qualite2)
        try:
            parties.name_witnesses(work, mandate.row.id, inside, outside)
        except NotAllowed as refused:
            form.add("temoin2" if refused.code in {"same", "not_outside"} else "temoin1", WITNESSES[refused.code])
    if form.errors:
        return show(view, mandate, resident, "temoins", form)
    return go_on(view, "temoins")


QUESTIONS: Final = {
    "protection": (ask_protection, answer_protection),
    "regime": (ask_regime, answer_regime),
    "representant": (ask_representative, answer_representative),
    "accord": (ask_agreement, answer_agreement),
    "temoins": (ask_witnesses, answer_witnesses),
}
"""Each page with what shows it and what stores its answer."""
