"""The golden matrix: what every role gets from every route. ``UPDATE_MATRIX=1`` writes it anew, for a person to read."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import httpx2
import pytest

from aidants.db import Database
from aidants.web.endpoint import page
from tests.security.tools import UNSAFE, Places, concrete, digest, masked, prepare, routes_of
from tests.support.client import Browser
from tests.support.own import come_in

GOLDEN = Path(__file__).with_name("matrix.json")
ROLES = {
    "public": None,
    "helper": "nadia",
    "helper untrained": "ines",
    "helper elsewhere": "youssef",
    "manager": "claire",
    "auditor": "paul",
    "administrator": "sofia",
    "resident": None,
}
#: Acts that end something come after those that need it.
LAST = ("/changer", "/refus", "/arreter", "/terminer", "/fin", "/demo", "/deconnexion")
#: Leads to the mandate's own page whatever the id is: it tells nothing.
LEADS_ON = {"GET /mandats/{id:ref}/activer"}
FIELDS: dict[str, dict[str, Any]] = {
    "/connexion": {"email": "personne@exemple.fr", "password": "mot de passe inconnu"},
    "/verifier": {"code": "ABCD-EFGH"},
    "/personnes/chercher": {"recherche": "aubert"},
    "/personnes/{id}/parcours": {"demarche": "carte-grise-adresse"},
    "/mandats/{id}/demarches": {"demarches": "carte-grise-adresse"},
    "/mandats/{id}/duree": {"duree": "MONTH"},
    "/mandats/{id}/protection": {"protection": "non"},
    "/mandats/{id}/regime": {"regime": "emancipe"},
    "/mandats/{id}/accord": {"accord": "paper"},
    "/mandats/{id}/lecture": {"lu": "oui"},
    "/mandats/{id}/arreter": {"par": "resident"},
    "/ma-page/questions": {"question": "Une autre question"},
    "/ma-page/donnees": {"demande": "access"},
    "/demandes/{id}": {"reponse": "Oui."},
    "/accompagnements/{id}/parcours": {"guide": "carte-grise-adresse"},
    "/parcours/{id}": {"step": "bienvenue", "act": "done", "revision": "1"},
    "/parcours/{id}/terminer": {"act": "stop", "revision": "2"},
}


def outcome(answer: httpx2.Response) -> str:
    if answer.status_code == 303 and answer.headers["location"].startswith("/connexion?suite="):
        return "sign in"
    if answer.status_code == 303 and answer.headers["location"] == "/ma-page?fermee=1":
        return "own door"
    return str(answer.status_code)


def rank(pattern: str) -> int:
    return next((rank for rank, end in enumerate(LAST, 1) if pattern.endswith(end)), 0)


def send(browser: Browser, method: str, pattern: str, path: str, token: str) -> httpx2.Response:
    if method == "GET":
        return browser.get(path)
    return browser.post(path, FIELDS.get(pattern.replace(":ref", ""), {}), token=token)


def at_home(browser: Browser) -> bool:
    """Tell whether a resident is on their own pages in this browser."""
    return any(name.endswith("visite") for name in browser.http.cookies)


def walk(browser: Browser, places: Places, *, reading: bool) -> dict[str, str]:
    """Ask for everything that reads, or that writes, and return what came back by route."""
    found, token, own = {}, browser.token(), browser.token("/ma-page/questions") if at_home(browser) else ""
    for method, pattern in sorted(routes_of(browser), key=lambda route: rank(route[1])):
        if (method in UNSAFE) is not reading:
            path = concrete(pattern, places)
            mine = bool(own) and pattern.startswith("/ma-page")
            answer = send(browser, method, pattern, path, own if mine else token)
            assert answer.status_code != 500, (method, path)
            found[f"{method} {pattern}"] = outcome(answer)
    return found


@pytest.mark.parametrize("role", ROLES)
def test_every_role_gets_from_every_route_what_the_matrix_says(
    browse: Callable[..., Browser], demo_database: Database, role: str
) -> None:
    places = prepare(demo_database)
    browser = browse(ROLES[role])
    if role == "resident":
        come_in(browser, demo_database, places.residents["Aubert"])
    before = digest(demo_database)
    found = walk(browser, places, reading=True)
    assert digest(demo_database) == before, "reading changed something but the journal"
    found |= walk(browser, places, reading=False)
    golden: dict[str, dict[str, str]] = json.loads(GOLDEN.read_text(encoding="utf-8")) if GOLDEN.exists() else {}
    if os.environ.get("UPDATE_MATRIX"):
        known = {name: roles for name, roles in golden.items() if name in found}
        for name, answer in found.items():
            known.setdefault(name, {})[role] = answer
        ordered = {name: {who: known[name][who] for who in ROLES if who in known[name]} for name in sorted(known)}
        GOLDEN.write_text(json.dumps(ordered, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")
        return
    assert found == {name: roles[role] for name, roles in golden.items()}


def test_the_matrix_lets_nobody_in_by_mistake() -> None:
    """Read the golden file itself: what strangers, managers, auditors and another organisation may never open."""
    golden: dict[str, dict[str, str]] = json.loads(GOLDEN.read_text(encoding="utf-8"))
    for name, roles in golden.items():
        first = name.split("/")[1]
        assert list(roles) == list(ROLES), name
        if first != "ma-page":
            assert roles["resident"] == roles["public"], name
        elif name.startswith("GET /ma-page/") and not name.endswith("/code"):
            assert {roles[role] for role in ROLES if role != "resident"} == {"own door"}, name
        if first in {"personnes", "mandats", "parcours", "accompagnements", "demandes"}:
            assert roles["public"] == "sign in", name
            assert {roles[role] for role in ("manager", "auditor", "administrator")} == {"403"}, name
            if "{id" in name and name not in LEADS_ON:
                assert roles["helper elsewhere"] == "404", name
        if first in {"journal", "journal-structure"}:
            assert roles["public"] == "sign in", name
            assert roles["helper"] in {"403", "404"}, name
            assert roles["administrator"] in {"403", "404"}, name
        if first == "messages":
            assert {roles[role] for role in ROLES if role not in {"public", "administrator", "resident"}} == {"403"}, (
                name
            )
            assert roles["public"] == "sign in", name


def test_a_get_route_cannot_even_be_declared_to_write() -> None:
    from aidants.db import Mode
    from aidants.policy import Permission

    with pytest.raises(ValueError, match="GET changes nothing"):
        page("/x", lambda _work, _view: None, permission=Permission.PUBLIC, db=Mode.WRITE)  # type: ignore[arg-type, return-value]


def test_what_is_another_organisations_answers_like_what_does_not_exist(
    browse: Callable[..., Browser], demo_database: Database
) -> None:
    places = prepare(demo_database)
    youssef = browse("youssef")
    before, token, compared = digest(demo_database), youssef.token(), 0
    for method, pattern in routes_of(youssef):
        hidden = "{id" in pattern and not pattern.startswith(("/guides", "/journal", "/messages", "/ma-page"))
        if not hidden or f"{method} {pattern}" in LEADS_ON:
            continue
        theirs = concrete(pattern, places)
        known = next(part for part in theirs.split("/") if len(part) == 26)
        paths = theirs, theirs.replace(known, "a" * 26)
        answers = [send(youssef, method, pattern, path, token) for path in paths]
        assert [answer.status_code for answer in answers] == [404, 404], (method, theirs)
        mine, made_up = (masked(answer) for answer in answers)
        assert mine.replace(known.encode(), b"ID") == made_up.replace(b"a" * 26, b"ID"), (method, theirs)
        compared += 1
    assert compared > 25
    assert digest(demo_database) == before
