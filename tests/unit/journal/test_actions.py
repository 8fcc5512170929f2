"""The catalogue: names of the domain, declared fields, nothing that does not fit the journal."""

from __future__ import annotations

import dataclasses
import re
from pathlib import Path

import pytest

import aidants
from aidants.journal.actions import CATALOGUE, COLUMNS, Action, Kind, MandateActivated, ResidentChanged, StepShown
from aidants.journal.entry import FIELDS
from aidants.journal.models import JournalRecord

EXPECTED = {
    Kind.ACCOUNT: "signed_in sign_in_failed signed_out reauthenticated session_ended activated role_granted "
    "training_recorded",
    Kind.ORGANISATION: "organisation_created",
    Kind.RESIDENT: "resident_created resident_viewed resident_changed resident_hold_set resident_hold_lifted "
    "death_reported death_report_withdrawn access_requested access_code_issued own_page_opened own_page_closed "
    "own_page_refused request_made request_answered merge_proposed merge_declined residents_merged residents_unmerged "
    "merge_settled resident_erased resident_searched",
    Kind.MANDATE: "mandate_drafted consent_asked consent_given consent_refused mandate_activated authorisation_granted "
    "authorisation_superseded authorisation_revoked mandate_revoked mandate_frozen urgent_act mandate_expired mandate_renewed "
    "mandate_refused_by_operator mandate_abandoned mandate_viewed "
    "mandate_printed mandate_verified handed_over taken_back consent_link_sent proof_attached proof_removed "
    "proof_viewed",
    Kind.ASSISTANCE: "assistance_started assistance_ended run_started step_shown step_done step_skipped step_blocked "
    "step_undone choice_made sensitive_act run_finished",
    Kind.AUDIT: "journal_searched journal_verified journal_exported proof_issued entry_opened "
    "name_revealed anomaly_reviewed checkpoint_published",
    Kind.SYSTEM: "access_refused message_sent message_failed message_requeued clock_anomaly",
}


def test_catalogue() -> None:
    assert {name: action.kind for name, action in CATALOGUE.items()} == {
        name: kind for kind, names in EXPECTED.items() for name in names.split()
    }


def test_each_action_is_recorded_somewhere() -> None:
    """An action that no code writes is a promise: it does not stand in the catalogue."""
    sources = [path for path in Path(aidants.__file__).parent.rglob("*.py") if path.name != "actions.py"]
    code = "\n".join(path.read_text(encoding="utf-8") for path in sources)
    never = [name for name, action in CATALOGUE.items() if not re.search(rf"\b{action.__name__}\(", code)]
    assert never == []


def test_each_action_says_what_it_is() -> None:
    for name, action in CATALOGUE.items():
        assert action.__doc__, name
        assert not action.__doc__.startswith(action.__name__ + "("), f"{name} has only the signature as docstring"


def test_fields_are_columns_of_the_record() -> None:
    assert set(FIELDS) | {"seq", "salt"} == set(JournalRecord.__table__.columns.keys())  # type: ignore[attr-defined]
    assert set(FIELDS) > COLUMNS


def test_columns_and_detail_are_told_apart() -> None:
    action = MandateActivated(mandate="m", proof="paper", duration="MONTH", procedures=3, ends_at="2026-12-25")
    assert action.columns() == {"mandate": "m"}
    assert action.detail() == {"proof": "paper", "duration": "MONTH", "procedures": 3, "ends_at": "2026-12-25"}
    assert ResidentChanged(resident="r").detail() == {}


def test_fields_are_declared_required_and_frozen() -> None:
    with pytest.raises(TypeError):
        StepShown(run="r", guide="g", version=1)  # type: ignore[call-arg]
    action = ResidentChanged(resident="r")
    with pytest.raises(dataclasses.FrozenInstanceError):
        action.resident = "other"  # type: ignore[misc]


@pytest.mark.parametrize("fields", [("x" * 201,), (1.5,), (None,), (("nested",),), ({"a": 1},)])
def test_detail_keeps_only_small_plain_values(fields: tuple[str, ...]) -> None:
    with pytest.raises(ValueError, match=r"resident_changed\.fields does not fit"):
        ResidentChanged(resident="r", fields=fields).detail()


def test_groups_are_no_actions() -> None:
    assert all(
        not issubclass(other, action) or other is action
        for action in CATALOGUE.values()
        for other in CATALOGUE.values()
    )
    assert not hasattr(Action, "type")
