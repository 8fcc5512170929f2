"""Languages. Msgids are the French text; French needs no catalogue, the others are complete or the tests fail.

The whole application speaks ``LANGUAGES``. What a resident reads speaks ``RESIDENT_LANGUAGES``: those beyond have a catalogue
of their own, ``resident``, which holds the sentences of these pages and no others.
"""

from __future__ import annotations

import gettext as stdlib_gettext
import re
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Final

from aidants.settings import data_path

LANGUAGES: Final = {"fr": "Français", "en": "English"}
RESIDENT_LANGUAGES: Final = {
    **LANGUAGES,
    **{"ar": "العربية", "es": "Español", "pt": "Português"},
    **{"ro": "Română", "tr": "Türkçe", "uk": "Українська"},
}
"""What a resident may read, each under its own name."""
RIGHT_TO_LEFT: Final = frozenset({"ar"})
UNREVIEWED: Final = frozenset(RESIDENT_LANGUAGES) - frozenset(LANGUAGES)
"""Translations that no speaker has read over yet: their pages say so."""
DEFAULT: Final = "fr"

_BEFORE: Final = re.compile(r" (?=[:;?!»])")
_AFTER: Final = re.compile("« ")
_current: ContextVar[str] = ContextVar("aidants_locale", default=DEFAULT)


def N_(text: str) -> str:  # noqa: N802 - gettext's own convention for "translate later"
    """Mark a French text for extraction; it is translated where it is shown."""
    return text


def R_(text: str) -> str:  # noqa: N802 - like ``N_``
    """Mark a French text that residents read too: it goes into the catalogues of all their languages."""
    return text


@lru_cache(maxsize=4096)
def tidy(text: str) -> str:
    """Put the no-break spaces of French typography (U+00A0), so that authors type ordinary ones."""
    return _BEFORE.sub("\u00a0", _AFTER.sub("«\u00a0", text))


class _French(stdlib_gettext.NullTranslations):
    """French is the source: no catalogue, only typography; 0 and 1 are singular."""

    def gettext(self, message: str) -> str:
        return tidy(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return tidy(msgid1 if abs(n) < 2 else msgid2)


@cache
def catalogue(locale: str) -> stdlib_gettext.NullTranslations:
    """Return the compiled catalogue of a locale; French is the source and has none."""
    if locale == DEFAULT:
        return _French()
    domain = "messages" if locale in LANGUAGES else "resident"
    return stdlib_gettext.translation(domain, data_path("locales"), languages=[locale], fallback=True)


def direction(locale: str) -> str:
    """Return ``rtl`` for a language written from right to left, else ``ltr``."""
    return "rtl" if locale in RIGHT_TO_LEFT else "ltr"


def use(locale: str) -> None:
    """Choose the language of the current request (context-local)."""
    _current.set(locale if locale in RESIDENT_LANGUAGES else DEFAULT)


def current() -> str:
    """Return the locale of the current request."""
    return _current.get()


def gettext(text: str) -> str:
    """Translate a French msgid into the language of the current request."""
    return catalogue(_current.get()).gettext(text) if text else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate with a number. French counts 0 and 1 as singular."""
    return catalogue(_current.get()).ngettext(singular, plural, count)
