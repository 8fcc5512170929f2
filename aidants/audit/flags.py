"""Pages on anomaly flags: what deserves a question, and the auditors' answers."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field
from sqlmodel import col, select
from starlette.responses import Response
from starlette.routing import Route

from aidants import dates
from aidants.audit import screening
from aidants.audit.anomalies import SENTENCES, TITLES, Flag, Rule
from aidants.audit.lines import moment_of
from aidants.db import Mode, Work
from aidants.errors import Corrupted, NotFound
from aidants.i18n import N_, gettext, ngettext
from aidants.journal import labels
from aidants.journal.actions import AnomalyReviewed, JournalSearched, SignInFailed
from aidants.journal.models import JournalRecord
from aidants.journal.outcomes import REVIEWS
from aidants.journal.services import open_payload, record, under_installation
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, parse

SHOWN: Final = 100
_ANSWERS_READ: Final = 2000
NO_OUTCOME: Final = N_("Choisissez ce que vous en concluez.")
NO_REASON: Final = N_("Écrivez en une phrase au moins ce qui l’explique, ou ce qui a été fait.")
OWN_WORDS: Final = {
    "conclusion": {"missing": NO_OUTCOME, "literal_error": NO_OUTCOME},
    "motif": {"missing": NO_REASON, "string_too_short": NO_REASON},
}


class ReviewForm(FormModel):
    """The auditor's answer to a flag."""

    conclusion: Literal["explained", "reminded", "reported"]
    motif: Annotated[Text, Field(min_length=10, max_length=500)]


def show(work: Work, view: Page) -> Response:
    """List the flags: first those without an answer."""
    found, answers = screening.flags(work), _answers(work)
    waiting = [flag for flag in found if flag.key not in answers]
    answered = [flag for flag in found if flag.key in answers]
    return view.render(
        "audit/flags.html",
        waiting=[_described(flag, view) for flag in waiting[:SHOWN]],
        more=max(0, len(waiting) - SHOWN),
        answered=[_described(flag, view) | _said(work, answers[flag.key], view) for flag in answered[:SHOWN]],
        rules=[(gettext(TITLES[rule]), gettext(SENTENCES[rule])) for rule in TITLES],
        days=screening.DAYS,
    )


def ask(work: Work, view: Page) -> Response:
    """Show one flag, what was answered before, and the question."""
    return _show_one(work, view, _flag(work, view), Parsed[ReviewForm]())


def answer(work: Work, view: Page) -> Response:
    """Record the answer; a later one corrects the earlier."""
    flag, form = _flag(work, view), parse(ReviewForm, view.form, OWN_WORDS)
    if form.errors:
        return _show_one(work, view, flag, form, 422)
    before = _answers(work).get(flag.key)
    reviewed = AnomalyReviewed(
        flag=flag.key,
        rule=flag.rule,
        outcome=form.valid().conclusion,
        entry=flag.entry,
        organisation=flag.organisation,
        corrects=before.id if before else None,
    )
    record(work, reviewed, under_installation(work, {"answer": form.valid().motif}))
    return view.redirect("/journal/signalements")


def _flag(work: Work, view: Page) -> Flag:
    """Return the flag of the address. Raises NotFound for one that is not, or not within this auditor's reach."""
    wanted = view.param("key")
    for flag in screening.flags(work):
        if flag.key == wanted:
            return flag
    raise NotFound


def _show_one(work: Work, view: Page, flag: Flag, form: Parsed[ReviewForm], status: int = 200) -> Response:
    before = _answers(work).get(flag.key)
    return view.render(
        "audit/flag.html",
        status=status,
        block="form",
        flag=_described(flag, view),
        form=form,
        outcomes=[(key, gettext(text)) for key, text in REVIEWS.items()],
        before=_said(work, before, view) if before else None,
    )


def _described(flag: Flag, view: Page) -> dict[str, Any]:
    """Return a flag in words, with the address of the entries it is about."""
    day = flag.day.isoformat()
    whose = (
        f"acte={flag.act}" if flag.act == SignInFailed.type else f"par={flag.actor}"
    )  # no account acts in a refused sign-in
    about = f"mandat={flag.mandate}" if flag.mandate else f"{whose}&du={day}&au={day}"
    return {
        "key": flag.key,
        "title": gettext(TITLES[flag.rule]),
        "rule": gettext(SENTENCES[flag.rule]),
        "day": dates.long_date(flag.day, view.locale).capitalize(),
        "who": labels.mandate(flag.mandate) if flag.mandate else labels.person(flag.actor),
        "count": _count(flag),
        "entries": f"/journal?{about}",
        "entry": f"/journal/entrees/{flag.entry}",
    }


def _count(flag: Flag) -> str:
    if flag.rule in {Rule.BURST, Rule.UNSERVED}:
        return ngettext("{n} personne", "{n} personnes", flag.count).format(n=flag.count)
    return ngettext("{n} fois", "{n} fois", flag.count).format(n=flag.count)


def _answers(work: Work) -> dict[str, JournalRecord]:
    """Return the last answer to each flag, by its key."""
    query = select(JournalRecord).where(JournalRecord.type == AnomalyReviewed.type)
    found: dict[str, JournalRecord] = {}
    for row in work.session.exec(query.order_by(col(JournalRecord.seq).desc()).limit(_ANSWERS_READ)):
        found.setdefault(str(labels.detail(row).get("flag")), row)
    return found


def _said(work: Work, row: JournalRecord, view: Page) -> dict[str, Any]:
    """Return an answer in words."""
    try:
        text = open_payload(work, row.id, under_installation(work, {}).key).get("answer", "")
    except (NotFound, Corrupted):
        text = ""
    return {
        "outcome": gettext(REVIEWS.get(row.outcome or "", "")),
        "text": text,
        "by": labels.person(row.actor),
        "when": moment_of(row),
    }


def _records(work: Work, _view: Page) -> None:
    record(work, JournalSearched(view="flags"))


ROUTES: Final[list[Route]] = [
    page("/journal/signalements", show, permission=Permission.AUDIT_JOURNAL, db=Mode.READ, records=_records),
    page("/journal/signalements/{key}", ask, permission=Permission.AUDIT_JOURNAL, db=Mode.READ, records=_records),
    page("/journal/signalements/{key}", answer, permission=Permission.AUDIT_JOURNAL, db=Mode.WRITE, method="POST"),
]
