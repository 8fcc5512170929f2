"""One entry in plain words: columns and members of its detail are named in French, codes become what they mean."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final
from zoneinfo import ZoneInfo

from aidants.audit.anomalies import TITLES
from aidants.dates import end_moment
from aidants.guides.schema import Guide, Step
from aidants.i18n import LANGUAGES, N_, gettext
from aidants.journal import labels
from aidants.journal.actions import UNNAMED
from aidants.journal.models import JournalRecord
from aidants.journal.outcomes import OUTCOMES
from aidants.mandates.signers import PROOFS, REGIMES
from aidants.messages.wording import TEMPLATES
from aidants.procedures import SCOPES, procedure_title

FIELDS: Final = {
    "type": N_("Acte"),
    "kind": N_("Famille"),
    "actor": N_("Par"),
    "organisation": N_("Structure"),
    "auth": N_("Connexion"),
    "level": N_("Niveau de connexion"),
    "session": N_("Session"),
    "resident": N_("Personne aidée"),
    "mandate": N_("Mandat"),
    "assistance": N_("Accompagnement"),
    "run": N_("Parcours"),
    "guide": N_("Guide"),
    "version": N_("Version du guide"),
    "step": N_("Étape"),
    "step_sha256": N_("Empreinte du texte de l’étape"),
    "lang": N_("Langue"),
    "scope": N_("Thème"),
    "procedure": N_("Démarche"),
    "outcome": N_("Résultat"),
    "corrects": N_("Corrige l’entrée"),
}

DETAILS: Final = {
    "act": N_("Acte confirmé"),
    "assurance": N_("Niveau de preuve"),
    "attempts": N_("Essais"),
    "by": N_("Fait par"),
    "channel": N_("Moyen d’envoi"),
    "choice": N_("Réponse"),
    "copy": N_("Exemplaire"),
    "count": N_("Autres non détaillées"),
    "criteria": N_("Critères"),
    "duration": N_("Durée"),
    "entries": N_("Entrées dont les données scellées sont effacées"),
    "entry": N_("Entrée"),
    "ends_at": N_("Fin du mandat"),
    "faults": N_("Anomalies"),
    "fields": N_("Rubriques modifiées"),
    "flag": N_("Signalement"),
    "device": N_("Appareil"),
    "hand": N_("Qui répond"),
    "recipient": N_("Destinataire"),
    "filters": N_("Critères"),
    "message": N_("Message"),
    "operator": N_("Organisme"),
    "renews": N_("Mandat repris"),
    "request": N_("Demande"),
    "sort": N_("Demandé"),
    "mandates": N_("Mandats"),
    "minutes": N_("Minutes"),
    "other": N_("Autre fiche"),
    "page": N_("Page"),
    "person": N_("Compte"),
    "procedures": N_("Démarches"),
    "proof": N_("Preuve d’accord"),
    "regime": N_("Mesure de protection"),
    "relation": N_("Lien déclaré"),
    "reason": N_("Raison"),
    "results": N_("Résultats"),
    "role": N_("Rôle"),
    "root": N_("Racine"),
    "rule": N_("Règle"),
    "seconds": N_("Secondes"),
    "sittings": N_("Accompagnements"),
    "size": N_("Entrées"),
    "template": N_("Version du texte"),
    "text_sha256": N_("Empreinte du texte"),
    "trained_on": N_("Formation du"),
    "until": N_("Jusqu’au"),
    "view": N_("Écran"),
    "walks": N_("Parcours"),
}

FILTERS: Final = {
    "du": N_("Du"),
    "au": N_("Au"),
    "acte": N_("Acte"),
    "structure": N_("Structure"),
    "par": N_("Par"),
    "mandat": N_("Mandat"),
    "theme": N_("Thème"),
    "entree": N_("Une entrée"),
}
"""Criteria of a search."""

_WORDS: Final[dict[str, dict[str, str]]] = {
    "kind": {
        "account": N_("Compte"),
        "organisation": N_("Structure"),
        "resident": N_("Personne aidée"),
        "mandate": N_("Mandat"),
        "assistance": N_("Accompagnement"),
        "identity": N_("Identité"),
        "audit": N_("Contrôle"),
        "system": N_("Système"),
    },
    "level": {"fresh": N_("Code redonné depuis moins de 5 minutes"), "session": N_("Session ouverte")},
    "outcome": OUTCOMES,
    **PROOFS,
    "regime": {regime.value: label for regime, (label, _hint) in REGIMES.items()},
    "relation": {"relative": N_("Un proche de l’aidant"), "colleague": N_("Un collègue de l’aidant")},
    "by": {"resident": N_("La personne"), "helper": N_("L’aidant")},
    "channel": {"mail": N_("Courrier électronique"), "sms": N_("SMS")},
    "copy": {
        "original": N_("Le texte à signer"),
        "reprint": N_("Une nouvelle impression"),
        "certificate": N_("L’attestation d’arrêt"),
    },
    "criteria": {
        "today": N_("Page d’accueil de l’aidant"),
        "waiting": N_("Liste des mandats qui attendent"),
        "recent": N_("Dernières personnes reçues"),
        "search": N_("Recherche"),
        "alike": N_("Fiches ressemblantes"),
        "merge": N_("Deux fiches comparées"),
        "requests": N_("Demandes des usagers"),
    },
    "fields": {
        "birth_name": N_("Nom de naissance"),
        "usual_name": N_("Nom d’usage"),
        "given_names": N_("Prénoms"),
        "birth_date": N_("Date de naissance"),
        "birthplace": N_("Lieu de naissance"),
        "phone": N_("Téléphone"),
        "email": N_("Adresse électronique"),
        "document_seen": N_("Pièce d’identité vue"),
        "language": N_("Langue"),
        "aids": N_("Aides à la lecture"),
    },
    "filters": FILTERS,
    "reason": {
        "claim": N_("Réclamation ou plainte"),
        "court": N_("Procédure en justice"),
        "archive": N_("Demande des archives"),
        "closed": N_("Affaire terminée"),
        "mistake": N_("Suspension posée par erreur"),
        "request": N_("Demande de la personne"),
    },
    "rule": {rule.value: title for rule, title in TITLES.items()},
    "template": {name: template.title for name, template in TEMPLATES.items()},
    "view": {
        "page": N_("Page imprimable"),
        "pdf": N_("Fichier PDF"),
        "json": N_("Fichier JSON"),
        "html": N_("Fichier HTML"),
        "log": N_("Fichiers sans donnée personnelle"),
        "records": N_("Fichiers avec les enregistrements"),
        "disclosure": N_("Voir ce qui est caché"),
        "flags": N_("Signalements"),
        "sample": N_("Tirage"),
        "export": N_("Exporter"),
        "activity": N_("Actes par jour"),
        "csv": N_("Tableau CSV"),
        "xlsx": N_("Tableau XLSX"),
        "bundle": N_("Dossier à vérifier"),
        "own": N_("Mon journal"),
        "organisation": N_("Journal de la structure"),
        "audited": N_("Journal"),
    },
}
SEALED: Final = {
    "email": N_("Adresse électronique tapée"),
    "address": N_("Adresse réseau"),
    "user_agent": N_("Navigateur"),
    "shown": N_("Fiches montrées"),
    "reason": N_("Motif"),
    "reference": N_("Référence"),
    "answer": N_("Réponse"),
    **FILTERS,
}
"""Names of what is sealed with entries."""

_PSEUDONYMS: Final = {
    "actor": labels.person,
    "person": labels.person,
    "resident": labels.resident,
    "other": labels.resident,
    "mandate": labels.mandate,
}


@dataclass(frozen=True, slots=True)
class Setting:
    """What an entry's codes are read against: its guide, its organisation's name, and how this reader tells time."""

    guide: Guide | None
    organisation: str
    zone: ZoneInfo
    locale: str


def step_of(record: JournalRecord, guide: Guide | None) -> Step | None:
    """Return the step an entry names, when its guide is known and has it."""
    if guide is None or record.step is None or not guide.has_step(record.step):
        return None
    return guide.step(record.step)


def kind_word(kind: str) -> str:
    """Return the name of a kind of entries."""
    words = _WORDS["kind"]
    return gettext(words.get(kind, kind))


def facts(record: JournalRecord, setting: Setting) -> list[dict[str, str]]:
    """Return the filled columns of a record and the members of its detail, as rows of a summary list."""
    held = {name: getattr(record, name) for name in FIELDS} | labels.detail(record)
    return [
        {"key": gettext(FIELDS.get(name) or DETAILS.get(name, name)), "value": _shown(name, value, record, setting)}
        for name, value in held.items()
        if value is not None
    ]


def sealed(values: dict[str, str], salt: bytes) -> list[dict[str, str]]:
    """Return opened personal data as rows of a summary list, with the salt that opens the entry's commitment."""
    rows = [{"key": gettext(SEALED.get(name, name)), "value": _unsealed(name, value)} for name, value in values.items()]
    return [*rows, {"key": gettext("Sel de l’engagement"), "value": salt.hex()}]


def _unsealed(name: str, value: str) -> str:
    if name == "shown":
        return ", ".join(_pseudonym("resident", identifier) for identifier in value.split()) or gettext("aucune")
    return value or gettext("rien")


def _shown(name: str, value: Any, record: JournalRecord, setting: Setting) -> str:
    """Return a value in words; what has none, an id or a hash, as it is."""
    if isinstance(value, list):
        return ", ".join(_shown(name, item, record, setting) for item in value)
    code = str(value)
    return (
        _read(name, code, record, setting) or labels.word(name, code) or gettext(_WORDS.get(name, {}).get(code, code))
    )


def _read(name: str, code: str, record: JournalRecord, setting: Setting) -> str:
    """Return what is read elsewhere than in a list of words: the catalogue, the guide, a pseudonym, a time. Else ""."""
    guide, step = setting.guide, step_of(record, setting.guide)
    match name:
        case "actor" | "person" | "resident" | "mandate" | "other":
            return _pseudonym(name, code)
        case "renews":
            return _pseudonym("mandate", code)
        case "by" if record.type == "authorisation_superseded":
            return _pseudonym("mandate", code)
        case "type":
            return labels.title(code)
        case "organisation":
            return setting.organisation
        case "lang":
            return LANGUAGES.get(code, "")
        case "scope":
            return gettext(SCOPES[code].label) if code in SCOPES else ""
        case "procedure" | "procedures":
            return gettext(procedure_title(code))
        case "guide":
            return guide.title if guide else ""
        case "step" | "act":
            return step.title if step else ""
        case "choice":
            return next((choice.label for choice in step.choices if choice.id == code), "") if step else ""
        case "ends_at":
            return _time(code, setting)
    return ""


def _pseudonym(name: str, code: str) -> str:
    """Return the short name that lists use, before the id it stands for."""
    short = _PSEUDONYMS[name](code)
    return short if code in UNNAMED else f"{short} · {code}"


def _time(code: str, setting: Setting) -> str:
    try:
        return end_moment(datetime.fromisoformat(code), setting.zone, setting.locale)
    except ValueError:
        return ""
