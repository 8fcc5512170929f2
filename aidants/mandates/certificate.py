"""The paper that says a mandate, or a part of it, was stopped: for the resident, and to show to operators.

Its words are French and final, like those of the mandate (Code civil, art. 2004, 2005, 2008 and 2009). Nothing is read from the
database here.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime

from aidants.mandates import paper
from aidants.mandates.attestation import how_to_verify


@dataclass(frozen=True, slots=True)
class Certificate:
    """What was stopped. ``stopped`` pairs each theme with the moment (French), ``whole`` when nothing of the mandate is left.

    ``by`` says who asked; ``operators`` are those who may know the mandate. ``code`` is written in two groups.
    """

    reference: str
    code: str
    person: str
    born: str
    organisation: str
    address: str
    phone: str
    started: str
    stopped: tuple[tuple[str, str], ...]
    whole: bool
    when: str
    by: str
    operators: tuple[str, ...]
    helper: str


def certificate_pdf(facts: Certificate, now: datetime, verification_url: str | None, *, demo: bool = False) -> bytes:
    """Return the certificate as a PDF of one page, as of ``now`` (aware). Raises NotDrawn."""
    data = {
        **asdict(facts),
        **paper.qr(verification_url),
        "verify": how_to_verify(verification_url, facts.phone, facts.code),
        "demo": paper.demonstration(demo),
    }
    return paper.draw("certificate.typ", data, now)
