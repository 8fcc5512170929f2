"""What a mandate's PDF is drawn from: its stored text, what was stopped since, and the state of the journal."""

from __future__ import annotations

from dataclasses import dataclass

from aidants.dates import local_day, long_date
from aidants.db import Work
from aidants.journal.seal import signed_at
from aidants.mandates import queries
from aidants.mandates.attestation import Footer
from aidants.mandates.models import MandateFrozenText
from aidants.mandates.wording import MandateText


@dataclass(frozen=True, slots=True)
class Print:
    """One print, as ``attestation.mandate_pdf`` takes it."""

    text: MandateText
    footer: Footer
    revoked: dict[str, str]


def prepare(work: Work, mandate_id: str, *, demo: bool) -> Print:
    """Gather a print of a mandate within reach; ``demo``: its people are invented. Raises NotFound."""
    mandate, resident = queries.get_with_resident(work, mandate_id)
    text, row = queries.frozen_text(work, mandate, resident)
    settings = work.settings
    url = f"{settings.base_url}/v/{queries.verification_code(work, mandate, resident)}" if settings.reachable else None
    revoked = {
        item.scope: long_date(local_day(item.withdrawn_at, settings.zone), "fr")
        for item in mandate.authorisations
        if item.withdrawn_at is not None
    }
    return Print(text, _footer(work, row, url, demo=demo), revoked)


def _footer(work: Work, row: MandateFrozenText, url: str | None, *, demo: bool) -> Footer:
    signed = signed_at(work.session, row.journal_size) if row.journal_size is not None else None
    return Footer(
        size=row.journal_size,
        root_hex=row.journal_root,
        signed=signed is not None,
        label=signed.origin if signed else "non signé",
        verification_url=url,
        demo=demo,
    )
