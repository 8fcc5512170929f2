"""Pages of a draft: one question a page, in order; a skipped question sends back to itself; check before anything counts."""

from __future__ import annotations

from itertools import groupby
from typing import Any

from starlette.responses import Response

from aidants import procedures
from aidants.accounts.models import Organisation
from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.journal.seal import cover
from aidants.mandates import consent, parties, queries, services, signing
from aidants.mandates.drafts import draft, go_on, guard, show
from aidants.mandates.forms import DurationForm, LookUpForm, ProceduresForm, ReadingForm
from aidants.mandates.lifecycle import DURATION_LABELS, Duration, Regime, State, end_of
from aidants.mandates.queries import MandateView
from aidants.mandates.signers import CONSENT_LABELS, REGIMES
from aidants.mandates.terms import STATEMENTS, Statement
from aidants.policy import Permission
from aidants.residents.services import Known
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

FOUND = 5
ASK_DURATION = N_("Choisissez une durée.")
ASK_PROCEDURE = N_("Choisissez au moins une démarche.")
ASK_READING = N_("Dites ces phrases à voix haute, puis cochez la case.")


# What


def _selected(form: Parsed[Any], mandate: MandateView) -> tuple[str, ...]:
    chosen = form.get("demarches", None)
    names = mandate.answers.procedures if chosen is None else chosen
    return tuple(name for name in names if name in procedures.PROCEDURES)


def _choices(view: Page, mandate: MandateView, resident: Known, form: Parsed[Any], words: str = "") -> Response:
    found = procedures.search(words, limit=FOUND) if words else []
    return show(
        view,
        mandate,
        resident,
        "demarches",
        form,
        block="resultats" if view.form.last("action") == "chercher" else "form",
        words=words,
        found=found,
        situations=procedures.SITUATIONS,
        selected=_selected(form, mandate),
    )


def ask_procedures(work: Work, view: Page) -> Response:
    """Show what people say, as chips, and the search box."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "demarches") or _choices(view, mandate, resident, Parsed())


def answer_procedures(work: Work, view: Page) -> Response:
    """Look words up (keeping what is chosen), or store the chosen procedures."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "demarches")) is not None:
        return elsewhere
    if view.form.last("action") == "chercher":
        look_up = parse(LookUpForm, view.form)
        return _choices(view, mandate, resident, look_up, look_up.value.mots if look_up.value else "")
    form = parse(ProceduresForm, view.form, {"demarches": {"too_short": ASK_PROCEDURE, "missing": ASK_PROCEDURE}})
    if form.errors:
        return _choices(view, mandate, resident, form)
    services.answer(work, mandate.row.id, procedures=tuple(dict.fromkeys(form.valid().demarches)))
    return go_on(view, "demarches")


def ask_more(work: Work, view: Page) -> Response:
    """Offer what usually goes with what was chosen."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "autres") or _more(view, mandate, resident, Parsed())


def _more(view: Page, mandate: MandateView, resident: Known, form: Parsed[Any]) -> Response:
    near = [item for item in procedures.related(mandate.answers.procedures) if item.mandatable][:8]
    return show(view, mandate, resident, "autres", form, related=near)


def answer_more(work: Work, view: Page) -> Response:
    """Add what was ticked, if anything."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "autres")) is not None:
        return elsewhere
    form = parse(LookUpForm, view.form)
    if form.errors:
        return _more(view, mandate, resident, form)
    everything = tuple(dict.fromkeys([*mandate.answers.procedures, *form.valid().demarches]))
    services.answer(work, mandate.row.id, procedures=everything, more_asked=True)
    return go_on(view, "autres")


# How long


def ask_duration(work: Work, view: Page) -> Response:
    """Show the durations this organisation allows, each with its end."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "duree") or _durations(work, view, mandate, resident, Parsed())


def _durations(work: Work, view: Page, mandate: MandateView, resident: Known, form: Parsed[Any]) -> Response:
    allowed = work.session.get_one(Organisation, mandate.row.organisation_id).durations.split()
    ends = [
        (item.value, gettext(DURATION_LABELS[item]), end_of(item, work.now, work.settings.zone))
        for item in Duration
        if item.value in allowed
    ]
    return show(view, mandate, resident, "duree", form, durations=ends)


def answer_duration(work: Work, view: Page) -> Response:
    """Store the duration; one the organisation forbids is refused."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "duree")) is not None:
        return elsewhere
    form = parse(DurationForm, view.form, {"duree": {"missing": ASK_DURATION, "enum": ASK_DURATION}})
    allowed = work.session.get_one(Organisation, mandate.row.organisation_id).durations.split()
    if form.value is not None and form.value.duree.value not in allowed:
        form.add("duree", N_("Votre structure ne permet pas cette durée."))
    if form.errors:
        return _durations(work, view, mandate, resident, form)
    services.answer(work, mandate.row.id, duration=form.valid().duree.value)
    return go_on(view, "duree")


# Read aloud, check


def _statements() -> list[tuple[str, list[Statement]]]:
    """Return the statements by group, in the order they are said."""
    return [(group, list(items)) for group, items in groupby(STATEMENTS, key=lambda item: item.group)]


def ask_reading(work: Work, view: Page) -> Response:
    """Show the statements to say to the person's face."""
    mandate, resident = draft(work, view)
    return guard(view, mandate, "lecture") or show(
        view, mandate, resident, "lecture", Parsed(), statements=_statements()
    )


def answer_reading(work: Work, view: Page) -> Response:
    """Store that they were read."""
    mandate, resident = draft(work, view)
    if (elsewhere := guard(view, mandate, "lecture")) is not None:
        return elsewhere
    form = parse(ReadingForm, view.form, {"lu": {"missing": ASK_READING, "literal_error": ASK_READING}})
    if form.errors:
        return show(view, mandate, resident, "lecture", form, statements=_statements())
    services.answer(work, mandate.row.id, read_aloud=True)
    return go_on(view, "lecture")


def check(work: Work, view: Page) -> Response:
    """Show every answer with « Modifier », and what happens next."""
    mandate, resident = draft(work, view)
    elsewhere = guard(view, mandate, "relire")
    if elsewhere is not None:
        return elsewhere
    duration = Duration(mandate.answers.duration)
    end = end_of(duration, work.now, work.settings.zone)
    label = gettext(DURATION_LABELS[duration])
    signers = parties.signers_of(work, mandate, resident)
    agreement, level = CONSENT_LABELS[mandate.answers.consent]
    return show(
        view,
        mandate,
        resident,
        "relire",
        Parsed(),
        duration_label=label,
        end=end,
        protection=_protection(mandate),
        representative=signers.representative.name if signers.representative else "",
        agreement=[gettext(agreement), *(f"{one.name} ({one.quality})" for one in signers.witnesses)],
        level=gettext(level),
    )


def _protection(mandate: MandateView) -> str:
    regime = Regime(mandate.answers.regime)
    return gettext(REGIMES[regime][0]) if regime in REGIMES else gettext("Non")


def ask_consent(view: Page) -> Response:
    """Freeze the text and go to the signature. The second time changes nothing."""
    with view.unit(Mode.READ) as work:
        mandate = queries.get_mandate(work, view.param("id"))
    if mandate.state is State.DRAFT and mandate.answers.missing() == "relire":
        freeze(view, frozenset({State.DRAFT}))
    return view.redirect(f"/mandats/{mandate.row.id}")


def freeze(view: Page, states: frozenset[State]) -> None:
    """Freeze the text of a mandate still in one of ``states``, then keep with it the journal's root that covers it."""
    with view.unit(Mode.WRITE) as work:
        if queries.get_mandate(work, view.param("id"), lock=True).state not in states:
            return
        text_id = consent.ask_consent(work, view.param("id"))
    checkpoint = cover(view.gate.database)
    with view.unit(Mode.WRITE) as work:
        consent.note_checkpoint(work, text_id, checkpoint.size, checkpoint.root.hex())


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_ASK = {
    "demarches": (ask_procedures, answer_procedures),
    "autres": (ask_more, answer_more),
    "duree": (ask_duration, answer_duration),
    **signing.QUESTIONS,
    "lecture": (ask_reading, answer_reading),
}
_PERMISSION = Permission.CHANGE_MANDATES
QUESTION_ROUTES = [
    route
    for name, (ask, reply) in _ASK.items()
    for route in (
        page(f"/mandats/{{id:ref}}/{name}", ask, permission=_PERMISSION, db=Mode.READ, records=_views),
        page(
            f"/mandats/{{id:ref}}/{name}", reply, permission=_PERMISSION, db=Mode.WRITE, method="POST", records=_views
        ),
    )
]
QUESTION_ROUTES += [
    page("/mandats/{id:ref}/relire", check, permission=_PERMISSION, db=Mode.READ, records=_views),
    page("/mandats/{id:ref}/relire", ask_consent, permission=_PERMISSION, db=Mode.OWN, method="POST", records=_views),
]
