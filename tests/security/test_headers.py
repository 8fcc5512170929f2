"""What every answer carries, what no answer carries, and which hosts and addresses are believed."""

from __future__ import annotations

import json
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from aidants.db import Database, Work
from aidants.logs import JsonLines
from aidants.policy import Actor
from aidants.settings import Settings
from aidants.web.endpoint import Page
from aidants.web.security import own_path
from tests.security.tools import concrete, entries_after, last_entry, prepare, routes_of
from tests.support.client import Browser
from tests.support.services import free_port

Open = Callable[..., Browser]
CSP = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
EXPECTED = {
    "content-security-policy": CSP,
    "x-content-type-options": "nosniff",
    "referrer-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "cross-origin-resource-policy": "same-origin",
    "permissions-policy": "camera=(), geolocation=(), microphone=(), payment=(), usb=()",
    "cache-control": "no-store",
}
HTTPS = {"base_url": "https://aidants.example.fr"}


@pytest.mark.parametrize("who", [None, "nadia", "paul"])
def test_every_page_carries_every_header(browse: Open, demo_database: Database, who: str | None) -> None:
    places = prepare(demo_database)
    browser = browse(who)
    for method, pattern in routes_of(browser):
        if method != "GET":
            continue
        answer = browser.get(concrete(pattern, places))
        headers = dict(answer.headers)
        expected = EXPECTED
        if (
            pattern.startswith("/journal/log/tile/") and answer.status_code == 200
        ):  # nobody's data, and it never changes
            expected = EXPECTED | {"cache-control": "private, max-age=31536000, immutable"}
        assert {name: headers.get(name) for name in EXPECTED} == expected, pattern
        assert not {"server", "x-powered-by", "strict-transport-security"} & set(headers), pattern
        if headers.get("content-type", "").startswith("text/html"):
            assert {"hx-request", "cookie"} <= {part.strip().lower() for part in headers["vary"].split(",")}, pattern
            assert not any(word in answer.text for word in ("<script>", " onclick=", " style=", "javascript:")), pattern


@pytest.mark.parametrize("path", ["/n-existe-pas", "/personnes/pas-un-id", "/%FF", "/a%00b"])
def test_errors_carry_them_too(browse: Open, path: str) -> None:
    answer = browse().get(path)
    assert answer.status_code in {400, 404}
    assert {name: answer.headers.get(name) for name in EXPECTED} == EXPECTED
    assert "Traceback" not in answer.text


def test_a_defect_shows_no_detail(browse: Open, monkeypatch: pytest.MonkeyPatch) -> None:
    from aidants.residents import services

    def broken(*_: object) -> None:
        raise RuntimeError("Monique Aubert")

    nadia = browse("nadia")
    monkeypatch.setattr(services, "recent", broken)
    answer = nadia.get("/personnes")
    assert answer.status_code == 500
    assert "Aubert" not in answer.text
    assert "RuntimeError" not in answer.text
    assert answer.headers["x-request-id"] in answer.text


def test_an_unknown_host_is_refused(browse: Open) -> None:
    browser = browse()
    for host in ["ailleurs.example", "", "127.0.0.1.ailleurs.example", "127.0.0.1:80:80x", "@127.0.0.1"]:
        answer = browser.get("/connexion", headers={"host": host})
        assert answer.status_code == 400, host
        assert "<" not in answer.text


def test_the_own_host_is_served(browse: Open) -> None:
    browser = browse()
    for host in ("127.0.0.1:8000", "localhost", "LOCALHOST:1", "[::1]:8000"):
        assert browser.get("/connexion", headers={"host": host}).status_code == 200, host


@pytest.mark.parametrize(
    ("proxies", "forwarded", "believed"),
    [
        ("", "203.0.113.9", "127.0.0.1"),
        ("10.0.0.1", "203.0.113.9", "127.0.0.1"),
        ("127.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "198.51.100.1, 203.0.113.9", "203.0.113.9"),
        ("127.0.0.1", "", "127.0.0.1"),
    ],
)
def test_a_forwarded_address_is_believed_from_a_declared_proxy_only(
    browse: Open, proxies: str, forwarded: str, believed: str
) -> None:
    browser = browse(trusted_proxies=proxies)
    seen: list[str] = []
    gate = browser.app.app.state.gate  # type: ignore[attr-defined]
    load = gate.load_actor

    def note(work: Work, page: Page) -> Actor | None:
        seen.append(page.address)
        return load(work, page)  # type: ignore[no-any-return]

    object.__setattr__(gate, "load_actor", note)
    browser.get("/v/ABCDEFGH", headers={"x-forwarded-for": forwarded})
    assert seen
    assert set(seen) == {believed}


def test_cookies_over_https(browse: Open) -> None:
    browser = browse("nadia", **HTTPS)
    cookies = browser.http.cookies.jar
    assert sorted(cookie.name for cookie in cookies) == ["__Host-aidants_poste", "__Host-aidants_session"]
    answer = browser.http.post("/langue", data={"csrf": browser.token(), "locale": "fr", "next": "/"})
    lines = answer.headers.get_list("set-cookie")
    fresh = browse(None, **HTTPS).get("/connexion").headers.get_list("set-cookie")
    out = browser.post("/deconnexion").headers
    assert len(lines) == len(fresh) == 1
    for line in [*lines, *fresh, *out.get_list("set-cookie")]:
        flags = {part.strip().lower() for part in line.split(";")[1:]}
        assert {"secure", "httponly", "samesite=lax", "path=/"} <= flags, line
        assert not any(flag.startswith("domain") for flag in flags), line
    assert out["clear-site-data"] == '"cache"'
    assert out["strict-transport-security"] == "max-age=63072000; includeSubDomains"


def test_cookies_on_the_loopback_are_plain_but_hidden_from_scripts(browse: Open) -> None:
    stranger = browse()
    (line,) = stranger.get("/connexion").headers.get_list("set-cookie")
    assert line.startswith("aidants_poste=")
    assert "httponly" in line.lower()
    assert "samesite=lax" in line.lower()
    assert "secure" not in line.lower()


ELSEWHERE = [
    "https://ailleurs.example/",
    "//ailleurs.example",
    "/\\ailleurs.example",
    "\\\\ailleurs.example",
    "/%09/ailleurs.example".replace("%09", "\t"),
    "javascript:alert(1)",
    "//[",
    "http://[",
    " /connexion",
    "/x\r\nSet-Cookie: a=b",
    "personnes",
    "",
    "/" + "a" * 600,
]


@pytest.mark.parametrize("target", ELSEWHERE)
def test_no_redirect_leads_elsewhere(target: str) -> None:
    assert own_path(target, "/aujourdhui") == "/aujourdhui"


def test_the_pages_that_go_on_elsewhere_stay_here(browse: Open) -> None:
    nadia = browse("nadia")
    token = nadia.token()
    for target in ELSEWHERE:
        answers = [
            nadia.post("/langue", {"locale": "fr", "next": target}, token=token),
            nadia.post("/confirmer", {"code": nadia.code("nadia"), "suite": target}, token=token),
        ]
        for answer in answers:
            assert answer.status_code == 303
            assert answer.headers["location"] in {"/", "/aujourdhui"}, target
            assert "a" not in answer.cookies
        assert nadia.get("/connexion", params={"suite": target}).status_code == 200


def test_the_place_asked_for_survives_the_sign_in_whole(browse: Open) -> None:
    stranger = browse()
    asked = "/mon-journal?du=2026-11-24&au=2026-11-24"
    stranger.get("/connexion", params={"suite": asked})
    somebody = stranger.people["nadia"]
    stranger.follow(stranger.submit({"email": somebody.email, "password": somebody.password}, action="/connexion"))
    answer = stranger.submit({"code": stranger.code("nadia")}, action="/connexion/code")
    assert answer.headers["location"] == asked


def test_the_log_names_no_one(browse: Open, demo_database: Database, caplog: pytest.LogCaptureFixture) -> None:
    places = prepare(demo_database)
    with caplog.at_level("INFO", logger="aidants"):
        nadia = browse("nadia")
        nadia.get(f"/personnes/{places.residents['Aubert']}?secret=valeur")
        nadia.post("/personnes/chercher", {"recherche": "aubert monique"})
    lines = [JsonLines().format(record) for record in caplog.records if record.name == "aidants.access"]
    known = {"ts", "level", "logger", "message", "request", "method", "route", "status", "ms"}
    assert json.loads(lines[-1]).keys() <= known
    whole = "\n".join(lines).lower()
    assert not any(word in whole for word in ("aubert", "monique", "valeur", places.residents["Aubert"], "nadia"))


@pytest.fixture
def served(settings: Settings, demo_database: Database) -> Iterator[int]:
    """The real command, in a process of its own."""
    port = free_port()
    environment = {
        **os.environ,
        "AIDANTS_DATA_DIR": str(settings.data_dir),
        "AIDANTS_DATABASE_URL": settings.database_url,
    }
    command = [sys.executable, "-c", "from aidants.cli import main; main()", "serve", "--port", str(port)]
    process = subprocess.Popen(
        command, env=environment, cwd=Path(__file__).parents[2], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        assert process.wait(20) in {0, -signal.SIGTERM}


def raw(port: int, request: bytes) -> bytes:
    with socket.create_connection(("127.0.0.1", port), timeout=20) as link:
        link.sendall(request)
        return b"".join(iter(lambda: link.recv(65536), b""))


def test_through_the_real_server(served: int, demo_database: Database) -> None:
    page = raw(served, b"GET /connexion HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n")
    head = page.split(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 200")
    assert b"\r\nserver:" not in head
    assert head.count(b"content-security-policy") == 1
    assert raw(served, b"GET / HTTP/1.1\r\nHost: autre.example\r\nConnection: close\r\n\r\n").startswith(
        b"HTTP/1.1 400"
    )
    assert raw(served, b"GET /\xff HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").startswith(
        b"HTTP/1.1 400"
    )
    entries = last_entry(demo_database)
    large = 5 * 1024 * 1024
    announced = f"POST /verifier HTTP/1.1\r\nHost: localhost\r\nContent-Length: {large}\r\nConnection: close\r\n\r\n"
    assert raw(served, announced.encode()).startswith(b"HTTP/1.1 413")
    chunk = b"100000\r\n" + b"a" * 0x100000 + b"\r\n"
    head_only = b"POST /verifier HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
    assert raw(served, head_only + chunk * 4 + b"1\r\na\r\n0\r\n\r\n").startswith(b"HTTP/1.1 413")
    assert not entries_after(demo_database, entries)
