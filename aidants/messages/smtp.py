"""Mail over SMTP (RFC 5321): STARTTLS when offered, ``smtps://`` for TLS from the start.

A password is never sent in clear over a network.
"""

from __future__ import annotations

import smtplib
import ssl
from contextlib import suppress
from typing import Final
from urllib.parse import unquote, urlsplit

from aidants.messages.letter import compose
from aidants.messages.transports import Outgoing, Transport, Undelivered, deadline, receipt

_SILENCE: Final = 20.0
"""Seconds without a word before a server counts as too slow."""
_WHOLE: Final = 60.0
"""Seconds for one message, however the server drips."""
_LOCAL: Final = {"localhost", "127.0.0.1", "::1"}


class _Server:
    """The server of a URL; one connection a message."""

    def __init__(self, url: str, sender: str) -> None:
        parts = urlsplit(url)
        self.host = parts.hostname or ""
        self.tls = parts.scheme == "smtps"
        self.port = parts.port or (465 if self.tls else 25)
        self.user, self.password = unquote(parts.username or ""), unquote(parts.password or "")
        self.sender = sender
        self._connection: smtplib.SMTP | None = None

    def __call__(self, message: Outgoing) -> str:
        """Send one message and return the server's word for it. Raises Undelivered."""
        try:
            letter = compose(message, self.sender)
        except ValueError as error:
            raise Undelivered("message_refused", final=True) from error
        try:
            with deadline(_WHOLE, lambda: self._connection.sock if self._connection else None):
                return self._send(letter, message.to)
        finally:
            if self._connection is not None:
                self._connection.close()
                self._connection = None

    def _send(self, letter: bytes, to: str) -> str:
        try:
            connection = self._connect()
            _expect(connection.mail(self.sender), sender=True)
            _expect(connection.rcpt(to))
            said = connection.data(letter)
            _expect(said)
        except smtplib.SMTPAuthenticationError as error:
            raise Undelivered("login_refused", down=True) from error
        except smtplib.SMTPServerDisconnected as error:
            silent = isinstance(error.__context__, TimeoutError)
            raise Undelivered("too_slow" if silent else "no_answer", down=True) from error
        except smtplib.SMTPResponseException as error:
            final = error.smtp_code >= 500 and isinstance(error, smtplib.SMTPDataError)
            raise Undelivered("put_off" if error.smtp_code < 500 else "message_refused", final=final) from error
        except smtplib.SMTPException as error:
            raise Undelivered("no_answer", down=True) from error
        except ssl.SSLError as error:
            raise Undelivered("tls_failed", down=True) from error
        with suppress(smtplib.SMTPException, OSError):  # taken already: nothing after that may send it twice
            connection.quit()
        return receipt(said[1].decode("ascii", "replace"), to)

    def _connect(self) -> smtplib.SMTP:
        name = self.sender.rpartition("@")[2]
        context = ssl.create_default_context()
        if self.tls:
            connection: smtplib.SMTP = smtplib.SMTP_SSL(local_hostname=name, timeout=_SILENCE, context=context)
        else:
            connection = smtplib.SMTP(local_hostname=name, timeout=_SILENCE)
        self._connection = connection
        connection._host = self.host  # type: ignore[attr-defined]  # the name TLS checks, which only the constructor sets
        code, answer = connection.connect(self.host, self.port)
        _expect((code, answer), sender=True)
        connection.ehlo_or_helo_if_needed()
        if not self.tls and connection.has_extn("starttls"):
            connection.starttls(context=context)
            connection.ehlo()
        elif not self.tls and self.user and self.host not in _LOCAL:
            raise Undelivered("login_in_clear", down=True)
        if self.user:
            connection.login(self.user, self.password)
        return connection


def _expect(said: tuple[int, bytes], *, sender: bool = False) -> None:
    """Raise Undelivered unless the server agreed; a lasting refusal of ours, not of the address, is tried again."""
    if not 200 <= said[0] < 300:
        lasting = said[0] >= 500
        raise Undelivered("message_refused" if lasting else "put_off", final=lasting and not sender)


def mail(url: str, sender: str) -> Transport:
    """Return the transport of a ``smtp://`` or ``smtps://`` address."""
    return _Server(url, sender)
