"""Pages that need no account: home, language, statements required by law, help. Verification is in ``verification``."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from pathlib import PurePosixPath
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Match

from aidants import i18n
from aidants.dates import long_date
from aidants.db import Mode, Work
from aidants.guides.queries import published
from aidants.i18n import N_
from aidants.policy import Permission
from aidants.portal import queries
from aidants.portal.help import help_page, help_pages
from aidants.portal.person import PERSON_ROUTES
from aidants.portal.verification import VERIFICATION_ROUTES
from aidants.web.endpoint import Page, page
from aidants.web.languages import LANGUAGE_COOKIE, RESIDENT_LANGUAGE_COOKIE
from aidants.web.security import own_path

STATEMENT_DATE: Final = date(2026, 11, 24)
"""When the accessibility statement was last written (décret 2019-768: redone on redesign and after three years)."""
_A_YEAR: Final = 365 * 24 * 3600


@dataclass(frozen=True, slots=True)
class Door:
    """One everyday way into the guides; texts are msgids."""

    label: str
    hint: str
    icon: str
    href: str


DOORS: Final = (
    Door(N_("Ma voiture, mon permis"), N_("Carte grise, permis, amende"), "car", "/guides?theme=transports"),
    Door(N_("Ma santé"), N_("Carte Vitale, ameli, rendez-vous"), "heart-pulse", "/guides?theme=social"),
    Door(N_("Mon logement"), N_("APL, logement social, énergie"), "house", "/guides?theme=logement"),
    Door(N_("Ma famille"), N_("CAF, école, cantine"), "users-round", "/guides?theme=famille"),
    Door(N_("Mon argent, mes impôts"), N_("Déclarer, payer, carte volée"), "wallet", "/guides?theme=argent"),
    Door(N_("Mes papiers"), N_("Carte d’identité, acte, adresse"), "id-card", "/guides?theme=papiers"),
)


def home(view: Page) -> Response:
    """Show the public home: find a guide, verify a mandate, sign in."""
    return view.render("portal/home.html", doors_shown=DOORS, guide_count=len(published()))


def change_language(view: Page) -> Response:
    """Remember the language in a cookie, then go back to the page it was asked from.

    What a resident chose on their own pages is forgotten with the browser: the next person may read another language.
    """
    locale, settings, theirs = view.form.last("locale"), view.gate.settings, view.form.last("usager") == "oui"
    response = view.redirect(_openable(view.request, own_path(view.form.last("next"), "/")))
    name, age = (RESIDENT_LANGUAGE_COOKIE, None) if theirs else (LANGUAGE_COOKIE, _A_YEAR)
    if locale in (i18n.RESIDENT_LANGUAGES if theirs else i18n.LANGUAGES):
        response.set_cookie(name, locale, max_age=age, path="/", secure=settings.https, httponly=True, samesite="lax")
    return response


def _openable(request: Request, target: str) -> str:
    """Return the path, or the nearest one above that a browser can open: a form's answer stands at no address."""
    path = PurePosixPath(target.partition("?")[0])
    for place in (path, *path.parents):
        scope = {**request.scope, "path": str(place), "method": "GET"}
        if any(route.matches(scope)[0] is Match.FULL for route in request.app.routes):
            return target if place == path else str(place)
    return "/"


def accessibility(work: Work, view: Page) -> Response:
    """Show the accessibility statement (loi 2005-102 art. 47, décret 2019-768)."""
    written = long_date(STATEMENT_DATE, view.locale)
    address = view.gate.settings.base_url
    return view.render(
        "portal/accessibility.html", organisations=queries.organisations(work), written=written, address=address
    )


def your_data(work: Work, view: Page) -> Response:
    """Show the notice about personal data (RGPD art. 13)."""
    return view.render("portal/your_data.html", organisations=queries.organisations(work))


def legal_notice(work: Work, view: Page) -> Response:
    """Show the legal notice (LCEN art. 1-1)."""
    legal = {"director": work.settings.publication_director, "host": work.settings.host_contact}
    return view.render("portal/legal_notice.html", organisations=queries.organisations(work), legal=legal)


def help_index(view: Page) -> Response:
    """List the help pages."""
    return view.render("portal/help_index.html", pages=help_pages(view.locale))


def show_help(view: Page) -> Response:
    """Show one help page."""
    return view.render("portal/help.html", page=help_page(view.param("name"), view.locale))


_PUBLIC = Permission.PUBLIC
ROUTES = [
    page("/", home, permission=_PUBLIC, db=Mode.OWN),
    *VERIFICATION_ROUTES,
    *PERSON_ROUTES,
    page("/langue", change_language, permission=_PUBLIC, db=Mode.NONE, method="POST"),
    page("/accessibilite", accessibility, permission=_PUBLIC, db=Mode.READ),
    page("/vos-donnees", your_data, permission=_PUBLIC, db=Mode.READ),
    page("/mentions-legales", legal_notice, permission=_PUBLIC, db=Mode.READ),
    page("/aide", help_index, permission=_PUBLIC, db=Mode.OWN, while_lent=True),
    page("/aide/{name}", show_help, permission=_PUBLIC, db=Mode.OWN, while_lent=True),
]
