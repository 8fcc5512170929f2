"""What a visit weighs on the wire, counted by the browser itself, headers included."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from tests.browser.demo_site import DemoSite

pytestmark = pytest.mark.browser
KB = 1000


@dataclass
class Meter:
    """Counts the bytes and requests of one page since ``reset``; what comes from the cache is no request."""

    page: Page
    bytes: int = 0
    urls: list[str] = field(default_factory=list)
    _cached: set[str] = field(default_factory=set)
    _names: dict[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        session = self.page.context.new_cdp_session(self.page)
        session.send("Network.enable")
        session.on("Network.requestWillBeSent", lambda it: self._names.update({it["requestId"]: it["request"]["url"]}))
        session.on("Network.requestServedFromCache", lambda it: self._cached.add(it["requestId"]))
        session.on("Network.loadingFinished", self._finished)

    def _finished(self, event: dict[str, Any]) -> None:
        if event["requestId"] not in self._cached and event["encodedDataLength"]:
            self.bytes += int(event["encodedDataLength"])
            self.urls.append(self._names[event["requestId"]])

    def visit(self, address: str) -> tuple[int, int]:
        """Open an address; return its bytes and its number of requests."""
        self.bytes, self.urls = 0, []
        self.page.goto(address, wait_until="networkidle")
        return self.bytes, len(self.urls)


@pytest.fixture
def meter(browser: Browser) -> Iterator[Meter]:
    """A browser that has never been here."""
    context = browser.new_context(locale="fr-FR")
    yield Meter(context.new_page())
    context.close()


def test_first_visit_and_next_page(meter: Meter, site: DemoSite) -> None:
    weight, requests = meter.visit(f"{site.base_url}/")
    assert weight <= 90 * KB, (weight, meter.urls)
    assert requests <= 12, meter.urls
    assert all(url.startswith(site.base_url) for url in meter.urls), meter.urls
    for path in ("/guides", "/connexion", "/guides/carte-grise-adresse", "/vos-donnees"):
        weight, requests = meter.visit(site.base_url + path)
        assert weight <= 15 * KB, (path, weight, meter.urls)
        assert requests <= 2, (path, meter.urls)


def test_step_read_alone(meter: Meter, site: DemoSite) -> None:
    base = f"{site.base_url}/guides/carte-grise-adresse"
    weight, _ = meter.visit(f"{base}/bienvenue")
    assert weight <= 90 * KB, (weight, meter.urls)
    weight, requests = meter.visit(f"{base}/ouvrir")
    assert weight <= 8 * KB, (weight, meter.urls)
    assert requests <= 2, meter.urls


def test_pages_of_a_helper(meter: Meter, site: DemoSite) -> None:
    site.enter(meter.page, "Tom")
    for path in ("/aujourdhui", "/personnes", "/mon-journal"):
        weight, requests = meter.visit(site.base_url + path)
        assert weight <= 15 * KB, (path, weight, meter.urls)
        assert requests <= 2, (path, meter.urls)
