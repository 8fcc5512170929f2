"""A throw-away installation to measure on: the demonstration, twenty helpers, thousands of sealed residents."""

from __future__ import annotations

import itertools
import sqlite3
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from sqlmodel import select

from aidants import clock, demo
from aidants.accounts import factors, registry
from aidants.accounts.models import Organisation, Person
from aidants.app import open_database
from aidants.assistance.services import receive
from aidants.crypto import Keyring, derive, seal_json
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.guides.services import start_for_procedure
from aidants.journal.seal import seal_now
from aidants.mandates import consent
from aidants.mandates import services as mandates
from aidants.migrate import upgrade
from aidants.policy import Actor, Role
from aidants.residents.identity import Identity, tokens
from aidants.residents.models import Resident, ResidentToken
from aidants.settings import Settings

HELPERS: Final = 20
RESIDENTS: Final = 5000
PROCEDURE: Final = "carte-grise-adresse"
PER_UNIT: Final = 1000
_FIRST: Final = ("Monique", "Ahmed", "Rosa", "Simone", "Jean-Baptiste", "Lucienne", "Yann", "Fatou", "Marcel", "Odette")
_SYLLABLES: Final = ("bar", "lo", "ven", "ti", "mar", "sou", "du", "fe", "ri", "chau", "gan", "pel", "no", "qua", "vi")


@dataclass(frozen=True, slots=True)
class Helper:
    """Somebody who signs in, with a mandate in force, a walk left open, and mandates ready to be activated."""

    person_id: str
    email: str
    password: str
    totp_secret: str
    mandate: str
    run: str
    awaiting: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Installation:
    """Where the installation is and who is in it. ``residents`` maps ids to the name their page shows."""

    settings: Settings
    helpers: tuple[Helper, ...]
    residents: dict[str, str]


def make(folder: Path, *, residents: int = RESIDENTS, helpers: int = HELPERS) -> Installation:
    """Create and fill an installation in ``folder``; everything goes through the product's own services and keys."""
    settings = Settings(data_dir=folder)
    database = open_database(settings, Keyring.create(settings.keys_path))
    upgrade(database)
    demo.fill(database)
    people = _people(database, helpers)
    made = tuple(_helper(database, actor, secret) for actor, secret in people)
    names: dict[str, str] = {}
    everybody = _identities()
    while len(names) < residents:
        some = list(itertools.islice(everybody, min(PER_UNIT, residents - len(names))))
        names |= _receive(database, people[0][0], some)
    seal_now(database)
    database.dispose()
    return Installation(settings, made, names)


def _people(database: Database, count: int) -> list[tuple[Actor, str]]:
    password, people = factors.hash_password(demo.PASSWORD), []
    with unit_of_work(database, Mode.WRITE) as work:
        place = work.session.exec(select(Organisation)).all()[0]
        for number in range(count):
            secret = factors.new_totp_secret()
            person = registry.create_person(
                work,
                email=f"helper{number}@brivette.example",
                name=f"Camille Aidant {number}",
                password_hash=password,
                totp_secret=secret,
                trained_on=date(2026, 1, 5),
            )
            registry.grant(work, person, Role.HELPER, place)
            people.append((_actor(person, place), secret))
    return people


def _actor(person: Person, place: Organisation) -> Actor:
    roles = frozenset({Role.HELPER})
    return Actor(
        person.id,
        person.name,
        f"bench-{person.id}"[:26],
        roles,
        place.id,
        place.name,
        trained=True,
        reauthenticated_at=clock.now(),
    )


def _helper(database: Database, actor: Actor, secret: str) -> Helper:
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        resident = _new(work, actor, Identity("Témoin", "Claude", birth_date="1950-02-01", document_seen="passport"))
        sitting = receive(work, resident.id)
        awaiting = [_ask(work, resident.id, sitting.id) for _ in range(4)]
        consent.activate(work, awaiting[0])
        run = start_for_procedure(work, sitting.id, PROCEDURE)
        email = work.session.get_one(Person, actor.person_id).email
    return Helper(actor.person_id, email, demo.PASSWORD, secret, awaiting[0], run, tuple(awaiting[1:]))


def _ask(work: Work, resident_id: str, sitting_id: str) -> str:
    mandate_id = mandates.draft_mandate(work, resident_id, sitting_id)
    mandates.answer(
        work,
        mandate_id,
        procedures=(PROCEDURE, "demander-apl"),
        more_asked=True,
        duration="MONTH",
        regime="aucune",
        consent="paper",
        read_aloud=True,
    )
    consent.ask_consent(work, mandate_id)
    return mandate_id


def _identities() -> Iterator[Identity]:
    """Yield invented people; names are long combinations so that blind indexes spread as in a real town."""
    for number, parts in enumerate(itertools.product(_SYLLABLES, repeat=4)):
        name = "".join(parts).capitalize()
        given = f"{_FIRST[number % len(_FIRST)]} {_FIRST[number // 7 % len(_FIRST)]}"
        born = f"{1930 + number % 70:04}-{1 + number % 12:02}-{1 + number % 28:02}"
        yield Identity(name, given, birth_date=born, birthplace="Guéret", phone=f"06 00 {number:06}")


def _receive(database: Database, actor: Actor, people: list[Identity]) -> dict[str, str]:
    """Insert many residents at once: ``create_resident`` compares with what the same person typed a minute ago."""
    names = {}
    with unit_of_work(database, Mode.WRITE, actor=actor) as work:
        for number, identity in enumerate(people):
            row = _new(work, actor, identity)
            row.last_visit_at = row.created_at = work.now - timedelta(minutes=number + 5)
            names[row.id] = identity.birth_name
    return names


def _new(work: Work, actor: Actor, identity: Identity) -> Resident:
    assert actor.organisation_id is not None
    place = work.session.get_one(Organisation, actor.organisation_id)
    key, wrapped = work.keyring.new_wrapped()
    row = Resident(
        organisation_id=place.id,
        wrapped_key=wrapped,
        sealed=b"",
        created_by=actor.person_id,
        created_at=work.now,
        last_visit_at=work.now,
    )
    row.sealed = seal_json(key, identity.to_dict(), row.id)
    work.session.add(row)
    search_key = derive(work.keyring.unwrap(place.wrapped_key), "search")
    work.session.add_all(
        ResidentToken(organisation_id=place.id, kind=kind, token=token, resident_id=row.id)
        for kind, token in set(tokens(search_key, identity))
    )
    return row


def let_codes_serve_again(settings: Settings) -> None:
    """Forget the last one-time code of everybody, beside the server: as if each had waited for the next one."""
    with sqlite3.connect(settings.data_dir / "aidants.sqlite", timeout=10) as connection:
        connection.execute("UPDATE person SET totp_last_step = 0")
    connection.close()


def journal_size(settings: Settings) -> int:
    """Return the number of entries in the journal, read beside the server."""
    path = settings.data_dir / "aidants.sqlite"
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as connection:
        size = int(connection.execute("SELECT count(*) FROM journal_leaf").fetchone()[0])
    connection.close()
    return size
