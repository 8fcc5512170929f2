"""Forged requests: every unsafe route refuses each of them, changes nothing, and writes one refusal."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aidants.db import Database
from tests.security.tools import UNSAFE, concrete, digest, entries_after, last_entry, prepare, routes_of
from tests.support.client import Browser, text_of

Open = Callable[..., Browser]
BEHIND_PROXY = {"trusted_proxies": "127.0.0.1"}
#: What a forger sends: form token (own, none, another browser's, altered), headers.
FORGERIES: dict[str, tuple[str, dict[str, str | None]]] = {
    "no token": ("none", {}),
    "altered token": ("altered", {}),
    "another browser's token": ("other", {}),
    "another site": ("own", {"sec-fetch-site": "cross-site"}),
    "a sister site": ("own", {"sec-fetch-site": "same-site"}),
    "typed address": ("own", {"sec-fetch-site": "none"}),
    "foreign origin": ("own", {"sec-fetch-site": None, "origin": "https://ailleurs.example"}),
    "opaque origin": ("own", {"sec-fetch-site": None, "origin": "null"}),
    "broken origin": ("own", {"sec-fetch-site": None, "origin": "http://["}),
    "no header": ("own", {"sec-fetch-site": None}),
    "htmx without token": ("none", {"hx-request": "true"}),
    "htmx from another site": ("own", {"hx-request": "true", "sec-fetch-site": "cross-site"}),
}


def forge(browser: Browser, path: str, token: str, headers: dict[str, str | None], number: int) -> int:
    """Send a forged form from an address of its own, so that the flood rule does not hide its refusal."""
    request = browser.http.build_request("POST", path, data={"csrf": token} if token else {})
    request.headers["x-forwarded-for"] = f"192.0.2.1, 198.51.{number // 250}.{number % 250}"
    for name, value in headers.items():
        if value is None:
            del request.headers[name]
        else:
            request.headers[name] = value
    return browser.http.send(request).status_code


def test_every_unsafe_route_refuses_every_forgery(browse: Open, demo_database: Database) -> None:
    places = prepare(demo_database)
    nadia = browse("nadia", **BEHIND_PROXY)
    own = nadia.token()
    tokens = {"own": own, "none": "", "altered": own[:-9] + ("A" if own[-9] != "A" else "B") + own[-8:]}
    tokens["other"] = browse(None).token()
    before, entries, number = digest(demo_database), last_entry(demo_database), 0
    unsafe = [concrete(pattern, places) for method, pattern in routes_of(nadia) if method in UNSAFE]
    assert len(unsafe) > 20
    for forgery, (kind, headers) in FORGERIES.items():
        for path in unsafe:
            number += 1
            assert forge(nadia, path, tokens[kind], headers, number) == 403, (forgery, path)
    assert digest(demo_database) == before
    written = entries_after(demo_database, entries)
    assert [(entry.type, entry.outcome) for entry in written] == [("access_refused", "cross_site")] * number
    assert all('"page"' in (entry.detail or "") for entry in written)


def test_the_refusal_says_what_to_do_and_the_true_form_still_works(browse: Open) -> None:
    nadia = browse("nadia")
    refused = nadia.post("/personnes/chercher", {"recherche": "aubert"}, token="forged")
    assert "Ce formulaire ne vient pas de cette application" in text_of(refused)
    assert nadia.post("/personnes/chercher", {"recherche": "aubert"}).status_code == 200


def test_a_token_dies_with_the_session_it_was_given_to(browse: Open) -> None:
    nadia, tom = browse("nadia"), browse("tom")
    token = nadia.token()
    assert tom.post("/deconnexion", token=token).status_code == 403
    nadia.post("/deconnexion", token=token)
    assert nadia.post("/verifier", {"code": "ABCD-EFGH"}, token=token).status_code == 403


def test_an_old_token_is_refused(browse: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from itsdangerous import TimestampSigner

    stranger = browse()
    token = stranger.token()
    stamp = TimestampSigner.get_timestamp
    monkeypatch.setattr(TimestampSigner, "get_timestamp", lambda self: stamp(self) + 12 * 3600 + 5)
    assert stranger.post("/verifier", {"code": "ABCD-EFGH"}, token=token).status_code == 403


@pytest.mark.parametrize("kind", ["multipart/form-data; boundary=x", "text/plain", "application/json"])
def test_a_form_of_another_kind_is_not_read(browse: Open, demo_database: Database, kind: str) -> None:
    nadia = browse("nadia")
    before = digest(demo_database)
    body = f'--x\r\nContent-Disposition: form-data; name="csrf"\r\n\r\n{nadia.token()}\r\n--x--\r\n'
    answer = nadia.http.post("/personnes/nouvelle", content=body.encode(), headers={"content-type": kind})
    assert answer.status_code == 400
    assert digest(demo_database) == before


def test_before_sign_in_refusals_are_counted_after_ten_a_minute(browse: Open, demo_database: Database) -> None:
    stranger = browse()
    entries = last_entry(demo_database)
    for _ in range(15):
        assert stranger.post("/verifier", token="forged").status_code == 403
    assert len(entries_after(demo_database, entries)) == 10
