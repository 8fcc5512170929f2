"""No route shows a person's name, and none changes anything, without an entry in the journal."""

from __future__ import annotations

from collections.abc import Callable

import pytest
import sqlalchemy as sa

from aidants.db import Database
from tests.security.test_matrix import rank, send
from tests.security.tools import UNSAFE, concrete, digest, kinds_after, last_entry, prepare, routes_of
from tests.support.client import Browser, text_of
from tests.support.own import come_in

NAMES = ("Aubert", "Belkacem", "Peyrat", "Monique")
READINGS = {"resident_viewed", "resident_searched", "mandate_viewed", "mandate_printed", "step_shown"}
FORGOTTEN = ("UPDATE journal_record SET session = NULL", "UPDATE run SET shown = ''")
"""What was already shown in this session counts as new again."""

OWN_SESSION = {"/connexion", "/connexion/code", "/confirmer", "/deconnexion", "/langue", "/demo"}
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


def test_what_a_resident_reads_and_does_alone_is_recorded(
    browse: Callable[..., Browser], demo_database: Database
) -> None:
    places = prepare(demo_database)
    mine, shown = browse(), []
    come_in(mine, demo_database, places.residents["Aubert"])
    for method, pattern in routes_of(mine):
        if method in UNSAFE or not pattern.startswith("/ma-page/"):
            continue
        with demo_database.engine.begin() as connection:
            for statement in FORGOTTEN:
                connection.execute(sa.text(statement))
        before = last_entry(demo_database)
        answer = mine.get(concrete(pattern, places))
        if answer.status_code == 200:
            shown.append(pattern)
            assert READINGS.intersection(kinds_after(demo_database, before)), pattern
    assert len(shown) >= 7, shown
    token, changed = mine.token("/ma-page/questions"), []
    for method, pattern in sorted(routes_of(mine), key=lambda route: rank(route[1])):
        if method not in UNSAFE or not pattern.startswith("/ma-page/"):
            continue
        held, entries = digest(demo_database, LEFT_OUT), last_entry(demo_database)
        send(mine, method, pattern, concrete(pattern, places), token)
        if digest(demo_database, LEFT_OUT) != held:
            changed.append(pattern)
            assert set(kinds_after(demo_database, entries)) - {"access_refused"}, pattern
    assert len(changed) == 4, changed


def test_a_form_sent_back_with_names_is_recorded(browse: Callable[..., Browser], demo_database: Database) -> None:
    """Whoever sends a form without having opened its page reads as much: empty forms come back with who they are about."""
    places = prepare(demo_database)
    nadia, shown = browse("nadia"), []
    token = nadia.token()
    for method, pattern in sorted(routes_of(nadia), key=lambda route: rank(route[1])):
        if method not in UNSAFE or pattern in OWN_SESSION:
            continue
        with demo_database.engine.begin() as connection:
            for statement in FORGOTTEN:
                connection.execute(sa.text(statement))
        before = last_entry(demo_database)
        answer = nadia.post(concrete(pattern, places), {}, token=token)
        if any(name in text_of(answer) for name in NAMES):
            shown.append(pattern)
            assert READINGS.intersection(kinds_after(demo_database, before)), pattern
    assert len(shown) >= 7, shown


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


def test_what_an_auditor_reads_is_recorded(browse: Callable[..., Browser], demo_database: Database) -> None:
    places = prepare(demo_database)
    paul, read = browse("paul"), []
    for method, pattern in routes_of(paul):
        public = pattern.startswith("/journal/log/")  # signed hashes, which name nobody
        if method in UNSAFE or not pattern.startswith("/journal") or public:
            continue
        before = last_entry(demo_database)
        answer = paul.get(concrete(pattern, places))
        if answer.status_code == 200:
            read.append(pattern)
            assert set(kinds_after(demo_database, before)) - {"access_refused"}, pattern
            assert not any(name in text_of(answer) for name in NAMES), pattern
    assert len(read) >= 8, read


@pytest.mark.parametrize("who", ["paul", "claire", "sofia"])
def test_who_may_change_nothing_changes_nothing(
    browse: Callable[..., Browser], demo_database: Database, who: str
) -> None:
    """An auditor's acts are entries, nothing else; a manager and an administrator have no page that changes anything yet."""
    places = prepare(demo_database)
    browser = browse(who)
    before, token = digest(demo_database), browser.token()
    for method, pattern in sorted(routes_of(browser), key=lambda route: rank(route[1])):
        if method in UNSAFE and pattern not in OWN_SESSION:
            send(browser, method, pattern, concrete(pattern, places), token)
    assert digest(demo_database) == before
