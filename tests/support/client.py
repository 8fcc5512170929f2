"""A browser for tests: the whole ASGI application behind real HTTP semantics, forms filled as a person would."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass
from typing import Any

import httpx2
from lxml import html
from starlette.testclient import TestClient
from starlette.types import ASGIApp

from aidants import clock, demo
from aidants.accounts import factors
from aidants.app import create_app
from aidants.db import Database, Mode, unit_of_work
from aidants.settings import Settings


@dataclass(frozen=True)
class Somebody:
    """An invented person of the demonstration."""

    email: str
    password: str
    totp_secret: str


def people_of(database: Database) -> dict[str, Somebody]:
    """Return the demonstration's people by first name, lower case without accents."""
    plain = str.maketrans("éèïîû", "eeiiu")
    return {
        account.name.split()[0].lower().translate(plain): Somebody(account.email, account.password, account.totp_secret)
        for account in demo.accounts(database)
    }


class Browser:
    """Keeps cookies, sends our own forms back. ``get`` and ``post`` do not follow redirects."""

    def __init__(
        self, settings: Settings, database: Database, people: dict[str, Somebody], app: ASGIApp | None = None
    ) -> None:
        self.settings, self.database, self.people = settings, database, people
        self.app = app or create_app(settings, database)
        self.http = TestClient(
            self.app,
            base_url=settings.base_url,
            follow_redirects=False,
            raise_server_exceptions=False,
            client=("127.0.0.1", 50000),
        )
        self.http.headers["sec-fetch-site"] = "same-origin"
        self.last: httpx2.Response | None = None

    def again(self) -> Browser:
        """Return another browser, without cookies, on the same application."""
        return Browser(self.settings, self.database, self.people, self.app)

    def get(self, path: str, **options: Any) -> httpx2.Response:
        """Ask for a page."""
        self.last = self.http.get(path, **options)
        return self.last

    def follow(self, response: httpx2.Response, limit: int = 5) -> httpx2.Response:
        """Follow redirections to the page a person would see."""
        for _ in range(limit):
            if response.status_code not in {302, 303, 307}:
                return response
            response = self.get(response.headers["location"])
        raise AssertionError("redirects without end")

    def open(self, path: str) -> httpx2.Response:
        """Ask for a page and follow its redirections; it must be fine."""
        response = self.follow(self.get(path))
        assert response.status_code == 200, (path, response.status_code, text_of(response)[:300])
        return response

    def token(self, path: str = "/connexion") -> str:
        """Return a form token as our own page gives it."""
        found = re.search(r'name="csrf" value="([^"]+)"', self.get(path).text)
        assert found is not None, path
        return found.group(1)

    def post(
        self, path: str, fields: dict[str, Any] | None = None, *, token: str | None = None, **options: Any
    ) -> httpx2.Response:
        """Send a form with a valid token."""
        data = {"csrf": token if token is not None else self.token(), **(fields or {})}
        self.last = self.http.post(path, data=data, **options)
        return self.last

    def submit(self, fields: dict[str, Any] | None = None, *, action: str | None = None) -> httpx2.Response:
        """Send the form of the page last opened (by its action), with its hidden fields, its defaults and ``fields``."""
        assert self.last is not None
        form = form_of(self.last, action)
        data: dict[str, Any] = {}
        for name, value in form.form_values():
            data.setdefault(name, []).append(value)
        data.update(fields or {})
        path = form.get("action") or str(self.last.url.path)
        self.last = self.http.post(path, data=data)
        return self.last

    def sign_in(self, who: str) -> None:
        """Sign in with password and one-time code, as at the counter."""
        somebody = self.people[who]
        self.open("/connexion")
        answer = self.submit({"email": somebody.email, "password": somebody.password}, action="/connexion")
        assert answer.status_code == 303, text_of(answer)
        self.follow(answer)
        answer = self.submit({"code": self.code(who)}, action="/connexion/code")
        assert answer.status_code == 303, text_of(answer)

    def code(self, who: str) -> str:
        """Return a one-time code not used yet: as if the person had waited for the next one."""
        from sqlmodel import select

        from aidants.accounts.models import Person

        with unit_of_work(self.database, Mode.WRITE) as work:
            person = work.session.exec(select(Person).where(Person.email == self.people[who].email)).one()
            person.totp_last_step = 0
        return factors.code_at(self.people[who].totp_secret, clock.now())


def form_of(response: httpx2.Response, action: str | None = None) -> Any:
    """Return the form of a page with this action (the first one of ``main`` without)."""
    document = html.fromstring(response.text)
    forms = document.xpath("//main//form")
    if action is not None:
        forms = [form for form in document.xpath("//form") if form.get("action") == action]
    assert forms, (action, [form.get("action") for form in document.xpath("//form")], text_of(response)[:500])
    return forms[0]


def text_of(response: httpx2.Response) -> str:
    """Return the visible words of a page, spaces folded."""
    if not response.text.strip():
        return ""
    return " ".join(html.fromstring(response.text).text_content().split())


def utc(*parts: int) -> dt.datetime:
    """Return an aware UTC instant."""
    return dt.datetime(*parts, tzinfo=dt.UTC)  # type: ignore[arg-type, misc]
