"""The mandate on paper, rendered only from its stored text: a reprint twenty years on shows the same words.

Nothing is read from the database here.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from aidants.mandates import paper
from aidants.mandates.wording import MandateText


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

    Raises NotDrawn.
    """
    data = {
        "text": json.loads(text.to_json()),
        "sha256": text.sha256(),
        "revoked": dict(revoked or {}),
        **paper.qr(footer.verification_url),
        "verify": how_to_verify(footer.verification_url, text.phone, text.code),
        "journal": _journal(footer),
        "demo": paper.demonstration(footer.demo),
    }
    return paper.draw("mandate.typ", data, datetime.fromisoformat(text.frozen_at))


def how_to_verify(url: str | None, phone: str, code: str) -> str:
    """Return how anybody can check a mandate: by its drawing and address, or by telephone where no page can be opened."""
    if url is None:
        return f"Téléphonez au guichet, {phone}, et donnez le code {code}. Aucun nom ne vous sera donné."
    address = url.split("://", 1)[-1]
    return f"Scannez ce dessin, ou ouvrez {address}. Aucun nom ne s’affiche."


def _journal(footer: Footer) -> list[str]:
    if footer.size is None or footer.root_hex is None:
        return [footer.label]
    size = f"{footer.size:,}".replace(",", "\u00a0")
    groups = [footer.root_hex[i : i + 32] for i in range(0, len(footer.root_hex), 32)]
    return [f"Point de contrôle{' signé' if footer.signed else ''}\u00a0: {size}", *groups, footer.label]
