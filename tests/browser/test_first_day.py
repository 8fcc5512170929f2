"""A first day: a resident received, mandated, accompanied; the mandate verified, stopped; the journal audited, then spoilt.

By keyboard alone, and again without JavaScript.
"""

from __future__ import annotations

import re
import sqlite3

import pytest
from playwright.sync_api import Browser, Page, expect

from tests.browser import journey
from tests.browser.demo_site import Account, DemoSite
from tests.browser.hands import Hands, Keyboard, Mouse
from tests.browser.journey import Newcomer, title

pytestmark = pytest.mark.browser
BY_KEYBOARD = Newcomer("Ouessant-Quéméner", "Lénaïg Marie")
BY_CLICKING = Newcomer("d’Arbaumont", "Édouard")
VALID, STOPPED = "Ce mandat est valable", "Ce mandat est arrêté"


def day_of_the_helper(
    hands: Hands, other_tab: Hands, public: Page, site: DemoSite, who: str, newcomer: Newcomer
) -> str:
    """The whole day at the counter; return the verification code of its mandate."""
    account, base_url = site.accounts[who], site.base_url
    journey.sign_in(hands, base_url, account)
    title(hands.page, f"Bonjour {who}")
    journey.receive(hands, newcomer)
    journey.draft(hands)
    code = journey.sign(hands, account)
    mandate = hands.page.url
    journey.walk(hands, newcomer, base_url)
    journey.verify(public, base_url, code, VALID, newcomer)
    hands.page.goto(mandate)
    hands.press("button", journey.FOLLOW)
    journey.to_mandate_step(hands, newcomer)
    journey.revoke(other_tab, mandate)
    journey.refused(hands)
    journey.verify(public, base_url, code, STOPPED, newcomer)
    return code


def audit(hands: Hands, site: DemoSite, account: Account, newcomer: Newcomer) -> None:
    """Read the day in the journal, under pseudonyms, and verify it."""
    page = hands.page
    journey.sign_in(hands, site.base_url, account)
    title(page, "Journal")
    read, source = "", ""
    for _ in range(4):
        read, source = read + page.locator("main").inner_text(), source + page.content()
        older = page.get_by_role("link", name="Entrées plus anciennes")
        if not older.count():
            break
        page.goto(site.base_url + str(older.get_attribute("href")))
    for sentence in (
        r"Mandat activé, 2 démarches, 31 jours, sur papier",
        r"Fiche de U-[2-9A-Z]{4} créée",
        r"Étape bloquée : « Remplir le formulaire »",
        r"Acte sensible confirmé : « .+ » \(Changer l’adresse de ma carte grise\)",
        r"Mandat arrêté : à la demande de la personne",
        r"Accès refusé : mandat arrêté",
        r"Identité confirmée par un nouveau code",
        r"Code de mandat vérifié : mandat en cours",
    ):
        assert re.search(sentence, read.replace("\u00a0", " ")), sentence
    people = [person.name for person in site.accounts.values() if person is not account]
    for name in [*people, newcomer.birth_name, newcomer.short_name, "Belkacem", "Aubert", "Kouadio", "Pereira"]:
        assert name not in source, name
    page.goto(f"{site.base_url}/journal")
    hands.press("button", "Vérifier maintenant")
    title(page, "Le journal est intact")


def change_one_byte(site: DemoSite) -> int:
    """Turn one digit of the time of one entry into another, in the file; return the entry's number."""
    with sqlite3.connect(site.database) as connection:
        query = "SELECT seq, ts FROM journal_record WHERE type = 'mandate_activated' ORDER BY seq DESC LIMIT 1"
        seq, at = connection.execute(query).fetchone()
        digit = at[18]
        spoilt = at[:18] + str((int(digit) + 1) % 10) + at[19:]
        connection.execute("UPDATE journal_record SET ts = ? WHERE seq = ?", (spoilt, seq))
    connection.close()
    return int(seq)


def test_by_keyboard_alone_from_sign_in_to_a_spoilt_journal(browser: Browser, own_site: DemoSite) -> None:
    at_counter, in_public, of_auditor = (browser.new_context(locale="fr-FR") for _ in range(3))
    hands, other_tab = Keyboard(at_counter.new_page()), Keyboard(at_counter.new_page())
    day_of_the_helper(hands, other_tab, in_public.new_page(), own_site, "Nadia", BY_KEYBOARD)
    audit(Keyboard(of_auditor.new_page()), own_site, own_site.accounts["Paul"], BY_KEYBOARD)
    for context in (at_counter, in_public, of_auditor):
        context.close()

    intact = own_site.wheel.run("journal", "verify")
    assert intact.returncode == 0, intact.stdout + intact.stderr
    assert "Journal intact" in intact.stdout

    own_site.stop()
    number = change_one_byte(own_site)
    spoilt = own_site.wheel.run("journal", "verify")
    assert spoilt.returncode == 1, spoilt.stdout + spoilt.stderr
    assert re.search(rf"\b{number}\b", spoilt.stdout), spoilt.stdout
    assert "Traceback" not in spoilt.stderr


def test_without_javascript_by_clicking(browser: Browser, site: DemoSite) -> None:
    context, in_public = (browser.new_context(locale="fr-FR", java_script_enabled=False) for _ in range(2))
    hands, other_tab = Mouse(context.new_page()), Mouse(context.new_page())
    code = day_of_the_helper(hands, other_tab, in_public.new_page(), site, "Tom", BY_CLICKING)
    hands.page.goto(f"{site.base_url}/mon-journal")
    expect(hands.page.locator("main")).to_contain_text("Mandat arrêté")
    assert code.replace("-", "") not in hands.page.content()
    hands.unfold("Tom Lacaze")
    hands.press("button", "Se déconnecter")
    hands.page.goto(f"{site.base_url}/aujourdhui")
    title(hands.page, "Se connecter")
    context.close()
    in_public.close()
