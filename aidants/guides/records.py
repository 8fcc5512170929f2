"""What walks write to the journal: which words were followed, by whom, under which mandate. Never what was typed."""

from __future__ import annotations

from typing import Any

from aidants.db import Work
from aidants.guides import queries
from aidants.guides.engine import Outcome
from aidants.guides.models import Run
from aidants.guides.queries import Trace, Walk
from aidants.guides.schema import Guide, Step, step_sha256
from aidants.journal import actions
from aidants.journal.services import record, record_read


def started(work: Work, run: Run, guide: Guide) -> None:
    """Journal the start of a walk."""
    record(work, actions.RunStarted(**_about(run, guide)))


def finished(work: Work, walk: Walk, outcome: str) -> None:
    """Journal the end of a walk: ``done``, ``partial``, ``referred``, ``abandoned`` or ``erased``."""
    record(work, actions.RunFinished(**_about(walk.row, walk.guide), outcome=outcome))


def passed(work: Work, walk: Walk, step: Step, trace: Trace, mandate_id: str | None) -> None:
    """Journal what became of a step. ``mandate_id``: the mandate that covered an act done in the resident's name."""
    about = _about_step(walk, step)
    if mandate_id is not None:
        about["mandate"] = mandate_id
        record(work, actions.SensitiveAct(**about, act=step.id, by="helper"))
    if trace.outcome == Outcome.SKIPPED:
        record(work, actions.StepSkipped(**about))
    elif trace.outcome == Outcome.BLOCKED:
        record(work, actions.StepBlocked(**about, outcome=trace.reason))
    elif trace.choice is not None and step.log_choice:
        record(work, actions.ChoiceMade(**about, choice=trace.choice))
    else:  # an answer that the step does not log is only « done »
        record(work, actions.StepDone(**about, by=trace.by))


def undone(work: Work, walk: Walk, step: Step) -> None:
    """Journal that the walk went back to a step."""
    record(work, actions.StepUndone(**_about_step(walk, step)))


def _about(run: Run, guide: Guide) -> dict[str, Any]:
    return {
        "organisation": run.organisation_id,
        "assistance": run.assistance_id,
        "resident": run.resident_id,
        "run": run.id,
        "guide": run.guide,
        "version": run.version,
        "lang": run.lang,
        "procedure": run.procedure or None,
        "scope": guide.scope[0] if guide.scope else None,
    }


def _about_step(walk: Walk, step: Step) -> dict[str, Any]:
    about = {**_about(walk.row, walk.guide), "step": step.id, "step_sha256": step_sha256(step)}
    return about | ({"scope": step.sensitive.scope} if step.sensitive and step.sensitive.scope else {})


def shown(work: Work, run_id: str) -> None:
    """Journal that the current step is shown: once for a run, a step and a session. An ended walk counts as the file."""
    walk = queries.get_run(work, run_id)
    if not walk.open:
        _file(work, walk.row)
        return
    step, session = walk.state.shown, work.person().session_id
    known = walk.row.shown.split()
    before = known[1:] if known and known[0] == session else []
    if step.id in before:
        return
    walk.row.shown = " ".join([session, *before, step.id])
    work.session.add(walk.row)
    record(work, actions.StepShown(**_about_step(walk, step)))


def sheet(work: Work, run_id: str) -> None:
    """Journal that the take-away sheet, which bears the resident's name, is shown."""
    _file(work, queries.get_run(work, run_id).row)


def _file(work: Work, run: Run) -> None:
    if run.resident_id is not None:
        record_read(work, actions.ResidentViewed(resident=run.resident_id, assistance=run.assistance_id))
