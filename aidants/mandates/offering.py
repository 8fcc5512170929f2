"""The helper's pages about a consent given on a screen or at a distance: offering the text, taking the screen back."""

from __future__ import annotations

from typing import Final

from markupsafe import Markup
from starlette.responses import Response

from aidants import i18n
from aidants.accounts import services as accounts
from aidants.accounts.confirming import WRONG_CODE
from aidants.accounts.forms import CodeForm
from aidants.db import Mode, Work
from aidants.mandates import distance, offers, queries
from aidants.mandates.agreeing import HERE
from aidants.mandates.forms import ChannelForm
from aidants.mandates.paper import qr_drawing
from aidants.messages.models import Channel
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.errors import TAKE_BACK
from aidants.web.forms import Parsed, parse
from aidants.web.languages import RESIDENT_LANGUAGE_COOKIE


def lend_screen(work: Work, view: Page) -> Response:
    """Put the text on this screen, in the resident's language, and let them hold it."""
    wanted = offers.lend_screen(work, view.param("id")).identity.language
    language = wanted if wanted in i18n.RESIDENT_LANGUAGES else i18n.DEFAULT
    secure = view.gate.settings.https
    view.cookies.append(
        lambda response: response.set_cookie(
            RESIDENT_LANGUAGE_COOKIE, language, path="/", secure=secure, httponly=True, samesite="lax"
        )
    )
    return view.redirect(HERE)


def lend_tablet(work: Work, view: Page) -> Response:
    """Show, once, the code to scan with the counter's tablet."""
    token = offers.lend_tablet(work, view.param("id"))
    mandate, resident = queries.get_with_resident(work, view.param("id"))
    address = f"{work.settings.base_url}/accord/{token}"
    drawn = Markup(qr_drawing(address))  # noqa: S704 - an SVG of squares, drawn here
    return view.render("mandates/tablet.html", mandate=mandate, resident=resident, address=address, qr=drawn)


def send_link(work: Work, view: Page) -> Response:
    """Send the resident a link."""
    mandate, form = queries.get_mandate(work, view.param("id")), parse(ChannelForm, view.form)
    if form.value is not None:
        distance.send_link(work, mandate.row.id, Channel(form.value.canal))
    return view.redirect(f"/mandats/{mandate.row.id}")


def show_again(work: Work, view: Page) -> Response:
    """Answer somebody who reloads the address of a button: the mandate's page."""
    return view.redirect(f"/mandats/{queries.get_mandate(work, view.param('id')).row.id}")


def ask_back(work: Work, view: Page) -> Response:
    """Ask the helper for the code that gives them their screen back."""
    if view.lent is None:
        return view.redirect("/aujourdhui")
    return view.render("accounts/take_back.html", form=Parsed[CodeForm](), back=HERE)


def take_back(work: Work, view: Page) -> Response:
    """Give the screen back for a fresh code, and go on with the mandate."""
    if view.lent is None or view.lent.handed_over is None:
        return view.redirect("/aujourdhui")
    work.actor, lent = view.lent, view.lent.handed_over
    form = parse(CodeForm, view.form)
    if form.errors or not accounts.take_screen_back(work, form.valid().code):
        if not form.errors:
            form.add("code", WRONG_CODE)
        return view.render("accounts/take_back.html", status=422, block="form", form=form, back=HERE)
    view.cookies.append(lambda response: response.delete_cookie(RESIDENT_LANGUAGE_COOKIE, path="/"))
    mandate = offers.taken_back(work, lent)
    return view.redirect(f"/mandats/{mandate}" if mandate is not None else "/aujourdhui")


_CHANGE: Final = Permission.CHANGE_MANDATES
_ASKS: Final = {"donner-ecran": lend_screen, "tablette": lend_tablet, "envoyer": send_link}
ROUTES: Final = [
    *(page(f"/mandats/{{id:ref}}/{name}", show_again, permission=_CHANGE, db=Mode.READ) for name in _ASKS),
    *(
        page(f"/mandats/{{id:ref}}/{name}", handler, permission=_CHANGE, db=Mode.WRITE, method="POST")
        for name, handler in _ASKS.items()
    ),
    page(TAKE_BACK, ask_back, permission=Permission.PUBLIC, db=Mode.READ, while_lent=True),
    page(TAKE_BACK, take_back, permission=Permission.PUBLIC, db=Mode.WRITE, method="POST", while_lent=True),
]
