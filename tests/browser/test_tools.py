"""The tools these tests stand on find what they are meant to find."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.support import services

pytestmark = pytest.mark.browser


def test_axe_finds_a_picture_without_words_under_a_strict_policy(browser: Browser) -> None:
    page = browser.new_page()
    page.goto(
        "data:text/html,<!doctype html><html lang=fr><head><title>Essai</title>"
        "<meta http-equiv=Content-Security-Policy content=\"default-src 'none'\"></head>"
        "<body><main><h1>Essai</h1><img src=rien.png></main></body></html>"
    )
    violations = services.axe(page)
    assert page.title() == "Essai"
    assert "image-alt" in [violation["id"] for violation in violations]
    page.close()
