"""Walking a guide: pure, no database, no clock.

A walk is a guide, the current step and the trail of what was done. ``advance`` and ``back`` are inverse of each other.
A help step (``if_not``) opens beside the current step and returns to it; it leaves nothing in the trail. A blocked step
stays the current one, so that the walk can be taken up again there another day.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum

from aidants.errors import BadRequest, Conflict
from aidants.guides.graph import longest_remaining
from aidants.guides.schema import Guide, Kind, SensitiveMode, Step
from aidants.i18n import N_


class Outcome(StrEnum):
    """What became of a step."""

    DONE = "done"
    SKIPPED = "skipped"
    BLOCKED = "blocked"
    ANSWERED = "answered"


class UnknownChoice(BadRequest):
    """The answer is none of the question's choices (400)."""

    code = "unknown_choice"
    title = N_("Cette réponse n’existe pas")
    message = N_("Choisissez une des réponses proposées.")


class WrongOutcome(BadRequest):
    """A question is answered, any other step is done or skipped (400)."""

    code = "wrong_outcome"
    title = N_("Cette étape attend autre chose")
    message = N_("Revenez à l’étape et choisissez une des actions proposées.")


class NotOnThisStep(Conflict):
    """The page is older than the walk: the step was left meanwhile, or the trail fits no walk of this guide (409)."""

    code = "not_on_this_step"
    title = N_("Le parcours a avancé entre-temps")
    message = N_("Rechargez la page pour voir l’étape en cours. Rien n’a été perdu.")


class NoWayBack(BadRequest):
    """The walk stands at its first step (400)."""

    code = "no_way_back"
    title = N_("C’est la première étape")
    message = N_("Il n’y a rien avant cette étape.")


class NoHelpHere(BadRequest):
    """The step has no help step (400)."""

    code = "no_help_here"
    title = N_("Cette étape n’a pas d’aide")
    message = N_("Continuez, ou demandez à la personne qui vous accompagne.")


@dataclass(frozen=True)
class Passed:
    """One entry of the trail: the step left (or blocked), how, and the choice when it was a question."""

    step_id: str
    outcome: Outcome
    choice: str | None = None


@dataclass(frozen=True)
class WalkState:
    """A walk. ``help_id`` is the help step now open beside the current step, if any."""

    guide: Guide
    step_id: str
    trail: tuple[Passed, ...] = ()
    help_id: str | None = None

    @property
    def step(self) -> Step:
        """The current step of the way (not the help step)."""
        return self.guide.step(self.step_id)

    @property
    def shown(self) -> Step:
        """The step to show: the help step when one is open, else the current step."""
        return self.guide.step(self.help_id or self.step_id)

    @property
    def finished(self) -> bool:
        """Whether the walk stands at an end step."""
        return self.step.kind is Kind.END


def start(guide: Guide) -> WalkState:
    """Return a walk at the guide's first step."""
    return WalkState(guide, guide.steps[0].id)


def resume(guide: Guide, trail: Iterable[Passed]) -> WalkState:
    """Return the walk that a stored trail describes. Raises ``NotOnThisStep`` when it is no trail of this guide."""
    state = start(guide)
    for entry in trail:
        state = advance(state, entry.outcome, entry.choice, on=entry.step_id)
    return state


def next_step_id(guide: Guide, step: Step, choice: str | None = None) -> str | None:
    """Return the id that follows ``step`` (``None`` after an end). Raises ``UnknownChoice`` for a question's answer."""
    if step.kind is not Kind.QUESTION:
        return step.next or None
    for option in step.choices:
        if option.id == choice:
            return guide.step(option.next).id
    raise UnknownChoice


def advance(state: WalkState, outcome: Outcome, choice: str | None = None, *, on: str | None = None) -> WalkState:
    """Return the walk after the current step got ``outcome``.

    ``on``: the step id the page was showing; ``NotOnThisStep`` when the walk is elsewhere (a stale tab). From an open
    help step the walk returns to where help was opened, whatever the outcome. A blocked step stays current. Raises
    ``WrongOutcome`` (a question neither answered nor blocked, another step answered), ``UnknownChoice``, and
    ``NotOnThisStep`` at an end step, which nothing follows.
    """
    if on is not None and on != state.shown.id:
        raise NotOnThisStep
    if state.help_id is not None:
        return close_help(state)
    step = state.step
    if step.kind is Kind.END:
        raise NotOnThisStep
    if outcome is not Outcome.BLOCKED and (outcome is Outcome.ANSWERED) != (step.kind is Kind.QUESTION):
        raise WrongOutcome
    if choice is not None and outcome is not Outcome.ANSWERED:
        raise UnknownChoice
    trail = (*state.trail, Passed(step.id, outcome, choice))
    if outcome is Outcome.BLOCKED:
        return replace(state, trail=trail)
    following = next_step_id(state.guide, step, choice)
    assert following is not None
    return replace(state, step_id=following, trail=trail)


def back(state: WalkState) -> WalkState:
    """Undo the last ``advance``, or close the open help step. Raises ``NoWayBack`` at the start."""
    if state.help_id is not None:
        return close_help(state)
    if not state.trail:
        raise NoWayBack
    return replace(state, step_id=state.trail[-1].step_id, trail=state.trail[:-1])


def open_help(state: WalkState) -> WalkState:
    """Open the current step's help step. Raises ``NoHelpHere`` when it has none."""
    if not state.step.if_not:
        raise NoHelpHere
    return replace(state, help_id=state.step.if_not)


def close_help(state: WalkState) -> WalkState:
    """Return to the step from which help was opened; nothing happens when none is open."""
    return replace(state, help_id=None)


def progress(guide: Guide, trail: Iterable[Passed]) -> tuple[int, int]:
    """Return ``(number, total)`` of the step now reached, both counting from 1.

    The total counts the steps passed and the longest way left: it can only shrink as choices are made, so the number
    never runs after it. Blocked entries do not count. Raises ``NotOnThisStep`` for a trail of another guide.
    """
    state = resume(guide, trail)
    passed = sum(entry.outcome is not Outcome.BLOCKED for entry in state.trail)
    return passed + 1, passed + longest_remaining(guide)[state.step_id]


def position(guide: Guide, step_id: str) -> tuple[int, int]:
    """Return ``(number, total)`` of a step when no trail is known (public pages): the total is the longest whole way.

    The number grows with every step and reaches the total at the last end; a shorter branch skips numbers. A help step
    has no place on the way: its number is 0. Raises ``KeyError`` for an unknown id.
    """
    remaining = longest_remaining(guide)
    total = remaining[guide.steps[0].id]
    on_the_way = step_id not in {step.if_not for step in guide.steps}
    return (total - remaining[step_id] + 1 if on_the_way else 0), total


def requirement(step: Step) -> SensitiveMode:
    """Return who may act on the step; a step that says nothing is free."""
    return step.sensitive.mode if step.sensitive else SensitiveMode.FREE


def helper_may_act(step: Step, mandate_covers: bool) -> bool:
    """Say whether the helper's own hands may do the step: never what is the resident's alone, whatever the mandate."""
    mode = requirement(step)
    return mode is SensitiveMode.FREE or (mode is SensitiveMode.MANDATE and mandate_covers)


def may_mark_done(step: Step, mandate_covers: bool) -> bool:
    """Say whether the helper may mark the step done.

    ``mandate_covers``: an active mandate of this resident and organisation covers the step's scope, checked at this very
    moment. A ``resident_only`` step may be marked done, meaning « la personne l’a fait », with or without a mandate.
    """
    return requirement(step) is not SensitiveMode.MANDATE or mandate_covers
