"""The real path: an empty folder becomes an installation with one organisation and one person who can sign in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from aidants.accounts import factors, registry
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import AppError
from aidants.guides.services import freeze_library
from aidants.migrate import current, upgrade
from aidants.policy import Role


class InstallError(AppError):
    """The installation cannot be made; nothing was written."""


@dataclass(frozen=True, slots=True)
class FirstPerson:
    """Who signs in first: administrator, manager, and (once trained) helper of the first organisation."""

    name: str
    email: str
    password: str
    trained_on: date | None = None


def run(database: Database, organisation: dict[str, str], first: FirstPerson) -> str:
    """Create everything and return the ``otpauth://`` address of the one-time codes.

    Raises InstallError for a short password, or when the database already holds an installation.
    """
    if len(first.password) < factors.MIN_PASSWORD:
        raise InstallError("Le mot de passe doit avoir douze signes au moins.")
    if "@" not in first.email:
        raise InstallError("Il manque le @ dans l’adresse e-mail.")
    if current(database) is not None:
        raise InstallError("Cette base contient déjà une installation. Rien n’a été changé.")
    password_hash, secret = factors.hash_password(first.password), factors.new_totp_secret()
    upgrade(database)
    with unit_of_work(database, Mode.WRITE) as work:
        registry.install(work, demo=False)
        freeze_library(work)
        place = registry.create_organisation(work, **organisation)
        person = registry.create_person(
            work,
            email=first.email,
            name=first.name,
            password_hash=password_hash,
            totp_secret=secret,
            trained_on=first.trained_on,
        )
        registry.grant(work, person, Role.ADMINISTRATOR)
        registry.grant(work, person, Role.MANAGER, place)
        if first.trained_on is not None:
            registry.grant(work, person, Role.HELPER, place)
    return factors.provisioning_uri(secret, first.email, "Aidants")
