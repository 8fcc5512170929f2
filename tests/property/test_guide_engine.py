"""Walks of random valid guides, and of the guides that ship, whatever a person chooses."""

from __future__ import annotations

from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from aidants.errors import AppError
from aidants.guides.engine import Outcome, WalkState, advance, back, open_help, position, progress, resume, start
from aidants.guides.graph import graph_problems
from aidants.guides.schema import Guide, Kind, load_library

SHIPPED = list(load_library().values())
HEAD: dict[str, Any] = {
    "id": "g",
    "version": 1,
    "title": "T",
    "summary": "S",
    "audience": "A",
    "status": "walkable",
    "official_url": "https://a.fr/",
    "allowed_hosts": ["a.fr"],
    "minutes": 1,
    "cost": "C",
    "delay": "D",
    "sources": [{"fiche": "F1", "date": "2024"}],
    "facts_as_of": "2024",
    "expires_on": "2027-01-01",
}


@st.composite
def guides(draw: st.DrawFn) -> Guide:
    """A guide whose steps all point forwards, without unreachable steps: valid by construction, and checked."""
    size = draw(st.integers(1, 9))
    steps: list[dict[str, Any]] = []
    for rank in range(size):
        step: dict[str, Any] = {"id": f"s{rank}", "title": "T", "text": "X", "kind": "info"}
        later = st.integers(rank + 1, size - 1)
        if rank == size - 1:
            step["kind"] = "end"
        elif draw(st.booleans()):
            targets = [rank + 1, *draw(st.lists(later, min_size=1, max_size=3))]
            choices = [{"id": f"c{n}", "label": "L", "next": f"s{t}"} for n, t in enumerate(targets)]
            step |= {"kind": "question", "choices": choices}
        else:
            step["next"] = f"s{rank + 1}"
        if rank < size - 1 and draw(st.booleans()):
            step["if_not"] = "aide"
        steps.append(step)
    if any("if_not" in step for step in steps):
        steps.append({"id": "aide", "title": "T", "text": "X", "kind": "info"})
    guide = Guide.model_validate({**HEAD, "steps": steps})
    assert graph_problems(guide) == []
    return guide


any_guide = st.one_of(guides(), st.sampled_from(SHIPPED))


def walk_on(state: WalkState, data: st.DataObject) -> WalkState:
    if state.step.kind is Kind.QUESTION:
        choice = data.draw(st.sampled_from([choice.id for choice in state.step.choices]))
        return advance(state, Outcome.ANSWERED, choice)
    return advance(state, data.draw(st.sampled_from([Outcome.DONE, Outcome.SKIPPED])))


@given(any_guide, st.data())
def test_every_walk_ends_at_an_end_step_and_progress_is_monotone(guide: Guide, data: st.DataObject) -> None:
    state = start(guide)
    number, total = progress(guide, state.trail)
    place, length = position(guide, state.step_id)
    assert (number, place) == (1, 1)
    for _ in guide.steps:
        if state.finished:
            break
        state = walk_on(state, data)
        new_number, new_total = progress(guide, state.trail)
        new_place, same_length = position(guide, state.step_id)
        assert new_number == number + 1
        assert new_number <= new_total <= total
        assert place < new_place <= length == same_length
        number, total, place = new_number, new_total, new_place
    assert state.step.kind is Kind.END
    assert number == total
    assert place == length


@given(any_guide, st.data())
def test_back_undoes_advance_and_a_trail_can_be_taken_up_again(guide: Guide, data: st.DataObject) -> None:
    states = [start(guide)]
    while not states[-1].finished:
        states.append(walk_on(states[-1], data))
    assert resume(guide, states[-1].trail) == states[-1]
    for before, after in zip(states[-2::-1], states[:0:-1], strict=True):
        assert back(after) == before


outcomes = st.sampled_from(Outcome)
acts = st.lists(
    st.tuples(
        st.sampled_from(["advance", "back", "help"]),
        outcomes,
        st.none() | st.sampled_from(["c0", "c1", "oui", "caf", "moi"]),
        st.none() | st.sampled_from(["s0", "aide"]),
    ),
    max_size=30,
)


@given(any_guide, acts)
def test_random_acts_are_done_or_refused_with_a_sentence(guide: Guide, tries: list[Any]) -> None:
    state = start(guide)
    for act, outcome, choice, on in tries:
        try:
            if act == "advance":
                state = advance(state, outcome, choice, on=on)
            else:
                state = back(state) if act == "back" else open_help(state)
        except AppError:
            continue
        assert guide.has_step(state.step_id)
        assert resume(guide, state.trail).step_id == state.step_id
