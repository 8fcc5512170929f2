"""Pages on the journal. Three screens share everything but their reach; each reading is itself an entry."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from typing import Any, Final
from urllib.parse import urlencode

from starlette.responses import Response
from starlette.routing import Route

from aidants.audit import activity, disclosure, draws, exports, flags, log, queries, services
from aidants.audit.forms import JournalForm, read_filters
from aidants.audit.lines import by_day, guide_of, moment_of, read_instant, sentence_of, spaced
from aidants.audit.paging import Found, Reach, search
from aidants.audit.queries import Entry
from aidants.audit.words import Setting, facts, sealed
from aidants.db import Mode, Work
from aidants.errors import Refused
from aidants.i18n import N_, gettext
from aidants.journal import entry as formats
from aidants.journal import labels
from aidants.journal.actions import CATALOGUE, JournalSearched, JournalVerified, ProofIssued
from aidants.journal.export import proof_headers, proof_of
from aidants.journal.seal import cover
from aidants.journal.services import record, under_installation
from aidants.journal.signer import kept_outside
from aidants.journal.verify import verify
from aidants.mandates.queries import printed_roots
from aidants.policy import Permission, require
from aidants.procedures import SCOPES
from aidants.residents.services import everybody
from aidants.web.endpoint import Page, page
from aidants.web.forms import parse

EVIDENCE: Final = {
    "mandate_printed": N_("Mandats imprimés, avec la racine"),
    "proof_issued": N_("Preuves et reçus remis"),
    "journal_exported": N_("Exports"),
    "checkpoint_published": N_("Points de contrôle remis"),
}
_verifying: Final = threading.Lock()


@dataclass(frozen=True, slots=True)
class Screen:
    """One of the three screens: whose entries, who may open it, where it lives."""

    reach: Reach
    permission: Permission
    path: str
    title: str


SCREENS: Final = (
    Screen(Reach.AUDITED, Permission.AUDIT_JOURNAL, "/journal", N_("Journal")),
    Screen(
        Reach.ORGANISATION, Permission.SEE_ORGANISATION_JOURNAL, "/journal-structure", N_("Journal de la structure")
    ),
    Screen(Reach.OWN, Permission.SEE_OWN_JOURNAL, "/mon-journal", N_("Mon journal")),
)


def journal(screen: Screen, work: Work, view: Page) -> Response:
    """Show one page of entries by day, with the search; the auditors' screen says the state of the journal too."""
    form = parse(JournalForm, view.query)
    zone = work.settings.zone
    found = Found((), more=False)
    if not form.errors:
        found = search(work, screen.reach, read_filters(work, form.valid()), zone)
    used = form.value.used() if form.value else {}
    older = {**used, "avant": found.entries[-1].seq} if found.more else None
    audits = screen.reach is Reach.AUDITED
    return view.render(
        "audit/journal.html",
        status=422 if form.errors else 200,
        screen=screen,
        form=form,
        used=used,
        days=by_day(work, found.entries, view.locale),
        older=_address(screen, older) if older else None,
        newest=_address(screen, used) if form.get("avant") else None,
        state=_state(work, view) if audits else None,
        activity=activity.first_page(work, view.locale) if audits else None,
        export=f"/journal/exporter?{urlencode(used)}" if audits else None,
        actions=_action_choices(),
        scopes=[("", gettext("Tous"))] + [(key, gettext(scope.label)) for key, scope in SCOPES.items()],
        organisations=[("", gettext("Toutes")), *queries.audited_organisations(work)] if audits else [],
    )


def entry(screen: Screen, work: Work, view: Page) -> Response:
    """Show one entry: its record, its leaf, and whether they still agree."""
    whole = queries.get_entry(work, screen.reach, view.param("id"))
    found = whole.record
    guide = guide_of(work, found)
    setting = Setting(guide, whole.organisation, work.settings.zone, view.locale)
    try:
        agrees = formats.make_leaf(found.model_dump()) == whole.leaf
    except (ValueError, TypeError):
        agrees = False
    return view.render(
        "audit/entry.html",
        screen=screen,
        entry=found,
        sentence=sentence_of(found, guide),
        when=moment_of(found),
        number=spaced(found.seq),
        facts=facts(found, setting),
        leaf=whole.leaf.decode("utf-8", "replace") if whole.leaf is not None else None,
        agrees=agrees,
        payload=whole.has_payload,
        **_disclosed(screen, work, whole),
    )


def _disclosed(screen: Screen, work: Work, entry: Entry) -> dict[str, Any]:
    """Return what an auditor may ask to see of an entry, and what they are being shown of it."""
    if screen.reach is not Reach.AUDITED:
        return {"hidden": (), "shown": None}
    hidden = services.hidden(work, entry)
    shown = services.shown(work, entry, hidden)
    return {
        "hidden": hidden,
        "shown": shown,
        "shown_names": [
            {"key": item.pseudonym, "value": shown.names[item.key]} for item in hidden if item.key in shown.names
        ],
        "shown_values": sealed(shown.values, entry.record.salt),
    }


def prove(screen: Screen, view: Page) -> Response:
    """Answer the proof that an entry is in the journal, with what opens the entry; each is itself an entry."""
    with view.unit(Mode.WRITE) as work:
        require(view.actor, screen.permission)
        found = queries.get_record(work, screen.reach, view.param("id"))
        record(work, ProofIssued(entry=found.id, mandate=found.mandate))
    cover(view.gate.database)
    with view.unit(Mode.READ) as work:
        found = queries.get_record(work, screen.reach, view.param("id"))
        text = proof_of(work.session, found)[0].text()
    return Response(text, media_type="text/plain; charset=utf-8", headers=proof_headers(found.seq))


def verify_now(view: Page) -> Response:
    """Check the whole journal outside any transaction of the page, record the result and show it."""
    if not _verifying.acquire(blocking=False):
        raise Refused(N_("Une vérification est déjà en cours. Attendez sa fin."), code="verification_running")
    try:
        verifier, kept = kept_outside(view.gate.settings.signer_path)
        report = verify(view.gate.database, None, printed_roots(view.gate.database), verifier, kept, everybody())
    finally:
        _verifying.release()
    faults = len(report.faults) + report.more
    with view.unit(Mode.WRITE) as work:
        require(view.actor, Permission.AUDIT_JOURNAL)
        outcome = "intact" if report.ok else "faults"
        record(work, JournalVerified(outcome=outcome, size=report.size, root=report.root.hex(), faults=faults))
    return view.render("audit/verification.html", report=report, count=faults, size=spaced(report.size))


def _records_search(screen: Screen, work: Work, view: Page) -> None:
    form = parse(JournalForm, view.query).value
    _record_reading(work, screen, form.used() if form else {})


def _records_entry(screen: Screen, work: Work, view: Page) -> None:
    queries.get_record(work, screen.reach, view.param("id"))
    _record_reading(work, screen, {"entree": view.param("id")})


def _record_reading(work: Work, screen: Screen, used: dict[str, str]) -> None:
    """Record which criteria were used; their values name people and mandates, so they are sealed."""
    action = JournalSearched(view=screen.reach.value, filters=tuple(used))
    record(work, action, under_installation(work, used))


def _state(work: Work, view: Page) -> dict[str, Any]:
    state = queries.state(work.session)
    verified = state.verified
    mine = verified is not None and view.actor is not None and verified.actor == view.actor.person_id
    return {
        "size": spaced(state.size),
        "sealed": spaced(state.sealed),
        "sealed_count": state.sealed,
        "waiting": state.size - state.sealed,
        "root": state.root.hex() if state.root else "",
        "origin": state.origin,
        "sealed_at": state.sealed_at,
        "verified_at": read_instant(verified.ts) if verified else None,
        "verified_by": (gettext("vous") if mine else labels.person(verified.actor)) if verified else "",
        "intact": verified is not None and verified.outcome == "intact",
        "evidence": [
            {"what": gettext(EVIDENCE[kind]), "first": read_instant(first), "last": read_instant(last)}
            for kind, (first, last) in state.outside.items()
        ],
    }


def _action_choices() -> list[tuple[str, str]]:
    names = sorted(((name, labels.title(name)) for name in CATALOGUE), key=lambda pair: pair[1])
    return [("", gettext("Tous")), *names]


def _address(screen: Screen, criteria: dict[str, Any]) -> str:
    return f"{screen.path}?{urlencode(criteria)}" if criteria else screen.path


def _routes(screen: Screen) -> list[Route]:
    """Return the list and the entry page of a screen."""
    return [
        page(
            screen.path,
            lambda work, view: journal(screen, work, view),
            permission=screen.permission,
            db=Mode.READ,
            records=lambda work, view: _records_search(screen, work, view),
            name=f"{__name__}.journal.{screen.reach}",
        ),
        page(
            f"{screen.path}/entrees/{{id}}",
            lambda work, view: entry(screen, work, view),
            permission=screen.permission,
            db=Mode.READ,
            records=lambda work, view: _records_entry(screen, work, view),
            name=f"{__name__}.entry.{screen.reach}",
        ),
        page(
            f"{screen.path}/entrees/{{id}}/preuve.tlog-proof",
            lambda view: prove(screen, view),
            permission=screen.permission,
            db=Mode.OWN,
            name=f"{__name__}.prove.{screen.reach}",
        ),
    ]


ROUTES: Final[list[Route]] = [
    *(route for screen in SCREENS for route in _routes(screen)),
    *disclosure.ROUTES,
    *flags.ROUTES,
    *draws.ROUTES,
    *activity.ROUTES,
    *exports.ROUTES,
    *log.ROUTES,
    page("/journal/verification", verify_now, permission=Permission.AUDIT_JOURNAL, db=Mode.OWN, method="POST"),
]
