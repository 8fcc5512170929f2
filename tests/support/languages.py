"""Catalogues that fail on a sentence they do not hold, where the application would show French."""

from __future__ import annotations

import copy
import gettext
from collections.abc import Callable

from aidants import i18n


class NotTranslated(LookupError):
    """A sentence that residents read stands in no catalogue of their language."""


class _Refuses(gettext.NullTranslations):
    def gettext(self, message: str) -> str:
        raise NotTranslated(message)

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise NotTranslated(msgid1)


def strict() -> Callable[[str], gettext.NullTranslations]:
    """Return what stands for ``i18n.catalogue``: the same translations, and NotTranslated instead of silent French."""
    real = i18n.catalogue

    def catalogue(locale: str) -> gettext.NullTranslations:
        found = copy.copy(real(locale))
        if locale != i18n.DEFAULT:
            found.add_fallback(_Refuses())
        return found

    return catalogue
