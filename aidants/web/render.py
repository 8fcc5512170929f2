"""Turning a template into an answer: the whole page, or the one block htmx asked for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from aidants import i18n
from aidants.policy import Permission, can

if TYPE_CHECKING:
    from aidants.web.endpoint import Page


def wants_block(request: Request) -> bool:
    """Tell whether htmx asked for a fragment (neither a boosted link nor a restored history entry)."""
    headers = request.headers
    return (
        headers.get("hx-request") == "true"
        and headers.get("hx-boosted") != "true"
        and headers.get("hx-history-restore-request") != "true"
    )


def render_page(page: Page, name: str, *, status: int, block: str | None, context: Mapping[str, Any]) -> Response:
    """Render ``name`` with what every template may use, plus ``context``."""
    gate, actor = page.gate, page.actor
    chosen = block if block is not None and wants_block(page.request) else None
    shared = {
        "actor": actor,
        "can": lambda permission: can(actor, Permission(permission)),
        "nav": gate.navigation(actor, page.path),
        "csrf_token": page.form_token(),
        "request_path": page.path,
        "demo": gate.demo,
        "languages": i18n.RESIDENT_LANGUAGES if page.resident else i18n.LANGUAGES,
        "for_resident": page.resident,
        "help_page": gate.help_page(page.path),
        "help_contact": _help_contact(page),
    }
    body = gate.templates.render(name, {**shared, **context}, page.locale, chosen)
    headers = {"Vary": "HX-Request, Cookie", "Content-Language": page.locale}
    return HTMLResponse(body, status_code=status, headers=headers)


def _help_contact(page: Page) -> dict[str, str] | None:
    settings, actor = page.gate.settings, page.actor
    if actor is not None and actor.organisation_phone:
        return {"phone": actor.organisation_phone, "hours": actor.organisation_hours}
    return {"phone": settings.help_phone, "hours": settings.help_hours} if settings.help_phone else None
