"""The shape of a guide: which step leads where, what must hold of it, and how long the way still is.

Edges are ``next`` and the choices of a question. ``if_not`` opens a help step that returns by itself: it is no edge.
The first step of the file is where every walk starts; every walk must come to a step of kind ``end``.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import TYPE_CHECKING

from aidants.guides.source import Location, Problem, suggestion

if TYPE_CHECKING:
    from aidants.guides.schema import Guide, Step

MAX_CHOICES = 6


def edges(step: Step) -> list[tuple[Location, str]]:
    """Return where the step may lead: ``(location inside the step, id of the next step)``, in the author's order."""
    found: list[tuple[Location, str]] = [(("next",), step.next)] if step.next else []
    return found + [(("choices", rank, "next"), choice.next) for rank, choice in enumerate(step.choices)]


def help_ids(guide: Guide) -> frozenset[str]:
    """Return the ids of the help steps: those that some step opens by ``if_not``."""
    return frozenset(step.if_not for step in guide.steps if step.if_not)


def longest_remaining(guide: Guide) -> dict[str, int]:
    """Return, for each step of the graph, the steps left on its longest way to the end, itself included.

    The guide must have passed ``graph_problems``: a cycle would never end here.
    """
    lengths: dict[str, int] = {}

    def length(step_id: str) -> int:
        if step_id not in lengths:
            following = [length(target) for _, target in edges(guide.step(step_id))]
            lengths[step_id] = 1 + max(following, default=0)
        return lengths[step_id]

    for step in guide.steps:
        length(step.id)
    return lengths


def graph_problems(guide: Guide) -> list[Problem]:
    """Return what keeps the guide from being walked: an empty list means that every walk comes to an end step."""
    if not guide.steps:
        return [Problem(("steps",), "ce guide n’a aucune étape")]
    problems = [*_twice(guide), *_targets(guide), *_shapes(guide), *_help_steps(guide)]
    return problems or [*_cycles(guide), *_unreachable(guide)]


def _twice(guide: Guide) -> Iterator[Problem]:
    counts = Counter(step.id for step in guide.steps)
    seen: set[str] = set()
    for rank, step in enumerate(guide.steps):
        if counts[step.id] > 1 and step.id in seen:
            yield Problem(("steps", rank, "id"), f'identifiant "{step.id}" déjà pris par une autre étape', step.id)
        seen.add(step.id)
        labels: set[str] = set()
        for place, choice in enumerate(step.choices):
            if choice.id in labels:
                where = ("steps", rank, "choices", place, "id")
                yield Problem(where, f'identifiant "{choice.id}" déjà pris par un autre choix', step.id)
            labels.add(choice.id)


def _targets(guide: Guide) -> Iterator[Problem]:
    known = [step.id for step in guide.steps]
    for rank, step in enumerate(guide.steps):
        aside: list[tuple[Location, str]] = [(("if_not",), step.if_not)] if step.if_not else []
        for inside, target in edges(step) + aside:
            if target not in known:
                message = f'l’étape "{target}" n’existe pas{suggestion(target, known)}'
                yield Problem(("steps", rank, *inside), message, step.id)


def _shapes(guide: Guide) -> Iterator[Problem]:
    """A question has choices and no ``next``; an end has neither; all others have ``next`` and no choices."""
    helping = help_ids(guide)
    for rank, step in enumerate(guide.steps):
        here: Location = ("steps", rank)
        if step.kind == "question":
            if not 2 <= len(step.choices) <= MAX_CHOICES:
                yield Problem((*here, "choices"), f"une question a de 2 à {MAX_CHOICES} choix", step.id)
            if step.next:
                yield Problem((*here, "next"), "une question mène par ses choix ; enlevez « next »", step.id)
            continue
        if step.choices:
            yield Problem((*here, "choices"), "seule une étape « question » a des choix", step.id)
        if step.kind == "end" and step.next:
            yield Problem((*here, "next"), "une étape « end » termine le guide ; enlevez « next »", step.id)
        if step.kind != "end" and not step.next and step.id not in helping:
            yield Problem(here, "ce chemin s’arrête sans étape « end » ; ajoutez « next »", step.id)


def _help_steps(guide: Guide) -> Iterator[Problem]:
    helping = help_ids(guide)
    for rank, step in enumerate(guide.steps):
        for inside, target in edges(step):
            if target in helping:
                message = f'"{target}" est une étape d’aide : elle ne s’ouvre que par « if_not »'
                yield Problem(("steps", rank, *inside), message, step.id)
        if step.id not in helping:
            continue
        if rank == 0:
            yield Problem(("steps", 0), "un guide ne commence pas par une étape d’aide", step.id)
        if step.kind in ("question", "end"):
            yield Problem(("steps", rank, "kind"), "une étape d’aide n’est ni une question ni une fin", step.id)
        for name in ("next", "if_not"):
            if getattr(step, name):
                message = f"une étape d’aide revient toute seule d’où elle vient ; enlevez « {name} »"
                yield Problem(("steps", rank, name), message, step.id)


def _cycles(guide: Guide) -> Iterator[Problem]:
    """Report each edge that leads back to a step of its own way."""
    ranks = {step.id: rank for rank, step in enumerate(guide.steps)}
    done: set[str] = set()
    way: list[str] = []
    found: list[Problem] = []

    def visit(step_id: str) -> None:
        way.append(step_id)
        for inside, target in edges(guide.step(step_id)):
            if target in way:
                message = f'ce chemin tourne en rond : il revient à l’étape "{target}"'
                found.append(Problem(("steps", ranks[step_id], *inside), message, step_id))
            elif target not in done:
                visit(target)
        done.add(way.pop())

    visit(guide.steps[0].id)
    yield from found


def _unreachable(guide: Guide) -> Iterator[Problem]:
    reached: set[str] = set()
    waiting = [guide.steps[0].id]
    while waiting:
        step = guide.step(waiting.pop())
        if step.id in reached:
            continue
        reached.add(step.id)
        waiting += [target for _, target in edges(step)]
        if step.if_not:
            waiting.append(step.if_not)
    for rank, step in enumerate(guide.steps):
        if step.id not in reached:
            yield Problem(("steps", rank, "id"), "aucun chemin ne mène à cette étape", step.id)
