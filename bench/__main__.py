"""``python -m bench``: measure everything once, print one table, write ``bench/results.json``. It judges nothing."""

from __future__ import annotations

import json
import logging
import os
import platform
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from aidants import clock
from aidants.settings import Settings
from bench import activation, audit, data, filler, journal, memory, million, pages, start, statements, weights
from bench.data import Installation
from bench.figures import Figure, print_table

RESULTS: Final = Path(__file__).parent / "results.json"
SECTIONS: Final[tuple[Callable[[Installation], list[Figure]], ...]] = (
    start.measure,
    memory.measure,
    statements.measure,
    weights.measure,
    activation.measure,
    pages.measure,
)


def main() -> None:
    """Run every section on throw-away data, one after another."""
    logging.disable(logging.CRITICAL)
    began, load = time.perf_counter(), os.getloadavg()[0]
    with tempfile.TemporaryDirectory(prefix="aidants-bench-") as folder:
        for name in ("site", "journal"):
            (Path(folder) / name).mkdir()
        installation = data.make(Path(folder) / "site")
        figures: list[Figure] = []
        for section in SECTIONS:
            figures += section(installation)
        figures += journal.measure(Path(folder) / "journal")
        figures += _long(Path(folder) / "long", figures)
    seconds = time.perf_counter() - began
    print_table(figures)
    over = sum(figure.verdict == "over" for figure in figures)
    print(f"{len(figures)} figures, {over} over budget; {seconds:.0f} s; load before {load:.1f}")
    _write(figures, load)


def _long(folder: Path, figures: list[Figure]) -> list[Figure]:
    """Measure what a long journal costs; C is among the figures."""
    plain = next(figure.value for figure in figures if figure.name == journal.PLAIN)
    began = time.perf_counter()
    database = million.make(Settings(data_dir=folder / "million"), million.ENTRIES)
    made = Figure(million.SECTION, f"filling it, sealed every {filler.CHUNK:,}", time.perf_counter() - began, "s")
    found = [made, *million.measure(database, plain), *audit.measure(folder, database)]
    database.dispose()
    return found


def _write(figures: list[Figure], load: float) -> None:
    """Keep the figures with what they were measured on."""
    found = {
        "measured_at": clock.now().isoformat(timespec="seconds"),
        "python": platform.python_version(),
        "machine": platform.machine(),
        "cores": len(os.sched_getaffinity(0)),
        "load_before": round(load, 2),
        "figures": [figure.to_dict() for figure in figures],
    }
    RESULTS.write_text(json.dumps(found, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
