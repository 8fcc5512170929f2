"""A resident's own pages over HTTP: the door, what is shown, stopping, asking; and what must never open."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidants.db import Database
from tests.security.tools import Places, prepare
from tests.support.client import Browser, text_of
from tests.support.own import come_in

Open = Callable[..., Browser]


@pytest.fixture
def places(demo_database: Database) -> Places:
    return prepare(demo_database)


def test_the_pages_show_what_is_theirs(browse: Open, demo_database: Database, places: Places) -> None:
    mine = browse()
    come_in(mine, demo_database, places.residents["Aubert"])
    for path in ("accueil", "actes", "mandats", f"mandats/{places.mandates['active']}", "questions", "donnees"):
        answer = mine.open(f"/ma-page/{path}")
        print(path, text_of(answer)[:1500])
