"""Pages that verify a mandate by its code, for whoever holds the paper: no account, no name shown."""

from __future__ import annotations

import threading
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Any, Final

from pydantic import AfterValidator, Field
from starlette.responses import Response

from aidants.crypto import normalise_code
from aidants.db import Mode
from aidants.errors import Unavailable
from aidants.i18n import N_
from aidants.journal.flood import FloodGate
from aidants.policy import Permission
from aidants.portal import queries, services
from aidants.portal.queries import Answer, Verdict
from aidants.web.endpoint import Page, page
from aidants.web.forms import FormModel, Parsed, Text, custom_error, parse

PATIENCE: Final = 0.1
"""Seconds a public page may wait for the journal."""
WRITERS: Final = 2
EMPTY: Final = N_("Tapez le code écrit sous le carré à scanner.")
MALFORMED: Final = N_("Un code compte 8 lettres et chiffres, par exemple KX7M-4Q2R. Relisez le papier.")


def _as_code(text: str) -> str:
    code = normalise_code(text)
    if not queries.well_formed(code):
        raise custom_error(MALFORMED)
    return code


class VerifyForm(FormModel):
    """The code of a mandate as people type it: dashes, spaces and case do not matter."""

    code: Annotated[Text, Field(min_length=1, max_length=40), AfterValidator(_as_code)]


@dataclass(slots=True)
class Notebook:
    """Writes verifications to the journal beside the answer, so that a busy database neither delays nor breaks it."""

    flood: FloodGate = field(default_factory=FloodGate)
    slots: threading.Semaphore = field(default_factory=lambda: threading.BoundedSemaphore(WRITERS))

    def note(self, view: Page, verdict: Verdict, now: datetime) -> bool:
        """Start writing; tell whether it was written before the page had to answer. It goes on afterwards if not."""
        admitted = 0 if view.actor is not None else self.flood.admit(view.address, "mandate_verified", now)
        if admitted is None and verdict.answer is not Answer.UNKNOWN:
            return False
        if not self.slots.acquire(timeout=PATIENCE / 2):
            return False
        written = threading.Event()
        threading.Thread(target=self._write, args=(view, verdict, admitted, written.set), name="verification").start()
        return written.wait(PATIENCE / 2) and admitted is not None

    def _write(self, view: Page, verdict: Verdict, admitted: int | None, done: Callable[[], None]) -> None:
        try:
            with suppress(Unavailable):
                with view.open_unit(Mode.WRITE) as work:
                    services.note_verification(work, verdict, admitted)
                done()
        finally:
            self.slots.release()


_making = threading.Lock()


def _notebook(view: Page) -> Notebook:
    """Return the notebook of this application, made at its first verification."""
    state: Any = view.request.app.state
    with _making:
        if not hasattr(state, "verifications"):
            state.verifications = Notebook()
        notebook: Notebook = state.verifications
    return notebook


def ask_code(view: Page) -> Response:
    """Show the box for the code."""
    return view.render("portal/verify.html", form=Parsed[VerifyForm]())


def send_code(view: Page) -> Response:
    """Go to the page of a code; what cannot be a code stays on this page, and never in an address."""
    form = parse(VerifyForm, view.form, {"code": {"missing": EMPTY, "string_too_short": EMPTY}})
    if form.errors:
        return view.render("portal/verify.html", status=422, block="form", form=form)
    return view.redirect(f"/v/{form.valid().code}")


def show_verdict(view: Page) -> Response:
    """Say what a code stands for now. Unknown codes are counted by address, every check is journaled."""
    with view.unit(Mode.READ) as work:
        services.check_tries(work, view.address)
        verdict, now = queries.read_verdict(work, view.param("code")), work.now
    written = bool(verdict.code) and _notebook(view).note(view, verdict, now)
    status = 404 if verdict.answer is Answer.UNKNOWN else 200
    return view.render("portal/verdict.html", status=status, verdict=verdict, now=now, written=written)


VERIFICATION_ROUTES = [
    page("/verifier", ask_code, permission=Permission.PUBLIC, db=Mode.OWN),
    page("/verifier", send_code, permission=Permission.PUBLIC, db=Mode.OWN, method="POST"),
    page("/v/{code}", show_verdict, permission=Permission.PUBLIC, db=Mode.OWN),
]
