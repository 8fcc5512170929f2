"""The demonstration, served by the built wheel in another process, and what its invented people need to sign in."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
import pypdfium2
from playwright.sync_api import Browser, Page

from tests.support.services import ServedWheel

HELP = {"AIDANTS_HELP_PHONE": "05 00 00 12 34", "AIDANTS_HELP_HOURS": "du lundi au vendredi, 9 h à 17 h"}
STEP_SECONDS = 30
LOST = 120
"""Seconds a one-time code may make us wait, at the very most."""


@dataclass
class Account:
    """Somebody who can sign in. ``code`` gives codes as a telephone would, each of them once."""

    name: str
    email: str
    password: str
    totp_secret: str
    _last_step: int = field(default=0, repr=False)

    def code(self) -> str:
        """Return the next code not used yet, good for half a minute at least (RFC 6238 §5.2); wait for it if need be."""
        deadline = time.monotonic() + LOST
        step = max(self._last_step + 1, self._now())
        while step > self._now() + 1:
            assert time.monotonic() < deadline, "no code became valid"
            time.sleep(0.2)
        self._last_step = step
        return pyotp.TOTP(self.totp_secret).generate_otp(step)

    def wrong_code(self) -> str:
        """Return six digits that are no code of the steps around now."""
        totp, now = pyotp.TOTP(self.totp_secret), self._now()
        near = {totp.generate_otp(step) for step in range(now - 3, now + 5)}
        return next(digits for digits in ("000000", "111111", "222222") if digits not in near)

    @staticmethod
    def _now() -> int:
        return int(time.time()) // STEP_SECONDS


class DemoSite:
    """One demonstration: ``aidants demo --json`` in an empty folder, then ``aidants serve`` there."""

    def __init__(self) -> None:
        """Install, fill and serve; ``AssertionError`` with the command's words when it fails."""
        self.wheel = ServedWheel()
        filled = self.wheel.run("demo", "--json")
        assert filled.returncode == 0, filled.stderr
        content = json.loads(filled.stdout)
        self.accounts = {
            account["name"].split()[0]: Account(
                account["name"], account["email"], account["password"], account["totp_secret"]
            )
            for account in content["accounts"]
        }
        self.mandates: list[dict[str, str]] = content["mandates"]
        self.base_url = self.wheel.serve(env=HELP)

    @property
    def database(self) -> Path:
        """The SQLite file."""
        return self.wheel.folder / "data" / "aidants.sqlite"

    def code_of(self, state: str) -> str:
        """Return the verification code of a mandate in this state."""
        return next(mandate["code"] for mandate in self.mandates if mandate["state"] == state)

    def print_sheet(self, browser: Browser, name: str, who: str = "Nadia") -> str:
        """Let a helper print the sheet of a resident found by this name; return the code that stands on it."""
        context = browser.new_context(locale="fr-FR")
        page = context.new_page()
        self.enter(page, who)
        page.goto(f"{self.base_url}/personnes")
        page.get_by_label("Nom, date de naissance ou téléphone").fill(name)
        page.get_by_role("button", name="Chercher").click()
        page.locator("main .rows a").first.click()
        form = page.locator("form[action$=feuille]")
        fields: dict[str, str | float | bool] = {"csrf": str(form.locator("[name=csrf]").get_attribute("value"))}
        action, headers = str(form.get_attribute("action")), {"Origin": self.base_url}
        sheet = context.request.post(self.base_url + action, form=fields, headers=headers)
        with pypdfium2.PdfDocument(sheet.body()) as document:
            found = re.search(r"\b[2-9A-Z]{5}-[2-9A-Z]{5}\b", document[0].get_textpage().get_text_bounded())
        context.close()
        assert found is not None
        return found.group()

    def enter(self, page: Page, name: str) -> None:
        """Sign in with the demonstration's own button: no code is spent."""
        page.goto(f"{self.base_url}/demo")
        page.get_by_role("button", name=f"Entrer comme {self.accounts[name].name}").click()
        page.wait_for_load_state()

    def stop(self) -> None:
        """End the server."""
        self.wheel.stop()
