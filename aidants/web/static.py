"""Static files under one content hash: immutable for browsers, compressed once, served from memory (about 200 KB)."""

from __future__ import annotations

import gzip
import hashlib
import mimetypes
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

_COMPRESSED: Final = {".css", ".js", ".svg", ".txt"}
_SERVED: Final = {".css", ".js", ".svg", ".woff2", ".txt", ".png", ".ico"}
mimetypes.add_type("font/woff2", ".woff2")


@dataclass(frozen=True, slots=True)
class _File:
    body: bytes
    zipped: bytes | None
    media_type: str


class StaticAssets:
    """The folder as it was at start. ``url(name)`` changes whenever any file changes."""

    def __init__(self, folder: Path) -> None:
        self._files: dict[str, _File] = {}
        tree = hashlib.sha256()
        for path in sorted(folder.rglob("*")):
            if path.suffix not in _SERVED:
                continue
            name, body = path.relative_to(folder).as_posix(), path.read_bytes()
            tree.update(name.encode() + b"\0" + hashlib.sha256(body).digest())
            zipped = gzip.compress(body, 9, mtime=0) if path.suffix in _COMPRESSED else None
            media_type = mimetypes.guess_type(name)[0] or "application/octet-stream"
            self._files[name] = _File(body, zipped, media_type)
        self.version = tree.hexdigest()[:12]

    def url(self, name: str) -> str:
        """Return the address of a file. Raises KeyError for a file that does not exist: a dead link is a defect."""
        if name not in self._files:
            raise KeyError(f"static/{name}")
        return f"/static/{self.version}/{name}"

    async def respond(self, request: Request) -> Response:
        """Answer one file, compressed where the browser accepts it."""
        file = self._files.get(request.path_params["name"])
        if file is None or request.path_params["version"] != self.version:
            return Response(status_code=404)
        headers = {"Cache-Control": "public, max-age=31536000, immutable", "Vary": "Accept-Encoding"}
        body = file.body
        if file.zipped is not None and "gzip" in request.headers.get("accept-encoding", ""):
            body, headers["Content-Encoding"] = file.zipped, "gzip"
        return Response(body, headers=headers, media_type=file.media_type)

    def route(self) -> Route:
        """Return the route that serves the folder."""
        return Route("/static/{version}/{name:path}", self.respond, name="static")
