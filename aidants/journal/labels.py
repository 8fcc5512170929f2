"""Entries in plain words: one sentence for each action, and short pseudonyms for people, residents and mandates.

A pseudonym is derived from the id and is only a help for the eye: two ids may share one, the entry's page shows the whole.
Sentences name no person's gender and hold no raw id; who acted and on which mandate stand in their own columns.
"""

from __future__ import annotations

import hashlib
import json
import re
from typing import Any, Final

from aidants.i18n import N_, R_, ngettext
from aidants.i18n import gettext as _
from aidants.journal.actions import CONSOLE, PUBLIC, RESIDENT, SYSTEM
from aidants.journal.models import JournalRecord
from aidants.journal.outcomes import OUTCOMES
from aidants.procedures import PROCEDURES, SCOPES

_VARIES_AT_END: Final = re.compile(r"(?:,\s…|\s?:\s…)+$")
_ALPHABET: Final = "23456789ABCDEFGHJKLMNPQRSTUVWXYZ"
_UNNAMED: Final = {
    PUBLIC: N_("Public"),
    CONSOLE: N_("Console"),
    SYSTEM: N_("Application"),
    RESIDENT: N_("La personne"),
}


class _Dots(dict[str, str]):
    def __missing__(self, key: str) -> str:
        return "…"


LABELS: Final[dict[str, str]] = {
    "signed_in": N_("Connexion"),
    "sign_in_failed": N_("Connexion refusée"),
    "signed_out": N_("Déconnexion"),
    "reauthenticated": N_("Identité confirmée par un nouveau code"),
    "session_ended": N_("Session fermée"),
    "activated": N_("Compte de {person} activé"),
    "role_granted": N_("Rôle donné à {person} : {role}"),
    "organisation_created": N_("Structure créée"),
    "training_recorded": N_("Formation de {person} enregistrée"),
    "resident_created": N_("Fiche de {resident} créée"),
    "resident_viewed": N_("Fiche de {resident} consultée"),
    "resident_changed": N_("Fiche de {resident} modifiée"),
    "resident_hold_set": N_("Effacement de {resident} suspendu"),
    "resident_hold_lifted": N_("Effacement de {resident} possible de nouveau"),
    "death_reported": N_("Décès de {resident} signalé"),
    "death_report_withdrawn": N_("Décès de {resident} signalé par erreur"),
    "access_requested": N_("Dossier de {resident} remis à la personne"),
    "access_code_issued": N_("Feuille à garder imprimée pour {resident}, avec un nouveau code"),
    "own_page_opened": N_("Page personnelle ouverte par {resident}"),
    "own_page_closed": N_("Page personnelle fermée par {resident}"),
    "own_page_refused": N_("Page personnelle non ouverte"),
    "request_made": N_("Demande de {resident} au guichet : {sort}"),
    "request_answered": N_("Réponse donnée à {resident} : {sort}"),
    "merge_proposed": N_("Réunion proposée de {resident} avec {other}"),
    "merge_declined": N_("Fiches {resident} et {other} gardées séparées"),
    "residents_merged": N_("Fiche {other} réunie avec {resident}"),
    "residents_unmerged": N_("Fiches {resident} et {other} séparées de nouveau"),
    "merge_settled": N_("Réunion de {other} avec {resident} devenue définitive"),
    "resident_erased": N_("Fiche de {resident} effacée"),
    "resident_searched": N_("Recherche d’une personne, {results}"),
    "mandate_drafted": N_("Mandat préparé pour {resident}"),
    "consent_asked": N_("Accord demandé à {resident}, {proof}"),
    "handed_over": N_("Texte remis entre les mains de {resident}"),
    "taken_back": N_("Écran repris par l’aidant"),
    "consent_link_sent": N_("Lien envoyé à {resident} pour donner son accord"),
    "consent_given": N_("Accord donné par {resident}, {proof}"),
    "consent_refused": N_("Accord refusé par {resident}"),
    "proof_attached": N_("Papier signé joint au mandat"),
    "proof_removed": N_("Photo du papier signé retirée"),
    "proof_viewed": N_("Preuve de l’accord consultée"),
    "mandate_activated": N_("Mandat activé, {procedures}, {duration}, {proof}"),
    "authorisation_granted": N_("Autorisation accordée pour le thème {scope}, {procedures}"),
    "authorisation_superseded": N_("Autorisation du thème {scope} remplacée par le mandat {by}"),
    "authorisation_revoked": N_("Autorisation du thème {scope} retirée"),
    "mandate_revoked": N_("Mandat arrêté"),
    "mandate_frozen": N_("Mandat arrêté d’office"),
    "urgent_act": N_("Acte urgent après un décès : {what}"),
    "mandate_expired": N_("Mandat arrivé à son terme"),
    "mandate_renewed": N_("Mandat préparé d’après le mandat {renews}"),
    "mandate_refused_by_operator": N_("Mandat refusé par un organisme : {operator}"),
    "mandate_abandoned": N_("Mandat abandonné"),
    "mandate_viewed": N_("Mandat consulté"),
    "mandate_printed": N_("Mandat imprimé"),
    "mandate_verified": N_("Code de mandat vérifié"),
    "assistance_started": N_("Accompagnement de {resident} commencé"),
    "assistance_ended": N_("Accompagnement de {resident} terminé"),
    "run_started": N_("Guide ouvert : {what}"),
    "step_shown": N_("Étape affichée : « {step} » ({what})"),
    "step_done": N_("Étape faite : « {step} » ({what})"),
    "step_skipped": N_("Étape passée : « {step} » ({what})"),
    "step_undone": N_("Retour à l’étape « {step} » ({what})"),
    "step_blocked": N_("Étape bloquée : « {step} » ({what})"),
    "choice_made": N_("Choix fait à l’étape « {step} » ({what})"),
    "sensitive_act": N_("Acte sensible confirmé : « {step} » ({what})"),
    "run_finished": N_("Guide quitté : {what}"),
    "journal_searched": N_("Journal consulté"),
    "journal_verified": N_("Journal vérifié, {entries}"),
    "journal_exported": N_("Journal exporté"),
    "proof_issued": N_("Preuve d’une entrée remise"),
    "entry_opened": N_("Données scellées d’une entrée ouvertes"),
    "name_revealed": N_("Nom de {who} montré"),
    "anomaly_reviewed": N_("Signalement examiné"),
    "checkpoint_published": N_("Point de contrôle remis au-dehors, {entries}"),
    "access_refused": N_("Accès refusé"),
    "message_sent": N_("Message envoyé"),
    "message_failed": N_("Message non envoyé"),
    "message_requeued": N_("Nouvel envoi d’un message demandé"),
    "clock_anomaly": N_("Horloge du serveur revenue en arrière de {seconds}"),
}

_WORDS: Final[dict[str, dict[str, str]]] = {
    "role": {
        "helper": N_("aidant"),
        "manager": N_("référent"),
        "auditor": N_("auditeur"),
        "administrator": N_("administrateur"),
    },
    "proof": {
        "paper": N_("sur papier"),
        "on_screen": N_("signé sur écran"),
        "remote": N_("à distance"),
        "witness": N_("devant témoins"),
        "franceconnect": N_("avec FranceConnect"),
    },
    "auth": {
        "password_totp": N_("Mot de passe et code du téléphone"),
        "access_code": N_("Code de la feuille et date de naissance"),
        "one_time_code": N_("Code de la feuille et code envoyé"),
    },
    "sort": {
        "question": R_("une question"),
        "access": R_("avoir son dossier"),
        "erasure": R_("effacer ses données"),
    },
    "duration": {
        "SHORT": N_("24 heures"),
        "MONTH": N_("31 jours"),
        "SEMESTER": N_("182 jours"),
        "LONG": N_("un an"),
    },
}


def pseudonym(letter: str, identifier: str) -> str:
    """Return a short name for an id, such as ``A-7F3K``: twenty bits, not unique."""
    digest = hashlib.sha256(identifier.encode("utf-8")).digest()
    return f"{letter}-" + "".join(_ALPHABET[byte & 31] for byte in digest[:4])


def person(identifier: str) -> str:
    """Return the short name of who acts: ``A-…``, or a word for the public, the console and the application."""
    return _(_UNNAMED[identifier]) if identifier in _UNNAMED else pseudonym("A", identifier)


def resident(identifier: str) -> str:
    """Return the short name of a resident: ``U-…``."""
    return pseudonym("U", identifier)


def mandate(identifier: str) -> str:
    """Return the short name of a mandate: ``M-…``."""
    return pseudonym("M", identifier)


def title(action_type: str) -> str:
    """Return the name of an action for a list of choices: its sentence with dots for what varies, none at its end."""
    if action_type not in LABELS:
        return action_type
    return _VARIES_AT_END.sub("", _(LABELS[action_type]).format_map(_Dots()))


def word(name: str, code: object) -> str:
    """Return what the code of a field (a role, a proof, a duration) means; "" for one that has no word."""
    meaning = _WORDS.get(name, {}).get(str(code))
    return _(meaning) if meaning else ""


def detail(record: JournalRecord) -> dict[str, Any]:
    """Return the members of a record's detail; none when somebody spoiled it, which the verification names."""
    try:
        found = json.loads(record.detail or "{}")
    except (ValueError, RecursionError):
        return {}
    return found if isinstance(found, dict) else {}


def sentence(record: JournalRecord, guide_title: str = "", step_title: str = "") -> str:
    """Return an entry as one sentence in the language of the request; an action of another version says only its name.

    The titles are those of the guide and the step that the record names, for a caller who can read guides.
    """
    label = LABELS.get(record.type)
    if label is None:
        return record.type
    held = detail(record)
    text = _(label).format(**_values(record, held, guide_title, step_title))
    outcome = OUTCOMES.get(record.outcome or "")
    if outcome:
        text = _("{sentence} : {outcome}").format(sentence=text, outcome=_(outcome))
    count = _number(held.get("count"))
    if count:
        more = ngettext("{count} autre non détaillée", "{count} autres non détaillées", count)
        text = f"{text} ({more.format(count=count)})"
    return text


def _values(record: JournalRecord, held: dict[str, Any], guide_title: str, step_title: str) -> dict[str, str]:
    """Return every placeholder of the labels."""
    procedure = PROCEDURES.get(record.procedure or "")
    scope = SCOPES.get(record.scope or "")
    listed = held.get("procedures")
    procedures = len(listed) if isinstance(listed, list) else _number(listed)
    results, size, seconds = (_number(held.get(name)) for name in ("results", "size", "seconds"))
    values = {
        "person": person(str(held.get("person") or record.actor)),
        "resident": resident(record.resident) if record.resident else _("une personne"),
        "who": person(str(held["person"])) if "person" in held else resident(record.resident or ""),
        "renews": mandate(str(held.get("renews", ""))),
        "operator": str(held.get("operator", "")),
        "by": mandate(str(held.get("by", ""))),
        "other": resident(str(held.get("other", ""))),
        "scope": _("« {scope} »").format(scope=_(scope.label)) if scope else _("non précisé"),
        "what": guide_title or (_(procedure.title) if procedure else record.guide or _("démarche")),
        "step": step_title or record.step or "",
        "results": ngettext("{n} résultat", "{n} résultats", results).format(n=results),
        "entries": ngettext("{n} entrée", "{n} entrées", size).format(n=size),
        "seconds": ngettext("{n} seconde", "{n} secondes", seconds).format(n=seconds),
        "procedures": ngettext("{n} démarche", "{n} démarches", procedures).format(n=procedures),
    }
    return values | {name: word(name, held.get(name)) or _("non précisé") for name in _WORDS}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
