"""The cookies: the session (opaque id, signed, server row), the device (which counter PC this is), and those of residents."""

from __future__ import annotations

import secrets
from typing import Final

from itsdangerous import BadSignature, Signer
from starlette.requests import Request
from starlette.responses import Response

_DEVICE_LASTS: Final = 400 * 24 * 3600


class Cookies:
    """Names and flags in one place. Over HTTPS the names carry ``__Host-`` (RFC 6265bis)."""

    def __init__(self, key: bytes, *, https: bool) -> None:
        prefix = "__Host-" if https else ""
        self._secure = https
        self._session = f"{prefix}aidants_session"
        self._device = f"{prefix}aidants_poste"
        self._visit = f"{prefix}aidants_visite"
        self._agreement = f"{prefix}aidants_accord"
        self._signer = Signer(key, salt="aidants/cookie")
        self._visit_signer = Signer(key, salt="aidants/visit")
        self._agreement_signer = Signer(key, salt="aidants/agreement")

    def session(self, request: Request) -> str | None:
        """Return the session id of a cookie we signed, else None."""
        return self._read(request, self._session)

    def device(self, request: Request) -> str | None:
        """Return the id of this browser profile, else None."""
        return self._read(request, self._device)

    def visit(self, request: Request) -> str | None:
        """Return the id of a resident's visit, from a cookie we signed, else None."""
        return self._read(request, self._visit, self._visit_signer)

    def set_visit(self, response: Response, visit_id: str) -> None:
        """Give the browser a resident's visit; the cookie dies with the browser."""
        self._write(response, self._visit, visit_id, None, self._visit_signer)

    def clear_visit(self, response: Response) -> None:
        """Take the visit's cookie back."""
        response.delete_cookie(self._visit, path="/", secure=self._secure, httponly=True, samesite="lax")

    def set_session(self, response: Response, session_id: str) -> None:
        """Give the browser its session; the cookie dies with the browser."""
        self._write(response, self._session, session_id, None)

    def clear_session(self, response: Response) -> None:
        """Take the session cookie back."""
        response.delete_cookie(self._session, path="/", secure=self._secure, httponly=True, samesite="lax")

    def set_device(self, response: Response, device_id: str) -> None:
        """Mark this browser profile; survives sign-out."""
        self._write(response, self._device, device_id, _DEVICE_LASTS)

    def agreement(self, request: Request) -> str | None:
        """Return the id under which a resident reads the text they are asked to agree to, else None."""
        return self._read(request, self._agreement, self._agreement_signer)

    def set_agreement(self, response: Response, agreement_id: str) -> None:
        """Let this browser, until it is closed, show the resident what they are asked."""
        self._write(response, self._agreement, agreement_id, None, self._agreement_signer)

    def clear_agreement(self, response: Response) -> None:
        """Take that cookie back."""
        response.delete_cookie(self._agreement, path="/", secure=self._secure, httponly=True, samesite="lax")

    def new_id(self) -> str:
        """Return a fresh opaque id of 128 bits."""
        return secrets.token_urlsafe(16)

    def _read(self, request: Request, name: str, signer: Signer | None = None) -> str | None:
        value = request.cookies.get(name)
        if not value or len(value) > 200:
            return None
        try:
            return (signer or self._signer).unsign(value).decode("ascii")
        except (BadSignature, UnicodeError):
            return None

    def _write(self, response: Response, name: str, value: str, age: int | None, signer: Signer | None = None) -> None:
        response.set_cookie(
            name,
            (signer or self._signer).sign(value).decode("ascii"),
            max_age=age,
            path="/",
            secure=self._secure,
            httponly=True,
            samesite="lax",
        )
