"""The mandate as an A4 PDF, tagged, declaring PDF/UA-1 and PDF/A-2a, rendered only from its stored text.

A reprint twenty years on shows the same words: nothing is read from the database here, and the template receives
values, never source, so no name or address can act as markup. Equal input gives equal bytes.
"""

from __future__ import annotations

import io
import json
import logging
import os
import subprocess
import sys
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

import segno

from aidants.errors import Unavailable
from aidants.i18n import N_
from aidants.mandates import press
from aidants.mandates.wording import MandateText
from aidants.settings import data_path

STANDARDS: Final = ("ua-1", "a-2a")
SECONDS: Final = 20
_ATTEMPTS: Final[tuple[tuple[bool, tuple[str, ...]], ...]] = ((False, STANDARDS), (True, STANDARDS), (True, ()))
_two_at_once: Final = threading.BoundedSemaphore(2)
_log: Final = logging.getLogger("aidants.mandates")


class NotDrawn(Unavailable):
    """The press is busy, stopped or out of memory (503 + Retry-After); nothing changed."""

    code = "not_drawn"
    title = N_("Le mandat n’a pas pu être dessiné")
    message = N_("Rien n’est perdu. Réessayez dans un instant.")


@dataclass(frozen=True, slots=True)
class Footer:
    """What is known only when printing: the state of the journal, and where the mandate can be checked.

    ``size`` (entries) and ``root_hex`` come from the checkpoint, None when there is none yet; ``label`` says in French
    what the checkpoint is worth. ``verification_url`` is None when nobody outside could open it. ``demo``: the paper says
    on each page that its people are invented.
    """

    size: int | None
    root_hex: str | None
    signed: bool
    label: str
    verification_url: str | None
    demo: bool = False


def mandate_pdf(text: MandateText, footer: Footer, revoked: Mapping[str, str] | None = None) -> bytes:
    """Return the PDF of a mandate; ``revoked`` maps a theme to the French date it was stopped, struck on the sheet.

    A name in a script our fonts lack is drawn with the machine's fonts; if those lack it too, the file declares no
    standard rather than leaving the counter without paper. Raises NotDrawn.
    """
    stamp = int(datetime.fromisoformat(text.frozen_at).timestamp())
    return draw("mandate.typ", _data(text, footer, revoked or {}), stamp)


def draw(template: str, data: Mapping[str, Any], stamp: int) -> bytes:
    """Return the PDF of a template of ``templates/print`` and its values; ``stamp``: seconds of its date. Raises NotDrawn."""
    job = {
        "template": str(data_path("templates") / "print" / template),
        "fonts": str(data_path("static") / "fonts" / "print"),
        "inputs": {"data": json.dumps(data, ensure_ascii=False, sort_keys=True)},
        "stamp": stamp,
    }
    for system_fonts, standards in _ATTEMPTS:
        pdf = _press({**job, "system_fonts": system_fonts, "standards": standards})
        if pdf is not None:
            return pdf
    raise AssertionError("without a standard a missing letter is no error")


def _press(job: dict[str, Any]) -> bytes | None:
    """Draw in a process of its own; None when a letter is in no font. Raises NotDrawn after 20 s, or when it fails."""
    # Our settings do not go along: the press needs neither the database's address nor the place of the keys.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIDANTS_")}
    command = [sys.executable, "-P", "-m", press.__name__]
    if not _two_at_once.acquire(timeout=SECONDS):
        raise NotDrawn
    try:
        done = subprocess.run(  # noqa: S603 - our own interpreter and module; the job goes by the standard input
            command, input=json.dumps(job).encode(), capture_output=True, env=environment, timeout=SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        raise NotDrawn from error
    finally:
        _two_at_once.release()
    if done.returncode == press.MISSING_LETTER:
        return None
    if done.returncode != 0:
        _log.error("the press ended with code %s", done.returncode)
        raise NotDrawn
    return done.stdout


def _data(text: MandateText, footer: Footer, revoked: Mapping[str, str]) -> dict[str, Any]:
    url = footer.verification_url
    return {
        "text": json.loads(text.to_json()),
        "sha256": text.sha256(),
        "revoked": dict(revoked),
        "qr": qr_code(url) if url else None,
        "qr_alt": f"Code QR qui ouvre {url}",
        "verify": _verify(text, url),
        "journal": _journal(footer),
        "demo": "Démonstration\u00a0: personnes inventées" if footer.demo else "",
    }


def qr_code(url: str) -> str:
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
