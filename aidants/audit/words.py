"""The columns of a record and the members of its detail, named in French for the page of one entry."""

from __future__ import annotations

import json
from typing import Any, Final

from aidants.i18n import N_, gettext
from aidants.journal import labels
from aidants.journal.actions import CONSOLE, PUBLIC, SYSTEM
from aidants.journal.models import JournalRecord

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
    "by": N_("Fait par"),
    "charter": N_("Charte"),
    "choice": N_("Réponse"),
    "copy": N_("Exemplaire"),
    "count": N_("Autres non détaillées"),
    "criteria": N_("Critères"),
    "duration": N_("Durée"),
    "ends_at": N_("Fin du mandat"),
    "faults": N_("Anomalies"),
    "fields": N_("Rubriques modifiées"),
    "filters": N_("Critères"),
    "minutes": N_("Minutes"),
    "page": N_("Page"),
    "person": N_("Compte"),
    "procedures": N_("Démarches"),
    "proof": N_("Preuve d’accord"),
    "renews": N_("Mandat renouvelé"),
    "results": N_("Résultats"),
    "role": N_("Rôle"),
    "root": N_("Racine"),
    "seconds": N_("Secondes"),
    "signed_on": N_("Signé le"),
    "size": N_("Entrées"),
    "template": N_("Version du texte"),
    "text_sha256": N_("Empreinte du texte"),
    "trained_on": N_("Formation du"),
    "view": N_("Écran"),
}

_PSEUDONYMS: Final = {
    "actor": labels.person,
    "person": labels.person,
    "resident": labels.resident,
    "mandate": labels.mandate,
    "renews": labels.mandate,
}


def facts(record: JournalRecord) -> list[dict[str, str]]:
    """Return the filled columns of a record and the members of its detail, as rows of a summary list."""
    rows = [(gettext(label), _shown(name, getattr(record, name))) for name, label in FIELDS.items()]
    if record.detail:
        for name, value in json.loads(record.detail).items():
            text = ", ".join(value) if isinstance(value, list) else value
            rows.append((gettext(DETAILS.get(name, name)), _shown(name, text)))
    return [{"key": key, "value": str(value)} for key, value in rows if value is not None]


def _shown(name: str, value: Any) -> Any:
    """Put the pseudonym that lists use before the id it stands for."""
    if value is None or name not in _PSEUDONYMS:
        return value
    short = _PSEUDONYMS[name](value)
    return short if value in (PUBLIC, CONSOLE, SYSTEM) else f"{short} · {value}"
