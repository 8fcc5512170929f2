"""The door of a resident's own pages: the code of their sheet and their birth date, or a one-time code; and the way out."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from aidants.dates import DateError, local_day, parse_people_date
from aidants.db import Mode, Work
from aidants.i18n import N_
from aidants.messages.models import Channel
from aidants.own.entering import own
from aidants.own.forms import OWN_WORDS, DoorForm, SentForm
from aidants.policy import Permission
from aidants.residents import visits
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse
from aidants.web.languages import RESIDENT_LANGUAGE_COOKIE

WRONG: Final = N_("Ce code et cette date ne vont pas ensemble. Relisez votre feuille, puis recommencez.")
WRONG_SENT: Final = N_("Ce code ne va pas. Relisez le message, ou demandez un autre code.")
HOME: Final = "/ma-page/accueil"


def ask(work: Work, view: Page) -> Response:
    """Show the two boxes; whoever is already inside goes on."""
    ended = next((name for name in ("fermee", "fini") if view.query.last(name) == "1"), "")
    if not ended and visits.load(work, view.visit_secret) is not None:
        return view.redirect(HOME)
    return _door(view, Parsed[DoorForm](), ended=ended)


def enter(work: Work, view: Page) -> Response:
    """Open the pages; a wrong code, an unknown one and a wrong date are answered alike."""
    form, born = parse(DoorForm, view.form, OWN_WORDS), ""
    if form.value is not None:
        typed = form.value
        parts = (typed.birth_day, typed.birth_month, typed.birth_year)
        try:
            if any(parts):
                born = parse_people_date(*parts, today=local_day(work.now, work.settings.zone)).iso()
        except DateError as error:
            form.add("naissance", error.message)
    if form.errors:
        return _door(view, form, 422)
    secret = view.gate.cookies.new_id()
    answer = visits.knock(work, form.valid().code, born, secret)
    if answer.visit is None:
        form.add("code", WRONG)
        return _door(view, Parsed(form.raw), 409, nowhere=True) if answer.right else _door(view, form, 422)
    view.cookies.append(lambda response: view.gate.cookies.set_visit(response, secret))
    return view.redirect(HOME if answer.channel is None else f"/ma-page/code?par={answer.channel}")


def ask_sent(work: Work, view: Page) -> Response:
    """Ask for the one-time code that was sent."""
    if visits.waiting(work, view.visit_secret) is None:
        return view.redirect("/ma-page")
    return _sent(view, Parsed[SentForm]())


def enter_sent(work: Work, view: Page) -> Response:
    """Open the pages with the one-time code."""
    if visits.waiting(work, view.visit_secret) is None:
        return view.redirect("/ma-page")
    form, secret = parse(SentForm, view.form, OWN_WORDS), view.gate.cookies.new_id()
    if form.errors or not visits.answer(work, view.visit_secret, form.valid().envoye, secret):
        if not form.errors:
            form.add("envoye", WRONG_SENT)
        return _sent(view, form, 422)
    view.cookies.append(lambda response: view.gate.cookies.set_visit(response, secret))
    return view.redirect(HOME)


def keep_open(work: Work, view: Page) -> Response:
    """Answer nothing: asking is enough to stay (last-seen is noted like for any page)."""
    return Response(status_code=204)


def leave(work: Work, view: Page) -> Response:
    """End the visit and leave nothing of it in the browser."""
    visits.end(work)
    view.visitor = None
    view.cookies.append(view.gate.cookies.clear_visit)
    view.cookies.append(lambda response: response.delete_cookie(RESIDENT_LANGUAGE_COOKIE, path="/"))
    response = view.redirect("/ma-page?fini=1")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


def _door(view: Page, form: Parsed[DoorForm], status: int = 200, *, ended: str = "", nowhere: bool = False) -> Response:
    return view.render("own/door.html", status=status, form=form, ended=ended, nowhere=nowhere)


def _sent(view: Page, form: Parsed[SentForm], status: int = 200) -> Response:
    by_phone = view.query.last("par") != Channel.MAIL
    return view.render("own/sent.html", status=status, form=form, by_phone=by_phone)


_PUBLIC: Final = Permission.PUBLIC
ROUTES: Final = [
    page("/ma-page", ask, permission=_PUBLIC, db=Mode.READ, resident=True, alone=True),
    page("/ma-page", enter, permission=_PUBLIC, db=Mode.WRITE, method="POST", resident=True, alone=True),
    page("/ma-page/code", ask_sent, permission=_PUBLIC, db=Mode.READ, resident=True, alone=True),
    page("/ma-page/code", enter_sent, permission=_PUBLIC, db=Mode.WRITE, method="POST", resident=True, alone=True),
    page("/ma-page/encore", own(keep_open), permission=_PUBLIC, db=Mode.READ, resident=True, alone=True),
    page("/ma-page/fin", own(leave), permission=_PUBLIC, db=Mode.WRITE, method="POST", resident=True, alone=True),
]
