"""All the wiring: settings in, ASGI application out."""

from __future__ import annotations

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import PurePosixPath
from typing import Any, Final

import anyio.to_thread
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from sqlmodel import select
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route
from starlette.types import ASGIApp

from aidants import clock, dates, demo, i18n
from aidants.accounts import routes as accounts
from aidants.accounts import sessions
from aidants.accounts.models import Installation
from aidants.audit import routes as audit
from aidants.counter import routes as counter
from aidants.counter.erasure import reapply
from aidants.crypto import KeyMissing, Keyring
from aidants.db import Database, Mode, Work, unit_of_work
from aidants.errors import AppError, NotFound, Unavailable
from aidants.guard import network
from aidants.guides import routes as guides
from aidants.guides.queries import published
from aidants.guides.services import freeze_library
from aidants.journal import actions
from aidants.journal.flood import FloodGate
from aidants.journal.sealer import Sealer, sealing
from aidants.journal.services import record
from aidants.maintenance import Keeper
from aidants.mandates import routes as mandates
from aidants.messages import routes as messages
from aidants.messages.deliverer import Deliverer
from aidants.messages.transports import transports
from aidants.migrate import at_head
from aidants.own import routes as own
from aidants.policy import Actor, Permission, can
from aidants.portal import routes as portal
from aidants.portal.help import help_page_for
from aidants.procedures import PROCEDURES, SCOPES, procedure_title
from aidants.residents import routes as residents
from aidants.settings import Settings, data_path
from aidants.templating import Templates
from aidants.web import errors as web_errors
from aidants.web.cookies import Cookies
from aidants.web.endpoint import Gate, NavItem, Page
from aidants.web.security import FormTokens, Shield
from aidants.web.static import StaticAssets

ROUTES: Final[list[Route]] = [
    *portal.ROUTES,
    *own.ROUTES,
    *accounts.ROUTES,
    *counter.ROUTES,
    *residents.ROUTES,
    *mandates.ROUTES,
    *guides.ROUTES,
    *audit.ROUTES,
    *messages.ROUTES,
]
_FIRST: Final = "Rien n’est encore installé dans ce dossier. Lancez d’abord : aidants init"
STRANGERS_WAIT: Final = 0.1
"""Seconds a page without account may wait for the journal."""
_log: Final = logging.getLogger("aidants.app")

_MENU: Final = (
    (Permission.SEE_RESIDENTS, i18n.N_("Aujourd’hui"), "/aujourdhui"),
    (Permission.SEE_RESIDENTS, i18n.N_("Personnes"), "/personnes"),
    (Permission.SIGNED_IN, i18n.N_("Guides"), "/guides"),
    (Permission.SEE_OWN_JOURNAL, i18n.N_("Mon journal"), "/mon-journal"),
    (Permission.SEE_ORGANISATION_JOURNAL, i18n.N_("Journal de la structure"), "/journal-structure"),
    (Permission.AUDIT_JOURNAL, i18n.N_("Journal"), "/journal"),
    (Permission.AUDIT_JOURNAL, i18n.N_("Signalements"), "/journal/signalements"),
    (Permission.AUDIT_JOURNAL, i18n.N_("Tirage"), "/journal/tirage"),
    (Permission.AUDIT_JOURNAL, i18n.N_("Exporter"), "/journal/exporter"),
    (Permission.MANAGE_INSTALLATION, i18n.N_("Messages"), "/messages"),
)
_UNDER: Final = {"/personnes": ("/mandats/", "/parcours/", "/reunions/")}
_PUBLIC_MENU: Final = (
    (i18n.N_("Trouver un guide"), "/guides"),
    (i18n.N_("Vérifier un mandat"), "/verifier"),
    (i18n.N_("Espace aidant"), "/connexion"),
)


class StartError(RuntimeError):
    """The application refuses to start; the message is one French sentence that says what to do."""


def open_database(settings: Settings, keyring: Keyring | None = None) -> Database:
    """Return the database of the settings, with the keys that seal it."""
    return Database(
        settings.database,
        threads=settings.threads,
        wait=settings.write_wait_seconds,
        keyring=keyring,
        settings=settings,
    )


def create_app(settings: Settings, database: Database | None = None) -> ASGIApp:
    """Build the application. Raises StartError when the schema or the keys do not fit the database."""
    if database is None:
        try:
            database = open_database(settings, Keyring.load(settings.keys_path))
        except KeyMissing as error:
            raise StartError(_FIRST if _nothing_here(settings) else str(error)) from error
    installation = check_installation(database)
    application = Starlette(
        routes=[*ROUTES, *(demo.ROUTES if installation.demo else ()), *_technical_routes(database)],
        middleware=[Middleware(GZipMiddleware, minimum_size=600, compresslevel=5)],
        exception_handlers={
            AppError: web_errors.app_error,
            HTTPException: web_errors.http_error,
            Exception: web_errors.defect,
        },
        lifespan=_lifespan(settings, database),
        max_body_size=settings.max_body_bytes,
    )
    static = StaticAssets(data_path("static"))
    application.router.routes.append(static.route())
    application.state.gate = _gate(settings, database, static, demo=installation.demo)
    application.state.database = database
    return Shield(application, settings)


def _nothing_here(settings: Settings) -> bool:
    """Tell whether no database was ever made here; a database server is not asked, its key may only be misplaced."""
    return not settings.database_url and not (settings.data_dir / "aidants.sqlite").exists()


def check_installation(database: Database) -> Installation:
    """Return the installation's row. Raises StartError: schema older or newer than this program, or another key."""
    try:
        if not at_head(database):
            raise StartError("La base n’est pas à la version de ce programme. Lancez : aidants migrate")
        with unit_of_work(database, Mode.READ) as work:
            installation = work.session.exec(select(Installation)).one_or_none()
    except Unavailable as error:
        raise StartError(f"La base {database.url.render_as_string()} ne répond pas.") from error
    if installation is None:
        raise StartError("Cette base est vide. Lancez d’abord : aidants init")
    if database.keyring is None or installation.key_id != database.keyring.key_id:
        raise StartError(
            "La clé maîtresse n’est pas celle de cette base. Remettez la bonne clé dans le dossier des clés."
        )
    return installation


def make_templates(settings: Settings, asset: Callable[[str], str]) -> Templates:
    """Return the templates with what they all may use; ``asset`` gives the address of a static file."""
    zone = settings.zone
    guided = frozenset(guide.procedure for guide in published().values())
    return Templates(
        data_path("templates"),
        {"asset": asset, "PROCEDURES": PROCEDURES, "SCOPES": SCOPES, "GUIDED": guided},
        {
            "moment": lambda value: dates.moment(value, zone, i18n.current()),
            "end": lambda value: dates.end_moment(value, zone, i18n.current()),
            "day": lambda value: dates.long_date(dates.local_day(value, zone), i18n.current()),
            "hour": lambda value: dates.clock_time(value, zone, i18n.current()),
            "born": lambda iso: dates.PartialDate.from_iso(iso).long(i18n.current()) if iso else "",
            "in_words": lambda value: dates.end_in_words(value, zone, i18n.current()),
            "code": lambda text: f"{text[:4]}-{text[4:]}",
            "procedure": lambda identifier: i18n.gettext(procedure_title(identifier)),
            "gettext": i18n.gettext,
        },
    )


def _gate(settings: Settings, database: Database, static: StaticAssets, *, demo: bool) -> Gate:
    keyring = database.keyring
    assert keyring is not None
    templates = make_templates(settings, static.url)
    flood = FloodGate()
    cookies = Cookies(keyring.derive("cookies"), https=settings.https)
    return Gate(
        settings=settings,
        database=database,
        templates=templates,
        tokens=FormTokens(keyring.derive("forms")),
        cookies=cookies,
        load_actor=_load_actor,
        record_refusal=lambda page, error: _record_refusal(flood, page, error),
        navigation=_navigation,
        help_page=help_page_for,
        demo=demo,
    )


def _load_actor(work: Work, page: Page) -> Actor | None:
    actor = sessions.load_actor(work, page.session_secret)
    if actor is not None and not page.alone and not page.afterwards and sessions.needs_touch(work, actor):
        page.afterwards.append(lambda: _touch(page, actor.session_id))
    return actor


def _touch(page: Page, session_id: str) -> None:
    with page.open_unit(Mode.WRITE) as work:
        sessions.touch(work, session_id)


def _record_refusal(flood: FloodGate, page: Page, error: AppError) -> None:
    """Journal a refusal after its rollback: who, which route, which rule. What cannot be recorded now answers 503.

    Before sign-in: at most ten a minute and network, no wait for other writers, and the refusal stands unrecorded
    rather than late.
    """
    stranger = page.actor is None and page.visitor is None
    if stranger and isinstance(error, NotFound):
        return
    count = flood.admit(network(page.address), "access_refused", clock.now()) if stranger else 0
    if count is None:
        return
    pattern = getattr(page.request.scope.get("route"), "path", "-")
    refused = actions.AccessRefused(outcome=error.code, page=pattern, count=count or None, **_refused_subject(page))
    try:
        with page.open_unit(Mode.WRITE, STRANGERS_WAIT if stranger else None) as work:
            record(work, refused)
    except Unavailable:
        if not stranger:
            raise
        _log.warning("refusal of a stranger not recorded")


def _refused_subject(page: Page) -> dict[str, str]:
    """Name what was refused, when the path names it and it looks like one of our ids."""
    kinds = {"personnes": "resident", "mandats": "mandate", "parcours": "run"}
    parts = PurePosixPath(page.path.removeprefix("/ma-page")).parts
    kind = kinds.get(parts[1]) if len(parts) > 2 else None
    known = kind is not None and len(parts[2]) == 26 and parts[2].isalnum() and parts[2].isascii()
    return {kind: parts[2]} if known and kind is not None else {}


def _navigation(actor: Actor | None, path: str) -> list[NavItem]:
    if actor is None:
        return [NavItem(i18n.gettext(label), href, path.startswith(href)) for label, href in _PUBLIC_MENU]
    mine = [(label, href) for permission, label, href in _MENU if can(actor, permission)]
    under = [href for _, href in mine if f"{path}/".startswith((f"{href}/", *_UNDER.get(href, ())))]
    current = max(under, key=len, default="")
    return [NavItem(i18n.gettext(label), href, href == current) for label, href in mine]


def _lifespan(settings: Settings, database: Database) -> Callable[[Starlette], Any]:
    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        anyio.to_thread.current_default_thread_limiter().total_tokens = settings.threads
        with unit_of_work(database, Mode.WRITE) as work:
            freeze_library(work)
        reapply(database)
        sealer = Sealer(database, settings.checkpoint_seconds) if settings.seal_here else None
        if sealer is not None:
            sealer.start()
        deliverer, keeper = Deliverer(database, transports(settings)), Keeper(database)
        deliverer.start()
        if settings.maintain_here:
            keeper.start()
        try:
            yield
        finally:
            keeper.stop()
            deliverer.stop()
            if sealer is not None:
                sealer.stop()
            database.dispose()

    return lifespan


def _technical_routes(database: Database) -> list[Route]:
    def alive(_request: Request) -> Response:
        return JSONResponse({"status": "ok"})

    def ready(_request: Request) -> Response:
        try:
            with unit_of_work(database, Mode.READ) as work:
                work.session.connection().execute(sa.text("SELECT 1"))
            state = "ok" if at_head(database) else "schema"
        except (Unavailable, DBAPIError):
            state = "database"
        if state == "ok" and not sealing(database):
            state = "journal"
        return JSONResponse({"status": state}, 200 if state == "ok" else 503)

    return [Route("/healthz", alive, name="healthz"), Route("/readyz", ready, name="readyz")]
