"""Walking a guide with a resident: every act is checked, stored and journaled in one transaction.

What a mandate must cover is checked at the very moment of the act: a mandate stopped in another tab refuses the next one.
"""

from __future__ import annotations

from typing import Final

from sqlmodel import col, select

from aidants.assistance.models import Assistance
from aidants.assistance.services import receive
from aidants.db import Work
from aidants.errors import BadRequest, Conflict, NotFound, Refused
from aidants.guides import engine, queries, records
from aidants.guides.engine import NotOnThisStep, Outcome, WalkState
from aidants.guides.models import GuideRevision, Run
from aidants.guides.queries import Check, Trace, Walk
from aidants.guides.schema import GuideError, Kind, SensitiveMode, guide_sha256
from aidants.i18n import N_
from aidants.mandates.lifecycle import REFUSALS
from aidants.residents.services import keep_resident

REASONS: Final = {
    "site_down": N_("Le site ne marche pas"),
    "missing_document": N_("Il manque un document"),
    "forgotten_login": N_("L’identifiant ou le mot de passe est oublié"),
    "code_not_received": N_("Le code n’arrive pas"),
    "person_stops": N_("La personne préfère arrêter"),
    "other": N_("Autre chose"),
}
"""Why a step is blocked: codes and msgids. No free text, so that no secret can reach the journal."""

_BY: Final = {SensitiveMode.MANDATE: "helper", SensitiveMode.RESIDENT_ONLY: "resident"}


class RunEnded(Conflict):
    """The walk was finished or stopped meanwhile (409)."""

    code = "run_ended"
    title = N_("Ce parcours est terminé")
    message = N_("Il a été terminé ou arrêté entre-temps. Ce qui était fait reste enregistré.")


class UnknownReason(BadRequest):
    """The difficulty is none of ``REASONS`` (400)."""

    code = "unknown_reason"


def freeze_library(work: Work) -> None:
    """Store the revision of each guide that is new; called when the application starts.

    Raises GuideError when a guide's words changed under a version already stored: people were shown those words.
    """
    connection = work.session.connection()
    if connection.dialect.name == "postgresql":  # two servers may start at once
        connection.exec_driver_sql("LOCK TABLE guide_revision IN SHARE ROW EXCLUSIVE MODE")
    stored = select(GuideRevision.guide, GuideRevision.version, GuideRevision.lang, GuideRevision.sha256)
    known = {(guide, version, lang): sha for guide, version, lang, sha in work.session.exec(stored)}
    for guide in queries.library().values():
        sha = guide_sha256(guide)
        held = known.get((guide.id, guide.version, guide.lang))
        if held is None:
            work.session.add(
                GuideRevision(
                    guide=guide.id,
                    version=guide.version,
                    lang=guide.lang,
                    sha256=sha,
                    content=guide.to_json(),
                    frozen_at=work.now,
                )
            )
        elif held != sha:
            raise GuideError(
                f"Le guide « {guide.id} » a changé sans changer de version ({guide.version}). "
                "Donnez-lui la version suivante, puis relancez."
            )
    work.session.flush()


def start_run(work: Work, assistance_id: str, guide_id: str) -> str:
    """Start a walk in this sitting and return its id, or take up the one left open with the same person and guide.

    Raises NotFound for a sitting that is not this helper's, for a guide nobody may start and for a person who is
    gone, Conflict once it is over.
    """
    actor = work.person()
    mine = select(Assistance).where(
        Assistance.id == assistance_id,
        Assistance.organisation_id == actor.organisation_id,
        Assistance.helper_id == actor.person_id,
    )
    sitting = work.session.exec(mine.with_for_update()).one_or_none()
    guide = queries.published().get(guide_id)
    if sitting is None or guide is None:
        raise NotFound
    if sitting.closed_at is not None:
        raise Conflict(N_("Cet accueil est terminé. Accueillez de nouveau la personne."))
    if sitting.resident_id is not None:
        keep_resident(work, sitting.resident_id)
    left = _left_open(work, sitting, guide_id)
    if left is not None:
        left.assistance_id, left.helper_id = sitting.id, actor.person_id
        return left.id
    run = Run(
        organisation_id=sitting.organisation_id,
        assistance_id=sitting.id,
        resident_id=sitting.resident_id,
        helper_id=actor.person_id,
        guide=guide.id,
        version=guide.version,
        lang=guide.lang,
        sha256=guide_sha256(guide),
        procedure=guide.procedure,
        started_at=work.now,
        last_at=work.now,
    )
    work.session.add(run)
    work.session.flush()
    records.started(work, run, guide)
    return run.id


def _left_open(work: Work, sitting: Assistance, guide_id: str) -> Run | None:
    same = Run.assistance_id == sitting.id if sitting.resident_id is None else Run.resident_id == sitting.resident_id
    query = queries.visible_runs(work.person()).where(same, Run.guide == guide_id, Run.state == "open")
    return work.session.exec(query.order_by(col(Run.last_at).desc()).with_for_update()).first()


def start_for_procedure(work: Work, assistance_id: str, procedure_id: str) -> str:
    """Start, or take up, the guide of a procedure; return the run's id. Raises NotFound when no guide walks through it."""
    guide = queries.guide_for_procedure(procedure_id)
    if guide is None:
        raise NotFound
    return start_run(work, assistance_id, guide.id)


def mark(
    work: Work,
    run_id: str,
    step_id: str,
    outcome: Outcome,
    *,
    revision: int,
    choice: str | None = None,
    reason: str | None = None,
) -> None:
    """Say what became of the current step; the same form sent twice counts once.

    ``revision``: the number the page showed. Raises NotOnThisStep (stale page), RunEnded, Refused with the code of the
    mandate's refusal or ``guide_withdrawn``, UnknownReason, and the engine's UnknownChoice and WrongOutcome.
    """
    walk = queries.get_run(work, run_id, lock=True)
    last = walk.traces[-1] if walk.traces else None
    said = (step_id, outcome, choice, reason)
    if last and walk.row.revision == revision + 1 and said == (last.step, last.outcome, last.choice, last.reason):
        return
    _require_current(walk, step_id, revision)
    if reason not in (REASONS if outcome is Outcome.BLOCKED else (None,)):
        raise UnknownReason
    if walk.state.help_id is not None:
        _store(work, walk, engine.close_help(walk.state))
        return
    state = engine.advance(walk.state, outcome, choice, on=step_id)
    check = _require_allowed(work, walk, outcome)
    step = walk.state.step
    by = _BY.get(engine.requirement(step)) if outcome is Outcome.DONE else None
    trace = Trace(step.id, outcome.value, choice, reason, by, work.now.isoformat())
    _sit(work, walk.row)
    _store(work, walk, state, trace)
    records.passed(work, walk, step, trace, check.mandate_id if check else None)


def _require_current(walk: Walk, step_id: str, revision: int) -> Walk:
    if not walk.open:
        raise RunEnded
    if walk.row.revision != revision or walk.state.shown.id != step_id:
        raise NotOnThisStep
    return walk


def _require_allowed(work: Work, walk: Walk, outcome: Outcome) -> Check | None:
    """Return the check of a step that needs a mandate and is said to be done; Refused without cover."""
    if outcome in {Outcome.BLOCKED, Outcome.SKIPPED}:
        return None
    if walk.withdrawn:
        raise Refused(N_("Ce guide a été retiré : il n’est plus sûr. Arrêtez ce parcours."), code="guide_withdrawn")
    check = queries.check_step(work, walk, lock=True)
    if not engine.may_mark_done(walk.state.step, check is not None and check.ok):
        assert check is not None
        raise Refused(REFUSALS[check.cover], code=check.cover.value)
    return check


def _sit(work: Work, row: Run) -> None:
    """Put the act under a sitting of this helper that is going on: coming back another day receives the person anew."""
    sitting = work.session.get_one(Assistance, row.assistance_id)
    if sitting.closed_at is not None or sitting.helper_id != work.person().person_id:
        row.assistance_id = receive(work, row.resident_id).id
        row.helper_id = work.person().person_id


def _store(work: Work, walk: Walk, state: WalkState, trace: Trace | None = None) -> None:
    row = walk.row
    kept = walk.traces[: len(state.trail)] if trace is None else (*walk.traces, trace)
    row.trail, row.help_step, row.last_at = queries.write_trail(kept), state.help_id, work.now
    row.revision += 1
    work.session.add(row)


def back(work: Work, run_id: str, step_id: str, *, revision: int) -> None:
    """Return to the step before (over what blocked this one), or close the help. Raises NoWayBack at the first step."""
    walk = _require_current(queries.get_run(work, run_id, lock=True), step_id, revision)
    state = walk.state
    while state.help_id is None and state.trail and state.trail[-1].outcome is Outcome.BLOCKED:
        state = engine.back(state)
    before = engine.back(state)
    if before.trail != walk.state.trail:
        records.undone(work, walk, before.step)
    _store(work, walk, before)


def open_help(work: Work, run_id: str, step_id: str, *, revision: int) -> None:
    """Open the help of the current step. Raises NoHelpHere when it has none."""
    walk = _require_current(queries.get_run(work, run_id, lock=True), step_id, revision)
    _store(work, walk, engine.open_help(engine.close_help(walk.state)))


def close_help(work: Work, run_id: str, step_id: str, *, revision: int) -> None:
    """Return from the help to the step it was opened from."""
    walk = _require_current(queries.get_run(work, run_id, lock=True), step_id, revision)
    _store(work, walk, engine.close_help(walk.state))


def finish(work: Work, run_id: str, *, revision: int) -> None:
    """End a walk that stands at an end step; nothing happens the second time. Raises NotOnThisStep elsewhere."""
    walk = queries.get_run(work, run_id, lock=True)
    if walk.row.state == "finished":
        return
    if not _require_current(walk, walk.state.shown.id, revision).state.finished:
        raise NotOnThisStep
    kinds = {walk.guide.step(entry.step_id).kind for entry in walk.state.trail}
    skipped = any(entry.outcome is Outcome.SKIPPED for entry in walk.state.trail)
    _end(work, walk, "finished", "referred" if Kind.HANDOFF in kinds else "partial" if skipped else "done")


def stop(work: Work, run_id: str, *, revision: int) -> None:
    """Stop a walk before its end; nothing happens the second time."""
    walk = queries.get_run(work, run_id, lock=True)
    if walk.row.state != "stopped":
        _end(work, _require_current(walk, walk.state.shown.id, revision), "stopped", "abandoned")


def forget(work: Work, resident_id: str) -> None:
    """Take the resident out of their walks; one that is open stops."""
    for row in work.session.exec(select(Run).where(Run.resident_id == resident_id)):
        if row.state == "open":
            row.state, row.ended_at = "stopped", work.now
            records.finished(work, queries.walk_of(work, row), "erased")
        row.resident_id = None
        work.session.add(row)


def _end(work: Work, walk: Walk, state: str, outcome: str) -> None:
    _store(work, walk, engine.close_help(walk.state))
    walk.row.state, walk.row.ended_at = state, work.now
    records.finished(work, walk, outcome)
