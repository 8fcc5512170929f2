"""Draw the pictures of the documentation from the demonstration: ``python -m scripts.pictures [folder for all of them]``.

The best few go to ``docs/pictures``. With a folder, every screen goes there too: at a desk and on phones, light, dark and in
forced colours, to be looked at by people.
"""

from __future__ import annotations

import io
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Literal, NamedTuple

import pypdfium2
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from tests.browser.demo_site import DemoSite
from tests.browser.pages import browser_of
from tests.browser.visit import Visit
from tests.support.services import chromium

BEST = Path(__file__).resolve().parent.parent / "docs" / "pictures"
HEAVIEST = 150_000
"""Bytes of a picture of the documentation."""
TALLEST = 1400
"""Pixels: a long list shows its beginning."""
PHONE_WIDTH = 390


class Look(NamedTuple):
    """One way to look at a page."""

    name: str
    width: int
    height: int
    scheme: Literal["light", "dark"] = "light"
    forced: bool = False


DESK = Look("desk", 1280, 860)
PHONE = Look("phone", PHONE_WIDTH, 844)
LOOKS = (
    DESK,
    PHONE,
    Look("narrow", 320, 640),
    Look("dark", 1280, 860, "dark"),
    Look("phone-dark", PHONE_WIDTH, 844, "dark"),
    Look("forced", 1280, 860, forced=True),
)
CHOSEN = {
    "home": DESK,
    "today": DESK,
    "question": DESK,
    "check": PHONE,
    "walk-mandate": DESK,
    "walk-alone": Look("dark", 1280, 860, "dark"),
    "journal": DESK,
    "person": DESK,
    "my-page": DESK,
    "agree": PHONE,
}
"""What the documentation shows, with the printed mandate."""


def shoot(page: Page, look: Look) -> Image.Image:
    """Return a page as one look shows it: the whole of it, or one window of it where answers stay in sight."""
    page.set_viewport_size(ViewportSize(width=look.width, height=look.height))
    page.emulate_media(color_scheme=look.scheme, forced_colors="active" if look.forced else "none")
    whole = not page.locator(".bar").count()  # answers that stay at the foot of the window would hide what is behind
    return Image.open(io.BytesIO(page.screenshot(full_page=whole))).convert("RGB")


def public(visit: Visit) -> Iterator[str]:
    """Screens without an account."""
    visit.open("/")
    yield "home"
    visit.open("/connexion")
    visit.hands.write("Adresse e-mail", "nadia.ferrand.brivette.example")
    visit.press("Continuer")
    yield "sign-in"
    visit.open(f"/v/{visit.site.code_of('active')}")
    yield "verification"
    visit.open(f"/v/{visit.site.code_of('revoked')}")
    yield "verification-stopped"
    for name, path in (("guides", "/guides"), ("guide", "/guides/carte-grise-adresse"), ("help", "/aide/mandat")):
        visit.open(path)
        yield name
    visit.open("/guides/carte-grise-adresse/ouvrir")
    yield "step"


def helper(visit: Visit) -> Iterator[str]:
    """Screens of a helper, from a morning's first page to the sheet that a resident takes home."""
    visit.mandate_of("aubert")
    yield "mandate"
    visit.press("Reçu de l’enregistrement")
    yield "receipt"
    visit.press("Le mandat")
    visit.press("Suivre le guide (Carte grise : changer l’adresse)")
    visit.press("Continuer")
    yield "walk-question"
    visit.press("Il est à moi. La plaque ressemble à AB-123-CD.")
    for name in ("C’est fait", "Continuer", "C’est fait"):
        visit.press(name)
    yield "walk-alone"
    visit.press("C’est fait")
    yield "walk-mandate"
    visit.press("Ça bloque")
    yield "walk-blocks"
    visit.open("/aujourdhui")
    yield "today"
    visit.open("/personnes")
    yield "people"
    visit.search("zzyzx")
    yield "people-none"
    visit.press("Créer sa fiche")
    yield "new-person"
    visit.person("kouadio")
    yield "person"
    visit.press("Préparer un mandat")
    visit.open(visit.page.url.removeprefix(visit.site.base_url).replace("/autres", "/demarches"))
    yield "question"
    for name in ("Continuer", "Continuer"):
        visit.press(name)
    yield "duration"
    visit.hands.choose("radio", "Un mois")
    visit.press("Continuer")
    yield "protection"
    visit.hands.choose("radio", "Non")
    visit.press("Continuer")
    yield "agreement"
    visit.hands.choose("radio", "Elle signe sur papier")
    visit.press("Continuer")
    yield "statements"
    visit.page.get_by_role("checkbox").check()
    visit.press("Continuer")
    yield "check"
    visit.press("Demander son accord")
    yield "signature"
    visit.mandate_of("peyrat")
    yield "mandate-stopped"
    visit.open("/mon-journal")
    yield "own-journal"


def sheet(visit: Visit) -> Iterator[str]:
    """The sheet at the end of a walk, and a page that refuses."""
    visit.open("/aujourdhui")
    visit.press("Reprendre")
    while not visit.page.get_by_role("button", name="Terminer", exact=True).count():
        visit.press("C’est fait")
    yield "walk-end"
    visit.press("Imprimer la fiche")
    yield "sheet"
    visit.open("/journal")
    yield "refused"


def own(visit: Visit) -> Iterator[str]:
    """Screens of a resident, without an account."""
    visit.open("/ma-page")
    yield "own-door"
    visit.hands.write("Le code de votre feuille", visit.site.print_sheet(browser_of(visit.page), "aubert"))
    for box, number in (("Jour", "4"), ("Mois", "3"), ("Année", "1948")):
        visit.hands.write(box, number)
    visit.press("Ouvrir")
    yield "my-page"
    for path in ("actes", "mandats", "questions", "donnees"):
        visit.open(f"/ma-page/{path}")
        yield f"my-page-{path}"
    visit.press("J’ai fini")


def lent(visit: Visit) -> Iterator[str]:
    """The helper's screen in the hands of a resident, and back."""
    visit.mandate_of("belkacem")
    visit.press("Changer quelque chose")
    visit.open(visit.page.url.removeprefix(visit.site.base_url).replace("/relire", "/accord"))
    visit.hands.choose("radio", "Elle répond sur un écran, ici")
    visit.press("Continuer")
    visit.page.get_by_role("checkbox").check()
    visit.press("Continuer")
    visit.press("Demander son accord")
    yield "offer"
    visit.press("Donner l’écran")
    yield "agree"
    visit.press("Je ne sais pas")
    yield "agree-unsure"


def empty(visit: Visit) -> Iterator[str]:
    """Lists of somebody who has just arrived."""
    visit.open("/aujourdhui")
    yield "today-empty"
    visit.open("/personnes")
    yield "people-empty"


def auditor(visit: Visit) -> Iterator[str]:
    """Screens of an auditor."""
    visit.open("/journal")
    visit.press("Vérifier maintenant")
    yield "journal-verified"
    visit.open("/journal")
    yield "journal"
    with visit.page.expect_navigation():
        visit.page.get_by_role("link", name="(preuve)").first.click()
    yield "entry"


def printed(context: BrowserContext, site: DemoSite, visit: Visit) -> Image.Image:
    """Return the first page of a mandate as it prints."""
    visit.mandate_of("aubert")
    address = visit.page.get_by_role("link", name="Imprimer de nouveau").get_attribute("href")
    answer = context.request.get(site.base_url + str(address))
    page = pypdfium2.PdfDocument(answer.body())[0]
    drawn: Image.Image = page.render(scale=1.4).to_pil()
    return drawn.convert("RGB")


def keep(image: Image.Image, name: str) -> None:
    """Write a picture of the documentation, with as many colours as its weight allows."""
    target = BEST / f"{name}.png"
    image = image.crop((0, 0, image.width, min(image.height, TALLEST)))
    for colours in (128, 64, 32):
        image.quantize(colours, dither=Image.Dither.NONE).save(target, optimize=True)
        if target.stat().st_size <= HEAVIEST:
            return
    raise RuntimeError(f"{name} weighs more than {HEAVIEST} bytes")


def draw(browser: Browser, site: DemoSite, everything: Path | None) -> None:
    """Go through the screens and write their pictures."""
    tours: tuple[tuple[str | None, Callable[[Visit], Iterator[str]]], ...] = (
        *((None, public), ("Nadia", helper), ("Nadia", sheet), (None, own), ("Nadia", lent)),
        *(("Youssef", empty), ("Paul", auditor)),
    )
    for who, tour in tours:
        context = browser.new_context(locale="fr-FR")
        visit = Visit(context.new_page(), site)
        if who is not None:
            site.enter(visit.page, who)
        for name in tour(visit):
            if name in CHOSEN:
                keep(shoot(visit.page, CHOSEN[name]), name)
            for look in LOOKS if everything else ():
                assert everything is not None
                shoot(visit.page, look).save(everything / f"{name}-{look.name}.png")
            shoot(visit.page, DESK)
        if tour is helper:
            keep(printed(context, site, visit), "mandate-printed")
        context.close()


def main() -> None:
    """Start the demonstration in a temporary folder, draw, stop."""
    everything = Path(sys.argv[1]) if len(sys.argv) > 1 else None
    for folder in filter(None, (BEST, everything)):
        folder.mkdir(parents=True, exist_ok=True)
    site = DemoSite()
    try:
        with chromium() as browser:
            draw(browser, site, everything)
    finally:
        site.stop()


if __name__ == "__main__":
    main()
