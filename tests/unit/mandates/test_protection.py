"""The whole table of protected persons and minors: who signs, what must be seen, what stays closed."""

from __future__ import annotations

import itertools

import pytest

from aidants.mandates.lifecycle import PROTECTION, NotAllowed, Regime, Signs, check_protection
from aidants.procedures import SCOPES

GOLDEN = """\
aucune                       resident        -                     -       1984
sauvegarde                   resident        order                 -       435, 436       setting
curatelle                    both            judgment              -       467
curatelle_renforcee          both            judgment              argent  472
tutelle                      representative  judgment              -       458, 473
habilitation_representation  representative  judgment              -       494-1, 494-6
habilitation_assistance      both            judgment              -       494-1, 494-6
protection_future            both            stamped_mandate       -       488
mineur                       representative  family_book judgment  -       388-1-1, 1146
emancipe                     resident        emancipation          -       413-6
ne_comprend_pas              nobody          -                     -       414-1
"""


def test_the_table() -> None:
    lines = [
        f"{regime:<28} {rule.signs:<15} {' '.join(rule.documents) or '-':<21} {' '.join(sorted(rule.refused)) or '-':<7} "
        f"{rule.law:<14} {'setting' if rule.by_setting else ''}".rstrip()
        for regime, rule in PROTECTION.items()
    ]
    assert "\n".join(lines) + "\n" == GOLDEN
    assert set(PROTECTION) == set(Regime)


def verdict(regime: Regime, scopes: tuple[str, ...], *, age: str, allowed: bool) -> str:
    try:
        rule = check_protection(regime, scopes, minor=age == "minor", adult=age == "adult", safeguard_allowed=allowed)
    except NotAllowed as refused:
        return refused.code
    return rule.signs


@pytest.mark.parametrize("regime", list(Regime))
def test_every_case(regime: Regime) -> None:
    """Eleven regimes, three ages, each theme, the setting on and off."""
    for age, scope, allowed in itertools.product(("minor", "adult", "unknown"), SCOPES, (False, True)):
        found = verdict(regime, (scope,), age=age, allowed=allowed)
        young = {Regime.MINOR, Regime.EMANCIPATED, Regime.GUARDIANSHIP}
        if age == "minor" and regime not in young:
            assert found == "minor"
        elif age == "adult" and regime in {Regime.MINOR, Regime.EMANCIPATED}:
            assert found == "not_minor"
        elif regime is Regime.UNABLE:
            assert found == "unable"
        elif regime is Regime.SAFEGUARD and not allowed:
            assert found == "protected_person"
        elif regime is Regime.ENHANCED_CURATORSHIP and scope == "argent":
            assert found == "scope_refused"
        else:
            assert found == PROTECTION[regime].signs
            assert found in set(Signs) - {Signs.NOBODY}
