"""Who may do what, on one page. Nothing else in the application decides a permission.

The table follows the roles of the domain: helpers act, managers run a team and see no identity, auditors read with
pseudonyms and never write, administrators run the installation and see no resident data.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final

from aidants.errors import Forbidden, ReauthenticationNeeded, SignInNeeded

REAUTHENTICATION_LASTS: Final = timedelta(minutes=5)


class Role(StrEnum):
    """What a person is in an organisation (or, for administrators, in the installation)."""

    HELPER = "helper"
    MANAGER = "manager"
    AUDITOR = "auditor"
    ADMINISTRATOR = "administrator"


class Permission(StrEnum):
    """What a route may require. ``PUBLIC`` is said explicitly: no route is open by omission."""

    PUBLIC = "public"
    SIGNED_IN = "signed_in"
    SEE_RESIDENTS = "see_residents"
    CHANGE_RESIDENTS = "change_residents"
    SEE_MANDATES = "see_mandates"
    CHANGE_MANDATES = "change_mandates"
    RUN_GUIDES = "run_guides"
    SEE_OWN_JOURNAL = "see_own_journal"
    SEE_ORGANISATION_JOURNAL = "see_organisation_journal"
    AUDIT_JOURNAL = "audit_journal"
    SEE_TECHNICAL_JOURNAL = "see_technical_journal"
    MANAGE_INSTALLATION = "manage_installation"


_P = Permission
GRANTS: Final[dict[Role, frozenset[Permission]]] = {
    Role.HELPER: frozenset(
        {
            _P.SEE_RESIDENTS,
            _P.CHANGE_RESIDENTS,
            _P.SEE_MANDATES,
            _P.CHANGE_MANDATES,
            _P.RUN_GUIDES,
            _P.SEE_OWN_JOURNAL,
        }
    ),
    Role.MANAGER: frozenset({_P.SEE_ORGANISATION_JOURNAL}),
    Role.AUDITOR: frozenset({_P.AUDIT_JOURNAL}),
    Role.ADMINISTRATOR: frozenset({_P.MANAGE_INSTALLATION, _P.SEE_TECHNICAL_JOURNAL}),
}

NEEDS_TRAINING: Final = frozenset({_P.CHANGE_RESIDENTS, _P.CHANGE_MANDATES, _P.RUN_GUIDES})
"""What the server refuses a helper whose training is not recorded."""


@dataclass(frozen=True, slots=True)
class Actor:
    """The signed-in person as one request sees them, read from the database at its start."""

    person_id: str
    name: str
    session_id: str
    roles: frozenset[Role]
    organisation_id: str | None = None
    organisation_name: str = ""
    organisation_phone: str = ""
    organisation_hours: str = ""
    trained: bool = False
    reauthenticated_at: datetime | None = None
    last_seen_at: datetime | None = None
    """When the session was last seen, as stored (at most a minute behind)."""
    handed_over: str | None = None
    """What the resident who holds this screen is asked; None while the helper holds it."""
    audited: frozenset[str] | None = frozenset()
    """Organisations whose journal an auditor reads; ``None`` means all of them."""
    permissions: frozenset[Permission] = field(init=False)

    def __post_init__(self) -> None:
        granted = frozenset({Permission.PUBLIC, Permission.SIGNED_IN}).union(*(GRANTS[role] for role in self.roles))
        if not self.trained:
            granted -= NEEDS_TRAINING
        object.__setattr__(self, "permissions", granted)


@dataclass(frozen=True, slots=True)
class ResidentActor:
    """A resident who acts alone, without account.

    ``auth``: how the page knows them, ``access_code``, ``one_time_code``, or ``handed_over`` for a resident who holds the
    helper's screen. ``session_id``: which visit it is, as the journal names it.
    """

    resident_id: str
    organisation_id: str
    session_id: str
    auth: str


def can(actor: Actor | None, permission: Permission) -> bool:
    """Tell whether the actor holds the permission; nobody holds more than ``PUBLIC``."""
    return permission is Permission.PUBLIC if actor is None else permission in actor.permissions


def require(actor: Actor | None, permission: Permission) -> None:
    """Raise SignInNeeded or Forbidden unless the actor holds the permission."""
    if can(actor, permission):
        return
    if actor is None:
        raise SignInNeeded
    raise Forbidden


def require_fresh(actor: Actor | None, now: datetime) -> None:
    """Raise ReauthenticationNeeded unless a one-time code was given within the last five minutes."""
    given = actor.reauthenticated_at if actor else None
    if given is None or not timedelta(0) <= now - given <= REAUTHENTICATION_LASTS:
        raise ReauthenticationNeeded
