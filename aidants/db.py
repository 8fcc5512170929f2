"""The database: engine, time column, naming convention, and ``unit_of_work``, the only place that commits.

SQLite runs in WAL with ``synchronous=FULL``; writers take one process-wide lock and then ``BEGIN IMMEDIATE``: SQLite's own
waiting is unfair under load, and deferred transactions lose or lock. PostgreSQL runs at READ COMMITTED: rows that are
read to be changed are locked by the code that changes them.
"""

from __future__ import annotations

import enum
import sqlite3
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, nullcontext
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.exc import DBAPIError, OperationalError
from sqlalchemy.pool import QueuePool
from sqlmodel import Session, SQLModel

from aidants import clock
from aidants.crypto import Keyring
from aidants.errors import Unavailable, WritesRefused
from aidants.policy import Actor, ResidentActor
from aidants.settings import Settings

NAMING: Final = {
    "ix": "ix_%(table_name)s_%(column_0_N_name)s",
    "uq": "uq_%(table_name)s_%(column_0_N_name)s",
    "ck": "ck_%(table_name)s_%(constraint_name)s",
    "fk": "fk_%(table_name)s_%(column_0_N_name)s",
    "pk": "pk_%(table_name)s",
}
SQLModel.metadata.naming_convention = NAMING

_FULL: Final = (
    "disk is full",
    "disk I/O error",
    "No space left",
    "could not extend file",
    "readonly database",
)
_SHED_WAIT: Final = 100
"""Milliseconds: as long as the emptying of the write-ahead log waits for a reader, no process can write."""


class Mode(enum.Enum):
    """How a unit of work uses the database. OWN: the handler opens its own short units, around slow work."""

    NONE = "none"
    READ = "read"
    WRITE = "write"
    OWN = "own"


class UtcDateTime(sa.types.TypeDecorator[datetime]):
    """An aware instant, stored in UTC; naive values are refused. SQLite alone would drop the zone."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Refuse naive instants, convert the others to UTC."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("naive datetime")
        utc = value.astimezone(UTC)
        return utc.replace(tzinfo=None) if dialect.name == "sqlite" else utc

    def process_result_value(self, value: datetime | None, dialect: sa.Dialect) -> datetime | None:
        """Return an aware UTC instant."""
        if value is None:
            return None
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)


@dataclass(slots=True)
class Work:
    """One transaction as services see it: session, who acts, when (one instant for the whole unit), which request."""

    session: Session
    mode: Mode
    now: datetime
    actor: Actor | None = None
    request_id: str = ""
    address: str = ""
    user_agent: str = ""
    database: Database | None = None
    before_commit: list[Callable[[Work], None]] = field(default_factory=list)
    """Run last, just before the commit, in order: the journal takes its sequence numbers here."""
    after_commit: list[Callable[[], None]] = field(default_factory=list)
    resident: ResidentActor | None = None
    """The resident who acts alone, set by the page that knows them; there is no ``actor`` then."""

    @property
    def keyring(self) -> Keyring:
        """The installation's keys."""
        if self.database is None or self.database.keyring is None:
            raise LookupError("this unit of work has no keys")
        return self.database.keyring

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        if self.database is None or self.database.settings is None:
            raise LookupError("this unit of work has no settings")
        return self.database.settings

    @property
    def organisation_id(self) -> str | None:
        """The organisation whose rows this unit may reach: the actor's, or that of the resident who acts alone."""
        return self.resident.organisation_id if self.resident is not None else self.person().organisation_id

    def reaches(self, resident_id: str | None) -> bool:
        """Tell whether rows about this resident are within reach: a resident who acts alone reaches their own only."""
        return self.resident is None or self.resident.resident_id == resident_id

    def person(self) -> Actor:
        """Return the actor of a unit that cannot run without one."""
        if self.actor is None:
            raise LookupError("this unit of work needs an actor")
        return self.actor


class Database:
    """An engine with the project's rules. ``threads`` bounds connections; ``wait`` is the writers' patience in seconds."""

    def __init__(
        self,
        url: str,
        *,
        threads: int = 16,
        wait: float = 5.0,
        keyring: Keyring | None = None,
        settings: Settings | None = None,
    ) -> None:
        self.url = sa.make_url(url)
        self.keyring = keyring
        self.settings = settings
        self.refused: WritesRefused | None = None
        """Set while nothing may be written: every unit that writes then raises it."""
        self.is_sqlite = self.url.get_backend_name() == "sqlite"
        self.wait = wait
        self._writer = threading.Lock()
        patience = max(1, round(wait * 1000))
        connect: dict[str, Any] = (
            {"timeout": wait, "check_same_thread": False}
            if self.is_sqlite
            else {"options": f"-c lock_timeout={patience}", "connect_timeout": max(2, round(wait))}
        )
        self.engine = sa.create_engine(
            self.url,
            poolclass=QueuePool,
            pool_size=threads + 2,
            max_overflow=4,
            pool_timeout=wait,
            connect_args=connect,
            pool_pre_ping=not self.is_sqlite,
            hide_parameters=True,
        )
        if self.is_sqlite:
            event.listen(self.engine, "connect", _configure_sqlite)
            event.listen(self.engine, "begin", _begin_sqlite)
        self._readers = self.engine.execution_options(postgresql_readonly=True)
        self._writers = self.engine.execution_options(aidants_write=True)

    @contextmanager
    def exclusive_writer(self, patience: float | None = None) -> Iterator[None]:
        """Hold the process-wide writers' lock (SQLite only). Raises Unavailable after ``patience`` (else ``wait``) seconds."""
        if not self.is_sqlite:
            yield
            return
        if not self._writer.acquire(timeout=self.wait if patience is None else patience):
            raise Unavailable(code="busy")
        try:
            yield
        finally:
            self._writer.release()

    def shed_history(self) -> bool:
        """Copy SQLite's write-ahead log into the file and empty it, so that deleted bytes are in neither; False while busy.

        PostgreSQL keeps dead rows until it vacuums: the operators' documentation says what that means.
        """
        if not self.is_sqlite:
            return True
        with self.engine.connect() as connection:
            cursor = connection.connection.cursor()
            cursor.execute(f"PRAGMA busy_timeout={_SHED_WAIT}")
            try:
                busy = cursor.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()[0]
            finally:
                cursor.execute(f"PRAGMA busy_timeout={round(self.wait * 1000)}")
        return not busy

    def session(self, mode: Mode) -> Session:
        """Return a session whose transaction follows the mode."""
        return Session(self._writers if mode is Mode.WRITE else self._readers, expire_on_commit=False)

    def dispose(self) -> None:
        """Close every pooled connection."""
        self.engine.dispose()


def _configure_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None
    cursor = connection.cursor()
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "recursive_triggers=ON",
        "secure_delete=ON",
        "temp_store=MEMORY",
        "cache_size=-1000",
    ):
        try:
            cursor.execute(f"PRAGMA {pragma}")
        except UnicodeDecodeError as error:  # SQLite's own words, which quote a damaged schema
            raise sqlite3.DatabaseError("malformed database schema") from error
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    if connection.get_execution_options().get("aidants_write", False):
        connection.exec_driver_sql("BEGIN IMMEDIATE")
    else:  # touches no file and cannot fail: the driver's own call costs a tenth
        connection.connection.cursor().execute("BEGIN")


def unavailable(error: DBAPIError) -> Unavailable | None:
    """Translate a driver's error into the page people see, or None when it is a defect of ours."""
    text = str(error.orig)
    if any(part in text for part in _FULL):
        return Unavailable(code="disk_full")
    if isinstance(error, OperationalError) and "no such" not in text and "syntax" not in text:
        return Unavailable(code="busy")
    return None


@contextmanager
def unit_of_work(
    database: Database,
    mode: Mode,
    *,
    actor: Actor | None = None,
    request_id: str = "",
    address: str = "",
    user_agent: str = "",
    patience: float | None = None,
) -> Iterator[Work]:
    """Open one transaction: returning commits, raising rolls back. READ units always roll back.

    Raises Unavailable when the database is locked for longer than the patience, full, or out of reach, and WritesRefused
    while it may only be read.
    """
    if mode is Mode.WRITE and database.refused is not None:
        raise database.refused
    with (
        database.exclusive_writer(patience) if mode is Mode.WRITE else nullcontext(),
        database.session(mode) as session,
    ):
        work = Work(session, mode, clock.now(), actor, request_id, address, user_agent, database)
        try:
            yield work
            if mode is Mode.WRITE:
                session.flush()
                for finish in work.before_commit:
                    finish(work)
                session.commit()
        except DBAPIError as error:
            session.rollback()
            known = unavailable(error)
            if known is None:
                raise
            raise known from error
        except BaseException:
            session.rollback()
            raise
    for notify in work.after_commit:
        notify()
