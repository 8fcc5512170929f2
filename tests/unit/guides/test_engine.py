"""Walking one small guide by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from aidants.guides.engine import (
    NoHelpHere,
    NotOnThisStep,
    NoWayBack,
    Outcome,
    Passed,
    UnknownChoice,
    WalkState,
    WrongOutcome,
    advance,
    back,
    helper_may_act,
    may_mark_done,
    next_step_id,
    open_help,
    position,
    progress,
    requirement,
    resume,
    start,
)
from aidants.guides.schema import Guide, SensitiveMode, Step, load_guide


@pytest.fixture
def guide(library: Path) -> Guide:
    return load_guide(library / "essai" / "guide.fr.yaml")


@pytest.fixture
def at_open(guide: Guide) -> WalkState:
    return advance(advance(start(guide), Outcome.DONE), Outcome.ANSWERED, "un")


def test_a_walk_from_start_to_end(guide: Guide, at_open: WalkState) -> None:
    state = at_open
    assert state.step_id == "ouvrir"
    for expected in ("remplir", "relire", "fin"):
        assert not state.finished
        state = advance(state, Outcome.DONE)
        assert state.step_id == expected
    assert state.finished
    with pytest.raises(NotOnThisStep):
        advance(state, Outcome.DONE)


def test_the_other_answer_takes_the_shorter_way(guide: Guide) -> None:
    state = advance(advance(start(guide), Outcome.DONE), Outcome.ANSWERED, "deux")
    assert state.step_id == "relire"
    assert progress(guide, state.trail) == (3, 4)


def test_progress_counts_the_longest_way_left(guide: Guide, at_open: WalkState) -> None:
    assert progress(guide, ()) == (1, 6)
    assert progress(guide, at_open.trail) == (3, 6)
    assert [position(guide, step) for step in ("debut", "ouvrir", "relire", "fin", "aide")] == [
        (1, 6),
        (3, 6),
        (5, 6),
        (6, 6),
        (0, 6),
    ]


def test_a_blocked_step_stays_current_and_does_not_count(guide: Guide, at_open: WalkState) -> None:
    blocked = advance(at_open, Outcome.BLOCKED)
    assert blocked.step_id == "ouvrir"
    assert progress(guide, blocked.trail) == (3, 6)
    assert back(blocked) == at_open
    assert advance(blocked, Outcome.DONE).step_id == "remplir"


def test_a_question_may_be_blocked_too(guide: Guide) -> None:
    assert advance(advance(start(guide), Outcome.DONE), Outcome.BLOCKED).step_id == "choix"


def test_help_opens_beside_the_step_and_returns_to_it(at_open: WalkState) -> None:
    helped = open_help(at_open)
    assert (helped.shown.id, helped.step_id, helped.trail) == ("aide", "ouvrir", at_open.trail)
    assert advance(helped, Outcome.DONE, on="aide") == at_open
    assert back(helped) == at_open


def test_errors_say_what_is_wrong(guide: Guide, at_open: WalkState) -> None:
    first = start(guide)
    question = advance(first, Outcome.DONE)
    with pytest.raises(NoWayBack):
        back(first)
    with pytest.raises(NoHelpHere):
        open_help(first)
    with pytest.raises(WrongOutcome):
        advance(first, Outcome.ANSWERED, "un")
    with pytest.raises(WrongOutcome):
        advance(question, Outcome.SKIPPED)
    with pytest.raises(UnknownChoice):
        advance(question, Outcome.ANSWERED, "trois")
    with pytest.raises(UnknownChoice):
        advance(question, Outcome.ANSWERED)
    with pytest.raises(UnknownChoice):
        advance(first, Outcome.DONE, "un")
    with pytest.raises(NotOnThisStep):
        advance(at_open, Outcome.DONE, on="debut")


def test_a_stored_trail_is_taken_up_again_or_refused(guide: Guide, at_open: WalkState) -> None:
    assert resume(guide, at_open.trail) == at_open
    with pytest.raises(NotOnThisStep):
        resume(guide, [Passed("relire", Outcome.DONE)])


def test_next_step_id_of_an_end_is_none(guide: Guide) -> None:
    assert next_step_id(guide, guide.step("fin")) is None
    assert next_step_id(guide, guide.step("choix"), "deux") == "relire"


@pytest.mark.parametrize(
    ("mode", "covers", "may_act", "may_mark"),
    [
        (None, False, True, True),
        ("free", False, True, True),
        ("mandate", False, False, False),
        ("mandate", True, True, True),
        ("resident_only", False, False, True),
        ("resident_only", True, False, True),
    ],
)
def test_who_may_act_and_who_may_mark_done(mode: str | None, covers: bool, may_act: bool, may_mark: bool) -> None:
    sensitive = {"mode": mode} if mode else None
    step = Step.model_validate({"id": "a", "kind": "action", "title": "A", "text": "B", "sensitive": sensitive})
    assert requirement(step) == (mode or SensitiveMode.FREE)
    assert helper_may_act(step, covers) is may_act
    assert may_mark_done(step, covers) is may_mark
