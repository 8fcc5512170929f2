"""Pages: finding a guide and reading it alone (public), walking it with a resident, the take-away sheet."""

from __future__ import annotations

from typing import Any, Final
from urllib.parse import urlsplit

from markupsafe import Markup
from starlette.responses import Response

from aidants import procedures
from aidants.assistance.services import current
from aidants.db import Mode, Work
from aidants.errors import BadRequest, Conflict, NotFound
from aidants.guides import engine, queries, records, services
from aidants.guides.engine import Outcome
from aidants.guides.forms import EndForm, SearchForm, StartForm, StepForm, reasons
from aidants.guides.graph import edges
from aidants.guides.markup import render_text
from aidants.guides.queries import WalkView
from aidants.guides.schema import Guide, Step
from aidants.i18n import N_
from aidants.mandates.lifecycle import REFUSALS
from aidants.policy import Permission, can
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

ASK_REASON: Final = N_("Dites ce qui bloque.")
_OUTCOMES: Final = {
    "done": Outcome.DONE,
    "skip": Outcome.SKIPPED,
    "block": Outcome.BLOCKED,
    "answer": Outcome.ANSWERED,
}
_MOVES: Final = {"back": services.back, "help": services.open_help, "close_help": services.close_help}


def _html(text: str) -> Markup:
    """Return a guide's restricted Markdown as HTML; ``render_text`` escapes everything else."""
    return Markup(render_text(text))  # noqa: S704


def _host(url: str) -> str:
    return urlsplit(url).hostname or ""


def _render(view: Page, name: str, guide: Guide, *, status: int = 200, **context: Any) -> Response:
    return view.render(f"guides/{name}.html", status=status, guide=guide, html=_html, host=_host, **context)


# Reading alone


def list_guides(work: Work, view: Page) -> Response:
    """Show every guide by theme, those of one theme, or those found for what a person says."""
    form = parse(SearchForm, view.query)
    words, theme = (form.value.q, form.value.theme) if form.value is not None else ("", "")
    theme = theme if theme in procedures.SCOPES else ""
    return view.render(
        "guides/list.html",
        status=422 if form.errors else 200,
        form=form,
        words=words,
        theme=theme,
        found=queries.find_guides(words) if words else None,
        shelves=queries.guides_by_theme(theme),
    )


def _published(view: Page) -> Guide:
    guide = queries.published().get(view.param("id"))
    if guide is None:
        raise NotFound
    return guide


def show_guide(work: Work, view: Page) -> Response:
    """Show what a guide is about, before anybody starts."""
    guide = _published(view)
    sitting = current(work) if can(view.actor, Permission.RUN_GUIDES) else None
    return _render(view, "guide", guide, sitting=sitting)


def read_step(work: Work, view: Page) -> Response:
    """Show one step to somebody who reads alone: the resident's words only."""
    guide = _published(view)
    if not guide.has_step(view.param("step")):
        raise NotFound
    step = guide.step(view.param("step"))
    number, total = engine.position(guide, step.id)
    back = _step_before(guide, step, view.query.last("depuis"))
    return _render(view, "step", guide, step=step, number=number, total=total, before=back)


def _step_before(guide: Guide, step: Step, said: str) -> Step | None:
    """Return the step somebody comes from: the one their link names when it leads here, else the first that does."""
    leading = [
        other for other in guide.steps if other.if_not == step.id or step.id in {target for _, target in edges(other)}
    ]
    return next((other for other in leading if other.id == said), leading[0] if leading else None)


# Walking with a resident


def start(work: Work, view: Page) -> Response:
    """Open a guide in a sitting."""
    form = parse(StartForm, view.form)
    if form.errors:
        raise BadRequest
    return view.redirect(f"/parcours/{services.start_run(work, view.param('id'), form.valid().guide)}")


def show_run(work: Work, view: Page) -> Response:
    """Show the step where the walk stands, the mandate checked now."""
    return _show_run(view, queries.view_run(work, view.param("id")), Parsed(), asks=bool(view.query.last("bloque")))


def _show_run(view: Page, shown: WalkView, form: Parsed[StepForm], *, asks: bool = False) -> Response:
    walk, check = shown.walk, shown.check
    return _render(
        view,
        "run" if walk.open else "ended",
        walk.guide,
        status=422 if form.errors else 200,
        form=form,
        walk=walk,
        step=walk.state.shown,
        resident=shown.resident,
        check=check,
        refusal=REFUSALS[check.cover] if check is not None and not check.ok else None,
        scope=procedures.SCOPES.get(check.scopes[0]) if check is not None and check.scopes else None,
        procedure=procedures.PROCEDURES.get(walk.row.procedure),
        asks=asks and walk.state.help_id is None and not walk.state.finished,
        reasons=reasons(),
        labels=services.REASONS,
    )


def act(work: Work, view: Page) -> Response:
    """Record one act on the current step; a stale page is told so and led to where the walk stands."""
    run_id, form = view.param("id"), parse(StepForm, view.form)
    if form.errors:
        raise BadRequest
    said = form.valid()
    if said.act == "block" and said.reason not in services.REASONS:
        form.add("reason", ASK_REASON)
        return _show_run(view, queries.view_run(work, run_id), form, asks=True)
    try:
        if said.act in _MOVES:
            _MOVES[said.act](work, run_id, said.step, revision=said.revision)
        else:
            outcome = _OUTCOMES[said.act]
            choice = said.choice if outcome is Outcome.ANSWERED else None
            reason = said.reason if outcome is Outcome.BLOCKED else None
            services.mark(work, run_id, said.step, outcome, revision=said.revision, choice=choice, reason=reason)
    except Conflict as error:
        return _stale(view, run_id, error)
    return view.redirect(f"/parcours/{run_id}")


def _stale(view: Page, run_id: str, error: Conflict) -> Response:
    return view.render("guides/stale.html", status=error.status, run_id=run_id, error=error)


def end(work: Work, view: Page) -> Response:
    """End the walk, at its end step or before, and return to the person."""
    run_id, form = view.param("id"), parse(EndForm, view.form)
    if form.errors:
        raise BadRequest
    try:
        ending = services.finish if form.valid().act == "finish" else services.stop
        ending(work, run_id, revision=form.valid().revision)
    except Conflict as error:
        return _stale(view, run_id, error)
    resident_id = queries.get_run(work, run_id).row.resident_id
    return view.redirect(f"/personnes/{resident_id}" if resident_id is not None else "/aujourdhui")


def sheet(work: Work, view: Page) -> Response:
    """Show the sheet to take away: what was done, what follows, whom to call; no identity beyond the name."""
    shown = queries.view_run(work, view.param("id"))
    walk = shown.walk
    reasons_said = {trace.step: trace.reason for trace in walk.traces if trace.reason}
    return _render(
        view,
        "sheet",
        walk.guide,
        walk=walk,
        resident=shown.resident,
        done=walk.acts(Outcome.DONE),
        left=[*walk.acts(Outcome.SKIPPED), *walk.acts(Outcome.BLOCKED)],
        why={step: services.REASONS[code] for step, code in reasons_said.items()},
    )


def _shows(work: Work, view: Page) -> None:
    records.shown(work, view.param("id"))


def _shows_sheet(work: Work, view: Page) -> None:
    records.sheet(work, view.param("id"))


_PUBLIC, _RUN = Permission.PUBLIC, Permission.RUN_GUIDES
ROUTES = [
    page("/guides", list_guides, permission=_PUBLIC, db=Mode.READ),
    page("/guides/{id}", show_guide, permission=_PUBLIC, db=Mode.READ),
    page("/guides/{id}/{step}", read_step, permission=_PUBLIC, db=Mode.READ),
    page("/accompagnements/{id}/parcours", start, permission=_RUN, db=Mode.WRITE, method="POST"),
    page("/parcours/{id}", show_run, permission=_RUN, db=Mode.READ, records=_shows),
    page("/parcours/{id}", act, permission=_RUN, db=Mode.WRITE, method="POST"),
    page("/parcours/{id}/fiche", sheet, permission=_RUN, db=Mode.READ, records=_shows_sheet),
    page("/parcours/{id}/terminer", end, permission=_RUN, db=Mode.WRITE, method="POST"),
]
