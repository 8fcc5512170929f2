"""Languages. Msgids are the French text; French needs no catalogue, the others are complete or the tests fail."""

from __future__ import annotations

import gettext as stdlib_gettext
import re
from contextvars import ContextVar
from functools import cache, lru_cache
from typing import Final

from aidants.settings import data_path

LANGUAGES = {"fr": "Français", "en": "English"}
DEFAULT = "fr"

_BEFORE: Final = re.compile(r" (?=[:;?!»])")
_AFTER: Final = re.compile("« ")
_current: ContextVar[str] = ContextVar("aidants_locale", default=DEFAULT)


def N_(text: str) -> str:  # noqa: N802 - gettext's own convention for "translate later"
    """Mark a French text for extraction; it is translated where it is shown."""
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
    return stdlib_gettext.translation("messages", data_path("locales"), languages=[locale], fallback=True)


def use(locale: str) -> None:
    """Choose the language of the current request (context-local)."""
    _current.set(locale if locale in LANGUAGES else DEFAULT)


def current() -> str:
    """Return the locale of the current request."""
    return _current.get()


def gettext(text: str) -> str:
    """Translate a French msgid into the language of the current request."""
    return catalogue(_current.get()).gettext(text) if text else ""


def ngettext(singular: str, plural: str, count: int) -> str:
    """Translate with a number. French counts 0 and 1 as singular."""
    return catalogue(_current.get()).ngettext(singular, plural, count)
