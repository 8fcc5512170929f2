"""A journal of any length in seconds: rows as the product writes them, inserted in bulk beside its recording.

Five organisations, one of which closes half-way, twenty actors, three years: visits with mandates and guided steps, sign-ins,
readings, audits. The same count gives the same kinds in the same order.
"""

from __future__ import annotations

import base64
import hashlib
import sqlite3
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta
from itertools import islice
from random import Random
from typing import Any, Final, NamedTuple

import sqlalchemy as sa

from aidants import clock
from aidants.db import Database
from aidants.guides.queries import library
from aidants.journal import actions, entry
from aidants.journal.actions import Action
from aidants.journal.canonical import canonical
from aidants.journal.models import JournalLeaf, JournalPayload, JournalRecord, table_of
from aidants.journal.seal import seal_now
from aidants.procedures import SCOPES

YEARS: Final = timedelta(days=3 * 365)
ORGANISATIONS: Final = 5
ACTORS: Final = 20
CHUNK: Final = 5000
GUIDE: Final = "carte-grise-adresse"
RARE_SCOPE: Final = "loisirs"
"""The scope of one entry only, among the first hundred."""
ABSENT_ACTION: Final = "mandate_abandoned"
"""An action of the catalogue that never happens here."""
LOCAL_ACTION: Final = actions.MandatePrinted.type
"""An action that the last organisation, which closes half-way, never does, and the others do often."""
_SCOPES: Final = tuple(key for key in SCOPES if key != RARE_SCOPE)
_TABLES: Final = tuple(table_of(model) for model in (JournalLeaf, JournalRecord, JournalPayload))
_RECORD: Final = tuple(column.name for column in table_of(JournalRecord).columns)
_EMPTY: Final = dict.fromkeys(_RECORD)
_SHA256: Final = "ab" * 32


class Stored(NamedTuple):
    """One entry as rows of the three tables; most have no payload."""

    leaf: tuple[int, bytes]
    record: tuple[Any, ...]
    payload: tuple[str, bytes] | None


def rows(count: int, until: datetime) -> Iterator[Stored]:
    """Yield ``count`` entries, numbered from 1 and evenly spread over the three years before ``until``."""
    random = Random(count)
    step, begin = YEARS / count, until - YEARS
    for seq, (who, action) in enumerate(islice(_acts(random, count), count), start=1):
        yield _stored(random, seq, begin + step * (seq - 1), who, action)


def _stored(random: Random, seq: int, when: datetime, who: dict[str, str], action: Action) -> Stored:
    detail, entry_id = action.detail(), _id(random)
    sealed = random.randbytes(120) if isinstance(action, (actions.SignedIn, actions.ResidentSearched)) else None
    row = {
        **_EMPTY,
        **who,
        **action.columns(),
        "seq": seq,
        "v": entry.VERSION,
        "id": entry_id,
        "ts": entry.instant(when),
        "kind": action.kind.value,
        "type": action.type,
        "detail": canonical(detail).decode() if detail else None,
        "owner": "installation" if sealed else None,
        "sealed": hashlib.sha256(sealed).hexdigest() if sealed else None,
        "salt": random.randbytes(entry.SALT_BYTES),
    }
    record = tuple(row[name] for name in _RECORD)
    return Stored((seq, entry.make_leaf(row)), record, (entry_id, sealed) if sealed else None)


def _acts(random: Random, count: int) -> Iterator[tuple[dict[str, str], Action]]:
    """Yield who acts and what they do, without end: first the organisations, then one visit after another."""
    places = [_id(random) for _ in range(ORGANISATIONS)]
    people = [(_id(random), places[number % ORGANISATIONS]) for number in range(ACTORS)]
    for place in places:
        yield {"actor": actions.CONSOLE}, actions.OrganisationCreated(organisation=place)
    yield {"actor": people[0][0]}, actions.RunStarted(run=_id(random), guide=GUIDE, version=1, scope=RARE_SCOPE)
    done = len(places) + 1
    while True:
        actor, place = random.choice(people)
        if place == places[-1] and done > count // 2:
            continue
        for who, action in _session(random, actor, place):
            if place != places[-1] or action.type != LOCAL_ACTION:
                done += 1
                yield who, action


def _session(random: Random, actor: str, place: str) -> Iterator[tuple[dict[str, str], Action]]:
    """Yield what one person does from sign-in to sign-out."""
    who = {"actor": actor, "organisation": place, "session": _id(random), "auth": "password_totp", "level": "session"}
    yield who, actions.SignedIn(actor=actor, session=who["session"])
    for _ in range(random.randint(1, 4)):
        for action in _visit(random):
            yield who, action
    if random.random() < 0.1:
        yield who, actions.JournalSearched(view="own")
    yield who, actions.SignedOut()


def _visit(random: Random) -> Iterator[Action]:
    """Yield one visit: a resident, half the time a new mandate, a guide step by step."""
    resident, sitting, mandate, scope = _id(random), _id(random), _id(random), random.choice(_SCOPES)
    subject: dict[str, Any] = {"resident": resident, "assistance": sitting}
    yield actions.ResidentSearched(results=3, criteria=("name",))
    yield actions.ResidentViewed(**subject)
    yield actions.AssistanceStarted(**subject)
    subject["mandate"] = mandate
    if random.random() < 0.5:
        yield actions.MandateDrafted(**subject)
        yield actions.ConsentAsked(**subject, proof="paper", text_sha256=_SHA256, lang="fr", duration="MONTH")
        yield actions.ConsentGiven(**subject, proof="paper", text_sha256=_SHA256)
        yield actions.MandateActivated(
            **subject, proof="paper", duration="MONTH", procedures=1, ends_at="2026-12-24T00:00:00Z"
        )
        yield actions.AuthorisationGranted(**subject, scope=scope, procedures=(GUIDE,))
        yield actions.MandatePrinted(**subject, copy="original")
    else:
        yield actions.MandateViewed(**subject)
    guide = library()[GUIDE]
    run: dict[str, Any] = {**subject, "run": _id(random), "guide": GUIDE, "version": guide.version, "lang": "fr"}
    run |= {"scope": scope, "procedure": GUIDE}
    yield actions.RunStarted(**run)
    for step in guide.steps[: random.randint(1, 5)]:
        yield actions.StepShown(**run, step=step.id, step_sha256=_SHA256)
        yield actions.StepDone(**run, step=step.id, step_sha256=_SHA256, by="helper")
    yield actions.AssistanceEnded(**subject, minutes=random.randint(5, 60))


def _id(random: Random) -> str:
    return base64.b32encode(random.randbytes(16)).decode().rstrip("=").lower()


def fill(database: Database, count: int, *, seals: bool = False) -> None:
    """Write ``count`` new entries into an empty journal, sealed after each chunk or not at all; they end an hour ago."""
    write(database, rows(count, clock.now() - timedelta(hours=1)), seals=seals)


def copy(source: Database, target: Database) -> None:
    """Write the entries of a SQLite journal into an empty one."""
    write(target, _read(source))


def _read(source: Database) -> Iterator[Stored]:
    columns = ", ".join(f"r.{name}" for name in _RECORD)
    query = (
        f"SELECT l.seq, l.leaf, p.sealed, {columns} FROM journal_leaf l JOIN journal_record r ON r.seq = l.seq "
        "LEFT JOIN journal_payload p ON p.entry_id = r.id ORDER BY l.seq"
    )
    connection = sqlite3.connect(source.url.database or "")
    for seq, leaf, sealed, *record in connection.execute(query):
        yield Stored((seq, leaf), tuple(record), (record[0], sealed) if sealed is not None else None)
    connection.close()


def write(database: Database, stored: Iterable[Stored], *, seals: bool = False) -> None:
    """Insert entries in bulk; the indexes of the records are made again at the end, as a restored copy would have them."""
    records = table_of(JournalRecord)
    with database.engine.begin() as connection:
        if database.is_sqlite:
            connection.exec_driver_sql("PRAGMA cache_size=-100000")
        for index in records.indexes:
            index.drop(connection)
    entries = iter(stored)
    while chunk := list(islice(entries, CHUNK)):
        parts: tuple[list[Any], ...] = (
            [one.leaf for one in chunk],
            [one.record for one in chunk],
            [one.payload for one in chunk if one.payload],
        )
        with database.engine.begin() as connection:
            cursor = connection.connection.cursor()
            for table, values in zip(_TABLES, parts, strict=True):
                _insert(cursor, table, values, copies=not database.is_sqlite)
        if seals:
            seal_now(database)
    with database.engine.begin() as connection:
        for index in sorted(records.indexes, key=lambda index: str(index.name)):
            index.create(connection)
        connection.exec_driver_sql("PRAGMA cache_size=-1000" if database.is_sqlite else "ANALYZE")


def _insert(cursor: Any, table: sa.Table, values: list[Any], *, copies: bool) -> None:
    names = [column.name for column in table.columns]
    if copies:
        with cursor.copy(f"COPY {table.name} ({', '.join(names)}) FROM STDIN") as copying:
            for row in values:
                copying.write_row(row)
    else:
        cursor.executemany(f"INSERT INTO {table.name} VALUES ({', '.join('?' * len(names))})", values)
