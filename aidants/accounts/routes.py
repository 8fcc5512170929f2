"""Pages: sign in (password, then code), confirm with a fresh code, sign out."""

from __future__ import annotations

from urllib.parse import quote

from starlette.responses import Response

from aidants.accounts import factors, services
from aidants.accounts.forms import CodeForm, SignInForm
from aidants.db import Mode, Work
from aidants.i18n import N_
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse
from aidants.web.security import own_path

WRONG = N_("L’adresse ou le mot de passe ne va pas. Vérifiez les deux, puis recommencez.")
WRONG_CODE = N_("Ce code ne va pas. Attendez le prochain code sur votre téléphone, puis tapez-le.")

_EMPTY = {
    "email": {"missing": N_("Tapez votre adresse e-mail.")},
    "password": {"missing": N_("Tapez votre mot de passe."), "string_too_short": N_("Tapez votre mot de passe.")},
}


def _next(view: Page) -> str:
    return own_path(view.form.last("suite") or view.query.last("suite"), "/aujourdhui")


def ask_password(view: Page) -> Response:
    """Show the first page of the sign-in."""
    goodbye = view.query.last("au-revoir") == "1"
    return view.render("accounts/sign_in.html", form=Parsed[SignInForm](), suite=_next(view), goodbye=goodbye)


def check_password(view: Page) -> Response:
    """Check address and password; known and unknown accounts answer alike, after the same work."""
    form = parse(SignInForm, view.form, _EMPTY)
    if form.errors:
        return view.render(
            "accounts/sign_in.html", status=422, block="form", form=form, suite=_next(view), goodbye=False
        )
    draft, email = form.valid(), services.normalised_email(form.valid().email)
    with view.unit(Mode.READ) as work:
        person = services.find_for_sign_in(work, email, view.device_id)
    right = factors.check_password(person.password_hash if person else None, draft.password)
    secret = view.gate.cookies.new_id()
    with view.unit(Mode.WRITE) as work:
        if person is not None and right:
            services.open_half_session(work, person, view.device_id, secret)
        else:
            services.sign_in_failed(work, email, "password")
    if not right:
        form.add("email", WRONG)
        return view.render(
            "accounts/sign_in.html", status=422, block="form", form=form, suite=_next(view), goodbye=False
        )
    view.cookies.append(lambda response: view.gate.cookies.set_session(response, secret))
    return view.redirect(f"/connexion/code?suite={quote(_next(view))}")


def ask_code(view: Page) -> Response:
    """Show the second page of the sign-in."""
    return view.render("accounts/sign_in_code.html", form=Parsed[CodeForm](), suite=_next(view))


def check_code(work: Work, view: Page) -> Response:
    """Check the one-time code and open the session."""
    half = services.half_session(work, view.gate.cookies.session(view.request))
    if half is None:
        return view.redirect(f"/connexion?suite={quote(_next(view))}")
    form, secret = parse(CodeForm, view.form), view.gate.cookies.new_id()
    if form.errors or not services.finish_sign_in(work, half, form.valid().code, secret):
        if not form.errors:
            form.add("code", WRONG_CODE)
        return view.render("accounts/sign_in_code.html", status=422, block="form", form=form, suite=_next(view))
    view.cookies.append(lambda response: view.gate.cookies.set_session(response, secret))
    return view.redirect(_next(view))


def ask_confirmation(work: Work, view: Page) -> Response:
    """Show the page that asks for a fresh code before a sensitive act."""
    return view.render("accounts/confirm.html", form=Parsed[CodeForm](), suite=_next(view))


def check_confirmation(work: Work, view: Page) -> Response:
    """Check the fresh code, then go back to where the act was asked."""
    form = parse(CodeForm, view.form)
    if form.errors or not services.confirm(work, form.valid().code):
        if not form.errors:
            form.add("code", WRONG_CODE)
        return view.render("accounts/confirm.html", status=422, block="form", form=form, suite=_next(view))
    return view.redirect(_next(view))


def keep_open(work: Work, view: Page) -> Response:
    """Answer nothing: asking is enough to keep the session open (last-seen is noted like for any page)."""
    return Response(status_code=204)


def sign_out(work: Work, view: Page) -> Response:
    """End the session, take the cookie back, and leave nothing in the browser."""
    services.sign_out(work)
    view.cookies.append(view.gate.cookies.clear_session)
    view.actor = None
    response = view.redirect("/connexion?au-revoir=1")
    response.headers["Clear-Site-Data"] = '"cache"'
    return response


ROUTES = [
    page("/connexion", ask_password, permission=Permission.PUBLIC, db=Mode.OWN),
    page("/connexion", check_password, permission=Permission.PUBLIC, db=Mode.OWN, method="POST"),
    page("/connexion/code", ask_code, permission=Permission.PUBLIC, db=Mode.OWN),
    page("/connexion/code", check_code, permission=Permission.PUBLIC, db=Mode.WRITE, method="POST"),
    page("/confirmer", ask_confirmation, permission=Permission.SIGNED_IN, db=Mode.READ),
    page("/confirmer", check_confirmation, permission=Permission.SIGNED_IN, db=Mode.WRITE, method="POST"),
    page("/session", keep_open, permission=Permission.SIGNED_IN, db=Mode.READ),
    page("/deconnexion", sign_out, permission=Permission.SIGNED_IN, db=Mode.WRITE, method="POST"),
]
