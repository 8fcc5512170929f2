"""The built wheel, installed alone in an empty folder, so that tests meet what a town hall would install."""

from __future__ import annotations

import atexit
import functools
import os
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import time
import urllib.error
import urllib.request
import venv
from collections.abc import Mapping
from pathlib import Path

from tests.support.postgres import free_port

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 30


def _scratch(prefix: str) -> Path:
    folder = Path(tempfile.mkdtemp(prefix=prefix))
    atexit.register(shutil.rmtree, folder, ignore_errors=True)
    return folder


def find_uv() -> str:
    """Return the uv that prepared ``.venv``, else the one of ``PATH``; ``RuntimeError`` without either."""
    kept = sorted(ROOT.glob(".cache/uv-*/uv"))
    found = str(kept[-1]) if kept else shutil.which("uv")
    if not found:
        raise RuntimeError("uv is missing: run scripts/bootstrap.sh test")
    return found


@functools.cache
def built_wheel() -> Path:
    """Build the wheel once per process, without network, and return its path."""
    folder = _scratch("aidants-wheel-")
    command = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(folder), str(ROOT)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        raise RuntimeError(f"the wheel was not built:\n{done.stdout}\n{done.stderr}")
    (wheel,) = folder.glob("*.whl")
    return wheel


class ServedWheel:
    """An environment that holds the wheel and sees the test environment's dependencies, not the source checkout."""

    def __init__(self, wheel: Path | None = None) -> None:
        """Install ``wheel`` (default: the one built from this checkout) in a new environment in an empty folder."""
        self.folder = _scratch("aidants-served-")
        self.process: subprocess.Popen[bytes] | None = None
        self.base_url = ""
        environment = self.folder / "venv"
        venv.create(environment, symlinks=True)
        self.python = environment / "bin" / "python"
        self.aidants = environment / "bin" / "aidants"
        install = [find_uv(), "pip", "install", "--quiet", "--offline", "--no-index", "--no-deps"]
        target = wheel or built_wheel()
        subprocess.run([*install, "--python", str(self.python), str(target)], check=True, cwd=self.folder)
        packages = environment / "lib" / f"python{sysconfig.get_python_version()}" / "site-packages"
        # A path added by a .pth file does not have its own .pth files read: the checkout stays out of sight.
        (packages / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n", encoding="utf-8")
        atexit.register(self.stop)

    def environment(self, extra: Mapping[str, str] | None = None) -> dict[str, str]:
        """Return this process's environment without any setting of the application, plus ``extra``."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("AIDANTS_")}
        clean.pop("PYTHONPATH", None)
        return clean | {"AIDANTS_DATA_DIR": str(self.folder / "data")} | dict(extra or {})

    def run(self, *arguments: str, env: Mapping[str, str] | None = None) -> subprocess.CompletedProcess[str]:
        """Run ``aidants`` with ``arguments`` to its end and return what it printed and its exit code."""
        return subprocess.run(
            [str(self.aidants), *arguments],
            capture_output=True,
            text=True,
            cwd=self.folder,
            env=self.environment(env),
        )

    def serve(self, *arguments: str, env: Mapping[str, str] | None = None) -> str:
        """Start ``aidants serve`` on a free loopback port, wait until it answers and return its base URL."""
        port = free_port()
        self.base_url = f"http://127.0.0.1:{port}"
        with (self.folder / "log").open("wb") as log:
            self.process = subprocess.Popen(
                [str(self.aidants), *(arguments or ("serve",)), "--port", str(port)],
                stdout=log,
                stderr=log,
                cwd=self.folder,
                env=self.environment({"AIDANTS_BASE_URL": self.base_url} | dict(env or {})),
            )
        self._wait(self.process)
        return self.base_url

    def log(self) -> str:
        """Return what the server has printed so far."""
        return (self.folder / "log").read_text(encoding="utf-8", errors="replace")

    def _wait(self, process: subprocess.Popen[bytes]) -> None:
        deadline = time.monotonic() + START_SECONDS
        while process.poll() is None and time.monotonic() < deadline:
            try:
                with urllib.request.urlopen(f"{self.base_url}/healthz", timeout=2):
                    return
            except urllib.error.URLError:
                time.sleep(0.05)
        self.stop()
        raise RuntimeError(f"the server did not answer at {self.base_url}/healthz:\n{self.log()}")

    def stop(self) -> None:
        """End the server as an operator would (SIGTERM, then by force after 15 s); doing it twice is harmless."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(timeout=15)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
