"""What erasures leave behind: a list outside the database, and the proof in the journal that a missing payload was erased.

The list stands beside the signer's memory. An older backup brings erased people back; applying the list again sends them
away before anybody is served. It holds opaque ids only.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from datetime import datetime
from pathlib import Path
from typing import Any, Final

from aidants.errors import Unavailable
from aidants.journal.entry import instant
from aidants.journal.signer import sync_folder

LIST_FILE: Final = "erased"


def owner_of(resident_id: str) -> str:
    """Return the owner under which a resident's sealed payloads stand."""
    return f"resident:{resident_id}"


class ErasureList:
    """The file of erased residents in the signer's folder: one JSON object a line, only ever added to."""

    def __init__(self, folder: Path) -> None:
        self._path = folder / LIST_FILE

    def add(self, resident_id: str, when: datetime) -> None:
        """Add a resident and wait for the disk. Raises Unavailable when it cannot be kept: nothing is then erased."""
        line = json.dumps({"resident": resident_id, "at": instant(when)}).encode()
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            handle = os.open(self._path, os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
            with os.fdopen(handle, "wb") as file:
                file.write(b"\n" + line + b"\n")  # a line cut short by a power cut spoils no other
                file.flush()
                os.fsync(file.fileno())
            sync_folder(self._path.parent)
        except OSError as error:
            raise Unavailable(code="signer") from error

    def residents(self) -> tuple[str, ...]:
        """Return the ids in the list, each once. Raises OSError when the file is there and cannot be read."""
        try:
            lines = self._path.read_bytes().splitlines()
        except FileNotFoundError:
            return ()
        return tuple(dict.fromkeys(found for found in map(_resident, lines) if found))


def _resident(line: bytes) -> str | None:
    try:
        read = json.loads(line)
    except (ValueError, RecursionError):
        return None
    found = read.get("resident") if isinstance(read, dict) else None
    return found if isinstance(found, str) else None


def spans(numbers: Iterable[int]) -> tuple[str, ...]:
    """Write numbers of entries compactly, in order: ``("4", "10-12")``."""
    found: list[list[int]] = []
    for number in sorted(set(numbers)):
        if found and number == found[-1][1] + 1:
            found[-1][1] = number
        else:
            found.append([number, number])
    return tuple(str(first) if first == last else f"{first}-{last}" for first, last in found)


class Erased:
    """The payloads that the journal says were erased: owners, and the numbers of the entries that had them."""

    def __init__(self) -> None:
        self._spans: dict[str, list[tuple[int, int]]] = {}

    def add(self, resident_id: str, detail: Any, seq: int) -> None:
        """Take what the ``resident_erased`` entry n° ``seq`` says of those before it; what does not read covers nothing."""
        listed = detail.get("entries") if isinstance(detail, dict) else None
        for span in listed if isinstance(listed, list) else ():
            first, _, last = str(span).partition("-")
            if first.isdecimal() and (last or first).isdecimal():
                covered = int(first), min(int(last or first), seq - 1)
                self._spans.setdefault(owner_of(resident_id), []).append(covered)

    def covers(self, owner: str | None, seq: int) -> bool:
        """Tell whether the payload of an entry was erased."""
        return any(first <= seq <= last for first, last in self._spans.get(owner or "", ()))
