"""A throw-away PostgreSQL for the tests: a server of our own from Debian's binaries, or the one named by the environment.

Starting one takes 0.7 s and 24 MB, so each test process has its own and nothing needs to be shared or locked.
"""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import pwd
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
from psycopg import sql

USER = "aidants"
START_SECONDS = 20
SETTINGS = {
    "fsync": "off",
    "full_page_writes": "off",
    "synchronous_commit": "off",
    "shared_buffers": "16MB",
    "max_connections": "200",
    "listen_addresses": "127.0.0.1",
    "timezone": "UTC",
}


class ServiceMissing(RuntimeError):
    """A program that the tests need is not on this machine; the text says which package brings it."""


def free_port() -> int:
    """Return a loopback TCP port that nothing listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def binaries() -> Path:
    """Return the folder of the newest PostgreSQL that Debian installed; ``ServiceMissing`` when there is none."""
    found = [path.parent for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")]
    if not found:
        raise ServiceMissing("PostgreSQL is missing: apt-get install postgresql, or set TEST_DATABASE_URL")
    return max(found, key=lambda folder: int(folder.parent.name))


class PostgresServer:
    """One server: ``url`` of its maintenance database, and databases made and dropped by name."""

    def __init__(self, url: str) -> None:
        """Use the server behind ``url``, a ``postgresql://`` address of a role that may create databases."""
        self.base = url.replace("postgresql+psycopg://", "postgresql://", 1)

    def url(self, database: str) -> str:
        """Return SQLAlchemy's address of ``database`` on this server."""
        head, _, tail = self.base.partition("://")
        host, _, rest = tail.partition("/")
        options = rest.partition("?")[2]
        return f"{head}+psycopg://{host}/{database}" + (f"?{options}" if options else "")

    def create_database(self, name: str, template: str | None = None) -> str:
        """Create ``name``, empty or as a copy of ``template`` (nobody connected to it), and return its address."""
        origin = sql.Identifier(template or "template0")
        with self._maintenance() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {} TEMPLATE {}").format(sql.Identifier(name), origin))
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop ``name`` if it exists, and with it whoever is still connected."""
        with self._maintenance() as connection:
            connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))

    @contextlib.contextmanager
    def database(self, name: str, template: str | None = None) -> Iterator[str]:
        """Give the address of a database that lives as long as the block."""
        yield self.create_database(name, template)
        self.drop_database(name)

    @contextlib.contextmanager
    def _maintenance(self) -> Iterator[psycopg.Connection]:
        with psycopg.connect(self.base, autocommit=True) as connection:
            yield connection

    def stop(self) -> None:
        """Leave the server running: it is not ours."""


class OwnServer(PostgresServer):
    """A server started here in a temporary folder. The kernel ends it if this process dies without a word."""

    def __init__(self) -> None:
        """Initialise and start; ``RuntimeError`` with the server's log when it does not answer in 20 s."""
        bin_folder = binaries()
        self.folder = Path(tempfile.mkdtemp(prefix="aidants-pg-", dir="/tmp"))
        self.port = free_port()
        atexit.register(self.stop)
        if os.getuid() == 0:
            shutil.chown(self.folder, "postgres")
        self.process: subprocess.Popen[bytes] | None = None
        self._initialise(bin_folder)
        self.process = self._start(bin_folder)
        super().__init__(f"postgresql://{USER}@127.0.0.1:{self.port}/postgres")
        self._wait()

    def _initialise(self, bin_folder: Path) -> None:
        initdb = [str(bin_folder / "initdb"), "--pgdata", str(self.folder / "data")]
        initdb += ["--username", USER, "--auth", "trust"]
        initdb += ["--encoding", "UTF8", "--locale", "C.UTF-8", "--no-sync"]
        done = subprocess.run(["setpriv", *_as_postgres(), "--", *initdb], capture_output=True, text=True, cwd="/")
        if done.returncode != 0:
            raise RuntimeError(f"initdb failed:\n{done.stderr}")

    def _start(self, bin_folder: Path) -> subprocess.Popen[bytes]:
        settings = SETTINGS | {"port": str(self.port), "unix_socket_directories": str(self.folder)}
        server = [str(bin_folder / "postgres"), "-D", str(self.folder / "data")]
        server += [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        with (self.folder / "log").open("wb") as log:
            # SIGINT is PostgreSQL's fast shutdown: sent by the kernel when the thread that started it is gone.
            return subprocess.Popen(
                ["setpriv", *_as_postgres(), "--pdeathsig", "INT", "--", *server], stdout=log, stderr=log, cwd="/"
            )

    def _wait(self) -> None:
        deadline = time.monotonic() + START_SECONDS
        while self.process is not None and self.process.poll() is None and time.monotonic() < deadline:
            with contextlib.suppress(psycopg.OperationalError), self._maintenance():
                return
            time.sleep(0.03)
        raise RuntimeError(f"PostgreSQL did not start:\n{(self.folder / 'log').read_text(errors='replace')}")

    def stop(self) -> None:
        """Stop the server and remove its folder; doing it twice is harmless."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root: give the options of ``setpriv`` that change the user when it is root."""
    if os.getuid() != 0:
        return []
    account = pwd.getpwnam("postgres")
    return ["--reuid", str(account.pw_uid), "--regid", str(account.pw_gid), "--init-groups"]


@functools.cache
def postgres_server() -> PostgresServer:
    """Return this process's server: ``TEST_DATABASE_URL`` when set, else one of our own. Never skips: it raises."""
    given = os.environ.get("TEST_DATABASE_URL")
    return PostgresServer(given) if given else OwnServer()
