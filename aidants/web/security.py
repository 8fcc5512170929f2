"""What every request goes through before a page sees it, and what every answer carries.

``Shield`` is plain ASGI: allowed hosts, readable paths, security headers, request id, one structured log line without
personal data. ``same_origin`` and ``FormTokens`` are the two halves of the CSRF defence; both must agree.
"""

from __future__ import annotations

import hashlib
import logging
import secrets
import time
from collections.abc import Collection
from typing import Final
from urllib.parse import unquote_to_bytes

from itsdangerous import BadSignature, TimestampSigner
from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import Request
from starlette.responses import PlainTextResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from aidants.settings import Settings

TOKEN_LASTS: Final = 12 * 3600
_CSP: Final = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'; manifest-src 'self'"
)
_HEADERS: Final = (
    ("Content-Security-Policy", _CSP),
    ("X-Content-Type-Options", "nosniff"),
    ("Referrer-Policy", "same-origin"),
    ("Cross-Origin-Opener-Policy", "same-origin"),
    ("Cross-Origin-Resource-Policy", "same-origin"),
    ("Permissions-Policy", "camera=(), geolocation=(), microphone=(), payment=(), usb=()"),
)
_access: Final = logging.getLogger("aidants.access")


class Shield:
    """Outermost middleware of ours."""

    def __init__(self, app: ASGIApp, settings: Settings) -> None:
        self.app = app
        self.hosts = settings.hosts
        self.headers = list(_HEADERS)
        if settings.https:
            self.headers.append(("Strict-Transport-Security", "max-age=63072000; includeSubDomains"))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Guard one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        state = scope.setdefault("state", {})
        state["request_id"] = secrets.token_hex(8)
        started = time.perf_counter()
        status = 500

        async def send_guarded(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                headers = MutableHeaders(scope=message)
                for name, value in self.headers:
                    headers.setdefault(name, value)
                headers.setdefault("Cache-Control", "no-store")
                headers["X-Request-Id"] = state["request_id"]
            await send(message)

        try:
            refusal = self._refusal(scope)
            await (refusal or self.app)(scope, receive, send_guarded)
        finally:
            _log(scope, status, time.perf_counter() - started)

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        host = Headers(scope=scope).get("host", "").lower()
        name = host.rsplit(":", 1)[0] if not host.endswith("]") else host
        if name not in self.hosts:
            return PlainTextResponse("Adresse inconnue ici.\n", 400)
        try:
            path = unquote_to_bytes(scope.get("raw_path") or scope["path"].encode()).decode("utf-8")
        except UnicodeDecodeError:
            return PlainTextResponse("Adresse illisible.\n", 400)
        return PlainTextResponse("Adresse illisible.\n", 400) if "\0" in path else None


def _log(scope: Scope, status: int, seconds: float) -> None:
    route = scope.get("route")
    fields = {
        "request": scope["state"]["request_id"],
        "method": scope["method"],
        "route": getattr(route, "path", "-"),
        "status": status,
        "ms": round(seconds * 1000, 1),
    }
    _access.info("request", fields)


def same_origin(request: Request) -> bool:
    """Tell whether an unsafe request comes from our own pages: Sec-Fetch-Site, else Origin, else no."""
    site = request.headers.get("sec-fetch-site")
    if site is not None:
        return site == "same-origin"
    origin = request.headers.get("origin", "").lower()
    host = request.headers.get("host", "").lower()
    return bool(host) and origin in {f"http://{host}", f"https://{host}"}


class FormTokens:
    """Signed form tokens, bound to the browser session (or device) that was shown the form."""

    def __init__(self, key: bytes) -> None:
        self._signer = TimestampSigner(key, salt="aidants/form")

    def issue(self, binding: str) -> str:
        """Return a token. It holds a digest of the browser's id, never the id: pages may be saved."""
        return self._signer.sign(f"{secrets.token_hex(4)}.{_shown(binding)}").decode("ascii")

    def accepts(self, token: str, bindings: Collection[object]) -> bool:
        """Tell whether the token is ours, recent and bound to one of these browser ids."""
        try:
            value = self._signer.unsign(token, max_age=TOKEN_LASTS).decode("ascii")
        except BadSignature:
            return False
        return value.partition(".")[2] in {_shown(str(binding)) for binding in bindings}


def _shown(binding: str) -> str:
    return hashlib.sha256(b"aidants/form/" + binding.encode("utf-8")).hexdigest()[:32]


def own_path(target: str, fallback: str) -> str:
    """Return ``target`` if it is a path of this site (open redirects refused), else ``fallback``."""
    fine = target.startswith("/") and not target.startswith("//") and "\\" not in target
    return target if fine and len(target) < 500 and target.isprintable() else fallback


def client_address(request: Request, proxies: frozenset[str]) -> str:
    """Return the peer's address; ``X-Forwarded-For`` is believed only from a declared proxy."""
    peer = request.client.host if request.client else ""
    if peer in proxies:
        lines = ",".join(request.headers.getlist("x-forwarded-for"))
        forwarded = [part.strip() for part in lines.split(",") if part.strip()]
        return forwarded[-1][:64] if forwarded else peer
    return peer
