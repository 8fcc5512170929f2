"""Which language a page speaks: what was chosen in this browser, the resident's own first where a resident reads."""

from __future__ import annotations

from typing import Final

from starlette.requests import Request

from aidants import i18n

LANGUAGE_COOKIE: Final = "aidants_langue"
RESIDENT_LANGUAGE_COOKIE: Final = "aidants_langue_usager"
"""What the resident reads on a counter's PC is not what its helper reads."""


def chosen_language(request: Request, default: str, *, resident: bool) -> str:
    """Return the language chosen in this browser, the resident's own first where a resident reads."""
    chosen = request.cookies.get(LANGUAGE_COOKIE, default)
    if resident:
        chosen = request.cookies.get(RESIDENT_LANGUAGE_COOKIE, chosen)
    known = i18n.RESIDENT_LANGUAGES if resident else i18n.LANGUAGES
    return chosen if chosen in known else i18n.DEFAULT
