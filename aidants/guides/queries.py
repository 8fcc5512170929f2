"""Reading guides and walks. Runs are reached only through ``visible_runs``; the library is read once a process."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from datetime import datetime
from functools import cache
from typing import Final

import sqlalchemy as sa
from sqlmodel import col, select
from sqlmodel.sql.expression import SelectOfScalar

from aidants import procedures
from aidants.db import Work
from aidants.errors import NotFound
from aidants.guides.engine import Outcome, Passed, WalkState, progress, requirement, resume
from aidants.guides.models import GuideRevision, Run
from aidants.guides.schema import Guide, Kind, SensitiveMode, Status, Step, load_library
from aidants.mandates.lifecycle import Cover
from aidants.mandates.models import Mandate
from aidants.mandates.queries import covered, visible_mandates
from aidants.policy import Actor
from aidants.procedures import Procedure
from aidants.residents.models import Resident
from aidants.residents.services import Known, open_resident

_ACTS: Final = frozenset({Kind.ACTION, Kind.CONFIRM, Kind.CHECKLIST, Kind.HANDOFF, Kind.WAIT})
Revision = tuple[str, int, str]
"""Guide, version, language."""

_revisions: Final[dict[str, Guide]] = {}
"""Guides by the SHA-256 of their revision: the words behind one never change, so the process keeps them."""


@cache
def library() -> dict[str, Guide]:
    """Return the guides that ship, by id."""
    return load_library()


def published() -> dict[str, Guide]:
    """Return the guides a person may start now, by id."""
    return {name: guide for name, guide in library().items() if guide.status is Status.WALKABLE}


def guide_for_procedure(procedure_id: str) -> Guide | None:
    """Return the guide that walks through a procedure of the catalogue, if one ships."""
    named = (guide for guide in published().values() if guide.procedure == procedure_id)
    return next(named, None) if procedure_id else None


@dataclass(frozen=True, slots=True)
class Search:
    """Answer of a search: guides, and procedures that are known but have no guide yet."""

    guides: tuple[Guide, ...]
    without_guide: tuple[Procedure, ...]


def find_guides(words: str) -> Search:
    """Return the guides for what a person says: through the catalogue first, then by the words of titles and summaries."""
    hits = procedures.search(words, limit=12)
    found = [guide for hit in hits if (guide := guide_for_procedure(hit.id)) is not None]
    tokens = _fold(words[:100]).split()
    for guide in published().values():
        text = _fold(f"{guide.title} {guide.summary}")
        if guide not in found and tokens and all(token in text for token in tokens):
            found.append(guide)
    return Search(tuple(found), tuple(hit for hit in hits if guide_for_procedure(hit.id) is None)[:3])


def _fold(text: str) -> str:
    decomposed = unicodedata.normalize("NFKD", text.casefold())
    return "".join(letter if letter.isalnum() else " " for letter in decomposed if not unicodedata.combining(letter))


def guides_by_theme(theme: str = "") -> list[tuple[str, list[Guide]]]:
    """Return theme keys (in the catalogue's order, "" for guides without theme last) with their guides; one or all."""
    shelves: dict[str, list[Guide]] = {key: [] for key in (*procedures.SCOPES, "")}
    for guide in published().values():
        shelves[guide.scope[0] if guide.scope else ""].append(guide)
    return [(key, guides) for key, guides in shelves.items() if guides and theme in ("", key)]


# Walks


@dataclass(frozen=True, slots=True)
class Trace:
    """One step passed or blocked: how, by whom (``helper``, ``resident`` or nobody in particular), and when (ISO, UTC)."""

    step: str
    outcome: str
    choice: str | None
    reason: str | None
    by: str | None
    at: str


@dataclass(frozen=True, slots=True)
class Walk:
    """A run with its guide and its state."""

    row: Run
    guide: Guide
    traces: tuple[Trace, ...]
    state: WalkState

    @property
    def id(self) -> str:
        """The run's id."""
        return self.row.id

    @property
    def title(self) -> str:
        """The guide's title."""
        return self.guide.title

    @property
    def open(self) -> bool:
        """Whether the walk can go on."""
        return self.row.state == "open"

    @property
    def position(self) -> tuple[int, int]:
        """Number and total of the current step, from 1."""
        return progress(self.guide, self.state.trail)

    @property
    def may_go_back(self) -> bool:
        """Whether a step was passed before this one."""
        return any(entry.outcome is not Outcome.BLOCKED for entry in self.state.trail)

    @property
    def blocked(self) -> str | None:
        """The reason why the current step is blocked, if it is."""
        last = self.traces[-1] if self.traces else None
        here = last is not None and last.outcome == Outcome.BLOCKED and last.step == self.state.step_id
        return last.reason if here and last is not None else None

    @property
    def withdrawn(self) -> bool:
        """Whether the guide was taken back since the walk began."""
        current = library().get(self.guide.id)
        return current is not None and current.status is Status.WITHDRAWN

    def acts(self, outcome: Outcome) -> tuple[Step, ...]:
        """Return the steps that ask something and whose last outcome is this one, in order."""
        last = {trace.step: trace.outcome for trace in self.traces}
        steps = (self.guide.step(name) for name, found in last.items() if found == outcome)
        return tuple(step for step in steps if step.kind in _ACTS)


@dataclass(frozen=True, slots=True)
class Check:
    """What the mandates say about a step at this very moment."""

    cover: Cover
    scopes: tuple[str, ...]
    mandate_id: str | None = None
    ends_at: datetime | None = None

    @property
    def ok(self) -> bool:
        """Whether an active mandate covers the step."""
        return self.cover is Cover.YES


@dataclass(frozen=True, slots=True)
class WalkView:
    """What the page of a walk shows. ``check`` is None where the step needs no mandate."""

    walk: Walk
    resident: Known | None
    check: Check | None


@dataclass(frozen=True, slots=True)
class RunLine:
    """A walk in a list: of a person, or the one left open by a helper."""

    id: str
    title: str
    started_at: datetime
    open: bool
    number: int
    total: int
    resident: Known | None = None


def visible_runs(actor: Actor) -> SelectOfScalar[Run]:
    """Return the rows this actor may see: those of the organisation they work in."""
    return select(Run).where(Run.organisation_id == actor.organisation_id)


# Statements built once: building them anew takes longer than running them.
_VISIBLE: Final = select(Run).where(Run.organisation_id == sa.bindparam("organisation"))
_ONE: Final = _VISIBLE.where(Run.id == sa.bindparam("id"))
_ONE_LOCKED: Final = _ONE.with_for_update()
_WITH_RESIDENT: Final = (
    select(Run, Resident)
    .outerjoin(Resident, col(Resident.id) == Run.resident_id)
    .where(Run.organisation_id == sa.bindparam("organisation"), Run.id == sa.bindparam("id"))
)
_OPEN: Final = (
    select(Run, Resident)
    .outerjoin(Resident, col(Resident.id) == Run.resident_id)
    .where(
        Run.organisation_id == sa.bindparam("organisation"),
        Run.helper_id == sa.bindparam("helper"),
        Run.state == "open",
    )
    .order_by(col(Run.last_at).desc())
    .limit(1)
)
_OF_RESIDENT: Final = (
    _VISIBLE.where(Run.resident_id == sa.bindparam("resident")).order_by(col(Run.started_at).desc()).limit(20)
)


def read_trail(text: str) -> tuple[Trace, ...]:
    """Read the stored trail of a run."""
    return tuple(Trace(**entry) for entry in json.loads(text))


def write_trail(traces: Iterable[Trace]) -> str:
    """Write a trail as it is stored."""
    return json.dumps([asdict(trace) for trace in traces], ensure_ascii=False, separators=(",", ":"))


def get_run(work: Work, run_id: str, *, lock: bool = False) -> Walk:
    """Return one walk. Raises NotFound for an unknown id and for another organisation's alike."""
    which = {"organisation": work.person().organisation_id, "id": run_id}
    row = work.session.exec(_ONE_LOCKED if lock else _ONE, params=which).one_or_none()
    if row is None:
        raise NotFound
    return walk_of(work, row)


def walk_of(work: Work, row: Run) -> Walk:
    """Return the walk of a row, in the words it follows."""
    return _walk(row, _guides(work, [row])[row.sha256])


def view_run(work: Work, run_id: str) -> WalkView:
    """Return what the page of a walk shows, the mandate checked now. Raises NotFound."""
    which = {"organisation": work.person().organisation_id, "id": run_id}
    found = work.session.exec(_WITH_RESIDENT, params=which).one_or_none()
    if found is None:
        raise NotFound
    walk, person = _walk(found[0], _guides(work, [found[0]])[found[0].sha256]), found[1]
    resident = open_resident(work, person) if walk.row.resident_id is not None else None
    return WalkView(walk, resident, check_step(work, walk) if walk.open else None)


def check_step(work: Work, walk: Walk, *, lock: bool = False) -> Check | None:
    """Check the current step against the resident's mandates at this very moment; None when it needs none."""
    step = walk.state.step
    if walk.state.help_id is not None or requirement(step) is not SensitiveMode.MANDATE:
        return None
    assert step.sensitive is not None
    scopes = (step.sensitive.scope,) if step.sensitive.scope else walk.guide.scope
    cover, mandate_id = covered(work, walk.row.resident_id, scopes, walk.row.procedure, lock=lock)
    if cover is not Cover.YES or mandate_id is None:
        return Check(cover, scopes, mandate_id)
    mandate = work.session.exec(visible_mandates(work.person()).where(Mandate.id == mandate_id)).one()
    return Check(cover, scopes, mandate_id, mandate.ends_at)


def open_run(work: Work) -> RunLine | None:
    """Return the walk this helper left open, the latest if there are several."""
    which = {"organisation": work.person().organisation_id, "helper": work.person().person_id}
    found = work.session.exec(_OPEN, params=which).first()
    if found is None:
        return None
    row, person = found
    resident = open_resident(work, person) if row.resident_id is not None else None
    return _line(row, _guides(work, [row])[row.sha256], resident)


def runs_of(work: Work, resident_id: str) -> tuple[RunLine, ...]:
    """Return a resident's latest walks, newest first."""
    which = {"organisation": work.person().organisation_id, "resident": resident_id}
    rows = work.session.exec(_OF_RESIDENT, params=which).all()
    guides = _guides(work, rows)
    return tuple(_line(row, guides[row.sha256]) for row in rows)


def _line(row: Run, guide: Guide, resident: Known | None = None) -> RunLine:
    number, total = _walk(row, guide).position
    return RunLine(row.id, guide.title, row.started_at, row.state == "open", number, total, resident)


def _walk(row: Run, guide: Guide) -> Walk:
    traces = read_trail(row.trail)
    passed = (Passed(trace.step, Outcome(trace.outcome), trace.choice) for trace in traces)
    state = resume(guide, passed)
    return Walk(row, guide, traces, WalkState(guide, state.step_id, state.trail, row.help_step))


def _guides(work: Work, rows: Iterable[Run]) -> dict[str, Guide]:
    """Return the revisions these runs follow, by SHA-256."""
    return _read_revisions(work, {row.sha256 for row in rows})


def revisions(work: Work, named: Iterable[Revision]) -> dict[Revision, Guide]:
    """Return the exact words behind each (guide, version, language); one that was never walked is left out."""
    wanted = frozenset(named)
    columns = (GuideRevision.guide, GuideRevision.version, GuideRevision.lang, GuideRevision.sha256)
    query = select(*columns).where(col(GuideRevision.guide).in_({guide for guide, _, _ in wanted}))
    shas = {(guide, version, lang): sha for guide, version, lang, sha in work.session.exec(query)} if wanted else {}
    found = _read_revisions(work, {shas[name] for name in wanted & shas.keys()})
    return {name: found[shas[name]] for name in wanted & shas.keys()}


def _read_revisions(work: Work, wanted: set[str]) -> dict[str, Guide]:
    """Return guides by the SHA-256 of their words; one query for those the process has not read yet."""
    missing = wanted - _revisions.keys()
    if missing:
        query = select(GuideRevision).where(col(GuideRevision.sha256).in_(sorted(missing)))
        for revision in work.session.exec(query):
            _revisions[revision.sha256] = Guide.from_json(revision.content)
    return {sha: _revisions[sha] for sha in wanted}
