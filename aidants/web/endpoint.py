"""``page()``: the one way to declare a route. It reads, guards, opens the transaction, calls the handler, answers.

A handler is a plain function run in a thread. With READ or WRITE it receives ``(work, page)`` inside one transaction; with
NONE or OWN it receives ``(page)`` and, for OWN, opens its own short units around slow work (hashing, PDF, network).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any, Final

from starlette.concurrency import run_in_threadpool
from starlette.convertors import Convertor, register_url_convertor
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from aidants import i18n
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import (
    AppError,
    CrossSiteRequest,
    Forbidden,
    NotFound,
    Refused,
    ScreenLent,
    TooManyTries,
    Unavailable,
)
from aidants.policy import Actor, Permission, ResidentActor, require
from aidants.settings import Settings
from aidants.templating import Templates
from aidants.web import security
from aidants.web.cookies import Cookies
from aidants.web.forms import Form, parse_urlencoded
from aidants.web.languages import chosen_language
from aidants.web.reading import read_form
from aidants.web.render import render_page

UNSAFE: Final = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SENT_BACK: Final = 422
_BESIDE_A_FILE: Final = 64 * 1024
"""Bytes that a form may add to its file."""


@dataclass(frozen=True, slots=True)
class NavItem:
    """One entry of the menu."""

    label: str
    href: str
    current: bool


@dataclass(frozen=True, slots=True)
class Gate:
    """What ``app.py`` wires into every page, so that ``web`` knows no feature."""

    settings: Settings
    database: Database
    templates: Templates
    tokens: security.FormTokens
    load_actor: Callable[[Work, Page], Actor | None]
    record_refusal: Callable[[Page, AppError], None]
    navigation: Callable[[Actor | None, str], list[NavItem]]
    help_page: Callable[[str], str]
    cookies: Cookies
    demo: bool = False


@dataclass(slots=True)
class Page:
    """One request as a handler sees it."""

    request: Request
    gate: Gate
    form: Form
    query: Form
    locale: str
    actor: Actor | None = None
    cookies: list[Callable[[Response], None]] = field(default_factory=list)
    files: dict[str, bytes] = field(default_factory=dict)
    """Files that came with the form, by field."""
    resident: bool = False
    """Whether a resident reads this page: it then speaks their languages."""
    while_lent: bool = False
    """Whether this page opens while the resident holds the helper's screen."""
    lent: Actor | None = None
    """The helper whose screen the resident holds; ``actor`` is then nobody."""
    afterwards: list[Callable[[], None]] = field(default_factory=list)
    """Small housekeeping once the answer is ready, each in its own transaction (last-seen of a session)."""
    recorded: Any = None
    """What the recorder of the route read and journaled, for the handler to show: it need not be read twice."""
    _device: str | None = None
    session_secret: str | None = field(init=False)
    """The session id of a cookie we signed; the database says whether it opens anything."""
    visit_secret: str | None = field(init=False)
    """The same for the visit of a resident to their own pages."""
    visitor: ResidentActor | None = None
    """The resident whose own page this is; every unit of work then is theirs."""
    alone: bool = False
    """Whether this is a resident's own page: whoever is signed in on this computer is nobody here."""

    def __post_init__(self) -> None:
        self.session_secret = self.gate.cookies.session(self.request)
        self.visit_secret = self.gate.cookies.visit(self.request)

    def param(self, name: str) -> str:
        """Return a part of the path."""
        return str(self.request.path_params[name])

    @property
    def path(self) -> str:
        """The path asked for."""
        return str(self.request.scope["path"])

    @property
    def device_id(self) -> str:
        """The id of this browser profile, given on the first page it asks for."""
        if self._device is None:
            self._device = self.gate.cookies.device(self.request)
        if self._device is None:
            self._device = device = self.gate.cookies.new_id()
            self.cookies.append(lambda response: self.gate.cookies.set_device(response, device))
        return self._device

    def form_token(self) -> str:
        """Return a fresh token for the forms of this answer; a resident's forms are of no use to the next visitor."""
        return self.gate.tokens.issue((self.alone and self.visit_secret) or self.session_secret or self.device_id)

    @property
    def address(self) -> str:
        """The peer's network address, believed through declared proxies only."""
        return security.client_address(self.request, self.gate.settings.proxies)

    @contextmanager
    def unit(self, mode: Mode) -> Iterator[Work]:
        """Open one unit of work with the actor loaded anew: what was revoked meanwhile is refused.

        Raises ScreenLent for a page that is not the resident's while they hold the helper's screen.
        """
        with self.open_unit(mode) as work:
            found = self.gate.load_actor(work, self)
            if found is not None and found.handed_over is not None:
                self.lent, found = found, None
            work.actor = self.actor = None if self.alone else found
            if self.lent is not None and not self.while_lent:
                raise ScreenLent
            yield work

    @contextmanager
    def open_unit(self, mode: Mode, patience: float | None = None) -> Iterator[Work]:
        """Open one unit of work with the actor as already loaded; ``patience``: seconds to wait for other writers."""
        with unit_of_work(
            self.gate.database,
            mode,
            actor=self.actor,
            request_id=self.request.state.request_id,
            address=self.address,
            user_agent=self.request.headers.get("user-agent", "")[:200],
            patience=patience,
        ) as work:
            work.resident = self.visitor
            yield work

    def render(self, name: str, *, status: int = 200, block: str | None = None, **context: Any) -> Response:
        """Render a template; ``block`` is answered alone to htmx."""
        return render_page(self, name, status=status, block=block, context=context)

    def redirect(self, path: str) -> Response:
        """Send the browser to another of our pages (303)."""
        return RedirectResponse(path, status_code=303)


Handler = Callable[..., Response]
Recorder = Callable[[Work, Page], None]


def page(
    path: str,
    handler: Handler,
    *,
    permission: Permission,
    db: Mode,
    method: str = "GET",
    records: Recorder | None = None,
    resident: bool = False,
    alone: bool = False,
    while_lent: bool = False,
    max_file: int = 0,
    name: str | None = None,
) -> Route:
    """Declare a route. ``records`` journals a read of personal data, and is committed before anything is shown.

    A page that is asked for is journaled in a short WRITE beforehand; a form that is sent, when it is sent back with its errors
    (422): it then shows as much as its page. ``resident``: a resident reads it, in the language that they chose; ``alone``: on
    their own pages. ``while_lent``: it opens while the resident holds the helper's screen. ``max_file``: bytes of the file it
    takes.
    """
    if method == "GET" and db is Mode.WRITE:
        raise ValueError(f"{path}: GET changes nothing")

    async def endpoint(request: Request) -> Response:
        gate: Gate = request.app.state.gate
        locale = chosen_language(request, gate.settings.locale, resident=resident)
        i18n.use(locale)
        view = Page(request, gate, Form(), Form(), locale, resident=resident, alone=alone, while_lent=while_lent)
        request.state.page = view
        view.query = parse_urlencoded(request.scope["query_string"])
        if method in UNSAFE:
            sent = await read_form(request, files=max_file > 0)
            view.form, view.files = sent.fields, sent.files
        return await run_in_threadpool(_run, view, handler, permission, db, records)

    name = name or f"{handler.__module__}.{handler.__name__}"
    limit = max_file + _BESIDE_A_FILE if max_file else None
    return Route(path, endpoint, methods=[method], name=name, max_body_size=limit)


def _check_csrf(view: Page) -> None:
    ids = {view.session_secret, view.visit_secret, view.gate.cookies.device(view.request)} - {None}
    if view.alone and view.visit_secret:
        ids = {view.visit_secret}
    if not security.same_origin(view.request) or not view.gate.tokens.accepts(view.form.last("csrf"), ids):
        raise CrossSiteRequest


def _run(view: Page, handler: Handler, permission: Permission, db: Mode, records: Recorder | None) -> Response:
    try:
        if view.request.method in UNSAFE:
            _check_csrf(view)
        response = _dispatch(view, handler, permission, db, records)
    except (Forbidden, Refused, NotFound, TooManyTries) as error:
        view.gate.record_refusal(view, error)
        raise
    for set_cookie in view.cookies:
        set_cookie(response)
    for finish in view.afterwards:
        with suppress(Unavailable):
            finish()
    return response


def _dispatch(view: Page, handler: Handler, permission: Permission, db: Mode, records: Recorder | None) -> Response:
    if db is Mode.NONE:
        if permission is not Permission.PUBLIC:
            raise ValueError("a page without database is public")
        return handler(view)
    if view.request.method in UNSAFE:
        return _receive(view, handler, permission, db, records)
    if records is not None:
        with view.unit(Mode.WRITE) as work:
            require(view.actor, permission)
            records(work, view)
        with view.open_unit(db) as work:
            return handler(work, view)
    if db is Mode.OWN:
        with view.unit(Mode.READ):
            require(view.actor, permission)
        return handler(view)
    with view.unit(db) as work:
        require(view.actor, permission)
        return handler(work, view)


def _receive(view: Page, handler: Handler, permission: Permission, db: Mode, records: Recorder | None) -> Response:
    """Let a form act; the reading of one sent back is journaled in the same transaction, or in one of its own for OWN."""
    if db is Mode.OWN:
        with view.unit(Mode.READ):
            require(view.actor, permission)
        response: Response = handler(view)
        if records is not None and response.status_code == SENT_BACK:
            with view.open_unit(Mode.WRITE) as work:
                records(work, view)
        return response
    with view.unit(db) as work:
        require(view.actor, permission)
        response = handler(work, view)
        if records is not None and response.status_code == SENT_BACK:
            records(work, view)
        return response


class _Reference(Convertor[str]):
    """An opaque id in a path, written ``{id:ref}``: anything else is no page of ours."""

    regex = "[a-z2-7]{26}"

    def convert(self, value: str) -> str:
        return value

    def to_string(self, value: str) -> str:
        return value


register_url_convertor("ref", _Reference())
