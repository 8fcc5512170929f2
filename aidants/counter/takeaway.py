"""The take-away sheet: who helps, the mandates in plain words, how to stop, and the code of the resident's own pages."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final

from aidants import dates
from aidants.accounts.models import Organisation, Person
from aidants.db import Work
from aidants.mandates import paper, queries
from aidants.mandates.lifecycle import State
from aidants.mandates.queries import MandateView
from aidants.procedures import procedure_title
from aidants.residents.services import get_resident

PATH: Final = "/ma-page"
_GROUP: Final = 5


def prepare(work: Work, resident_id: str, *, demo: bool) -> dict[str, Any]:
    """Gather all that the sheet says but the code. Raises NotFound."""
    known = get_resident(work, resident_id)
    place = work.session.get_one(Organisation, known.row.organisation_id)
    helper = work.session.get_one(Person, work.person().person_id)
    going_on = [item for item in queries.mandates_of(work, known.id) if item.state is State.ACTIVE]
    zone = work.settings.zone
    return {
        "name": known.identity.full_name,
        "organisation": {"name": place.name, "address": place.address, "phone": place.phone, "hours": place.hours},
        "email": place.email,
        "helper": ", ".join(part for part in (helper.name, helper.function) if part),
        "mandates": [_mandate(work, item) for item in going_on],
        "printed": dates.moment(work.now, zone, "fr"),
        "site": f"{work.settings.base_url.split('://', 1)[-1]}{PATH}" if work.settings.reachable else "",
        "address": f"{work.settings.base_url}{PATH}" if work.settings.reachable else "",
        "demo": paper.demonstration(demo),
        "stamp": int(work.now.timestamp()),
    }


def _mandate(work: Work, item: MandateView) -> dict[str, Any]:
    assert item.row.ends_at is not None
    return {
        "procedures": [procedure_title(name) for name in item.live_procedures],
        "end": dates.end_in_words(item.row.ends_at, work.settings.zone, "fr"),
        "reference": item.row.reference,
    }


def sheet_pdf(said: dict[str, Any], code: str) -> bytes:
    """Return the sheet as an A4 PDF of one page, tagged. The QR holds the code after a ``#``, which browsers never send.

    Raises NotDrawn.
    """
    qr = paper.qr_drawing(f"{said['address']}#{code}") if said["address"] else None
    data = {key: value for key, value in said.items() if key not in {"address", "stamp"}}
    drawn = {**data, "code": f"{code[:_GROUP]}-{code[_GROUP:]}", "qr": qr}
    return paper.draw("takeaway.typ", drawn, datetime.fromtimestamp(said["stamp"], UTC))
