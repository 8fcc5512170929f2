"""The real path, with the wheel alone in an empty folder: settings, ``init``, ``serve``, the first sign-in."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import Browser, expect

from tests.browser import journey
from tests.browser.demo_site import Account
from tests.browser.hands import Keyboard
from tests.support.services import ServedWheel

pytestmark = pytest.mark.browser
PASSWORD = "le-lavoir-sous-la-halle"
ANSWERS = {
    "organisation": "Mairie de Tréguignec",
    "address": "1, place de l’Église, 99340 Tréguignec",
    "phone": "02 00 00 43 21",
    "kind": "Mairie",
    "name": "Solène Kerbrat",
    "email": "solene@treguignec.example",
    "trained-on": "2026-09-14",
    "password-env": "FIRST_PASSWORD",
}


@pytest.fixture
def wheel() -> Iterator[ServedWheel]:
    """The wheel in an empty folder."""
    installed = ServedWheel()
    yield installed
    installed.stop()


def init(wheel: ServedWheel, password: str = PASSWORD) -> tuple[int, str, str]:
    """Run ``aidants init`` without a question asked; return its code, its words and its complaints."""
    options = [word for name, value in ANSWERS.items() for word in (f"--{name}", value)]
    done = wheel.run("init", *options, env={"FIRST_PASSWORD": password})
    return done.returncode, done.stdout, done.stderr


def test_from_an_empty_folder_to_the_first_sign_in(wheel: ServedWheel, browser: Browser) -> None:
    early = wheel.run("serve")
    assert early.returncode == 1
    assert "aidants init" in early.stderr, early.stderr
    assert "Traceback" not in early.stderr

    code, words, complaints = init(wheel)
    assert code == 0, complaints
    (uri,) = re.findall(r"otpauth://\S+", words)
    secret = parse_qs(urlsplit(uri).query)["secret"][0]
    assert PASSWORD not in words

    code, words, complaints = init(wheel)
    assert code == 1
    assert "contient déjà une installation" in complaints
    assert "otpauth" not in words

    base_url = wheel.serve()
    context = browser.new_context(locale="fr-FR")
    hands = Keyboard(context.new_page())
    journey.sign_in(hands, base_url, Account("Solène Kerbrat", "solene@treguignec.example", PASSWORD, secret))
    journey.title(hands.page, "Bonjour Solène")
    expect(hands.page.locator("header")).to_contain_text("Mairie de Tréguignec")
    expect(hands.page.get_by_text("Démonstration")).to_have_count(0)
    hands.page.goto(f"{base_url}/demo")
    journey.title(hands.page, "Cette page n’existe pas")
    context.close()
    assert wheel.run("journal", "verify").returncode == 0


def test_a_short_password_writes_nothing(wheel: ServedWheel) -> None:
    code, words, complaints = init(wheel, "court")
    assert code == 1
    assert "douze signes" in complaints
    assert "otpauth" not in words
    assert init(wheel)[0] == 0


def test_an_unknown_setting_is_refused_with_the_nearest_name(wheel: ServedWheel) -> None:
    for command in ("serve", "migrate", "demo"):
        done = wheel.run(command, env={"AIDANTS_DATA_DIRR": "elsewhere"})
        assert done.returncode == 1, command
        assert "AIDANTS_DATA_DIRR" in done.stderr
        assert "AIDANTS_DATA_DIR ?" in done.stderr, done.stderr
        assert "Traceback" not in done.stderr
    assert not (wheel.folder / "data").exists()


def test_a_demonstration_never_takes_over_a_real_installation(wheel: ServedWheel) -> None:
    assert init(wheel)[0] == 0
    done = wheel.run("demo")
    assert done.returncode == 1
    assert "n’est pas une démonstration" in done.stderr
