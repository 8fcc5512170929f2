"""The mandate as an A4 PDF, tagged, declaring PDF/UA-1 and PDF/A-2a, rendered only from its stored text.

A reprint twenty years on shows the same words: nothing is read from the database here, and the template receives
values, never source, so no name or address can act as markup. Equal input gives equal bytes.
"""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from typing import TYPE_CHECKING, Any

import segno

from aidants.mandates.wording import MandateText
from aidants.settings import data_path

if TYPE_CHECKING:
    import typst

STANDARDS = ("ua-1", "a-2a")
_REMEMBERED = 10
"""Typst keeps what it drew until as many other documents were drawn."""


@dataclass(frozen=True, slots=True)
class Footer:
    """What is known only when printing: the state of the journal, and where the mandate can be checked.

    ``size`` (entries) and ``root_hex`` come from the checkpoint, None when there is none yet; ``label`` says in French
    what the checkpoint is worth. ``verification_url`` is None when nobody outside could open it.
    """

    size: int | None
    root_hex: str | None
    signed: bool
    label: str
    verification_url: str | None


def mandate_pdf(text: MandateText, footer: Footer, revoked: Mapping[str, str] | None = None) -> bytes:
    """Return the PDF of a mandate; ``revoked`` maps a theme to the French date it was stopped, struck on the sheet.

    A name in a script our fonts lack is drawn with the machine's fonts; if those lack it too, the file declares no
    standard rather than leaving the counter without paper. Raises ``typst.TypstError`` when the template is broken.
    """
    import typst  # 84 MB: only when a mandate is printed

    inputs = {"data": json.dumps(_data(text, footer, revoked or {}), ensure_ascii=False, sort_keys=True)}
    stamp = int(datetime.fromisoformat(text.frozen_at).timestamp())
    attempts: tuple[tuple[bool, tuple[str, ...]], ...] = ((False, STANDARDS), (True, STANDARDS), (True, ()))
    for system_fonts, standards in attempts:
        try:
            return _compile(inputs, stamp, system_fonts, standards)
        except typst.TypstError as error:
            if "could not be displayed with font" not in error.message:
                raise
    raise AssertionError("without a standard a missing letter is no error")


def _compile(inputs: dict[str, str], stamp: int, system_fonts: bool, standards: tuple[str, ...]) -> bytes:
    import typst

    folder = data_path("templates") / "print"
    options: dict[str, Any] = {"pdf_standards": list(standards), "timestamp": stamp, "sys_inputs": inputs}
    pdf: bytes = typst.compile(
        folder / "mandate.typ", root=folder, font_paths=_fonts(system_fonts), format="pdf", **options
    )
    for _ in range(_REMEMBERED + 1):  # the last mandates would stay in memory, names and all: 8 MB each
        typst.compile(b"", font_paths=_fonts(False), format="svg")
    return pdf


@cache
def _fonts(system: bool) -> typst.Fonts:
    """Our own typeface alone, so that the sheet is the same on every machine; the machine's as a second try."""
    import typst

    folder = data_path("static") / "fonts" / "print"
    return typst.Fonts(include_system_fonts=system, include_embedded_fonts=False, font_paths=[folder])


def _data(text: MandateText, footer: Footer, revoked: Mapping[str, str]) -> dict[str, Any]:
    url = footer.verification_url
    return {
        "text": json.loads(text.to_json()),
        "sha256": text.sha256(),
        "revoked": dict(revoked),
        "qr": _qr(url) if url else None,
        "qr_alt": f"Code QR qui ouvre {url}",
        "verify": _verify(text, url),
        "journal": _journal(footer),
    }


def _qr(url: str) -> str:
    """Return the QR code as SVG, error level M, with the four-module quiet zone of ISO/IEC 18004."""
    out = io.BytesIO()
    segno.make(url, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False)
    return out.getvalue().decode()


def _verify(text: MandateText, url: str | None) -> str:
    if url is None:
        return f"Téléphonez au guichet, {text.phone}, et donnez le code {text.code}. Aucun nom ne vous sera donné."
    address = url.split("://", 1)[-1]
    return f"Scannez ce dessin, ou ouvrez {address}. Aucun nom ne s’affiche."


def _journal(footer: Footer) -> list[str]:
    if footer.size is None or footer.root_hex is None:
        return [footer.label]
    size = f"{footer.size:,}".replace(",", "\u00a0")
    groups = [footer.root_hex[i : i + 32] for i in range(0, len(footer.root_hex), 32)]
    return [f"Point de contrôle{' signé' if footer.signed else ''}\u00a0: {size}", *groups, footer.label]
