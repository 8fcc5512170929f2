"""An SMS gateway of our own, in a process of its own: ``python sms_gateway.py PORT FILE``.

Each SMS is one JSON line of the file.
SMS_MODE tells it to misbehave: an HTTP status, ``hang``, or ``redirect``.
"""

from __future__ import annotations

import json
import os
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl, urlsplit

MODE = os.environ.get("SMS_MODE", "200")


class Gateway(BaseHTTPRequestHandler):
    """Takes GET and POST alike."""

    def do_GET(self) -> None:
        self.take(urlsplit(self.path).query)

    def do_POST(self) -> None:
        self.take(self.rfile.read(int(self.headers["content-length"])).decode())

    def take(self, query: str) -> None:
        if MODE == "hang":
            time.sleep(3600)
        line = {"method": self.command, "login": self.headers.get("authorization", ""), **dict(parse_qsl(query))}
        with Path(sys.argv[2]).open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")
        self.send_response(302 if MODE == "redirect" else int(MODE))
        self.send_header("Location", "http://127.0.0.1:9/")
        self.end_headers()
        self.wfile.write(f"id-77 to={line.get('to', '')}".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Say nothing."""


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1])), Gateway)
    print("ready", flush=True)
    server.serve_forever()
