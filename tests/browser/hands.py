"""Two ways to use a page: the keyboard alone, or clicking. Both find things by what a person reads or hears."""

from __future__ import annotations

from typing import Literal, Protocol

from playwright.sync_api import Locator, Page

Role = Literal["link", "button", "textbox", "radio", "checkbox", "searchbox"]
MOST_TABS = 120
"""Presses of Tab after which a page counts as a trap, or the thing looked for as out of reach."""


class Hands(Protocol):
    """What a person does on a page."""

    page: Page

    def press(self, role: Role, name: str) -> None:
        """Activate a link or a button that leads to another page."""

    def write(self, name: str, text: str) -> None:
        """Replace what a field holds."""

    def choose(self, role: Role, name: str) -> None:
        """Choose an answer or tick a box."""

    def unfold(self, name: str) -> None:
        """Open what is folded under these words."""


def named(page: Page, role: Role, name: str) -> Locator:
    """Return what bears exactly this role and accessible name."""
    return page.get_by_role(role, name=name, exact=True)


class Keyboard:
    """Tab, Enter, Space, arrows and typing; the mouse is never used."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def reach(self, target: Locator, words: str) -> None:
        """Press Tab until the target has the focus; ``AssertionError`` when it never has."""
        focused = target.and_(self.page.locator(":focus"))
        for _ in range(MOST_TABS):
            if focused.count():
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"« {words} » is out of the keyboard's reach on {self.page.url}")

    def press(self, role: Role, name: str) -> None:
        """Reach it, then Enter."""
        self.reach(named(self.page, role, name), name)
        with self.page.expect_navigation():
            self.page.keyboard.press("Enter")

    def write(self, name: str, text: str) -> None:
        """Reach the field, replace its text by typing."""
        self.reach(self.page.get_by_label(name, exact=True), name)
        self.page.keyboard.press("Control+a")
        self.page.keyboard.press("Delete")
        self.page.keyboard.type(text)

    def choose(self, role: Role, name: str) -> None:
        """Reach the box and press Space; in a group of radios the arrows move from answer to answer."""
        target = named(self.page, role, name)
        if role == "radio":
            group = target.get_attribute("name")
            self.reach(self.page.locator(f"input[type=radio][name={group}]"), name)
            for _ in range(self.page.locator(f"input[type=radio][name={group}]").count()):
                if target.and_(self.page.locator(":focus")).count():
                    break
                self.page.keyboard.press("ArrowDown")
        else:
            self.reach(target, name)
        if not target.is_checked():
            self.page.keyboard.press("Space")
        assert target.is_checked(), name

    def unfold(self, name: str) -> None:
        """Reach the summary, then Enter."""
        self.reach(self.page.locator("summary").filter(has_text=name), name)
        self.page.keyboard.press("Enter")


class Mouse:
    """Clicks only, as on a machine where scripts do not run."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, role: Role, name: str) -> None:
        """Click and wait for the next page."""
        with self.page.expect_navigation():
            named(self.page, role, name).click()

    def write(self, name: str, text: str) -> None:
        """Fill the field."""
        self.page.get_by_label(name, exact=True).fill(text)

    def choose(self, role: Role, name: str) -> None:
        """Click the answer."""
        named(self.page, role, name).check()

    def unfold(self, name: str) -> None:
        """Click the summary."""
        self.page.locator("summary").filter(has_text=name).click()
