"""The two sides of a mandate: what each is told to be, who signs for it, and under which words. Pure."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from aidants.mandates.lifecycle import PROTECTION, Regime, Signs
from aidants.mandates.signers import Signers
from aidants.mandates.terms import PROTECTIONS, QUALITIES, SEEN, SIGNATURES


@dataclass(frozen=True, slots=True)
class Party:
    """One side of the mandate: identity lines for the top of the page, then who signs, as what, and under which words."""

    role: str
    name: str
    lines: tuple[str, ...]
    signer: str
    signs_as: str
    statement: str


@dataclass(frozen=True, slots=True)
class MandateFacts:
    """Everything a mandate says that differs from one person to the next.

    ``scopes`` maps a scope key to its procedure ids. ``email`` and ``dpo`` may be empty. ``public_mission`` chooses RGPD
    art. 6-1-e, else 6-1-b.
    """

    reference: str
    birth_name: str
    usual_name: str
    given_names: str
    birth_date: str
    birthplace: str
    identity_document: str
    organisation: str
    organisation_type: str
    address: str
    phone: str
    email: str
    dpo: str
    helper_name: str
    helper_function: str
    scopes: Mapping[str, tuple[str, ...]]
    duration: str
    frozen_at: datetime
    ends_at: datetime
    timezone: str
    code: str
    consent: str = "paper"
    regime: str = "aucune"
    signers: Signers = field(default_factory=Signers)
    public_mission: bool = True
    language: str = "fr"
    reader: str = "fr"
    """The resident's own language: another than French adds a translation."""


def clean(value: object) -> object:
    """Drop what cannot be printed honestly: control characters, and marks that would reverse the reading order."""
    if not isinstance(value, str):
        return value
    joiners = "\u200c\u200d"
    spaced = "".join(" " if unicodedata.category(c) in {"Cc", "Zl", "Zp"} else c for c in value)
    kept = (c for c in spaced if c in joiners or unicodedata.category(c) not in {"Cf", "Cs", "Co", "Cn"})
    return unicodedata.normalize("NFC", re.sub(" {2,}", " ", "".join(kept)).strip())


def resident_side(facts: MandateFacts) -> Party:
    """Return the resident's side: signed by their own hand, by who represents them, or by nobody before witnesses."""
    name = f"{facts.given_names} {facts.usual_name or facts.birth_name}".strip()
    held, lines = facts.signers.representative, _resident_lines(facts)
    declared = f"{SIGNATURES['resident']} {PROTECTIONS[facts.regime]}"
    if facts.signers.witnesses:
        return Party("La personne", name, lines, name, "", f"{SIGNATURES['unable']} {PROTECTIONS[facts.regime]}")
    if held is None or PROTECTION[Regime(facts.regime)].signs is not Signs.REPRESENTATIVE:
        return Party("La personne", name, lines, name, "", declared)
    return Party("La personne", name, lines, clean_text(held.name), f"pour {name}, {QUALITIES[facts.regime]}", declared)


def cosigners(facts: MandateFacts) -> tuple[Party, ...]:
    """Return who signs between the two parties."""
    held = facts.signers.representative
    if held is not None and PROTECTION[Regime(facts.regime)].signs is Signs.BOTH:
        return (Party("", "", (), clean_text(held.name), QUALITIES[facts.regime], SIGNATURES["assisting"]),)
    return tuple(
        Party("", "", (), clean_text(one.name), f"témoin, {clean_text(one.quality)}", SIGNATURES["witness"])
        for one in facts.signers.witnesses
    )


def clean_text(value: str) -> str:
    """Return a text as it is printed."""
    return str(clean(value))


def _resident_lines(facts: MandateFacts) -> tuple[str, ...]:
    lines = [f"Nom de naissance : {facts.birth_name}"] if facts.usual_name not in {"", facts.birth_name} else []
    lines.append(
        f"Naissance : {facts.birth_date or 'date inconnue'}" + f", {facts.birthplace}" * bool(facts.birthplace)
    )
    lines.append(f"Pièce d’identité vue : {facts.identity_document or 'aucune'}")
    held = facts.signers.representative
    if held is not None and held.name:
        lines.append(f"Avec {clean_text(held.name)}, {QUALITIES[facts.regime]} ({SEEN[held.document]})")
    return tuple(lines)


def organisation_lines(facts: MandateFacts) -> tuple[str, ...]:
    """Return what is told of the organisation."""
    contact = f"{facts.phone}, {facts.email}" if facts.email else facts.phone
    helper = ", ".join(part for part in (f"Aidant : {facts.helper_name}", facts.helper_function) if part)
    return tuple(line for line in (facts.organisation_type, facts.address, contact, helper) if line)
