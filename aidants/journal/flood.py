"""The flood gate: before sign-in, an address writes at most ten entries of a type a minute; the rest is counted."""

from __future__ import annotations

import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

WINDOW: Final = timedelta(minutes=1)
ADMITTED: Final = 10
MOST_TRACKED: Final = 10_000


@dataclass(slots=True)
class _Window:
    started: datetime
    admitted: int = 0
    suppressed: int = 0


class FloodGate:
    """Counts in memory, one window for each address and action type; safe between threads, bounded in size.

    What an address left out is told by the next entry of that type, whoever causes it; a restart forgets it.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._windows: dict[tuple[str, str], _Window] = {}

    def admit(self, address: str, action_type: str, now: datetime) -> int | None:
        """Tell whether to write an entry: None says no, a number says yes and how many were left out before it.

        The caller writes a number above zero as the entry's ``count``.
        """
        with self._lock:
            window = self._windows.get((address, action_type))
            if window is None or not timedelta(0) <= now - window.started < WINDOW:
                suppressed = self._close(action_type, now)
                self._windows.pop((address, action_type), None)
                self._make_room()
                self._windows[address, action_type] = _Window(now, admitted=1)
                return suppressed
            if window.admitted < ADMITTED:
                window.admitted += 1
                return 0
            window.suppressed += 1
            return None

    def _close(self, action_type: str, now: datetime) -> int:
        """Forget the windows of a type that are over, whatever their address; return what they left out."""
        over = [
            key
            for key, window in self._windows.items()
            if key[1] == action_type and not timedelta(0) <= now - window.started < WINDOW
        ]
        return sum(self._windows.pop(key).suppressed for key in over)

    def _make_room(self) -> None:
        """Forget the oldest window when the table is full; windows are kept in the order they opened."""
        if len(self._windows) >= MOST_TRACKED:
            del self._windows[next(iter(self._windows))]
