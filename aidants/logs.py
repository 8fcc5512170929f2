"""Technical logs: one JSON object a line, without names, addresses or values.

An exception is told by its type and where it happened, not by its message: messages quote what people typed.
"""

from __future__ import annotations

import json
import logging
import sys
import traceback
from datetime import UTC, datetime
from types import TracebackType


class JsonLines(logging.Formatter):
    """Formats a record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        moment = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        fields: dict[str, object] = {"ts": moment, "level": record.levelname.lower(), "logger": record.name}
        if record.args is None or not isinstance(record.args, dict):
            fields["message"] = record.getMessage()
        else:
            fields |= {"message": record.msg, **record.args}
        if record.exc_info and record.exc_info[0] is not None:
            fields["error"] = record.exc_info[0].__name__
            fields["where"] = _frames(record.exc_info[2])
        return json.dumps(fields, ensure_ascii=False, default=str)


def _frames(trace: TracebackType | None) -> list[str]:
    return [f"{frame.filename}:{frame.lineno} {frame.name}" for frame in traceback.extract_tb(trace)][-12:]


def set_up(level: str) -> None:
    """Send the application's logs to the standard error; ``quiet`` keeps errors only."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logging.basicConfig(level=logging.WARNING, handlers=[handler], force=True)
    logging.getLogger("aidants").setLevel(logging.ERROR if level == "quiet" else logging.INFO)
