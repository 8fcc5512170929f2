"""The demonstration: two organisations, every role, residents, mandates in several states, all invented.

A demonstration is marked so in its database and can never become a real installation.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date
from typing import Final

from sqlmodel import col, select
from starlette.responses import Response

from aidants import clock
from aidants.accounts import factors, registry, services
from aidants.accounts.models import Membership, Organisation, Person
from aidants.assistance.services import receive
from aidants.crypto import new_id, open_sealed
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import NotFound
from aidants.guides import services as guides
from aidants.journal.seal import seal_now
from aidants.mandates import consent
from aidants.mandates import services as mandates
from aidants.mandates.models import Mandate, MandateFrozenText
from aidants.policy import Permission, Role
from aidants.residents.identity import Identity
from aidants.residents.models import Resident
from aidants.residents.services import create_resident, resident_key
from aidants.web.endpoint import Page, page

PASSWORD: Final = "guichet-ouvert-le-mardi"  # noqa: S105 - printed on the demonstration's own page
PHONE: Final = "05 00 00 12 34"
HOURS: Final = "du lundi au vendredi, 9 h à 17 h"
_TRAINED: Final = date(2026, 9, 14)

_ORGANISATIONS: Final = (
    {
        "name": "Maison commune de Brivette",
        "kind": "Maison France services",
        "address": "2, place du Lavoir, 99000 Brivette",
        "phone": PHONE,
        "hours": HOURS,
        "email": "accueil@brivette.example",
        "dpo_contact": "dpo@brivette.example",
    },
    {
        "name": "Association Le Fil d’Orsenne",
        "kind": "Association",
        "address": "14, rue des Tilleuls, 99120 Orsenne",
        "phone": "05 00 00 56 78",
        "hours": "le mardi et le jeudi, 14 h à 18 h",
        "email": "bonjour@orsenne.example",
        "dpo_contact": "dpo@orsenne.example",
    },
)
_PEOPLE: Final[tuple[tuple[str, str, str, Role, int | None, bool], ...]] = (
    ("Nadia Ferrand", "nadia.ferrand@brivette.example", "Conseillère France services", Role.HELPER, 0, True),
    ("Tom Lacaze", "tom.lacaze@brivette.example", "Agent d’accueil", Role.HELPER, 0, True),
    ("Inès Marchal", "ines.marchal@brivette.example", "Agente d’accueil, pas encore formée", Role.HELPER, 0, False),
    ("Claire Aumont", "claire.aumont@brivette.example", "Responsable de la maison commune", Role.MANAGER, 0, False),
    ("Youssef Karam", "youssef.karam@orsenne.example", "Médiateur numérique", Role.HELPER, 1, True),
    ("Paul Mérou", "paul.merou@audit.example", "Auditeur", Role.AUDITOR, None, False),
    ("Sofia Brandt", "sofia.brandt@admin.example", "Administratrice", Role.ADMINISTRATOR, None, False),
)
_RESIDENTS: Final = (
    Identity("Aubert", "Monique", birth_date="1948-03-04", birthplace="Guéret", document_seen="identity_card"),
    Identity("Belkacem", "Ahmed", birth_date="1961-07-12", birthplace="Oran", document_seen="residence_permit"),
    Identity("Vidal", "Marie-Claude Anne", usual_name="Peyrat", birth_date="1955-11", document_seen="identity_card"),
    Identity("Pereira da Costa", "Rosa", birth_date="1983-01-30", birthplace="Braga", document_seen="passport"),
    Identity("Kouadio", "Jean-Baptiste", birth_date="1990", phone="06 00 00 11 22", document_seen="known"),
    Identity("Le Goff", "Simone", birth_date="1937-05-21", birthplace="Ÿvias", document_seen="identity_card"),
)
_GRANTS: Final = (
    (0, ("carte-grise-adresse", "demander-apl"), "MONTH", "active"),
    (1, ("declarer-revenus",), "SEMESTER", "awaiting"),
    (2, ("acte-etat-civil", "demander-apl"), "LONG", "revoked"),
    (3, ("compte-ameli",), "SHORT", "active"),
    (4, ("carte-grise-adresse",), "MONTH", "draft"),
)


@dataclass(frozen=True, slots=True)
class Account:
    """One invented person, as the page and ``--json`` list them."""

    name: str
    email: str
    function: str
    role: str
    organisation: str
    password: str
    totp_secret: str


def fill(database: Database) -> None:
    """Fill an empty database. Raises AlreadyInstalled when it is not empty."""
    password = factors.hash_password(PASSWORD)
    with unit_of_work(database, Mode.WRITE) as work:
        registry.install(work, demo=True)
        guides.freeze_library(work)
        places = [registry.create_organisation(work, fields) for fields in _ORGANISATIONS]
        places[1].public_mission = False
        for name, email, function, role, place, trained in _PEOPLE:
            person = registry.create_person(
                work,
                email=email,
                name=name,
                function=function,
                password_hash=password,
                totp_secret=factors.new_totp_secret(),
                trained_on=_TRAINED if trained else None,
            )
            registry.grant(work, person, role, places[place] if place is not None else None)
    _work_a_little(database)
    checkpoint = seal_now(database)
    with unit_of_work(database, Mode.WRITE) as work:
        for text in work.session.exec(select(MandateFrozenText)):
            text.journal_size, text.journal_root = checkpoint.size, checkpoint.root.hex()


def _work_a_little(database: Database) -> None:
    """Let Nadia receive everybody through the real services."""
    with unit_of_work(database, Mode.WRITE) as work:
        _enter_as(work, _PEOPLE[0][1], device="demo", secret=new_id())
        ids = [create_resident(work, identity) for identity in _RESIDENTS]
        for place, procedures, duration, state in _GRANTS:
            sitting = receive(work, ids[place])
            mandate_id = mandates.draft_mandate(work, ids[place], sitting.id)
            if state == "draft":
                mandates.answer(work, mandate_id, procedures=procedures)
                continue
            mandates.answer(
                work,
                mandate_id,
                procedures=procedures,
                more_asked=True,
                duration=duration,
                regime="aucune",
                consent="paper",
                read_aloud=True,
            )
            consent.ask_consent(work, mandate_id)
            if state != "awaiting":
                consent.activate(work, mandate_id)
            if state == "revoked":
                mandates.revoke(work, mandate_id, None, "resident")
        services.sign_out(work)


def _enter_as(work: Work, email: str, device: str, secret: str) -> None:
    """Open a session for an invented person, without factors."""
    person = work.session.exec(select(Person).where(Person.email == email)).one()
    services.complete(work, services.open_half_session(work, person, device, secret), secret)
    work.actor = replace(work.person(), reauthenticated_at=work.now)


def accounts(database: Database) -> list[Account]:
    """Return the invented people with what opens their accounts."""
    with unit_of_work(database, Mode.READ) as work:
        query = (
            select(Person, Membership, Organisation)
            .join(Membership, col(Membership.person_id) == Person.id)
            .outerjoin(Organisation, col(Organisation.id) == Membership.organisation_id)
            .order_by(col(Person.created_at), col(Person.email))
        )
        order = [email for _, email, *_ in _PEOPLE]
        rows = sorted(work.session.exec(query).all(), key=lambda row: order.index(row[0].email))
        return [_account(work, *row) for row in rows]


def _account(work: Work, person: Person, membership: Membership, organisation: Organisation | None) -> Account:
    secret = open_sealed(work.keyring.derive(services.TOTP_PURPOSE), person.totp_sealed, person.id).decode("ascii")
    place = organisation.name if organisation is not None else ""
    return Account(person.name, person.email, person.function, membership.role, place, PASSWORD, secret)


def codes(database: Database) -> list[dict[str, str]]:
    """Return the demonstration's mandates that have a verification code, with their state."""
    with unit_of_work(database, Mode.READ) as work:
        query = select(Mandate, Resident).join(Resident, col(Resident.id) == Mandate.resident_id)
        rows = work.session.exec(query.where(col(Mandate.code_sealed).is_not(None)).order_by(Mandate.reference))
        return [{"state": row.state, "code": _code(work, row, resident)} for row, resident in rows]


def _code(work: Work, row: Mandate, resident: Resident) -> str:
    assert row.code_sealed is not None
    return open_sealed(resident_key(work, resident), row.code_sealed, row.id).decode("ascii")


# The page


def _only_here(view: Page) -> None:
    """The page exists in a demonstration, for this machine alone."""
    relayed = "x-forwarded-for" in view.request.headers or "forwarded" in view.request.headers
    here = view.gate.settings.local and view.address in {"127.0.0.1", "::1"} and not relayed
    if not view.gate.demo or not here:
        raise NotFound


def show(view: Page) -> Response:
    """List the invented people with live codes and one button each."""
    _only_here(view)
    now = clock.now()
    people = [(account, factors.code_at(account.totp_secret, now)) for account in accounts(view.gate.database)]
    return view.render("demo/people.html", people=people, codes=codes(view.gate.database))


def enter(view: Page) -> Response:
    """Sign in as one of them, without password: the people are invented."""
    _only_here(view)
    secret, email = view.gate.cookies.new_id(), view.form.last("email")
    if email not in {address for _, address, *_ in _PEOPLE}:
        raise NotFound
    with view.open_unit(Mode.WRITE) as work:
        _enter_as(work, email, view.device_id, secret)
    view.cookies.append(lambda response: view.gate.cookies.set_session(response, secret))
    return view.redirect("/aujourdhui")


ROUTES = [
    page("/demo", show, permission=Permission.PUBLIC, db=Mode.OWN),
    page("/demo", enter, permission=Permission.PUBLIC, db=Mode.OWN, method="POST"),
]
