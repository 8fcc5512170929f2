"""A resident alone, from the printed sheet to a stopped mandate: by keyboard, and without JavaScript at 320 pixels."""

from __future__ import annotations

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser.demo_site import DemoSite
from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.journey import error, title

pytestmark = pytest.mark.browser
PHONE = {"width": 320, "height": 640}


def come_in(hands: Hands, site: DemoSite, code: str) -> None:
    """Open the page from the home, a wrong date first."""
    hands.page.goto(f"{site.base_url}/")
    hands.press("link", "Ouvrir ma page")
    hands.write("Le code de votre feuille", code)
    hands.write("Année", "1931")
    hands.press("button", "Ouvrir")
    error(hands.page, "ne vont pas ensemble")
    hands.write("Jour", "4")
    hands.write("Mois", "3")
    hands.write("Année", "1948")
    hands.press("button", "Ouvrir")
    title(hands.page, "Monique Aubert, voici ce qui a été fait pour vous")


def the_whole_visit(hands: Hands, helper: Page, site: DemoSite) -> None:
    """Read, stop a mandate, ask; the helper sees both; leave."""
    page = hands.page
    expect(page.locator(".history")).to_contain_text("Nadia Ferrand")
    hands.press("link", "Poser une question, lire les réponses")
    hands.write("Votre question", "Qui a regardé ma fiche mardi ?")
    hands.press("button", "Envoyer")
    expect(page.get_by_role("status")).to_contain_text("C’est envoyé")
    hands.press("link", "Ma page")
    hands.press("link", "Arrêter ce mandat")
    title(page, "Arrêter ce mandat ?")
    hands.press("button", "Oui, arrêter maintenant")
    title(page, "C’est arrêté")
    helper.goto(f"{site.base_url}/demandes")
    helper.locator("main .rows a").first.click()
    helper.get_by_label("Votre réponse").fill("C’était moi, avec vous.")
    helper.get_by_role("button", name="Répondre").click()
    hands.press("link", "Ma page")
    hands.press("link", "Poser une question, lire les réponses")
    expect(page.locator("main")).to_contain_text("C’était moi, avec vous.")
    hands.press("button", "J’ai fini")
    title(page, "Ouvrir ma page")
    page.goto(f"{site.base_url}/ma-page/accueil")
    title(page, "Ouvrir ma page")


def test_by_keyboard_alone(browser: Browser, own_site: DemoSite) -> None:
    mine, theirs = (browser.new_context(locale="fr-FR") for _ in range(2))
    helper, code = theirs.new_page(), own_site.print_sheet(browser, "aubert")
    own_site.enter(helper, "Nadia")
    hands = Keyboard(mine.new_page())
    come_in(hands, own_site, code)
    the_whole_visit(hands, helper, own_site)
    mine.close()
    theirs.close()


def test_without_javascript_on_a_small_phone(browser: Browser, own_site: DemoSite) -> None:
    mine = browser.new_context(locale="fr-FR", java_script_enabled=False, viewport=PHONE)  # type: ignore[arg-type]
    theirs = browser.new_context(locale="fr-FR")
    helper, code = theirs.new_page(), own_site.print_sheet(browser, "aubert", "Tom")
    own_site.enter(helper, "Tom")
    hands = Mouse(mine.new_page())
    come_in(hands, own_site, code)
    the_whole_visit(hands, helper, own_site)
    mine.close()
    theirs.close()


def test_the_scanned_code_fills_its_box_and_leaves_the_address(browser: Browser, own_site: DemoSite) -> None:
    context = browser.new_context(locale="fr-FR")
    page, asked = context.new_page(), []
    page.on("request", lambda request: asked.append(request.url))
    code = own_site.print_sheet(browser, "aubert")
    page.goto(f"{own_site.base_url}/ma-page#{code.replace('-', '')}")
    expect(page.get_by_label("Le code de votre feuille")).to_have_value(re.compile("^" + code.replace("-", "")))
    assert page.url == f"{own_site.base_url}/ma-page"
    assert not [url for url in asked if code[:5] in url.partition("#")[0]]
    context.close()
