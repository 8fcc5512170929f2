"""Languages. Msgids are the French text; French needs no catalogue, the others are complete or the tests fail."""

from __future__ import annotations

import gettext as stdlib_gettext
from contextvars import ContextVar
from functools import cache

from aidants.settings import data_path

LANGUAGES = {"fr": "Français", "en": "English"}
DEFAULT = "fr"

_current: ContextVar[str] = ContextVar("aidants_locale", default=DEFAULT)


def N_(text: str) -> str:  # noqa: N802 - gettext's own convention for "translate later"
    """Mark a French text for extraction; it is translated where it is shown."""
    return text


@cache
def catalogue(locale: str) -> stdlib_gettext.NullTranslations:
    """Return the compiled catalogue of a locale; French is the source and has none."""
    if locale == DEFAULT:
        return stdlib_gettext.NullTranslations()
    return stdlib_gettext.translation("messages", data_path("locales"), languages=[locale])


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
    locale = _current.get()
    if locale == DEFAULT:
        return singular if abs(count) < 2 else plural
    return catalogue(locale).ngettext(singular, plural, count)
