"""No route shows a person's name, and none changes anything, without an entry in the journal."""

from __future__ import annotations

from collections.abc import Callable

import sqlalchemy as sa

from aidants.db import Database
from tests.security.test_matrix import rank, send
from tests.security.tools import UNSAFE, concrete, digest, kinds_after, last_entry, prepare, routes_of
from tests.support.client import Browser, text_of

NAMES = ("Aubert", "Belkacem", "Peyrat", "Monique")
READINGS = {"resident_viewed", "resident_searched", "mandate_viewed", "mandate_printed", "step_shown"}
FORGOTTEN = ("UPDATE journal_record SET session = NULL", "UPDATE run SET shown = ''")
"""What was already shown in this session counts as new again."""

LEFT_OUT = {"resident": {"last_visit_at"}, "mandate": {"answers"}}
"""What only orders the list of persons, and the answers of a draft: they count when they are frozen, which is recorded."""


def test_what_shows_a_name_is_recorded(browse: Callable[..., Browser], demo_database: Database) -> None:
    places = prepare(demo_database)
    nadia, shown = browse("nadia"), []
    for method, pattern in routes_of(nadia):
        if method in UNSAFE or pattern.startswith("/demo"):
            continue
        with demo_database.engine.begin() as connection:
            for statement in FORGOTTEN:
                connection.execute(sa.text(statement))
        before = last_entry(demo_database)
        answer = nadia.get(concrete(pattern, places))
        is_paper = answer.headers.get("content-type") == "application/pdf"
        if is_paper or any(name in text_of(answer) for name in NAMES):
            shown.append(pattern)
            assert READINGS.intersection(kinds_after(demo_database, before)), pattern
    assert len(shown) >= 8, shown


def test_what_changes_anything_is_recorded(browse: Callable[..., Browser], demo_database: Database) -> None:
    places = prepare(demo_database)
    nadia, changed = browse("nadia"), []
    token = nadia.token()
    for method, pattern in sorted(routes_of(nadia), key=lambda route: rank(route[1])):
        if method not in UNSAFE:
            continue
        before, entries = digest(demo_database, LEFT_OUT), last_entry(demo_database)
        send(nadia, method, pattern, concrete(pattern, places), token)
        if digest(demo_database, LEFT_OUT) != before:
            changed.append(pattern)
            assert set(kinds_after(demo_database, entries)) - {"access_refused"}, pattern
    assert len(changed) >= 9, changed
