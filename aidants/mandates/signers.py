"""Who signs beside the resident: the legal representative, or two witnesses. Pure; sealed with the mandate."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, Final

from aidants.i18n import N_, R_
from aidants.mandates.lifecycle import Regime

REGIMES: Final = {
    Regime.CURATORSHIP: (N_("Curatelle"), N_("Un curateur l’aide pour les actes importants.")),
    Regime.ENHANCED_CURATORSHIP: (
        N_("Curatelle renforcée"),
        N_("Le curateur reçoit aussi ses revenus et paie ses factures."),
    ),
    Regime.GUARDIANSHIP: (N_("Tutelle"), N_("Un tuteur agit à sa place.")),
    Regime.SAFEGUARD: (N_("Sauvegarde de justice"), N_("Une protection courte, décidée par un juge ou un médecin.")),
    Regime.FAMILY_REPRESENTATION: (N_("Habilitation familiale, pour agir à sa place"), N_("Un proche la représente.")),
    Regime.FAMILY_ASSISTANCE: (N_("Habilitation familiale, pour l’assister"), N_("Un proche signe avec elle.")),
    Regime.FUTURE_PROTECTION: (
        N_("Mandat de protection future, déjà en route"),
        N_("La personne l’avait préparé elle-même."),
    ),
    Regime.MINOR: (N_("Moins de 18 ans"), N_("Un parent signe.")),
    Regime.EMANCIPATED: (N_("Moins de 18 ans, émancipé"), N_("La personne signe seule.")),
    Regime.UNABLE: (N_("Elle ne comprend pas ce qu’elle signerait"), N_("Aucun mandat n’est possible aujourd’hui.")),
}
"""Regimes as people name them, with what each means; those without protection are not asked here."""

CONSENT_LABELS: Final = {
    "paper": (R_("Sur papier, signé en deux exemplaires"), R_("Écrit signé à la main")),
    "on_screen": (
        R_("Sur écran : nom tapé, signature dessinée si elle le veut"),
        R_("Niveau simple, à compléter par un papier signé"),
    ),
    "remote": (
        R_("À distance : lien et code reçus par elle, nom tapé"),
        R_("Niveau simple, à compléter par un papier signé"),
    ),
    "witness": (R_("De vive voix, devant deux témoins"), R_("Témoignage écrit de deux adultes")),
}
"""How the resident agrees, and how strong that proof is."""

PROOFS: Final = {
    "assurance": {
        "handwritten": N_("Signature sur papier, devant l’aidant"),
        "witnessed": N_("De vive voix, devant deux témoins"),
        "simple": N_("Niveau simple, à compléter par un papier signé"),
    },
    "hand": {"resident": N_("La personne"), "representative": N_("Qui signe pour elle ou avec elle")},
    "device": {"screen": N_("Écran de l’aidant"), "tablet": N_("Tablette du guichet")},
    "recipient": {"helper": N_("Quelqu’un qui travaille ici"), "shared": N_("Déjà plus de deux personnes")},
}
"""Codes of the journal about a proof, by field."""

DOCUMENTS: Final = {
    "judgment": N_("Le jugement"),
    "order": N_("La décision du juge ou la déclaration du médecin"),
    "stamped_mandate": N_("Le mandat de protection, avec le tampon du tribunal"),
    "family_book": N_("Le livret de famille"),
    "emancipation": N_("La décision d’émancipation"),
}
"""Papers that are seen, never copied, never numbered."""


@dataclass(frozen=True, slots=True)
class Representative:
    """The legal representative: name, and which paper was seen. ``name`` is "" when the resident signs alone."""

    name: str
    document: str


@dataclass(frozen=True, slots=True)
class Witness:
    """An adult who saw the resident agree; ``quality``: who they are to the resident or to the counter."""

    name: str
    quality: str


@dataclass(frozen=True, slots=True)
class Signers:
    """Everybody who signs beside the resident."""

    representative: Representative | None = None
    witnesses: tuple[Witness, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """Return the sealed form."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Signers:
        """Read the sealed form."""
        held = values.get("representative")
        return cls(
            Representative(**held) if held else None,
            tuple(Witness(**one) for one in values.get("witnesses", ())),
        )
