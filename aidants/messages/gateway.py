"""SMS through any HTTP gateway: ``{to}``, ``{text}`` and, where wanted, ``{id}`` stand in its address.

``post+https://`` sends what follows ``?`` as a form. Redirections are not followed: they would carry the text elsewhere.
"""

from __future__ import annotations

import base64
import http.client
import socket
import ssl
from typing import Final
from urllib.parse import quote, unquote, urlsplit

from aidants.messages.transports import Outgoing, Transport, Undelivered, deadline, receipt

_WHOLE: Final = 10.0
"""Seconds a gateway has for one message."""
_READ: Final = 4096
_CONFIGURATION: Final = {401, 403, 404, 405, 407, 408, 429}
"""Refusals of us, not of the message: tried again."""


def sms(url: str) -> Transport:
    """Return the transport of a gateway's address."""
    parts = urlsplit(url)
    post, scheme = parts.scheme.startswith("post+"), parts.scheme.removeprefix("post+")
    headers = {"User-Agent": "aidants"}
    if parts.username:
        login = f"{unquote(parts.username)}:{unquote(parts.password or '')}"
        headers["Authorization"] = f"Basic {base64.b64encode(login.encode()).decode()}"
    if post:
        headers["Content-Type"] = "application/x-www-form-urlencoded"

    def send(message: Outgoing) -> str:
        path, query = _filled(parts.path or "/", message), _filled(parts.query, message)
        target = path if post or not query else f"{path}?{query}"
        connection = _connection(scheme, parts.hostname or "", parts.port, _WHOLE)
        request = ("POST", target, query) if post else ("GET", target, None)
        line: list[socket.socket] = []
        try:
            with deadline(_WHOLE, lambda: line[0] if line else None):
                return _ask(connection, line, request, headers, message)
        finally:
            connection.close()

    return send


def _connection(scheme: str, host: str, port: int | None, seconds: float) -> http.client.HTTPConnection:
    if scheme == "https":
        return http.client.HTTPSConnection(host, port, timeout=seconds, context=ssl.create_default_context())
    return http.client.HTTPConnection(host, port, timeout=seconds)


def _ask(
    connection: http.client.HTTPConnection,
    line: list[socket.socket],
    request: tuple[str, str, str | None],
    headers: dict[str, str],
    message: Outgoing,
) -> str:
    """Ask once; ``line`` then holds the socket, which the library lets go of before the answer is read."""
    try:
        connection.connect()
        line.append(connection.sock)
        connection.request(*request, headers)
        with connection.getresponse() as answer:
            said = answer.read(_READ).decode("utf-8", "replace")
    except ssl.SSLError as error:
        raise Undelivered("tls_failed", down=True) from error
    except http.client.HTTPException as error:
        raise Undelivered("gateway_failed", down=True) from error
    if 200 <= answer.status < 300:
        return receipt(said, message.to)
    refused = 400 <= answer.status < 500 and answer.status not in _CONFIGURATION
    raise Undelivered("message_refused" if refused else "gateway_failed", final=refused)


def _filled(pattern: str, message: Outgoing) -> str:
    for name, value in (("to", message.to), ("text", message.text), ("id", message.id)):
        pattern = pattern.replace(f"{{{name}}}", f"\x00{quote(value, safe='')}\x00")
    return pattern.replace("\x00", "")
