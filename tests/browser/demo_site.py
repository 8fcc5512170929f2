"""The demonstration, served by the built wheel in another process, and what its invented people need to sign in."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from pathlib import Path

import pyotp
from playwright.sync_api import Page
from sqlmodel import select

from aidants.app import open_database
from aidants.crypto import Keyring
from aidants.db import Mode, unit_of_work
from aidants.residents.models import Resident
from aidants.residents.services import open_resident
from aidants.settings import Settings
from tests.support.own import print_code
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

    def access_code(self, birth_name: str) -> str:
        """Print a new sheet for somebody, in the site's own database, and return its code."""
        settings = Settings(data_dir=self.database.parent)
        database = open_database(settings, Keyring.load(settings.keys_path))
        try:
            with unit_of_work(database, Mode.READ) as work:
                rows = work.session.exec(select(Resident)).all()
                who = next(row.id for row in rows if open_resident(work, row).identity.birth_name == birth_name)
            return print_code(database, who)
        finally:
            database.dispose()

    def enter(self, page: Page, name: str) -> None:
        """Sign in with the demonstration's own button: no code is spent."""
        page.goto(f"{self.base_url}/demo")
        page.get_by_role("button", name=f"Entrer comme {self.accounts[name].name}").click()
        page.wait_for_load_state()

    def stop(self) -> None:
        """End the server."""
        self.wheel.stop()
