"""The acts of a first day, done with whatever hands: each function is one sitting at the screen, and checks what it shows."""

from __future__ import annotations

import re
from dataclasses import dataclass

from playwright.sync_api import Page, expect

from tests.browser.demo_site import Account
from tests.browser.hands import Hands

FOLLOW = "Suivre le guide (Carte grise : changer l’adresse)"
GUIDE = "Changer l’adresse de ma carte grise"


@dataclass(frozen=True)
class Newcomer:
    """The resident of the journey, invented."""

    birth_name: str
    given_names: str

    @property
    def short_name(self) -> str:
        """As screens show it."""
        return f"{self.given_names.split()[0]} {self.birth_name}"


def title(page: Page, text: str) -> None:
    """Check the one h1 of the page."""
    expect(page.locator("h1")).to_have_text(text)


def error(page: Page, text: str) -> None:
    """Check that the summary of errors says this, in a page whose title says so too."""
    expect(page.get_by_role("alert")).to_contain_text(text)
    expect(page).to_have_title(re.compile("^Erreur"))


def sign_in(hands: Hands, base_url: str, account: Account) -> None:
    """Sign in with the password, then the code."""
    hands.page.goto(f"{base_url}/")
    hands.press("link", "Se connecter à l’espace aidant")
    hands.write("Adresse e-mail", account.email)
    hands.write("Mot de passe", account.password)
    hands.press("button", "Continuer")
    title(hands.page, "Tapez votre code")
    hands.write("Code à six chiffres", account.code())
    hands.press("button", "Se connecter")


def receive(hands: Hands, newcomer: Newcomer) -> None:
    """Search somebody, who is not known yet, then create their card."""
    hands.press("link", "Accueillir une personne")
    hands.write("Nom, date de naissance ou téléphone", newcomer.birth_name)
    hands.press("button", "Chercher")
    expect(hands.page.get_by_role("heading", name="Aucune personne trouvée")).to_be_visible()
    hands.press("link", "Créer sa fiche")
    hands.press("button", "Enregistrer")
    expect(hands.page.get_by_role("alert")).to_contain_text("2 choses à corriger")
    hands.write("Nom de naissance", newcomer.birth_name)
    hands.write("Prénoms", newcomer.given_names)
    hands.write("Jour", "4")
    hands.write("Mois", "3")
    hands.write("Année", "1951")
    hands.choose("radio", "Carte d’identité")
    hands.press("button", "Enregistrer")
    title(hands.page, newcomer.short_name)
    expect(hands.page.locator("dl.facts").first).to_contain_text("4 mars 1951")


def draft(hands: Hands) -> None:
    """Answer the questions of a mandate, one a page, and ask for the consent."""
    page = hands.page
    hands.press("button", "Préparer un mandat")
    hands.press("button", "Continuer")
    error(page, "Choisissez au moins une démarche.")
    hands.write("Dites-le avec les mots de la personne", "carte grisse")
    hands.press("button", "Chercher")
    hands.choose("checkbox", "Carte grise : changer l’adresse")
    hands.press("button", "Continuer")
    title(page, "Autre chose aujourd’hui ?")
    hands.choose("checkbox", "CAF : changer l’adresse")
    hands.press("button", "Continuer")
    hands.choose("radio", "Un mois")
    hands.press("button", "Continuer")
    hands.choose("radio", "Non")
    hands.press("button", "Continuer")
    hands.choose("radio", "Elle signe sur papier")
    hands.press("button", "Continuer")
    hands.choose("checkbox", "Je les ai dites. La personne a compris et peut les redire avec ses mots.")
    hands.press("button", "Continuer")
    expect(page.locator("h1")).to_contain_text("Relisez avec")
    answers = page.locator("dl").first
    for words in ("Carte grise : changer l’adresse", "CAF : changer l’adresse", "Un mois"):
        expect(answers).to_contain_text(words)
    hands.press("button", "Demander son accord")
    title(page, "Imprimez, puis faites signer")


def sign(hands: Hands, account: Account) -> str:
    """Open the PDF, be refused with a wrong code, activate with a fresh one; return the verification code."""
    page = hands.page
    address = page.get_by_role("link", name="Ouvrir le mandat à imprimer").get_attribute("href")
    printed = page.context.request.get(page.url.partition("/mandats")[0] + str(address))
    assert printed.headers["content-type"] == "application/pdf"
    assert printed.body().startswith(b"%PDF")
    hands.choose("checkbox", "La personne et moi avons signé les deux exemplaires. Elle garde le sien.")
    hands.write("Votre code à six chiffres", account.wrong_code())
    hands.press("button", "Confirmer le mandat")
    error(page, "Ce code ne va pas.")
    hands.write("Votre code à six chiffres", account.code())
    hands.press("button", "Confirmer le mandat")
    expect(page.get_by_text("Ce mandat est en cours")).to_be_visible()
    return page.get_by_text(re.compile(r"^[2-9A-Z]{4}-[2-9A-Z]{4}$")).inner_text()


def to_mandate_step(hands: Hands, newcomer: Newcomer) -> None:
    """Walk from the guide's first step to the first one that needs the mandate."""
    page = hands.page
    title(page, "Ce que nous allons faire")
    hands.press("button", "Continuer")
    hands.press("button", "Il est à moi. La plaque ressemble à AB-123-CD.")
    title(page, "Les papiers à préparer")
    hands.press("button", "C’est fait")
    hands.press("button", "Continuer")
    hands.press("button", "C’est fait")
    title(page, "Entrer dans votre compte")
    expect(page.get_by_text(f"C’est à {newcomer.short_name} de le faire. Regardez ailleurs.")).to_be_visible()
    hands.press("button", "C’est fait")
    title(page, "Trouver la bonne demande")
    expect(page.get_by_text("Le mandat couvre cette étape")).to_be_visible()


def walk(hands: Hands, newcomer: Newcomer, base_url: str) -> None:
    """Follow the guide to its end, with a difficulty, a departure and a return, and take the sheet away."""
    page = hands.page
    hands.press("button", FOLLOW)
    to_mandate_step(hands, newcomer)
    hands.press("button", "C’est fait")
    title(page, "Remplir le formulaire")
    hands.press("link", "Ça bloque")
    hands.press("button", "Noter que ça bloque")
    error(page, "Dites ce qui bloque.")
    hands.choose("radio", "Il manque un document")
    hands.press("button", "Noter que ça bloque")
    expect(page.get_by_text("Étape bloquée")).to_be_visible()
    hands.press("link", "Finir plus tard")
    page.goto(f"{base_url}/aujourdhui")
    expect(page.get_by_text(f"Un parcours est resté ouvert : {newcomer.short_name}")).to_be_visible()
    hands.press("link", "Reprendre")
    for name in (
        "Remplir le formulaire",
        "Ajouter votre justificatif de domicile",
        "Relire ensemble avant de continuer",
    ):
        title(page, name)
        hands.press("button", "C’est fait")
    title(page, "Envoyer la demande")
    hands.press("button", "C’est fait")
    title(page, "Garder une trace")
    hands.press("button", "Passer")
    title(page, "C’est fait")
    hands.press("link", "Imprimer la fiche")
    title(page, GUIDE)
    sheet = page.locator("article")
    expect(sheet).to_contain_text("Ajouter votre justificatif de domicile")
    expect(sheet.locator(".boxes").first).to_contain_text("Garder une trace")
    hands.press("link", "Retour")
    hands.press("button", "Terminer")
    title(page, newcomer.short_name)


def verify(page: Page, base_url: str, code: str, verdict: str, newcomer: Newcomer) -> None:
    """Verify a code as the public does: the verdict, and nobody's name."""
    page.goto(f"{base_url}/verifier")
    page.get_by_label("Code du mandat").fill(code.lower())
    with page.expect_navigation():
        page.get_by_role("button", name="Vérifier").click()
    title(page, verdict)
    source = page.content()
    for name in (newcomer.birth_name, newcomer.given_names.split()[0], "Nadia", "Ferrand", "Tom", "Lacaze"):
        assert not re.search(rf"\b{name}\b", source), name


def revoke(hands: Hands, address: str) -> None:
    """Stop a mandate at the resident's request, from its own page."""
    hands.page.goto(address)
    hands.press("link", "Arrêter ce mandat")
    title(hands.page, "Arrêter ce mandat")
    hands.choose("radio", "La personne")
    hands.press("button", "Arrêter maintenant")
    expect(hands.page.get_by_text("Ce mandat est arrêté")).to_be_visible()


def refused(hands: Hands) -> None:
    """Try the next act of a page opened before: it is refused, and the page says why in French."""
    hands.press("button", "C’est fait")
    page = hands.page
    title(page, "Cet acte est refusé")
    expect(page.locator("html")).to_have_attribute("lang", "fr")
    expect(page.locator("main")).to_contain_text("Le mandat a été arrêté. Rien ne peut plus être fait en son nom.")
