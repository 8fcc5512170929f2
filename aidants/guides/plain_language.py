"""Plain-language rules for what the resident reads: pure functions from a guide to problems.

The figures are this project's own: a sentence of at most 12 words (15 at the most), a step of at most 60 words and 5
sentences, one link. No program can certify easy-to-read French: people with disabilities must review the texts.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Final

from aidants.guides.markup import plain_blocks
from aidants.guides.schema import Guide, Step
from aidants.guides.source import Location, Problem

MAX_WORDS: Final = 15
GOOD_WORDS: Final = 12
MAX_STEP_WORDS: Final = 60
MAX_STEP_SENTENCES: Final = 5
MAX_TITLE_WORDS: Final = 8

REPLACEMENTS: Final[dict[str, str]] = {
    "veuillez": "l’impératif seul",
    "procéder à": "faire",
    "procédez à": "faites",
    "effectuer": "faire",
    "effectuez": "faites",
    "susmentionné": "ce, cet, cette",
    "susmentionnée": "ce, cet, cette",
    "ci-après": "plus bas",
    "ci-joint": "avec cette lettre",
    "nonobstant": "malgré",
    "dématérialisé": "en ligne",
    "dématérialisée": "en ligne",
    "préalablement": "avant",
    "préalable": "d’abord",
    "ultérieurement": "plus tard",
    "afin de": "pour",
    "en vue de": "pour",
    "en cas de": "si",
    "dans le cadre de": "pour",
    "au préalable": "avant",
    "à compter du": "depuis le",
    "conformément à": "selon",
    "le cas échéant": "si c’est votre cas",
    "par le biais de": "par",
    "via": "par",
    "notamment": "par exemple",
    "renseigner": "remplir",
    "renseignez": "remplissez",
    "saisir": "écrire",
    "saisissez": "écrivez",
    "télédéclarer": "déclarer en ligne",
    "téléservice": "service en ligne",
    "soumettre": "envoyer",
    "sélectionner": "choisir",
    "sélectionnez": "choisissez",
    "visualiser": "voir",
    "transmettre": "envoyer",
    "transmettez": "envoyez",
    "solliciter": "demander",
    "sollicitez": "demandez",
    "bénéficier de": "avoir",
    "s’acquitter de": "payer",
    "justifier de": "prouver",
    "attester": "prouver",
    "munissez-vous de": "prenez",
    "se munir de": "prendre",
    "être en mesure de": "pouvoir",
    "à l’issue de": "après",
    "lors de": "pendant",
    "login": "identifiant",
    "password": "mot de passe",
    "e-mailer": "écrire par e-mail",
    "checker": "vérifier",
    "uploader": "ajouter",
    "upload": "ajout",
    "valider votre saisie": "continuer",
}
ONE_WORD_FOR_ONE_THING: Final[tuple[tuple[str, ...], ...]] = (
    ("e-mail", "e-mails", "email", "courriel", "courriels", "mail", "mails", "mél"),
    ("identifiant", "identifiants", "nom d’utilisateur", "pseudo"),
    ("site", "sites", "plateforme", "plateformes", "portail", "portails"),
)
_SENTENCE_END: Final = re.compile(r"(?<=[.!?…])[»”\u00a0]*\s+(?=\S)")
_ACRONYM: Final = re.compile(r"(?<![\w-])(?<!\d[ \u00a0])[A-ZÉÈÀÇ]{2,}(?![\w-])")
_SOFT_RULES: Final[tuple[tuple[str, re.Pattern[str]], ...]] = (
    ("parenthèses : faites-en une phrase, ou enlevez-les", re.compile(r"[()\[\]]")),
    ("point-virgule : faites deux phrases", re.compile(r";")),
    ("« puis » ou « ensuite » : une seule action à la fois", re.compile(r"\b(?:puis|ensuite)\b", re.I)),
    ("mots en capitales : gardez les minuscules", re.compile(r"\b[A-ZÉÈÀ]{2,}[ \u00a0]+[A-ZÉÈÀ]{2,}\b")),
    ("« ne … que » : dites « seulement »", re.compile(r"\b(?:ne\s+\w+|n’\w+)\s+(?:\w+\s+)?qu(?:e\b|’)", re.I)),
    ("voix passive : dites qui fait quoi", re.compile(r"\b(?:est|sont|sera|seront|été)\s+\w+(?:é|i|u)e?s?\s+par\b")),
    ("double négation : dites ce qu’il faut faire", re.compile(r"\b(?:ne|n’).+\b(?:ne\b|n’)", re.I)),
    (
        "deux actions dans une phrase : une seule à la fois",
        re.compile(r"^(?!vous\b)\w+ez\b.*\b(?:et|,)\s+(?!(?:vous|chez|assez)\b)\w+ez\b", re.I),
    ),
)
_HEAVY_NOUNS: Final = re.compile(r"\b\w{3,}(?:tions?|ments?)\b", re.I)


def sentences(text: str) -> list[str]:
    """Return the sentences of a restricted-Markdown text; each list item counts as one at least."""
    found = [part.strip() for block in plain_blocks(text) for part in _SENTENCE_END.split(block)]
    return [sentence for sentence in found if sentence]


def count_words(text: str) -> int:
    """Return how many words stand between spaces (``l’adresse`` and ``caf.fr`` count as one); bare signs do not count."""
    return sum(any(sign.isalnum() for sign in word) for word in text.split())


def resident_texts(guide: Guide) -> Iterator[tuple[Location, str, str]]:
    """Yield ``(location, step id, text)`` of everything a resident reads; helpers' notes are left out."""
    for name in ("title", "summary", "audience", "cost", "delay"):
        yield (name,), "", getattr(guide, name)
    for rank, condition in enumerate(guide.conditions):
        yield ("conditions", rank), "", condition
    for rank, document in enumerate(guide.documents):
        yield ("documents", rank, "label"), "", document.label
        yield ("documents", rank, "why"), "", document.why
    for word, meaning in guide.glossary.items():
        yield ("glossary", word), "", meaning
    for rank, step in enumerate(guide.steps):
        for inside, text in step_texts(step):
            yield ("steps", rank, *inside), step.id, text


def step_texts(step: Step) -> Iterator[tuple[Location, str]]:
    """Yield ``(location inside the step, text)`` of what the resident reads in one step."""
    for name in ("title", "text", "expect", "warning"):
        yield (name,), getattr(step, name)
    if step.link:
        yield ("link", "label"), step.link.label
    if step.sensitive:
        yield ("sensitive", "why"), step.sensitive.why
    for rank, choice in enumerate(step.choices):
        yield ("choices", rank, "label"), choice.label


def plain_language_problems(guide: Guide) -> Iterator[Problem]:
    """Yield every breach of the rules, errors and warnings."""
    known = {word for key in guide.glossary for word in (key, f"{key}s")}
    for location, step_id, text in resident_texts(guide):
        for message, severity in _text_findings(text, known):
            yield Problem(location, message, step_id, severity)
    yield from _titles(guide)
    yield from _lengths(guide)
    yield from _two_words(guide)


def _text_findings(text: str, known: set[str]) -> Iterator[tuple[str, str]]:
    for sentence in sentences(text):
        words = count_words(sentence)
        opening = " ".join(sentence.split()[:4])
        if words > GOOD_WORDS:
            limit, severity = (MAX_WORDS, "E") if words > MAX_WORDS else (GOOD_WORDS, "W")
            yield f"phrase de {words} mots ({limit} au plus) : « {opening}… »", severity
        if len(_HEAVY_NOUNS.findall(sentence)) > 2:
            yield f"trop de mots en -tion ou -ment : « {opening}… »", "W"
        for message, pattern in _SOFT_RULES:
            if pattern.search(sentence):
                yield message, "W"
    flat = "\n".join(plain_blocks(text))
    yield from ((message, "E") for message in _banned_words(flat))
    for acronym in sorted(set(_ACRONYM.findall(flat)) - known):
        yield f'sigle "{acronym}" absent du glossaire ; expliquez-le dans « glossary »', "E"


def _banned_words(flat: str) -> Iterator[str]:
    lowered = flat.lower()
    if re.search(r"\bcliquez\s+ici\b", lowered):
        yield "« cliquez ici » ne dit pas où l’on va ; nommez la page"
    for word, better in REPLACEMENTS.items():
        if re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", lowered):
            yield f"« {word} » : dites plutôt « {better} »"


def _titles(guide: Guide) -> Iterator[Problem]:
    for rank, step in enumerate(guide.steps):
        words = count_words(step.title)
        if words > MAX_TITLE_WORDS:
            message = f"titre de {words} mots ({MAX_TITLE_WORDS} au plus)"
            yield Problem(("steps", rank, "title"), message, step.id)


def _lengths(guide: Guide) -> Iterator[Problem]:
    """What is read at once in a step: its text, what should be seen next, and its warning."""
    for rank, step in enumerate(guide.steps):
        read = [sentence for text in (step.text, step.expect, step.warning) for sentence in sentences(text)]
        words = sum(map(count_words, read))
        where: Location = ("steps", rank, "text")
        if words > MAX_STEP_WORDS:
            yield Problem(where, f"étape de {words} mots ({MAX_STEP_WORDS} au plus) : faites-en deux", step.id)
        if len(read) > MAX_STEP_SENTENCES:
            message = f"étape de {len(read)} phrases ({MAX_STEP_SENTENCES} au plus) : faites-en deux"
            yield Problem(where, message, step.id)


def _two_words(guide: Guide) -> Iterator[Problem]:
    first: dict[int, str] = {}
    for location, step_id, text in resident_texts(guide):
        lowered = "\n".join(plain_blocks(text)).lower()
        for rank, group in enumerate(ONE_WORD_FOR_ONE_THING):
            for word in group:
                if not re.search(rf"(?<![\w-]){re.escape(word)}(?![\w-])", lowered):
                    continue
                chosen = first.setdefault(rank, word)
                if chosen.rstrip("s") != word.rstrip("s"):
                    yield Problem(location, f"« {word} » et « {chosen} » : un seul mot pour une seule chose", step_id)
