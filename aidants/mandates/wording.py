"""The exact words of a mandate, frozen when consent is asked and reprinted forever; pure, no web, no database.

The French text alone has legal value (loi 94-665), so these strings are final and never pass through gettext; what a reader
of another language is given beside them is made by ``translation`` and frozen too. The fixed words stand in ``terms``.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from datetime import UTC
from typing import Any
from zoneinfo import ZoneInfo

from pydantic import TypeAdapter

from aidants.dates import end_in_words, moment
from aidants.mandates.lifecycle import PROTECTION, Regime, Signs
from aidants.mandates.sides import MandateFacts as MandateFacts
from aidants.mandates.sides import Party as Party
from aidants.mandates.sides import clean as cleaned
from aidants.mandates.sides import cosigners, organisation_lines, resident_side
from aidants.mandates.terms import (
    CONSENTS,
    DURATIONS,
    PLAIN_WORDS,
    PROTECTIONS,
    SCOPE_NOTES,
    SECTIONS,
    SIGNATURES,
    TERMS,
    Section,
)
from aidants.mandates.terms import (
    STATEMENTS as STATEMENTS,
)
from aidants.mandates.translation import Translation, translate
from aidants.procedures import PROCEDURES, SCOPES

TEMPLATE_VERSION = "fr-2"


@dataclass(frozen=True, slots=True)
class ScopeBlock:
    """One theme with the named procedures it authorises (a theme without procedures is refused)."""

    key: str
    label: str
    procedures: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class MandateText:
    """The whole text of one mandate in final strings; equal facts give equal bytes, whatever the machine."""

    template_version: str
    language: str
    reference: str
    code: str
    frozen_at: str
    title: str
    phone: str
    resident: Party
    organisation: Party
    plain_words: Section
    scopes_heading: str
    scopes: tuple[ScopeBlock, ...]
    sections: tuple[Section, ...]
    terms_heading: str
    terms: tuple[Section, ...]
    cosigners: tuple[Party, ...] = ()
    """Who signs between the resident and the organisation: who assists them, or the witnesses."""
    translation: Translation | None = None
    """The same in the resident's language, when it is not French; without legal value."""

    def to_json(self) -> bytes:
        """Return the canonical form that is sealed and hashed: UTF-8 JSON, sorted keys, no spaces."""
        said = asdict(self)
        if not self.cosigners:
            del said["cosigners"]  # the texts of the first model had none
        if self.translation is None:
            del said["translation"]  # nor this
        return json.dumps(said, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()

    def sha256(self) -> str:
        """Return the hex SHA-256 of the canonical form."""
        return hashlib.sha256(self.to_json()).hexdigest()

    @classmethod
    def from_json(cls, data: bytes) -> MandateText:
        """Read the canonical form back; raises ``ValueError`` when ``data`` is not exactly what ``to_json`` wrote."""
        text = TypeAdapter(cls).validate_json(data)
        if text.to_json() != data:
            raise ValueError("stored mandate text is not in canonical form")
        return text

    def plain_text(self) -> str:
        """Return the French words as lines of text, in printed order, for reading aloud and search."""
        lines = [self.title, f"Référence {self.reference}, code {self.code}"]
        for party in (self.resident, self.organisation):
            lines += [party.role, party.name, *party.lines]
        lines += [*self.plain_words.lines(), self.scopes_heading]
        for block in self.scopes:
            lines += [block.label, *(f"- {line}" for line in block.procedures), block.note]
        for section in self.sections:
            lines += section.lines()
        for party in (self.resident, *self.cosigners, self.organisation):
            lines += [party.signer, party.signs_as, party.statement]
        lines.append(self.terms_heading)
        for section in self.terms:
            lines += section.lines()
        return "\n".join(line for line in lines if line)


def build(facts: MandateFacts) -> MandateText:
    """Return the final text for these facts.

    Raises ``ValueError`` for a language, duration, consent, protection answer, theme or procedure this model does
    not know, for a theme without procedures (``legal.md`` §8) and for a time without time zone.
    """
    _check(facts)
    values_as_printed: dict[str, Any] = {f.name: cleaned(getattr(facts, f.name)) for f in fields(facts)}
    clean = replace(facts, **values_as_printed)
    values = _values(clean)
    count = sum(map(len, clean.scopes.values()))
    return MandateText(
        template_version=TEMPLATE_VERSION,
        language=clean.language,
        reference=clean.reference,
        code=clean.code,
        frozen_at=clean.frozen_at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ"),
        title="Mandat pour des démarches en ligne",
        phone=clean.phone,
        resident=resident_side(clean),
        organisation=Party(
            "La structure",
            clean.organisation,
            organisation_lines(clean),
            clean.helper_name,
            ", ".join(part for part in ("pour la structure", clean.helper_function) if part),
            SIGNATURES["organisation"],
        ),
        plain_words=PLAIN_WORDS,
        scopes_heading="Démarches autorisées : " + ("une seule" if count == 1 else f"{count}, pas une de plus"),
        scopes=_scopes(clean.scopes),
        sections=tuple(_fill(section, values) for section in SECTIONS),
        terms_heading="Conditions du mandat",
        terms=tuple(_fill(section, values) for section in TERMS),
        cosigners=cosigners(clean),
        translation=translate(clean),
    )


def _check(facts: MandateFacts) -> None:
    known = {
        "language": (facts.language, {"fr"}),
        "duration": (facts.duration, DURATIONS),
        "consent": (facts.consent, CONSENTS),
        "regime": (facts.regime, PROTECTIONS),
    }
    for field, (value, allowed) in known.items():
        if value not in allowed:
            raise ValueError(f"mandate text has no words for {field} {value!r}")
    represented = PROTECTION[Regime(facts.regime)].signs is not Signs.RESIDENT
    named = facts.signers.representative is not None and facts.signers.representative.name != ""
    if represented != named or (facts.consent == "witness") != bool(facts.signers.witnesses):
        raise ValueError("a mandate names exactly those who sign it")
    if not facts.scopes:
        raise ValueError("a mandate names at least one theme")
    for scope, procedures in facts.scopes.items():
        if scope not in SCOPES or not procedures:
            raise ValueError(f"theme {scope!r} is unknown or names no procedure")
        for identifier in procedures:
            procedure = PROCEDURES.get(identifier)
            if procedure is None or scope not in procedure.scopes or not procedure.mandatable:
                raise ValueError(f"procedure {identifier!r} cannot be mandated under theme {scope!r}")
    if facts.frozen_at.tzinfo is None or facts.ends_at.tzinfo is None:
        raise ValueError("mandate times carry a time zone")


def _values(facts: MandateFacts) -> dict[str, str]:
    zone = ZoneInfo(facts.timezone)
    consent, level = CONSENTS[facts.consent]
    mission = "mission d’intérêt public (RGPD, art. 6-1-e)"
    return {
        "duration": DURATIONS[facts.duration],
        "end": end_in_words(facts.ends_at, zone, "fr"),
        "frozen": moment(facts.frozen_at, zone, "fr"),
        "consent": consent,
        "level": level,
        "ways": _ways(facts),
        "contacts": _contacts(facts),
        "organisation": f"{facts.organisation}, {facts.address}",
        "basis": mission if facts.public_mission else "ce mandat (RGPD, art. 6-1-b)",
        "dpo": facts.dpo or f"la structure, {facts.phone}",
        "code": facts.code,
        "reference": facts.reference,
        "version": TEMPLATE_VERSION,
    }


def _scopes(chosen: Mapping[str, tuple[str, ...]]) -> tuple[ScopeBlock, ...]:
    """Themes in the order of the catalogue, so that equal grants give equal bytes."""
    return tuple(
        ScopeBlock(key, SCOPES[key].label, tuple(_procedure_line(p) for p in chosen[key]), SCOPE_NOTES.get(key, ""))
        for key in SCOPES
        if key in chosen
    )


def _procedure_line(identifier: str) -> str:
    line = PROCEDURES[identifier].mandate_line
    return line[0].upper() + line[1:]


def _contacts(facts: MandateFacts) -> str:
    """The ways to stop that exist here, with what to dial or type: no dead address on paper."""
    ways = ["au guichet", f"au {facts.phone}", "par lettre"]
    ways += [f"à {facts.email}"] * bool(facts.email)
    return _either(ways)


def _ways(facts: MandateFacts) -> str:
    ways = ["de vive voix au guichet", "par téléphone", "par lettre"]
    ways += ["par courriel"] * bool(facts.email)
    return _either(ways)


def _either(ways: list[str]) -> str:
    return ", ".join(ways[:-1]) + " ou " + ways[-1]


def _fill(section: Section, values: Mapping[str, str]) -> Section:
    return replace(
        section,
        heading=section.heading.format_map(values),
        lead=section.lead.format_map(values),
        paragraphs=tuple(paragraph.format_map(values) for paragraph in section.paragraphs),
    )
