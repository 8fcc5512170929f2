"""Who may do what: the table of the domain, cell by cell."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from aidants.errors import Forbidden, ReauthenticationNeeded, SignInNeeded
from aidants.policy import GRANTS, Actor, Permission, Role, can, require, require_fresh

NOW = datetime(2026, 11, 24, 9, 0, tzinfo=UTC)
P = Permission
TABLE = {
    Role.HELPER: {
        P.SEE_RESIDENTS,
        P.CHANGE_RESIDENTS,
        P.SEE_MANDATES,
        P.CHANGE_MANDATES,
        P.RUN_GUIDES,
        P.SEE_OWN_JOURNAL,
    },
    Role.MANAGER: {P.SEE_ORGANISATION_JOURNAL},
    Role.AUDITOR: {P.AUDIT_JOURNAL},
    Role.ADMINISTRATOR: {P.MANAGE_INSTALLATION, P.SEE_TECHNICAL_JOURNAL},
}


def actor(*roles: Role, trained: bool = True, given: datetime | None = None) -> Actor:
    return Actor("p", "Nadia", "s", frozenset(roles), trained=trained, reauthenticated_at=given)


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("permission", list(Permission))
def test_each_role_holds_what_the_table_says(role: Role, permission: Permission) -> None:
    expected = permission in TABLE[role] or permission in {P.PUBLIC, P.SIGNED_IN}
    assert can(actor(role), permission) is expected


def test_no_role_but_the_helpers_sees_residents() -> None:
    seeing = {P.SEE_RESIDENTS, P.CHANGE_RESIDENTS, P.SEE_MANDATES, P.CHANGE_MANDATES, P.RUN_GUIDES}
    assert [role for role, granted in GRANTS.items() if granted & seeing] == [Role.HELPER]


def test_roles_add_up() -> None:
    both = actor(Role.MANAGER, Role.HELPER)
    assert can(both, P.SEE_RESIDENTS)
    assert can(both, P.SEE_ORGANISATION_JOURNAL)


def test_an_untrained_helper_reads_and_does_not_act() -> None:
    untrained = actor(Role.HELPER, trained=False)
    assert can(untrained, P.SEE_MANDATES)
    assert not any(can(untrained, permission) for permission in (P.CHANGE_RESIDENTS, P.CHANGE_MANDATES, P.RUN_GUIDES))


def test_nobody_holds_only_what_is_public() -> None:
    assert [permission for permission in Permission if can(None, permission)] == [P.PUBLIC]
    with pytest.raises(SignInNeeded):
        require(None, P.SIGNED_IN)
    with pytest.raises(Forbidden):
        require(actor(Role.AUDITOR), P.SEE_RESIDENTS)


@pytest.mark.parametrize(("ago", "fresh"), [(0, True), (300, True), (301, False), (-1, False), (None, False)])
def test_a_fresh_code_lasts_five_minutes(ago: int | None, fresh: bool) -> None:
    given = None if ago is None else NOW - timedelta(seconds=ago)
    if fresh:
        require_fresh(actor(Role.HELPER, given=given), NOW)
    else:
        with pytest.raises(ReauthenticationNeeded):
            require_fresh(actor(Role.HELPER, given=given), NOW)
