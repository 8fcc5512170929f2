"""Chromium, the axe accessibility rules and the Nu HTML checker, as ``make test`` installs them."""

from __future__ import annotations

import contextlib
import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, sync_playwright

from tests.support.postgres import ServiceMissing

ROOT = Path(__file__).resolve().parents[2]
TOOLS = ROOT / ".cache" / "test-tools"
CHROMIUM = "/usr/bin/chromium"
CHROMIUM_OPTIONS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
AXE_TAGS = [
    "wcag2a",
    "wcag2aa",
    "wcag2aaa",
    "wcag21a",
    "wcag21aa",
    "wcag22aa",
    "RGAAv4",
    "best-practice",
]


def tool(name: str) -> Path:
    """Return the one file of ``.cache/test-tools`` whose name ends with ``name``; ``ServiceMissing`` without it."""
    found = sorted(TOOLS.glob(f"*-{name}"))
    if not found:
        raise ServiceMissing(f"{name} is missing: run scripts/fetch_test_tools.sh")
    return found[-1]


@contextlib.contextmanager
def chromium(**options: Any) -> Iterator[Browser]:
    """Run Debian's Chromium, headless, for the block; ``options`` go to Playwright's ``launch``."""
    if not Path(CHROMIUM).exists():
        raise ServiceMissing("Chromium is missing: apt-get install chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=CHROMIUM_OPTIONS, **options)
        try:
            yield browser
        finally:
            browser.close()


def axe(page: Page, tags: Sequence[str] = AXE_TAGS) -> list[dict[str, Any]]:
    """Run axe on the page as it is now and return its violations.

    The script goes in through the debugger's protocol, because a strict content policy refuses injected elements.
    """
    run = f"axe.run(document, {json.dumps({'runOnly': {'type': 'tag', 'values': list(tags)}})})"
    session = page.context.new_cdp_session(page)
    try:
        _evaluate(session, tool("axe.min.js").read_text(encoding="utf-8") + ";true")
        found = _evaluate(session, f"{run}.then(result => JSON.stringify(result.violations))")
    finally:
        session.detach()
    violations: list[dict[str, Any]] = json.loads(found)
    return violations


def _evaluate(session: Any, expression: str) -> Any:
    answer = session.send("Runtime.evaluate", {"expression": expression, "awaitPromise": True, "returnByValue": True})
    if "exceptionDetails" in answer:
        raise RuntimeError(answer["exceptionDetails"])
    return answer["result"]["value"]


def vnu(files: Sequence[Path]) -> list[dict[str, Any]]:
    """Check HTML files with one start of the Nu HTML checker and return its messages (``type``, ``url``, ``message``…)."""
    if shutil.which("java") is None:
        raise ServiceMissing("Java is missing: apt-get install default-jre-headless")
    command = ["java", "-jar", str(tool("vnu.jar")), "--format", "json", "--stdout", "--exit-zero-always"]
    done = subprocess.run([*command, *map(str, files)], capture_output=True, text=True, check=True)
    messages: list[dict[str, Any]] = json.loads(done.stdout)["messages"]
    return messages
