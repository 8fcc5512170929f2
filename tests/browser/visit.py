"""A page of one person, and the few things that tours of the application do on it."""

from __future__ import annotations

from playwright.sync_api import Page

from tests.browser.demo_site import DemoSite
from tests.browser.hands import Mouse


class Visit:
    """A page of one person, with what tours do on it."""

    def __init__(self, page: Page, site: DemoSite) -> None:
        self.page, self.site, self.hands = page, site, Mouse(page)

    def open(self, path: str) -> None:
        """Open a page of the application."""
        self.page.goto(self.site.base_url + path)

    def press(self, name: str, nth: int = 0) -> None:
        """Press the nth button or link of this name and wait for the next page."""
        either = self.page.get_by_role("button", name=name, exact=True).or_(
            self.page.get_by_role("link", name=name, exact=True)
        )
        with self.page.expect_navigation():
            either.nth(nth).click()

    def search(self, words: str) -> None:
        """Search a person from the list."""
        self.open("/personnes")
        self.hands.write("Nom, date de naissance ou téléphone", words)
        self.press("Chercher")

    def person(self, name: str) -> None:
        """Open somebody's card."""
        self.search(name)
        with self.page.expect_navigation():
            self.page.locator("main .rows a").first.click()

    def mandate_of(self, name: str) -> None:
        """Open the last mandate of somebody."""
        self.person(name)
        with self.page.expect_navigation():
            self.page.locator("main .rows a").first.click()
