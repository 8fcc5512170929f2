"""Creating organisations and people, granting roles. Called from the console; screens come on top of it."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from sqlmodel import select

from aidants.accounts.models import Installation, Membership, Organisation, Person
from aidants.accounts.services import TOTP_PURPOSE, normalised_email
from aidants.crypto import new_id, seal
from aidants.db import Work
from aidants.errors import AppError
from aidants.i18n import N_
from aidants.journal import actions
from aidants.journal.services import record
from aidants.policy import Role


class AlreadyInstalled(AppError):
    """The database already belongs to an installation."""

    message = N_("Cette base contient déjà une installation. Rien n’a été changé.")


def install(work: Work, *, demo: bool) -> None:
    """Mark an empty database as ours and as sealed by this key. Raises AlreadyInstalled: never converted, never twice."""
    if work.session.exec(select(Installation)).first() is not None:
        raise AlreadyInstalled
    work.session.add(Installation(key_id=work.keyring.key_id, demo=demo, created_at=work.now))
    work.session.flush()


def create_organisation(work: Work, fields: Mapping[str, str], *, public_mission: bool = True) -> Organisation:
    """Create an organisation with a key of its own."""
    _, wrapped = work.keyring.new_wrapped()
    organisation = Organisation.model_validate(
        {"wrapped_key": wrapped, "created_at": work.now, "public_mission": public_mission, **fields}
    )
    work.session.add(organisation)
    work.session.flush()
    record(work, actions.OrganisationCreated(organisation=organisation.id))
    return organisation


def create_person(
    work: Work,
    *,
    email: str,
    name: str,
    password_hash: str,
    totp_secret: str,
    function: str = "",
    trained_on: date | None = None,
) -> Person:
    """Create somebody who can sign in; the secret of their one-time codes is sealed."""
    person_id = new_id()
    sealed = seal(work.keyring.derive(TOTP_PURPOSE), totp_secret.encode("ascii"), person_id)
    person = Person(
        id=person_id,
        email=normalised_email(email),
        name=name,
        function=function,
        password_hash=password_hash,
        totp_sealed=sealed,
        trained_on=trained_on,
        created_at=work.now,
    )
    work.session.add(person)
    work.session.flush()
    record(work, actions.Activated(person=person.id))
    if trained_on is not None:
        record(work, actions.TrainingRecorded(person=person.id, trained_on=trained_on.isoformat()))
    return person


def grant(work: Work, person: Person, role: Role, organisation: Organisation | None = None) -> None:
    """Give a role, in one organisation or (auditors, administrators) everywhere."""
    place = organisation.id if organisation is not None else None
    work.session.add(Membership(person_id=person.id, role=role, organisation_id=place))
    record(work, actions.RoleGranted(person=person.id, role=role, organisation=place))
