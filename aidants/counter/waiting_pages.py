"""The page that lists what waits for the team."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from aidants.counter.waiting import Wait, waiting
from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.policy import Permission
from aidants.residents import services
from aidants.web.endpoint import Page, page

TITLES: Final = {
    Wait.CONSENT: N_("Accords attendus"),
    Wait.DRAFT: N_("Mandats à finir"),
    Wait.END: N_("Finissent dans le mois"),
}


def show(_work: Work, view: Page) -> Response:
    """Show one page of a list."""
    wait, found = view.recorded
    return view.render(
        "counter/waiting.html",
        wait=wait.value,
        title=gettext(TITLES[wait]),
        lists=[(item.value, gettext(title)) for item, title in TITLES.items()],
        lines=found.lines,
        after=found.after,
    )


def _lists(work: Work, view: Page) -> None:
    """Read the list and journal the persons it names, in one unit."""
    chosen = view.query.last("liste")
    wait = Wait(chosen) if chosen in set(Wait) else Wait.CONSENT
    found = waiting(work, wait, view.query.last("apres"))
    if found.lines:
        services.journal_search(work, tuple(line.resident for line in found.lines), "waiting")
    view.recorded = wait, found


ROUTES: Final = [page("/mandats", show, permission=Permission.SEE_MANDATES, db=Mode.READ, records=_lists)]
