"""The published log: the signed checkpoint, hash tiles and entry bundles under ``/journal/log`` (C2SP tlog-tiles).

Checkpoint and hash tiles say nothing of anybody and may be public (a setting); entries are for signed-in auditors.
"""

from __future__ import annotations

from typing import Final

from starlette.responses import Response
from starlette.routing import Route

from aidants.db import Mode, Work
from aidants.errors import NotFound
from aidants.journal import export, tiles
from aidants.journal.seal import last_checkpoint
from aidants.policy import Permission, require
from aidants.web.endpoint import Page, page

_FOR_LONG: Final = {"Cache-Control": "private, max-age=31536000, immutable"}


def checkpoint(work: Work, view: Page) -> Response:
    """Answer the last signed checkpoint, as it is."""
    _admit(view)
    stored = last_checkpoint(work.session)
    if stored is None or stored.note is None:
        raise NotFound
    return Response(stored.note, media_type="text/plain; charset=utf-8")


def tile(work: Work, view: Page) -> Response:
    """Answer a hash tile, or an entry bundle to an auditor."""
    try:
        wanted = tiles.parse_path(f"tile/{view.param('path')}")
    except ValueError as error:
        raise NotFound from error
    _admit(view, entries=wanted.level is None)
    data = export.tile_bytes(work.session, wanted)
    return Response(data, media_type="application/octet-stream", headers=_FOR_LONG)


def _admit(view: Page, *, entries: bool = False) -> None:
    """Raise Forbidden or SignInNeeded for who may not read this part of the log."""
    if entries or not view.gate.settings.log_public:
        require(view.actor, Permission.AUDIT_JOURNAL)


ROUTES: Final[list[Route]] = [
    page("/journal/log/checkpoint", checkpoint, permission=Permission.PUBLIC, db=Mode.READ),
    page("/journal/log/tile/{path:path}", tile, permission=Permission.PUBLIC, db=Mode.READ),
]
