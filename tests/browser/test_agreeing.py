"""A resident agrees on the helper's screen: by keyboard with a typed name, with a drawing, without JavaScript."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import journey
from tests.browser.demo_site import DemoSite
from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.journey import Newcomer, title

pytestmark = pytest.mark.browser
STATEMENTS = "Je les ai dites. La personne a compris et peut les redire avec ses mots."


def lend(hands: Hands, site: DemoSite, who: str, newcomer: Newcomer) -> None:
    """Sign in, receive somebody, prepare a mandate and give the screen away."""
    site.enter(hands.page, who)
    hands.page.goto(f"{site.base_url}/aujourdhui")
    journey.receive(hands, newcomer)
    hands.press("button", "Préparer un mandat")
    hands.write("Dites-le avec les mots de la personne", "APL")
    hands.press("button", "Chercher")
    hands.choose("checkbox", "Demander l’APL")
    for radio in ("", "", "Un mois", "Non", "Elle répond sur un écran, ici"):
        if radio:
            hands.choose("radio", radio)
        hands.press("button", "Continuer")
    hands.choose("checkbox", STATEMENTS)
    hands.press("button", "Continuer")
    hands.press("button", "Demander son accord")
    hands.press("button", "Donner l’écran")
    title(hands.page, "Êtes-vous d’accord ?")


def say_yes(hands: Hands, newcomer: Newcomer) -> None:
    hands.write("Pour dire oui, tapez votre prénom et votre nom", newcomer.short_name)
    hands.press("button", "Oui")
    title(hands.page, "C’est noté : vous avez dit oui".replace(" :", "\u00a0:"))


def take_back_and_confirm(hands: Hands, site: DemoSite, who: str) -> None:
    hands.page.goto(f"{site.base_url}/aujourdhui")
    title(hands.page, "Reprendre la main")
    hands.write("Code à six chiffres", site.accounts[who].code())
    hands.press("button", "Reprendre la main")
    title(hands.page, "La personne a dit oui")


def confirm(page: Page, hands: Hands) -> None:
    hands.press("button", "Confirmer le mandat")
    expect(page.locator("main")).to_contain_text("Ce mandat est en cours")


def test_by_keyboard_with_the_typed_name_alone(browser: Browser, site: DemoSite) -> None:
    context = browser.new_context(locale="fr-FR")
    hands, newcomer = Keyboard(context.new_page()), Newcomer("Kerbrat", "Soizic")
    lend(hands, site, "Tom", newcomer)
    say_yes(hands, newcomer)
    take_back_and_confirm(hands, site, "Tom")
    confirm(hands.page, hands)
    context.close()


def test_drawing_with_the_mouse_on_a_narrow_screen(browser: Browser, site: DemoSite) -> None:
    context = browser.new_context(locale="fr-FR", viewport={"width": 320, "height": 640})
    hands, newcomer = Mouse(context.new_page()), Newcomer("Le Bihan", "Gwenn")
    lend(hands, site, "Tom", newcomer)
    page = hands.page
    canvas = page.locator("canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 20, box["y"] + 30)
    page.mouse.down()
    for step in range(1, 20):
        page.mouse.move(box["x"] + 20 + step * 8, box["y"] + 30 + (step % 5) * 6)
    page.mouse.up()
    drawn = page.input_value("#signature")
    hands.press("button", "Oui")
    assert page.input_value("#signature") == drawn
    assert page.input_value("#signature").startswith("M")  # kept when the name was forgotten
    say_yes(hands, newcomer)
    take_back_and_confirm(hands, site, "Tom")
    hands.press("link", "Voir ce qu’elle a répondu")
    assert "Q" in str(page.locator("svg.signature path").get_attribute("d"))
    context.close()


def test_without_javascript(browser: Browser, site: DemoSite) -> None:
    context = browser.new_context(locale="fr-FR", java_script_enabled=False)
    hands, newcomer = Mouse(context.new_page()), Newcomer("Morvan", "Perrine")
    lend(hands, site, "Tom", newcomer)
    expect(hands.page.locator("canvas")).to_be_hidden()
    say_yes(hands, newcomer)
    take_back_and_confirm(hands, site, "Tom")
    confirm(hands.page, hands)
    context.close()
