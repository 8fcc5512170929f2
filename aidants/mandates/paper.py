"""Papers as A4 PDFs, tagged, declaring PDF/UA-1 and PDF/A-2a; drawn by a process of its own from values alone.

A template of ``templates/print`` receives values, never source, so no name or address can act as markup. Equal input gives
equal bytes.
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
from datetime import UTC, datetime
from typing import Any, Final

import segno

from aidants.errors import Unavailable
from aidants.i18n import N_
from aidants.mandates import press
from aidants.settings import data_path

STANDARDS: Final = ("ua-1", "a-2a")
SECONDS: Final = 20
_ATTEMPTS: Final[tuple[tuple[bool, tuple[str, ...]], ...]] = ((False, STANDARDS), (True, STANDARDS), (True, ()))
_two_at_once: Final = threading.BoundedSemaphore(2)
_log: Final = logging.getLogger("aidants.mandates")


class NotDrawn(Unavailable):
    """The press is busy, stopped or out of memory (503 + Retry-After); nothing changed."""

    code = "not_drawn"
    title = N_("Le papier n’a pas pu être dessiné")
    message = N_("Rien n’est perdu. Réessayez dans un instant.")


def draw(template: str, data: Mapping[str, Any], moment: datetime) -> bytes:
    """Return the PDF of a template filled with ``data``; ``moment`` (aware) is the date that the file declares.

    A name in a script our fonts lack is drawn with the machine's fonts; if those lack it too, the file declares no
    standard rather than leaving the counter without paper. Raises NotDrawn.
    """
    values = {**data, "stamp": moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")}
    job = {
        "template": str(data_path("templates") / "print" / template),
        "fonts": str(data_path("static") / "fonts" / "print"),
        "inputs": {"data": json.dumps(values, ensure_ascii=False, sort_keys=True)},
        "stamp": int(moment.timestamp()),
    }
    for system_fonts, standards in _ATTEMPTS:
        pdf = _press({**job, "system_fonts": system_fonts, "standards": standards})
        if pdf is not None:
            return pdf
    raise AssertionError("without a standard a missing letter is no error")


def qr(address: str | None) -> dict[str, str | None]:
    """Return what the templates call ``qr`` and ``qr_alt``: the drawing that opens an address, None without one."""
    if address is None:
        return {"qr": None, "qr_alt": ""}
    return {"qr": qr_drawing(address), "qr_alt": f"Code QR qui ouvre {address}"}


def qr_drawing(address: str) -> str:
    """Return the QR code as SVG, error level M, with the four-module quiet zone of ISO/IEC 18004."""
    out = io.BytesIO()
    segno.make(address, error="m", micro=False).save(out, kind="svg", border=4, xmldecl=False)
    return out.getvalue().decode()


def demonstration(demo: bool) -> str:
    """Return what the footer says of invented people."""
    return "Démonstration\u00a0: personnes inventées" if demo else ""


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
