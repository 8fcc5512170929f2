"""Messages as files in a folder, for another program or a person to take: each is there whole or not at all."""

from __future__ import annotations

import errno
import os
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Final
from urllib.parse import unquote, urlsplit

from aidants.messages.letter import compose
from aidants.messages.transports import Outgoing, Transport, Undelivered

_FULL: Final = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


def mail(url: str, sender: str) -> Transport:
    """Return the transport that writes ``<id>.eml``."""
    return _writer(url, ".eml", lambda message: compose(message, sender))


def sms(url: str) -> Transport:
    """Return the transport that writes ``<id>.txt``: the number, an empty line, the text."""
    return _writer(url, ".txt", lambda message: f"{message.to}\n\n{message.text}\n".encode())


def _writer(url: str, suffix: str, content: Callable[[Outgoing], bytes]) -> Transport:
    folder = Path(unquote(urlsplit(url).path))

    def send(message: Outgoing) -> str:
        try:
            written = content(message)
        except ValueError as error:
            raise Undelivered("message_refused", final=True) from error
        target = folder / f"{message.id}{suffix}"
        try:
            folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            _write(target, written)
        except OSError as error:
            raise Undelivered("no_room" if error.errno in _FULL else "folder_failed", down=True) from error
        return target.name

    return send


def _write(target: Path, content: bytes) -> None:
    """Write a file whole: hidden name, sync, rename, sync of the folder. A message sent twice is one file."""
    temporary = target.with_name(f".{target.name}.part")
    try:
        with temporary.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        temporary.replace(target)
    except OSError:
        with suppress(OSError):
            temporary.unlink()
        raise
    handle = os.open(target.parent, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
