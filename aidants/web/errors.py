"""Every refusal and failure becomes a page that says what is so, why, and what to do next."""

from __future__ import annotations

import logging
from contextlib import suppress
from typing import Final, cast
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from aidants import i18n
from aidants.db import Mode
from aidants.errors import (
    AppError,
    BadRequest,
    NotFound,
    ReauthenticationNeeded,
    ScreenLent,
    SignInNeeded,
    TooLarge,
    TooManyTries,
    Unavailable,
    VisitNeeded,
)
from aidants.web.endpoint import Page
from aidants.web.forms import Form

SIGN_IN: Final = "/connexion"
CONFIRM: Final = "/confirmer"
TAKE_BACK: Final = "/reprendre"
OWN_DOOR: Final = "/ma-page?fermee=1"
_log: Final = logging.getLogger("aidants.errors")
_BY_STATUS: Final[dict[int, type[AppError]]] = {400: BadRequest, 404: NotFound, 405: NotFound, 413: TooLarge}


def _page(request: Request) -> Page:
    """Return the page being answered, or a bare one when the failure came before it existed."""
    existing: Page | None = getattr(request.state, "page", None)
    if existing is not None:
        return existing
    gate = request.app.state.gate
    i18n.use(gate.settings.locale)
    return Page(request, gate, Form(), Form(), gate.settings.locale)


def app_error(request: Request, error: Exception) -> Response:
    """Answer an expected error."""
    expected = cast(AppError, error)
    page = _page(request)
    i18n.use(page.locale)
    here = page.path if request.method == "GET" else (request.headers.get("referer") and _referer_path(request)) or "/"
    if isinstance(expected, VisitNeeded):
        return RedirectResponse(OWN_DOOR, status_code=303)
    if isinstance(expected, SignInNeeded):
        return RedirectResponse(f"{SIGN_IN}?suite={quote(here)}", status_code=303)
    if isinstance(expected, ReauthenticationNeeded):
        return RedirectResponse(f"{CONFIRM}?suite={quote(here)}", status_code=303)
    if isinstance(expected, ScreenLent):
        return RedirectResponse(TAKE_BACK, status_code=303)
    response = page.render(
        "errors/error.html",
        status=expected.status,
        title=i18n.gettext(expected.title),
        message=i18n.gettext(expected.message),
        code=expected.code,
        request_id=request.state.request_id,
    )
    if isinstance(expected, Unavailable):
        response.headers["Retry-After"] = "5"
    if isinstance(expected, TooManyTries):
        response.headers["Retry-After"] = "600"
    for set_cookie in page.cookies:
        set_cookie(response)
    return response


def _referer_path(request: Request) -> str:
    """Return the path of our own page that sent this form (the Origin check has already passed)."""
    host = request.headers.get("host", "")
    referer = request.headers.get("referer", "")
    return "/" + referer.split(f"//{host}/", 1)[1] if f"//{host}/" in referer else "/"


def http_error(request: Request, error: Exception) -> Response:
    """Answer Starlette's own errors (unknown path, wrong method, body too large) with our pages."""
    status = cast(HTTPException, error).status_code
    page = _page(request)
    request.state.page = page
    if page.actor is None:
        with suppress(Unavailable, ScreenLent), page.unit(Mode.READ):
            pass  # loads the actor: a person who mistyped an address keeps their own menu
    response = app_error(request, _BY_STATUS.get(status, AppError)())
    if status == 405:
        response.status_code = 405
        response.headers.update(cast(HTTPException, error).headers or {})
    return response


def defect(request: Request, error: Exception) -> Response:
    """Answer a defect of ours: no detail on the page, the trace in the log."""
    _log.error("request %s failed", getattr(request.state, "request_id", "-"), exc_info=error)
    return app_error(request, AppError())
