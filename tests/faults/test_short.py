"""Faults, in their short form: a locked database, a full disk, everybody at once. Nothing lost, nothing half done."""

from __future__ import annotations

import sqlite3
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import event
from sqlmodel import select

from aidants.accounts import factors
from aidants.accounts.models import Throttle
from aidants.db import Database, Mode, unit_of_work
from aidants.journal.actions import SignedOut
from aidants.journal.models import JournalLeaf
from aidants.journal.seal import seal_now
from aidants.journal.services import record
from aidants.journal.verify import verify
from aidants.mandates import consent
from aidants.mandates.models import Authorisation, Mandate
from aidants.settings import Settings
from tests.security.tools import actor_of, digest, entries_after, last_entry, prepare
from tests.support.client import Browser, people_of, text_of

THREADS = 8
PERSON = {"birth_name": "Nouvelle", "given_names": "Lise", "autre": "oui"}


@pytest.fixture
def impatient(settings: Settings, demo_database: Database) -> Iterator[Database]:
    """The same database through an engine that waits three tenths of a second."""
    database = Database(settings.database, wait=0.3, keyring=demo_database.keyring, settings=settings)
    yield database
    database.dispose()


def together(work: Callable[[int], Any]) -> list[Any]:
    """Run ``work`` in eight threads that start at the same moment and return what each returned or raised."""
    start, found = threading.Barrier(THREADS), [None] * THREADS

    def run(number: int) -> None:
        start.wait(10)
        try:
            found[number] = work(number)
        except Exception as error:
            found[number] = error  # type: ignore[call-overload]

    threads = [threading.Thread(target=run, args=(number,)) for number in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    return found


def hold(database: Database) -> Callable[[], None]:
    """Lock the database from another connection and return what lets it go."""
    if database.is_sqlite:
        other = sqlite3.connect(database.url.database or "", isolation_level=None, check_same_thread=False)
        other.execute("BEGIN IMMEDIATE")
        return other.close
    engine = sa.create_engine(database.url, poolclass=sa.NullPool)
    connection = engine.connect()
    connection.execute(sa.text("LOCK TABLE journal_leaf, resident IN EXCLUSIVE MODE"))
    return connection.close


def test_a_locked_database_says_so_and_works_again_after(settings: Settings, impatient: Database) -> None:
    nadia = Browser(settings, impatient, people_of(impatient))
    nadia.sign_in("nadia")
    token, before, entries = nadia.token(), digest(impatient), last_entry(impatient)
    release = hold(impatient)
    try:
        answer = nadia.post("/personnes/nouvelle", PERSON, token=token)
        assert answer.status_code == 503
        assert answer.headers["retry-after"] == "5"
        assert "Rien n’est perdu, rien n’a été fait à moitié" in text_of(answer)
        assert nadia.get("/aujourdhui").status_code == 503, "what cannot be journaled is not shown"
        assert nadia.get("/guides").status_code == 200, "reading goes on"
    finally:
        release()
    assert digest(impatient) == before
    assert not entries_after(impatient, entries)
    assert nadia.post("/personnes/nouvelle", PERSON, token=token).status_code == 303
    seal_now(impatient)
    assert verify(impatient).ok


def test_writers_wait_for_each_other_only_so_long(impatient: Database) -> None:
    from aidants.errors import Unavailable

    with unit_of_work(impatient, Mode.WRITE, request_id="r") as work:
        record(work, SignedOut())
        lost: list[Exception] = []

        def second() -> None:
            try:
                with unit_of_work(impatient, Mode.WRITE, request_id="r") as other:
                    record(other, SignedOut())
                    if not impatient.is_sqlite:  # numbers are taken at the end there: let the first one take them
                        other.session.connection().execute(sa.text("LOCK TABLE journal_leaf IN EXCLUSIVE MODE"))
            except Unavailable as error:
                lost.append(error)

        if not impatient.is_sqlite:
            work.session.connection().execute(sa.text("LOCK TABLE journal_leaf IN EXCLUSIVE MODE"))
        thread = threading.Thread(target=second)
        thread.start()
        thread.join(10)
        assert not thread.is_alive()
    assert [type(error) for error in lost] == [Unavailable]


@pytest.mark.sqlite_only(
    "a full disk of the server is out of a test's reach; its error is read in tests/unit/test_db.py"
)
def test_a_full_disk_is_said_reading_goes_on_and_it_recovers(settings: Settings, demo_database: Database) -> None:
    nadia = Browser(settings, demo_database, people_of(demo_database))
    nadia.sign_in("nadia")
    token = nadia.token()
    with demo_database.engine.connect() as connection:
        pages: list[int] = [connection.execute(sa.text("PRAGMA page_count")).scalar_one()]

    def limit(connection: Any, *_: Any) -> None:
        connection.execute(f"PRAGMA max_page_count={pages[0]}")

    event.listen(demo_database.engine, "checkout", limit)
    for number in range(200):
        before = digest(demo_database)
        answer = nadia.post("/personnes/nouvelle", {**PERSON, "birthplace": f"{'Ville' * 12} {number}"}, token=token)
        if answer.status_code == 503:
            break
        assert answer.status_code == 303
    assert answer.status_code == 503
    assert answer.headers["retry-after"]
    assert "plus de place pour écrire" in text_of(answer)
    assert digest(demo_database) == before
    assert nadia.get("/guides").status_code == 200
    pages[0] = 1_000_000
    assert nadia.post("/personnes/nouvelle", PERSON, token=token).status_code == 303
    seal_now(demo_database)
    assert verify(demo_database).ok


def test_one_mandate_activated_by_eight_at_once(demo_database: Database) -> None:
    places = prepare(demo_database)
    mandate, entries = places.mandates["awaiting_consent"], last_entry(demo_database)

    def activate(_: int) -> None:
        with unit_of_work(demo_database, Mode.WRITE, request_id="r") as work:
            work.actor = actor_of(work, "nadia")
            consent.activate(work, mandate)

    assert together(activate) == [None] * THREADS
    with unit_of_work(demo_database, Mode.READ) as work:
        assert work.session.get_one(Mandate, mandate).state == "active"
        granted = work.session.exec(select(Authorisation).where(Authorisation.mandate_id == mandate)).all()
    assert [item.scope for item in granted] == ["argent"]
    kinds = [entry.type for entry in entries_after(demo_database, entries)]
    assert kinds == ["consent_given", "mandate_activated", "authorisation_granted"]
    seal_now(demo_database)
    assert verify(demo_database).ok


def test_the_button_pressed_eight_times_at_once(
    browse: Callable[..., Browser], demo_database: Database, settings: Settings
) -> None:
    demo_database.wait = 60
    places = prepare(demo_database)
    nadia = browse("nadia")
    token, entries, code = nadia.token(), last_entry(demo_database), nadia.code("nadia")
    browsers = [browse() for _ in range(THREADS)]
    for browser in browsers:
        browser.http.cookies.update(nadia.http.cookies)
    path, fields = f"/mandats/{places.mandates['awaiting_consent']}/activer", {"signe": "oui", "code": code}
    answers = together(lambda number: browsers[number].post(path, fields, token=token).status_code)
    assert set(answers) <= {303, 422}, "the code serves once: who comes between the two units is asked for another"
    assert 303 in answers
    kinds = [entry.type for entry in entries_after(demo_database, entries) if entry.type != "sign_in_failed"]
    assert kinds == ["reauthenticated", "consent_given", "mandate_activated", "authorisation_granted"]


def test_eight_writers_leave_no_gap_in_the_journal(demo_database: Database) -> None:
    entries = last_entry(demo_database)

    def write(number: int) -> None:
        for _ in range(5):
            with unit_of_work(demo_database, Mode.WRITE, request_id="r") as work:
                record(work, SignedOut())
            if number % 2:
                seal_now(demo_database)

    assert together(write) == [None] * THREADS
    with unit_of_work(demo_database, Mode.READ) as work:
        numbers = sorted(work.session.exec(select(JournalLeaf.seq)))
    assert numbers == list(range(1, entries + 5 * THREADS + 1))
    seal_now(demo_database)
    report = verify(demo_database)
    assert (report.ok, report.not_yet_sealed) == (True, 0)


def test_eight_bad_passwords_at_once_are_all_counted(
    browse: Callable[..., Browser], demo_database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(factors, "check_password", lambda *_: False)
    browsers = [browse() for _ in range(THREADS)]
    tokens = [browser.token() for browser in browsers]
    fields = {"email": "nadia.ferrand@brivette.example", "password": "un mauvais mot de passe"}
    answers = together(lambda number: browsers[number].post("/connexion", fields, token=tokens[number]).status_code)
    assert answers == [422] * THREADS
    with unit_of_work(demo_database, Mode.READ) as work:
        assert sorted(row.count for row in work.session.exec(select(Throttle))) == [THREADS, THREADS]


def test_a_failure_half_way_leaves_nothing(demo_database: Database) -> None:
    from aidants.residents.identity import Identity
    from aidants.residents.services import create_resident

    before, entries = digest(demo_database), last_entry(demo_database)

    def interrupted() -> None:
        with unit_of_work(demo_database, Mode.WRITE) as work:
            work.actor = actor_of(work, "nadia")
            create_resident(work, Identity("Aucune", "Trace"))
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        interrupted()
    assert digest(demo_database) == before
    assert not entries_after(demo_database, entries)
