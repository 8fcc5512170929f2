"""A command of the product in a process of its own: ``python -m bench.child journal verify``. How long, how much memory."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from aidants.settings import Settings

LIMIT: Final = 600.0
_PEAK: Final = "VmHWM:"


@dataclass(frozen=True, slots=True)
class Ran:
    """What a command printed, its seconds from start to end, its largest resident memory in megabytes."""

    printed: str
    seconds: float
    peak: float


def run(settings: Settings, *arguments: str) -> Ran:
    """Run ``aidants`` with these arguments; it must succeed."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("AIDANTS_")}
    environment |= {"AIDANTS_DATA_DIR": str(settings.data_dir), "AIDANTS_DATABASE_URL": settings.database_url}
    began = time.perf_counter()
    command = [sys.executable, "-m", "bench.child", *arguments]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=LIMIT)
    seconds = time.perf_counter() - began
    assert done.returncode == 0, (arguments, done.stdout[-500:], done.stderr[-500:])
    return Ran(done.stdout, seconds, int(done.stderr.rsplit(_PEAK, 1)[1].split()[0]) / 1024)


def main() -> None:
    """Be the command, then say the peak (proc(5), status: unlike getrusage, it does not count the parent before exec)."""
    from aidants import cli

    try:
        cli.main()
    finally:
        status = Path("/proc/self/status").read_text(encoding="ascii")
        print(_PEAK, status.split(_PEAK)[1].split()[0], file=sys.stderr)


if __name__ == "__main__":
    main()
