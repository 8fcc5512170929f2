"""What carries a message away: each transport sends one and returns what the other side calls it, or raises Undelivered.

Calls end: each has a deadline of its own, well under the lease of ``delivery``.
"""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Final

from aidants.settings import Settings

_RECEIPT: Final = 80


class Undelivered(Exception):
    """A message was not taken. ``code`` is one of ``outcomes.OUTCOMES``; ``final``: trying again is pointless; ``down``: nobody
    answers, so that the next message need not be tried either."""

    def __init__(self, code: str, *, final: bool = False, down: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.final = final
        self.down = down


@dataclass(frozen=True, slots=True)
class Outgoing:
    """One message as a transport sees it."""

    id: str
    to: str
    subject: str
    text: str
    language: str
    date: str
    """When it was queued, as RFC 5322 writes it: the same at each attempt."""


Transport = Callable[[Outgoing], str]
"""Sends one message; returns a receipt or "". Raises Undelivered."""


def transports(settings: Settings) -> dict[str, Transport]:
    """Return the transports of the settings by channel; a channel without one is absent."""
    from aidants.messages import folder, gateway, smtp

    found: dict[str, Transport] = {}
    if settings.mail_url:
        made = folder.mail if settings.mail_url.startswith("file:") else smtp.mail
        found["mail"] = made(settings.mail_url, settings.sender)
    if settings.sms_url:
        found["sms"] = (folder.sms if settings.sms_url.startswith("file:") else gateway.sms)(settings.sms_url)
    return found


@contextmanager
def deadline(seconds: float, connection: Callable[[], socket.socket | None]) -> Iterator[None]:
    """Cut the connection after ``seconds``, however slowly it drips. Raises Undelivered then, and for what sockets raise."""
    late = threading.Event()

    def cut() -> None:
        late.set()
        found = connection()
        if found is not None:
            with suppress(OSError):
                found.shutdown(socket.SHUT_RDWR)

    timer = threading.Timer(seconds, cut)
    timer.daemon = True
    timer.start()
    try:
        yield
    except Undelivered as error:
        raise (Undelivered("too_slow", down=True) if late.is_set() and not error.final else error) from error
    except socket.gaierror as error:
        raise Undelivered("unknown_host", down=True) from error
    except TimeoutError as error:
        raise Undelivered("too_slow", down=True) from error
    except OSError as error:
        raise Undelivered("too_slow" if late.is_set() else "no_answer", down=True) from error
    finally:
        timer.cancel()


def receipt(answer: str, to: str) -> str:
    """Return what an answer calls the message, short and without the address."""
    local = to.partition("@")[0].lstrip("+")
    kept = [word for word in answer.split() if word.isascii() and word.isprintable() and "@" not in word]
    return " ".join(word for word in kept if local not in word and local[-8:] not in word)[:_RECEIPT]
