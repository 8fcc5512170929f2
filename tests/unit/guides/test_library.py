"""The guides that ship: clean, walkable, unverified until a person says so, and honest about hands and hosts."""

from __future__ import annotations

from datetime import date

import pytest

from aidants.guides.engine import requirement
from aidants.guides.graph import help_ids, longest_remaining
from aidants.guides.lint import check_library
from aidants.guides.schema import Guide, Kind, SensitiveMode, Status, load_library
from aidants.procedures import PROCEDURES

TODAY = date(2026, 11, 24)
GUIDES = load_library()


def test_the_checker_finds_no_error() -> None:
    assert [str(finding) for finding in check_library(today=TODAY) if finding.severity == "E"] == []


@pytest.mark.parametrize("guide", GUIDES.values(), ids=list(GUIDES))
class TestEachGuide:
    def test_is_walkable_and_unverified(self, guide: Guide) -> None:
        assert guide.status is Status.WALKABLE
        assert (guide.reviewed_by, guide.reviewed_on) == ("", None)
        assert guide.expires_on <= date(2027, 11, 24)

    def test_is_a_walk_a_person_can_finish_in_one_sitting(self, guide: Guide) -> None:
        assert 8 <= longest_remaining(guide)[guide.steps[0].id] <= 14

    def test_its_procedure_and_scope_agree_with_the_catalogue(self, guide: Guide) -> None:
        assert set(PROCEDURES[guide.procedure].scopes) <= set(guide.scope)

    def test_warns_with_the_exact_hosts(self, guide: Guide) -> None:
        warned = "".join(step.warning + (step.text if step.kind is Kind.WARNING else "") for step in guide.steps)
        assert any(host in warned for host in guide.allowed_hosts)

    def test_has_a_checklist_and_help_where_people_get_stuck(self, guide: Guide) -> None:
        assert any(step.kind is Kind.CHECKLIST for step in guide.steps)
        assert len(help_ids(guide)) >= 3
        assert all(document.why for document in guide.documents)

    def test_sending_and_logging_in_belong_to_the_resident(self, guide: Guide) -> None:
        for step_id in ("se-connecter", "envoyer"):
            assert requirement(guide.step(step_id)) is SensitiveMode.RESIDENT_ONLY

    def test_round_trips_through_json(self, guide: Guide) -> None:
        assert Guide.from_json(guide.to_json()) == guide
