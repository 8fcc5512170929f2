"""What the security tests share: a digest of the database, the demonstration's places, answers without noise."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import httpx2
import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel, col, select

from aidants import clock, models
from aidants.accounts.models import Membership, Person
from aidants.assistance.models import Assistance
from aidants.assistance.services import receive
from aidants.audit import screening
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.guides.services import start_run
from aidants.journal.models import JournalRecord
from aidants.mandates import services as mandates
from aidants.mandates.models import Mandate
from aidants.policy import Actor, ResidentActor, Role
from aidants.residents.merges import propose
from aidants.residents.models import Resident
from aidants.residents.requests import QUESTION, make
from aidants.residents.services import open_resident
from tests.support.client import Browser

UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
__all__ = ["models"]  # imported to fill the metadata

#: Written by reading: when a session was last seen, what a walk has shown, the journal's state that a print cites.
BOOKKEEPING = {
    "browser_session": {"last_seen_at"},
    "resident_visit": {"last_seen_at"},
    "run": {"shown"},
    "mandate_text": {"journal_size", "journal_root"},
    "guide_revision": {"content"},
}


def digest(database: Database, but: dict[str, set[str]] | None = None) -> dict[str, str]:
    """Return a digest of each table but the journal and the counters of tries; bookkeeping columns are left out."""
    found, ignored = {}, BOOKKEEPING | (but or {})
    with database.engine.connect() as connection:
        for table in SQLModel.metadata.sorted_tables:
            if table.name.startswith("journal_") or table.name == "throttle":
                continue
            left = [column for column in table.columns if column.name not in ignored.get(table.name, set())]
            rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(*left)))
            found[table.name] = hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def last_entry(database: Database) -> int:
    """Return the number of the last journal entry."""
    with unit_of_work(database, Mode.READ) as work:
        return work.session.exec(select(sa.func.max(JournalRecord.seq))).one() or 0


def entries_after(database: Database, seq: int) -> Sequence[JournalRecord]:
    """Return the journal records written since."""
    with unit_of_work(database, Mode.READ) as work:
        query = select(JournalRecord).where(JournalRecord.seq > seq).order_by(col(JournalRecord.seq))
        return work.session.exec(query).all()


def kinds_after(database: Database, seq: int) -> list[str]:
    """Return the types of the journal entries written since."""
    return [record.type for record in entries_after(database, seq)]


def masked(response: httpx2.Response) -> bytes:
    """Return the bytes of an answer without form tokens and request numbers, which are always new."""
    text = re.sub(rb'name="csrf" value="[^"]*"', b'name="csrf"', response.content)
    return text.replace(response.headers["x-request-id"].encode(), b"REQUEST")


def actor_of(work: Work, email_start: str) -> Actor:
    """Return a helper of the demonstration as a request would see them, their code just given."""
    query = select(Person, Membership).join(Membership, col(Membership.person_id) == Person.id)
    person, membership = work.session.exec(query.where(col(Person.email).startswith(email_start))).one()
    return Actor(
        person_id=person.id,
        name=person.name,
        session_id="session-of-a-test",
        roles=frozenset({Role(membership.role)}),
        organisation_id=membership.organisation_id,
        trained=person.trained_on is not None,
        reauthenticated_at=work.now,
    )


@dataclass(frozen=True)
class Places:
    """Ids of the demonstration: residents by birth name, mandates by state, Nadia's sitting and a walk, a flag, a merge,
    a question of Monique Aubert."""

    residents: dict[str, str]
    mandates: dict[str, str]
    mandate_of: dict[str, str]
    sitting: str
    run: str
    entry: str
    flag: str
    merge: str
    request: str


ANSWERED: dict[str, Any] = {
    "more_asked": True,
    "duration": "MONTH",
    "regime": "aucune",
    "consent": "paper",
    "read_aloud": True,
}
"""What a draft is asked besides its procedures, for an adult who signs on paper."""


def prepare(database: Database, *, question: bool = True) -> Places:
    """Answer the demonstration's draft whole, start a walk for Monique Aubert, perhaps let her ask something, and
    say where everything is."""
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, "nadia")
        names = {open_resident(work, row).identity.birth_name: row.id for row in work.session.exec(select(Resident))}
        rows = work.session.exec(select(Mandate)).all()
        by_state = {row.state: row.id for row in rows if row.duration != "SHORT"}
        mandates.answer(work, by_state["draft"], **ANSWERED)
        sitting = receive(work, names["Aubert"])
        run = start_run(work, sitting.id, "carte-grise-adresse")
        entry = work.session.exec(select(JournalRecord.id).where(JournalRecord.actor == work.actor.person_id)).first()
        opened = work.session.exec(select(Assistance).where(col(Assistance.closed_at).is_(None))).one()
        assert entry is not None
        work.actor = replace(work.actor, audited=None)
        flag = screening.flags(work)[0].key
        of = {row.resident_id: row.id for row in rows if row.resident_id}
        merge = propose(work, names["Kouadio"], names["Le Goff"])
        asked = ask_counter(work, names["Aubert"], "Pourquoi mardi ?") if question else ""
        return Places(names, by_state, of, opened.id, run, entry, flag, merge, asked)


def ask_counter(work: Work, resident_id: str, words: str) -> str:
    """Ask a question as a resident on their own page, and return its id; the unit is its helper's again afterwards."""
    row = work.session.get_one(Resident, resident_id)
    work.resident = ResidentActor(row.id, row.organisation_id, "visit-of-a-test", "access_code")
    asked = make(work, QUESTION, words)
    work.resident = None
    return asked


QUESTIONS = (
    "demarches",
    "autres",
    "duree",
    "protection",
    "regime",
    "representant",
    "accord",
    "temoins",
    "lecture",
    "relire",
)
"""The pages of a draft, by the end of their address."""
_AWAITING = {"activer", "refus", "imprimer-de-nouveau", "changer", "donner-ecran", "tablette", "envoyer"}


def concrete(pattern: str, places: Places) -> str:
    """Return a path that exists in Nadia's organisation for a route's pattern."""
    first, last = pattern.split("/")[1], pattern.rsplit("/", 1)[1]
    state = "draft" if last in QUESTIONS else "awaiting_consent" if last in _AWAITING else "active"
    ids = {
        "personnes": places.residents["Aubert"],
        "mandats": places.mandates[state],
        "accompagnements": places.sitting,
        "parcours": places.run,
        "guides": "carte-grise-adresse",
        "messages": "a" * 26,
        "reunions": places.merge,
        "ma-page": places.mandates["active"],
        "demandes": places.request,
    }
    values = {
        "id": ids.get(first, places.entry),
        "step": "bienvenue",
        "name": "carte-grise-adresse" if first == "guides" else "connexion",
        "code": "ABCDEFGH",
        "version": "none",
        "key": places.flag,
        "path": "entries/000.p/1",
        "token": "b" * 26,
        "paper": "c" * 26,
    }
    return re.sub(r"\{(\w+)(?::\w+)?\}", lambda found: values[found.group(1)], pattern)


def routes_of(browser: Browser) -> list[tuple[str, str]]:
    """Return method and pattern of every route of the application."""
    application: Any = browser.app
    return [
        (method, route.path) for route in application.app.router.routes for method in sorted(route.methods - {"HEAD"})
    ]


class Clock:
    """Moves the only clock of the application."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch) -> None:
        self.at = clock.now()
        monkeypatch.setattr(clock, "now", lambda: self.at)
