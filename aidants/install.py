"""The real path: an empty folder becomes an installation with one organisation and one person who can sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from typing import Final

from aidants.accounts import factors, registry
from aidants.accounts.models import Installation
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import AppError
from aidants.guides.services import freeze_library
from aidants.migrate import current, upgrade
from aidants.policy import Role

LONGEST: Final = 80
"""Signs a field may have here; the narrowest column decides."""


class InstallError(AppError):
    """The installation cannot be made; nothing was written."""


@dataclass(frozen=True, slots=True)
class FirstPerson:
    """Who signs in first: administrator, manager, and (once trained) helper of the first organisation."""

    name: str
    email: str
    password: str
    function: str = ""
    trained_on: date | None = None


def installed(database: Database) -> Installation | None:
    """Return the installation of a database, None when there is none yet (with or without tables)."""
    if current(database) is None:
        return None
    with unit_of_work(database, Mode.READ) as work:
        return work.session.get(Installation, 1)


def check(organisation: dict[str, str], first: FirstPerson) -> None:
    """Raise InstallError for what could not be stored, before anything is written."""
    if len(first.password) < factors.MIN_PASSWORD:
        raise InstallError("Le mot de passe doit avoir douze signes au moins.")
    if "@" not in first.email:
        raise InstallError("Il manque le @ dans l’adresse e-mail.")
    typed = [*organisation.items(), ("nom", first.name), ("e-mail", first.email), ("fonction", first.function)]
    for name, value in typed:
        if len(value) > LONGEST:
            raise InstallError(f"C’est trop long ({name}) : {LONGEST} signes au plus.")


def run(database: Database, organisation: dict[str, str], first: FirstPerson, *, public_mission: bool = True) -> str:
    """Create everything and return the ``otpauth://`` address of the one-time codes.

    Raises InstallError for bad input, or when the database already holds an installation.
    """
    check(organisation, first)
    if installed(database) is not None:
        raise InstallError("Cette base contient déjà une installation. Rien n’a été changé.")
    password_hash, secret = factors.hash_password(first.password), factors.new_totp_secret()
    upgrade(database)
    with unit_of_work(database, Mode.WRITE) as work:
        registry.install(work, demo=False)
        freeze_library(work)
        place = registry.create_organisation(work, organisation, public_mission=public_mission)
        person = registry.create_person(
            work,
            email=first.email,
            name=first.name,
            password_hash=password_hash,
            totp_secret=secret,
            function=first.function,
            trained_on=first.trained_on,
        )
        registry.grant(work, person, Role.ADMINISTRATOR)
        registry.grant(work, person, Role.MANAGER, place)
        if first.trained_on is not None:
            registry.grant(work, person, Role.HELPER, place)
    return factors.provisioning_uri(secret, first.email, "Aidants")
