"""Every page of this room begins here: who visits, and the answer in their own frame."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

from starlette.responses import Response

from aidants.db import Mode, Work
from aidants.errors import VisitNeeded
from aidants.residents import visits
from aidants.residents.visits import Visitor
from aidants.web.endpoint import Page

OwnHandler = Callable[[Work, Page], Any]


def enter(work: Work, view: Page) -> Visitor:
    """Make the unit of work the visitor's; once a request. Raises VisitNeeded, which leads to the door."""
    known: Visitor | None = getattr(view.request.state, "own", None)
    if known is None:
        known = visits.load(work, view.visit_secret)
        if known is None:
            raise VisitNeeded
        view.request.state.own, view.visitor = known, known.resident
        if work.now - known.last_seen_at >= visits.TOUCH_EVERY:
            view.afterwards.append(lambda: _touch(view))
    work.actor, work.resident = None, known.resident
    return known


def own(handler: OwnHandler) -> OwnHandler:
    """Let a handler, or a recorder of reads, run as the visitor."""

    @functools.wraps(handler)
    def entered(work: Work, view: Page) -> Any:
        enter(work, view)
        return handler(work, view)

    return entered


def show(view: Page, name: str, *, status: int = 200, **context: Any) -> Response:
    """Render a page of the visitor: whose counter it is, how to reach it, and until when the visit lasts."""
    visitor: Visitor = view.request.state.own
    contact = {"phone": visitor.phone, "hours": visitor.hours} if visitor.phone else None
    return view.render(name, status=status, visitor=visitor, help_contact=contact, **context)


def _touch(view: Page) -> None:
    with view.open_unit(Mode.WRITE) as work:
        if view.visitor is not None:
            visits.touch(work, view.visitor.session_id)
