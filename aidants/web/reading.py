"""Reading the body of a request: our forms, and the one kind of form that carries a file.

A form with a file is RFC 7578 as browsers send it, and nothing more: names and file names are never used as paths, what a part
says of its own type is not believed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import Final

from starlette.requests import Request

from aidants.errors import BadRequest
from aidants.web.forms import MAX_FIELDS, Form, parse_urlencoded

_BOUNDARY: Final = re.compile(r"""^multipart/form-data\s*;.*?\bboundary=(?:"([^"\r\n]{1,70})"|([^\s;"]{1,70}))""", re.I)
_NAME: Final = re.compile(rb"""(?:^|;)\s*name="([^"\r\n]*)\"""", re.I)
_FILE: Final = re.compile(rb"""(?:^|;)\s*filename\*?=""", re.I)
_HEADERS: Final = 2048


@dataclass(frozen=True, slots=True)
class Sent:
    """What a form sent: its fields, and the bytes of its files by field; of several files in a field, the last."""

    fields: Form = field(default_factory=Form)
    files: dict[str, bytes] = field(default_factory=dict)


async def read_form(request: Request, *, files: bool = False) -> Sent:
    """Read the body; ``files``: it may carry some. Raises BadRequest for any other kind of body."""
    kind = request.headers.get("content-type", "")
    body = await request.body()
    if not body:
        return Sent()
    if kind.split(";")[0].strip().lower() == "application/x-www-form-urlencoded":
        return Sent(parse_urlencoded(body))
    boundary = _BOUNDARY.match(kind)
    if not files or boundary is None:
        raise BadRequest
    return parse_multipart(body, (boundary[1] or boundary[2]).encode("latin-1", "replace"))


def parse_multipart(body: bytes, boundary: bytes) -> Sent:
    """Split a multipart form. Raises BadRequest when it is cut off, not UTF-8, or has more fields than any page of ours."""
    delimiter = b"\r\n--" + boundary
    parts = (b"\r\n" + body).split(delimiter, MAX_FIELDS + 2)
    if parts[0].strip() or len(parts) > MAX_FIELDS + 1 or not parts[-1].startswith(b"--"):
        raise BadRequest
    sent = Sent()
    for part in parts[1:-1]:
        _add(sent, part)
    return sent


def _add(sent: Sent, part: bytes) -> None:
    head, found, value = part.partition(b"\r\n\r\n")
    if not found or len(head) > _HEADERS:
        raise BadRequest
    disposition = next(
        (line for line in head.split(b"\r\n") if line.lower().startswith(b"content-disposition:")), b""
    ).partition(b":")[2]
    name = _NAME.search(disposition)
    if not disposition.strip().lower().startswith(b"form-data") or name is None:
        raise BadRequest
    try:
        key = name[1].decode("utf-8")
        if _FILE.search(disposition):
            sent.files[key] = value
            return
        text = value.decode("utf-8")
    except UnicodeDecodeError as error:
        raise BadRequest from error
    if "\0" in key or "\0" in text:
        raise BadRequest
    sent.fields.setdefault(key, []).append(text)
