"""The built wheel served by another process, and one Chromium for all. Nothing of the application is imported here."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.demo_site import DemoSite
from tests.support.services import chromium

expect.set_options(timeout=20_000)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    """Debian's Chromium, headless."""
    with chromium() as started:
        yield started


@pytest.fixture(scope="session")
def site() -> Iterator[DemoSite]:
    """The demonstration that tests read and add to."""
    served = DemoSite()
    yield served
    served.stop()


@pytest.fixture
def own_site() -> Iterator[DemoSite]:
    """A demonstration of one test alone, which may stop it and spoil its database."""
    served = DemoSite()
    yield served
    served.stop()
