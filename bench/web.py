"""A small HTTP/1.1 client on a bare socket, so that the measuring side is never the slow one; and the server it speaks to."""

from __future__ import annotations

import contextlib
import gzip
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

from aidants import clock
from aidants.accounts.factors import code_at
from aidants.settings import Settings
from bench.data import Helper, let_codes_serve_again

HOST: Final = "127.0.0.1"
START_LIMIT: Final = 30.0
_TICKS: Final = os.sysconf("SC_CLK_TCK")
_TOKEN: Final = re.compile(rb'name="csrf" value="([^"]+)"')


@dataclass(slots=True)
class Answer:
    """One answer: ``size`` counts the bytes on the wire, ``body`` is unzipped."""

    status: int
    headers: dict[str, str]
    body: bytes
    size: int


@dataclass(slots=True)
class Client:
    """One browser on one kept-alive connection; keeps its cookies."""

    port: int
    cookies: dict[str, str] = field(default_factory=dict)
    token: str = ""
    _socket: socket.socket | None = None

    def get(self, path: str) -> Answer:
        """Ask for a page, gzip accepted."""
        return self._ask(f"GET {path} HTTP/1.1\r\n{self._headers()}\r\n".encode())

    def post(self, path: str, fields: dict[str, str]) -> Answer:
        """Send a form with the token of the last ``open``."""
        body = urlencode({"csrf": self.token, **fields}).encode()
        kind = f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
        return self._ask(f"POST {path} HTTP/1.1\r\n{self._headers()}{kind}\r\n".encode() + body)

    def open(self, path: str) -> Answer:
        """Ask for a page that must be there, and keep the token of its forms."""
        answer = self.get(path)
        assert answer.status == 200, (path, answer.status)
        found = _TOKEN.search(answer.body)
        assert found is not None, path
        self.token = found.group(1).decode()
        return answer

    def sign_in(self, helper: Helper) -> None:
        """Sign in with password and one-time code."""
        self.open("/connexion")
        answer = self.post("/connexion", {"email": helper.email, "password": helper.password})
        assert answer.status == 303, answer.status
        self.open("/connexion/code")
        answer = self.post("/connexion/code", {"code": code_at(helper.totp_secret, clock.now())})
        assert answer.status == 303, answer.status

    def _headers(self) -> str:
        cookies = "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        return (
            f"Host: {HOST}:{self.port}\r\nAccept-Encoding: gzip\r\nSec-Fetch-Site: same-origin\r\n"
            f"User-Agent: Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0\r\nCookie: {cookies}\r\n"
        )

    def _ask(self, request: bytes) -> Answer:
        received = self._send(request)
        while (end := received.find(b"\r\n\r\n")) < 0:
            received += self._more()
        lines = received[:end].decode("latin-1").split("\r\n")
        headers: dict[str, str] = {}
        for line in lines[1:]:
            name, _, value = line.partition(": ")
            headers[name.lower()] = value
            if name.lower() == "set-cookie":
                cookie, _, content = value.partition(";")[0].partition("=")
                self.cookies[cookie] = content
        body, size = self._body(received[end + 4 :], headers)
        if headers.get("connection") == "close" and self._socket is not None:
            self._socket.close()
            self._socket = None
        zipped = headers.get("content-encoding") == "gzip"
        return Answer(int(lines[0].split()[1]), headers, gzip.decompress(body) if zipped else body, end + 4 + size)

    def _send(self, request: bytes) -> bytes:
        """Send a request and return what first comes back; a connection the server closed while idle is opened again."""
        if (kept := self._socket) is not None:
            with contextlib.suppress(ConnectionError):
                kept.sendall(request)
                if received := kept.recv(1 << 16):
                    return received
            kept.close()
        self._socket = socket.create_connection((HOST, self.port), timeout=60)
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._socket.sendall(request)
        return self._more()

    def _body(self, rest: bytes, headers: dict[str, str]) -> tuple[bytes, int]:
        if headers.get("transfer-encoding") != "chunked":
            length = int(headers.get("content-length", "0"))
            while len(rest) < length:
                rest += self._more()
            return rest, length
        body, at = b"", 0
        while True:
            while (end := rest.find(b"\r\n", at)) < 0:
                rest += self._more()
            length = int(rest[at:end], 16)
            while len(rest) < end + 2 + length + 2:
                rest += self._more()
            body += rest[end + 2 : end + 2 + length]
            at = end + 2 + length + 2
            if not length:
                return body, at

    def _more(self) -> bytes:
        assert self._socket is not None
        received = self._socket.recv(1 << 16)
        assert received, "the server closed the connection"
        return received


@dataclass(frozen=True, slots=True)
class Server:
    """A running ``aidants serve``; ``started`` is seconds from the command to the first answer."""

    pid: int
    port: int
    started: float

    def cpu(self) -> float:
        """Return the seconds of processor used so far, user and system, all threads and ended children (proc(5), stat)."""
        fields = Path(f"/proc/{self.pid}/stat").read_text(encoding="ascii").rsplit(") ", 1)[1].split()
        return sum(map(int, fields[11:15])) / _TICKS

    def memory(self, name: str = "VmRSS") -> float:
        """Return a line of /proc/PID/status in megabytes: ``VmRSS`` now, ``VmHWM`` at the peak."""
        status = Path(f"/proc/{self.pid}/status").read_text(encoding="ascii")
        return int(status.split(f"{name}:")[1].split()[0]) / 1024

    def forget_peak(self) -> None:
        """Start a new ``VmHWM``."""
        Path(f"/proc/{self.pid}/clear_refs").write_text("5", encoding="ascii")


@contextlib.contextmanager
def serve(settings: Settings, core: int | None = None) -> Iterator[Server]:
    """Run ``aidants serve`` on a free port, on one core when asked, logs thrown away; everybody may sign in again."""
    let_codes_serve_again(settings)
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port = probe.getsockname()[1]
    environment = {
        **{name: value for name, value in os.environ.items() if not name.startswith("AIDANTS_")},
        "AIDANTS_DATA_DIR": str(settings.data_dir),
        "AIDANTS_BASE_URL": f"http://{HOST}:{port}",
    }
    command = [str(Path(sys.executable).parent / "aidants"), "serve", "--port", str(port)]
    began = time.perf_counter()
    process = subprocess.Popen(
        command,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        preexec_fn=(lambda: os.sched_setaffinity(0, {core})) if core is not None else None,
    )
    try:
        _wait(process, port, began + START_LIMIT)
        yield Server(process.pid, port, time.perf_counter() - began)
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(15)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _wait(process: subprocess.Popen[bytes], port: int, limit: float) -> None:
    while True:
        try:
            with urllib.request.urlopen(f"http://{HOST}:{port}/healthz", timeout=5) as answer:
                assert answer.status == 200
                return
        except OSError:
            assert process.poll() is None, f"aidants serve ended with {process.returncode}"
            assert time.perf_counter() < limit, "aidants serve does not answer"
            time.sleep(0.005)
