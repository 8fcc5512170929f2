"""A resident on their own pages: a sheet printed for them, and their browser."""

from __future__ import annotations

from typing import Any

from aidants.db import Database, Mode, unit_of_work
from aidants.residents import codes
from tests.security.tools import actor_of
from tests.support.client import Browser, text_of

BORN = {"naissance-day": "4", "naissance-month": "3", "naissance-year": "1948"}
"""Monique Aubert's birth date, as she types it."""


def print_code(database: Database, resident: str, helper: str = "nadia") -> str:
    """Make a new access code for a resident, as the sheet does, and return it."""
    code = codes.new_access_code()
    with unit_of_work(database, Mode.WRITE) as work:
        work.actor = actor_of(work, helper)
        codes.issue(work, resident, code)
    return code


def knock(browser: Browser, code: str, **fields: Any) -> Any:
    """Type a code and a birth date at the door (Monique Aubert's unless told)."""
    browser.open("/ma-page")
    return browser.submit({"code": code, **(fields or BORN)}, action="/ma-page")


def come_in(browser: Browser, database: Database, resident: str, **fields: Any) -> str:
    """Open a resident's pages in a browser with a new code; return the code."""
    code = print_code(database, resident)
    answer = knock(browser, code, **fields)
    assert (answer.status_code, answer.headers.get("location")) == (303, "/ma-page/accueil"), text_of(answer)
    return code
