"""What a mandate says, in the resident's own language, for a sheet that stands beside the French text.

The French text alone has legal value (loi 94-665, art. 1 and 2). The translation is made when the text is frozen and kept with
it: a reprint shows what the resident was given to read, whatever a later catalogue says.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Final
from zoneinfo import ZoneInfo

from aidants import i18n
from aidants.dates import end_moment
from aidants.i18n import R_
from aidants.mandates.sides import MandateFacts
from aidants.mandates.terms import (
    DURATIONS,
    PLAIN_WORDS,
    PROTECTIONS,
    SCOPE_NOTES,
    SECTIONS,
    SIGNATURES,
    STATEMENTS,
    Section,
)
from aidants.procedures import PROCEDURES, SCOPES

TITLE: Final = R_("Traduction pour vous, sans valeur légale")
BESIDE: Final = R_("Cette feuille traduit le mandat {reference}. Seul le texte français a valeur légale.")
UNREVIEWED: Final = R_("Aucune personne qui parle cette langue n’a encore relu cette traduction.")
PERSON: Final = R_("La personne")
ORGANISATION: Final = R_("La structure")
HELPER: Final = R_("Aidant : {name}")
GRANTED: Final = R_("Les démarches que vous autorisez")
DETAIL: Final = R_("Le nom français est celui que vous verrez sur les sites. Le détail est en français, page 1.")
DURATION: Final = R_("Durée et fin")
LASTS: Final = R_("Durée : {duration}")
ENDS: Final = R_("Fin : {end}")
EARLIER: Final = R_("Il finit plus tôt si tout est fait, si vous l’arrêtez, ou si la structure renonce.")
STOP: Final = R_("Arrêter ce mandat")
STOP_WAYS: Final = R_("À tout moment, sans raison à donner : au guichet, par lettre, ou au {phone}.")
STOP_WAYS_MAIL: Final = R_("À tout moment, sans raison à donner : au guichet, par lettre, au {phone} ou à {email}.")
AT_ONCE: Final = R_("L’arrêt est immédiat.")
RIGHTS: Final = R_("Vos droits")
RIGHTS_WORDS: Final = R_(
    "Vous pouvez voir vos informations, les corriger, ou demander qu’on les efface. Demandez à {contact} : réponse en un mois. "
    "Vous pouvez aussi vous plaindre à la CNIL, cnil.fr."
)
DECLARED: Final = R_("Ce qui est déclaré en signant")
SAID: Final = R_("Ce que l’aidant vous dit avant de signer")


_LEFT_TO_RIGHT, _AS_IT_IS, _END = "\u2066", "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class TranslatedScope:
    """One theme, by its key; ``procedures`` are pairs: the words of the reader, and the French name to look for on a site."""

    key: str
    label: str
    procedures: tuple[tuple[str, str], ...]
    note: str = ""


@dataclass(frozen=True, slots=True)
class Translation:
    """The sheet in final strings. ``version``: language, and the day the catalogue it was made from was revised."""

    language: str
    version: str
    title: str
    lead: str
    unreviewed: str
    granted: str
    detail: str
    parties: tuple[Section, ...]
    plain_words: Section
    scopes: tuple[TranslatedScope, ...]
    sections: tuple[Section, ...]
    said_heading: str
    said: tuple[Section, ...]

    def lines(self) -> list[str]:
        """Return the words in printed order."""
        lines = [self.title, self.lead, self.unreviewed]
        for part in (*self.parties, self.plain_words):
            lines += part.lines()
        lines += [self.granted, self.detail]
        for block in self.scopes:
            lines += [block.label, *(text for pair in block.procedures for text in pair), block.note]
        for part in self.sections:
            lines += part.lines()
        lines.append(self.said_heading)
        for part in self.said:
            lines += part.lines()
        return [line for line in lines if line]


def translate(facts: MandateFacts) -> Translation | None:
    """Return the sheet in the resident's language; None for a reader of French, and for a language that is none of ours."""
    language = facts.reader
    if language == i18n.DEFAULT or language not in i18n.RESIDENT_LANGUAGES:
        return None
    said = i18n.catalogue(language).gettext
    facts = _isolated(facts, language)
    return Translation(
        language=language,
        version=_version(language),
        title=said(TITLE),
        lead=said(BESIDE).format(reference=facts.reference),
        unreviewed=said(UNREVIEWED) if language in i18n.UNREVIEWED else "",
        granted=said(GRANTED),
        detail=said(DETAIL),
        parties=_parties(facts, language),
        plain_words=_section("plain", PLAIN_WORDS.heading, language, PLAIN_WORDS.paragraphs),
        scopes=_scopes(facts, language),
        sections=_sections(facts, language),
        said_heading=said(SAID),
        said=tuple(
            Section(group, said(group), items=tuple(said(one.text) for one in STATEMENTS if one.group == group))
            for group in dict.fromkeys(one.group for one in STATEMENTS)
        ),
    )


def _isolated(facts: MandateFacts, language: str) -> MandateFacts:
    """Keep names and numbers in their own direction inside a sentence from right to left (Unicode TR 9, isolates)."""
    if language not in i18n.RIGHT_TO_LEFT:
        return facts

    def kept(mark: str, value: str) -> str:
        return f"{mark}{value}{_END}" if value else ""

    return replace(
        facts,
        reference=kept(_LEFT_TO_RIGHT, facts.reference),
        address=kept(_LEFT_TO_RIGHT, facts.address),
        phone=kept(_LEFT_TO_RIGHT, facts.phone),
        email=kept(_LEFT_TO_RIGHT, facts.email),
        dpo=kept(_LEFT_TO_RIGHT, facts.dpo),
        organisation=kept(_AS_IT_IS, facts.organisation),
        helper_name=kept(_AS_IT_IS, facts.helper_name),
    )


def _parties(facts: MandateFacts, language: str) -> tuple[Section, ...]:
    said = i18n.catalogue(language).gettext
    name = f"{facts.given_names} {facts.usual_name or facts.birth_name}".strip()
    contact = (facts.phone, facts.email) if facts.email else (facts.phone,)
    return (
        Section("resident", said(PERSON), lead=name),
        Section(
            "organisation",
            said(ORGANISATION),
            lead=facts.organisation,
            paragraphs=(facts.address, ", ".join(contact), said(HELPER).format(name=facts.helper_name)),
        ),
    )


def _scopes(facts: MandateFacts, language: str) -> tuple[TranslatedScope, ...]:
    said = i18n.catalogue(language).gettext
    return tuple(
        TranslatedScope(
            key,
            said(SCOPES[key].label),
            tuple((said(PROCEDURES[name].title), PROCEDURES[name].title) for name in facts.scopes[key]),
            said(SCOPE_NOTES[key]) if key in SCOPE_NOTES else "",
        )
        for key in SCOPES
        if key in facts.scopes
    )


def _sections(facts: MandateFacts, language: str) -> tuple[Section, ...]:
    said = i18n.catalogue(language).gettext
    helper = next(part for part in SECTIONS if part.id == "helper")
    end = end_moment(facts.ends_at, ZoneInfo(facts.timezone), language)
    lasts = said(LASTS).format(duration=said(DURATIONS[facts.duration]))
    ways = said(STOP_WAYS_MAIL if facts.email else STOP_WAYS).format(phone=facts.phone, email=facts.email)
    rights = said(RIGHTS_WORDS).format(contact=facts.dpo or facts.phone)
    declared = (SIGNATURES["unable" if facts.signers.witnesses else "resident"], PROTECTIONS[facts.regime])
    return (
        Section("duration", said(DURATION), lead=said(ENDS).format(end=end), paragraphs=(lasts, said(EARLIER))),
        Section("stop", said(STOP), paragraphs=(ways, said(AT_ONCE))),
        _section("helper", helper.heading, language, items=helper.items),
        Section("rights", said(RIGHTS), paragraphs=(rights,)),
        _section("declared", DECLARED, language, declared),
    )


def _section(
    id_: str, heading: str, language: str, paragraphs: tuple[str, ...] = (), items: tuple[str, ...] = ()
) -> Section:
    said = i18n.catalogue(language).gettext
    return Section(id_, said(heading), paragraphs=tuple(map(said, paragraphs)), items=tuple(map(said, items)))


def _version(language: str) -> str:
    """Name a translation after the day its catalogue was last revised, as editors of catalogues keep it."""
    return f"{language} {i18n.catalogue(language).info().get('po-revision-date', '')[:10]}"
