"""The text that hands a signed checkpoint to somebody outside, to be kept."""

from __future__ import annotations

from typing import Final

from babel.numbers import format_decimal

from aidants import i18n
from aidants.i18n import N_
from aidants.i18n import gettext as _
from aidants.settings import Settings

BODY: Final = N_(
    "Bonjour,\n\n"
    "Voici le dernier point de contrôle signé du journal de {address} : {size} entrées.\n"
    "Gardez ce message : il montrera toute réécriture de ce qu’il couvre, même par qui tient la base et la clé.\n\n"
    "Pour contrôler plus tard, mettez les lignes entre les traits dans un fichier, puis :\n\n"
    "    aidants journal verify --bundle journal.zip --vkey CLE --checkpoint FICHIER\n\n"
)
KEY: Final = N_("Clé publique (comparez-la avec celle que vous avez déjà) : {vkey}")
_RULE: Final = "-" * 32


def message(note: str, size: int, vkey: str, settings: Settings) -> str:
    """Return the text, in the language of the installation; the note stands in it byte for byte.

    Without ``vkey``, which a server may not be allowed to read, only the note is given.
    """
    i18n.use(settings.locale)
    body = _(BODY).format(address=settings.base_url, size=format_decimal(size, locale=i18n.current()))
    key = f"\n{_(KEY).format(vkey=vkey)}\n" if vkey else ""
    return f"{body}{_RULE}\n{note}{_RULE}\n{key}"
