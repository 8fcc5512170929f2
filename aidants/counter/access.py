"""Everything held about a resident, for the resident (RGPD art. 15): readable, and as JSON. Nothing of anybody else's.

``HELD`` says in which part of the file each table goes; a test refuses a table that names residents and is not in it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Final

from sqlalchemy import or_
from sqlmodel import SQLModel, col, select

from aidants.accounts.models import Organisation, Person
from aidants.assistance.models import Assistance
from aidants.crypto import open_sealed
from aidants.db import Work
from aidants.errors import Corrupted, NotFound
from aidants.guides.models import Run
from aidants.guides.queries import revisions, walk_of
from aidants.i18n import gettext
from aidants.journal import actions, labels
from aidants.journal.erasures import owner_of
from aidants.journal.models import JournalRecord
from aidants.journal.services import open_payload, record
from aidants.mandates.models import Authorisation, Mandate, MandateFrozenText
from aidants.mandates.offers import offers_of
from aidants.mandates.papers import papers_of
from aidants.mandates.replies import replies_of
from aidants.mandates.wording import MandateText
from aidants.messages.models import OutboxMessage
from aidants.messages.wording import TEMPLATES
from aidants.procedures import procedure_title
from aidants.residents import merges, requests
from aidants.residents.forms import CHANGED, said
from aidants.residents.models import AccessCode, Resident, ResidentMerge, ResidentToken, ResidentVisit
from aidants.residents.services import open_resident, resident_key
from aidants.residents.showings import searches_showing

HELD: Final = {
    "resident": "records",
    "resident_token": "search_index",
    "resident_merge": "merges",
    "access_code": "codes",
    "resident_visit": "visits",
    "resident_request": "requests",
    "mandate": "mandates",
    "mandate_text": "mandates",
    "authorisation": "mandates",
    "consent_offer": "mandates",
    "consent_reply": "mandates",
    "mandate_paper": "mandates",
    "assistance": "sittings",
    "run": "walks",
    "outbox_message": "messages",
    "journal_record": "journal",
    "journal_payload": "journal",
}
"""Tables that hold something about a resident, and the part of the file that gives it."""


def gather(work: Work, row: Resident) -> dict[str, Any]:
    """Return the whole file of a resident, with the records set aside for it; who may ask is the caller's to check.

    What does not open any more is said, not left out.
    """
    rows = [*merges.set_aside(work, row.id), row]
    ids = [one.id for one in rows]
    mandates = _all(work, Mandate, col(Mandate.resident_id).in_(ids))
    sittings = _all(work, Assistance, col(Assistance.resident_id).in_(ids))
    runs = _all(work, Run, col(Run.resident_id).in_(ids))
    tokens = _all(work, ResidentToken, col(ResidentToken.resident_id).in_(ids))
    of_them = or_(
        col(OutboxMessage.resident_id).in_(ids), col(OutboxMessage.mandate_id).in_([row.id for row in mandates])
    )
    printed, visited = col(AccessCode.resident_id).in_(ids), col(ResidentVisit.resident_id).in_(ids)
    about = or_(col(ResidentMerge.kept_id).in_(ids), col(ResidentMerge.other_id).in_(ids))
    return {
        "made_at": work.now,
        "organisation": work.session.get_one(Organisation, row.organisation_id).name,
        "records": [_record(work, one) for one in reversed(rows)],
        "search_index": {kind: sum(token.kind == kind for token in tokens) for kind in "npbt"},
        "codes": [_columns(code, "issued_at", "ended_at") for code in _all(work, AccessCode, printed)],
        "visits": [_columns(visit, "created_at", "ended_at", "auth") for visit in _all(work, ResidentVisit, visited)],
        "requests": [_request(one) for one in requests.of_resident(work, row, None)],
        "merges": [_merge(merge) for merge in _all(work, ResidentMerge, about)],
        "mandates": [_mandate(work, mandate, row) for mandate in mandates],
        "sittings": [_columns(sitting, "id", "opened_at", "closed_at") for sitting in sittings],
        "walks": [_walk(work, run) for run in runs],
        "messages": [_message(message) for message in _all(work, OutboxMessage, of_them)],
        "journal": _journal(work, rows, mandates, sittings, runs),
        "listed": searches_showing(work, row.organisation_id, frozenset(ids)),
    }


def journal(work: Work, row: Resident, view: str) -> None:
    """Record that the file was given out, as a page or a file."""
    record(work, actions.AccessRequested(resident=row.id, view=view, organisation=row.organisation_id))


def to_json(file: dict[str, Any]) -> str:
    """Write a file as JSON, instants as ISO 8601."""
    return json.dumps(file, ensure_ascii=False, indent=1, default=datetime.isoformat) + "\n"


def _all(work: Work, model: type[SQLModel], condition: Any) -> Sequence[Any]:
    return work.session.exec(select(model).where(condition)).all()


def _columns(row: SQLModel, *names: str) -> dict[str, Any]:
    return {name: getattr(row, name) for name in names}


def _record(work: Work, row: Resident) -> dict[str, Any]:
    names = (
        "id",
        "version",
        "created_at",
        "last_visit_at",
        "hold_reason",
        "hold_until",
        "merged_into",
        "death_reported_at",
    )
    if not row.sealed:
        return {**_columns(row, *names), "identity": {}, "words": {}}
    identity = open_resident(work, row).identity
    words = {gettext(label): said(identity)[name] for name, label in CHANGED.items()}
    return {**_columns(row, *names), "identity": identity.to_dict(), "words": words}


def _merge(row: ResidentMerge) -> dict[str, Any]:
    return _columns(row, "id", "proposed_at", "confirmed_at", "closed_at")


def _request(request: requests.Request) -> dict[str, Any]:
    names = ("id", "kind", "made_at", "due_at", "closed_at")
    title = gettext(requests.KINDS[request.row.kind])
    return {**_columns(request.row, *names), "title": title, "words": request.words, "answer": request.answer}


def _mandate(work: Work, row: Mandate, resident: Resident) -> dict[str, Any]:
    key = resident_key(work, resident)
    names = ("id", "reference", "state", "duration", "consent", "created_at", "asked_at", "activated_at", "ends_at")
    granted = _all(work, Authorisation, col(Authorisation.mandate_id) == row.id)
    texts = _all(work, MandateFrozenText, col(MandateFrozenText.mandate_id) == row.id)
    return {
        **_columns(row, *names, "ended_at", "end_reason"),
        "answers": json.loads(row.answers),
        "code": open_sealed(key, row.code_sealed, row.id).decode("ascii") if row.code_sealed else None,
        "authorisations": [
            {
                **_columns(item, "scope", "withdrawn_at", "withdrawn_by"),
                "procedures": [gettext(procedure_title(name)) for name in item.procedures.split()],
            }
            for item in granted
        ],
        "texts": [_text(key, text) for text in sorted(texts, key=lambda text: text.frozen_at)],
        "asked": [
            _columns(offer, "channel", "created_at", "closed_at", "outcome") for offer in offers_of(work, row.id)
        ],
        "replies": [asdict(reply) for reply in replies_of(work, row.id, resident)],
        "papers": [asdict(paper) for paper in papers_of(work, row.id)],
    }


def _text(key: bytes, row: MandateFrozenText) -> dict[str, Any]:
    try:
        text: MandateText | None = MandateText.from_json(open_sealed(key, row.sealed, row.id))
    except (Corrupted, ValueError):
        text = None
    sheet = text.translation if text is not None else None
    return {
        **_columns(row, "frozen_at", "ends_at", "language", "sha256"),
        "words": text.plain_text() if text is not None else None,
        "translation": {"language": sheet.language, "lines": sheet.lines()} if sheet is not None else None,
    }


def _message(row: OutboxMessage) -> dict[str, Any]:
    """Return that a message about the resident exists; its address may be a helper's, and goes when it has left."""
    title = gettext(TEMPLATES[row.template].title) if row.template in TEMPLATES else row.template
    return {**_columns(row, "channel", "language", "state", "created_at", "sent_at"), "title": title}


def _walk(work: Work, row: Run) -> dict[str, Any]:
    walk = walk_of(work, row)
    steps = [
        {
            "step": walk.guide.step(trace.step).title if walk.guide.has_step(trace.step) else trace.step,
            "outcome": trace.outcome,
            "by": trace.by,
            "at": trace.at,
            "reason": trace.reason,
            "choice": trace.choice,
        }
        for trace in walk.traces
    ]
    names = ("id", "guide", "version", "lang", "procedure", "state", "started_at", "last_at", "ended_at")
    return {**_columns(row, *names), "title": walk.title, "steps": steps}


def _journal(
    work: Work, rows: Sequence[Resident], mandates: Iterable[Any], sittings: Iterable[Any], runs: Iterable[Any]
) -> list[dict[str, Any]]:
    keys = {row.id: resident_key(work, row) for row in rows}
    about = or_(
        col(JournalRecord.resident).in_(list(keys)),
        col(JournalRecord.mandate).in_([row.id for row in mandates]),
        col(JournalRecord.assistance).in_([row.id for row in sittings]),
        col(JournalRecord.run).in_([row.id for row in runs]),
    )
    entries = sorted(_all(work, JournalRecord, about), key=lambda entry: int(entry.seq))
    named = {(one.guide, one.version, one.lang) for one in entries if one.guide and one.version and one.lang}
    guides = revisions(work, named)
    people = select(Person.id, Person.function).where(col(Person.id).in_({entry.actor for entry in entries}))
    functions = dict(work.session.exec(people).all())
    found = []
    for entry in entries:
        guide = guides.get((entry.guide or "", entry.version or 0, entry.lang or ""))
        step = guide.step(entry.step).title if guide and entry.step and guide.has_step(entry.step) else ""
        found.append(
            {
                "number": entry.seq,
                "at": datetime.fromisoformat(entry.ts),
                "who": labels.person(entry.actor),
                "function": functions.get(entry.actor, ""),
                "what": labels.sentence(entry, guide.title if guide else "", step),
                "sealed": _sealed(work, entry, keys),
            }
        )
    return found


def _sealed(work: Work, entry: JournalRecord, keys: dict[str, bytes]) -> dict[str, str]:
    """Return what is sealed with an entry under the resident's own key; what others' keys seal is not about them."""
    if entry.resident not in keys or entry.owner != owner_of(entry.resident):
        return {}
    try:
        return open_payload(work, entry.id, keys[entry.resident])
    except (NotFound, Corrupted):
        return {}
