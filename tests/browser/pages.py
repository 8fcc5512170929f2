"""Every page in every role and state, one after the other: each step of a tour yields the name of what is now on screen."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from playwright.sync_api import Browser, Page

from tests.browser.visit import Visit

Tour = Iterator[str]
LONG_NAME = "Wolfeschlegelsteinhausenbergerdorff-Vandenbroeckenhoven-Ó’Súilleabháin"
LONG_GIVEN = "Marie-Emmanuelle-Apollonie Charlotte-Élisabeth Anne-Sophie-Guillemette"
HELP = (
    *("connexion", "aujourdhui", "personnes", "fiche-personne", "mandat", "mandat-signature", "mandat-accord"),
    *("mandat-arreter", "guide-parcours", "guides-seul", "verifier", "journal-aidant", "journal-structure"),
    *("journal-auditeur", "demandes", "ma-page", "messages"),
)


def browser_of(page: Page) -> Browser:
    """Return the browser of a page."""
    browser = page.context.browser
    assert browser is not None
    return browser


def public(visit: Visit) -> Tour:
    """Whoever has no account."""
    visit.open("/")
    yield "home"
    visit.open("/connexion")
    yield "sign-in"
    visit.hands.write("Adresse e-mail", "nadia.ferrand.brivette.example")
    visit.press("Continuer")
    yield "sign-in, two errors"
    somebody = visit.site.accounts["Sofia"]
    visit.hands.write("Adresse e-mail", somebody.email)
    visit.hands.write("Mot de passe", somebody.password)
    visit.press("Continuer")
    yield "code"
    visit.hands.write("Code à six chiffres", somebody.wrong_code())
    visit.press("Se connecter")
    yield "code, wrong"
    visit.open("/verifier")
    yield "verify"
    visit.hands.write("Code du mandat", "0000")
    visit.press("Vérifier")
    yield "verify, no code"
    for state in ("active", "awaiting_consent", "revoked"):
        visit.open(f"/v/{visit.site.code_of(state)}")
        yield f"verdict, {state}"
    visit.open("/v/ABCDEFGH")
    yield "verdict, unknown"
    visit.open(f"/v/{visit.site.code_of('active')}/personne")
    yield "does it concern"
    visit.press("Demander")
    yield "does it concern, errors"
    visit.hands.write("Prénom et nom", "Jeanne Personne")
    visit.hands.write("Année", "1950")
    visit.press("Demander")
    yield "does it concern, no"
    for path in ("/accessibilite", "/vos-donnees", "/mentions-legales", "/demo", "/nulle-part", "/aide"):
        visit.open(path)
        yield path
    for name in HELP:
        visit.open(f"/aide/{name}")
        yield f"help, {name}"


def reader(visit: Visit) -> Tour:
    """Somebody who reads a guide alone, then in English."""
    for query in ("", "?q=deménagement", "?q=zzyzx", "?theme=loisirs", f"?q={'x' * 101}"):
        visit.open(f"/guides{query}")
        yield f"guides {query[:20]}"
    for guide in ("carte-grise-adresse", "acte-naissance", "demander-apl"):
        visit.open(f"/guides/{guide}")
        yield f"guide, {guide}"
    for step in ("bienvenue", "vehicule", "documents", "ouvrir", "aide-site", "se-connecter", "relire", "fin"):
        visit.open(f"/guides/carte-grise-adresse/{step}")
        yield f"step, {step}"
    visit.open("/")
    with visit.page.expect_navigation():
        visit.page.get_by_role("button", name="English").click()
    yield "home, in English"
    visit.open("/guides")
    yield "guides, in English"


def people(visit: Visit) -> Tour:
    """A helper: today, searching, creating, correcting; an everlasting name."""
    visit.open("/aujourdhui")
    yield "today"
    for waiting in ("accords", "brouillons", "fins"):
        visit.open(f"/mandats?liste={waiting}")
        yield f"mandates that wait, {waiting}"
    visit.open("/personnes")
    yield "people"
    visit.search("xy")
    yield "people, error"
    visit.search("belkacem")
    yield "people, found"
    visit.search("zzyzx")
    yield "people, none"
    visit.open("/personnes/nouvelle")
    yield "new person"
    visit.hands.write("Année", "3026")
    visit.hands.write("Téléphone", "2 94 03 75 120 005 22")
    visit.press("Enregistrer")
    yield "new person, errors"
    visit.hands.write("Nom de naissance", LONG_NAME)
    visit.hands.write("Prénoms", LONG_GIVEN)
    visit.hands.write("Année", "1931")
    visit.hands.write("Téléphone", "")
    visit.press("Enregistrer")
    yield "person, long name, nothing yet"
    visit.press("Modifier")
    yield "correct a person"
    person = visit.page.url.removeprefix(visit.site.base_url)
    other = visit.page.context.new_page()
    other.goto(visit.page.url)
    other.get_by_label("Lieu de naissance").fill("Braga")
    with other.expect_navigation():
        other.get_by_role("button", name="Enregistrer").click()
    other.close()
    visit.hands.write("Lieu de naissance", "Porto")
    visit.press("Enregistrer")
    yield "correct a person, two versions"
    visit.open(person.removesuffix("/modifier"))
    yield "person, corrected elsewhere"


def deciding(visit: Visit) -> Tour:
    """A helper: look-alikes, two records of one person, suspending and erasing, everything held."""
    visit.open("/personnes/nouvelle")
    visit.hands.write("Nom de naissance", "Belkacem")
    visit.hands.write("Prénoms", "Ahmed")
    visit.press("Enregistrer")
    yield "look-alikes"
    visit.press("C’est une autre personne")
    card = visit.page.url.removeprefix(visit.site.base_url)
    visit.press("Elle a une autre fiche")
    yield "another record"
    visit.press("Proposer de réunir")
    yield "another record, errors"
    visit.page.get_by_role("radio").first.check()
    visit.page.get_by_role("radio").last.check()
    visit.press("Proposer de réunir")
    yield "two records, proposed"
    visit.open(card)
    yield "person, a merge proposed"
    visit.press("Suspendre l’effacement")
    yield "hold"
    visit.press("Suspendre")
    yield "hold, error"
    visit.hands.choose("radio", "Une réclamation ou une plainte est en cours")
    visit.press("Suspendre")
    visit.press("Effacement suspendu : voir ou lever")
    yield "hold, set"
    visit.open(f"{card}/effacer")
    yield "erase, suspended"
    visit.open("/personnes")
    visit.person("peyrat")
    visit.press("Signaler un décès")
    yield "death"
    visit.press("Signaler le décès")
    yield "death, error"
    visit.open("/personnes")
    visit.person("peyrat")
    visit.press("Reprendre un mandat d’une autre structure")
    yield "take over"
    visit.press("Préparer le nouveau mandat")
    yield "take over, error"
    visit.open("/personnes")
    visit.person("peyrat")
    visit.press("Effacer cette personne")
    yield "erase"
    visit.press("Effacer pour toujours")
    yield "erase, errors"
    visit.press("Annuler")
    visit.press("Lui remettre tout ce qui est gardé")
    yield "access"
    code = visit.page.get_by_label("Votre code à six chiffres")
    if code.count():
        code.fill(visit.site.accounts["Nadia"].code())
    visit.press("Préparer le dossier")
    yield "everything held"


def owning(visit: Visit) -> Tour:
    """A resident on their own pages; then a helper who answers."""
    visit.open("/ma-page")
    yield "own door"
    visit.press("Ouvrir")
    yield "own door, errors"
    visit.hands.write("Le code de votre feuille", visit.site.print_sheet(browser_of(visit.page), "pereira"))
    visit.press("Ouvrir")
    yield "own door, wrong date"
    visit.hands.write("Jour", "30")
    visit.hands.write("Mois", "1")
    visit.hands.write("Année", "1983")
    visit.press("Ouvrir")
    yield "my page"
    for path in ("actes", "mandats", "questions", "donnees"):
        visit.open(f"/ma-page/{path}")
        yield f"my page, {path}"
    visit.press("Envoyer la demande")
    yield "my data, error"
    visit.open("/ma-page/questions")
    visit.press("Envoyer")
    yield "my questions, error"
    visit.hands.write("Votre question", f"Qui a regardé ma fiche mardi ? {'a' * 120}")
    visit.press("Envoyer")
    yield "my questions, sent"
    visit.open("/ma-page/mandats")
    with visit.page.expect_navigation():
        visit.page.locator("main .rows a").first.click()
    yield "my mandate"
    visit.press("Arrêter ce mandat")
    yield "my mandate, stop"
    visit.press("Oui, arrêter maintenant")
    yield "my mandate, certificate"
    visit.press("Ma page")
    yield "my page, nothing in force"
    visit.open("/ma-page/mandats")
    visit.press("J’ai fini")
    yield "own door, left"
    visit.site.enter(visit.page, "Nadia")
    yield "today, a request waits"
    visit.press("Lire et répondre")
    yield "requests"
    with visit.page.expect_navigation():
        visit.page.locator("main .rows a").first.click()
    yield "request"
    visit.press("Répondre")
    yield "request, error"
    visit.hands.write("Votre réponse", "C’était Tom, avec vous.")
    visit.press("Répondre")
    yield "requests, none"


def drafting(visit: Visit) -> Tour:
    """A helper: the questions of a mandate with a long name, their errors, check, signature, refusals."""
    visit.person(LONG_NAME[:20])
    visit.press("Préparer un mandat")
    yield "question 1"
    visit.press("Continuer")
    yield "question 1, error"
    visit.hands.write("Dites-le avec les mots de la personne", "carte bancaire volée")
    visit.press("Chercher")
    yield "question 1, found"
    visit.hands.write("Dites-le avec les mots de la personne", "zzyzx")
    visit.press("Chercher")
    yield "question 1, nothing found"
    visit.page.goto(visit.page.url)
    for name in ("Carte grise : changer l’adresse", "Demander l’APL", "Compte ameli"):
        visit.hands.choose("checkbox", name)
    visit.press("Continuer")
    yield "question 2"
    visit.press("Continuer")
    yield "question 3"
    visit.press("Continuer")
    yield "question 3, error"
    visit.hands.choose("radio", "Un mois")
    visit.press("Continuer")
    yield "question 4"
    visit.hands.choose("radio", "Je ne sais pas")
    visit.press("Continuer")
    yield "question 4, doubt"
    visit.hands.choose("radio", "Oui")
    visit.press("Continuer")
    yield "protected: how"
    visit.press("Continuer")
    yield "protected: how, error"
    visit.hands.choose("radio", "Curatelle")
    visit.press("Continuer")
    yield "protected: who signs"
    visit.press("Continuer")
    yield "protected: who signs, errors"
    visit.press("Retour")
    visit.hands.choose("radio", "Non")
    visit.press("Continuer")
    yield "question 5"
    visit.press("Continuer")
    yield "question 5, error"
    visit.hands.choose("radio", "Elle ne peut pas signer")
    visit.press("Continuer")
    yield "witnesses"
    visit.press("Continuer")
    yield "witnesses, errors"
    visit.press("Retour")
    visit.hands.choose("radio", "Elle signe sur papier")
    visit.press("Continuer")
    yield "question 6"
    visit.press("Continuer")
    yield "question 6, error"
    visit.page.get_by_role("checkbox").check()
    visit.press("Continuer")
    yield "check"
    visit.press("Demander son accord")
    yield "signature"
    visit.press("Confirmer le mandat")
    yield "signature, errors"
    visit.press("Elle refuse")
    yield "refused"
    visit.open("/aujourdhui")
    yield "today, long name"


def agreeing(visit: Visit) -> Tour:
    """A helper lends their screen, the resident reads in Arabic, then in French, and answers; the screen is taken back."""
    visit.person(LONG_NAME[:20])
    visit.press("Préparer un mandat")
    visit.page.goto(visit.page.url)
    visit.hands.choose("checkbox", "Demander l’APL")
    for radio in (None, "", "Un mois", "Non", "Elle répond sur un écran, ici"):
        if radio:
            visit.hands.choose("radio", radio)
        visit.press("Continuer")
    visit.page.get_by_role("checkbox").check()
    visit.press("Continuer")
    visit.press("Demander son accord")
    yield "offer, on a screen"
    visit.press("Donner l’écran")
    yield "agree"
    visit.press("Oui")
    yield "agree, no name"
    visit.open("/votre-accord")
    visit.page.get_by_text("Français", exact=True).click()
    visit.press("العربية")
    yield "agree, in Arabic"
    visit.page.get_by_text("العربية", exact=True).click()
    visit.press("Français")
    visit.press("Je ne sais pas")
    yield "agree, unsure"
    visit.press("Rendre l’écran")
    yield "take back"
    visit.press("Reprendre la main")
    yield "take back, error"
    visit.hands.write("Code à six chiffres", visit.site.accounts["Nadia"].code())
    visit.press("Reprendre la main")
    yield "offer, unsure"
    visit.open(f"{visit.page.url.removeprefix(visit.site.base_url)}/preuve")
    yield "proof, nothing yet"
    visit.press("Joindre")
    yield "proof, no file"
    visit.open("/accord/" + "b" * 26)
    yield "agree, no such link"


def mandates(visit: Visit) -> Tour:
    """A helper: mandates in force and stopped, stopping one, the protected person, a fresh code."""
    visit.person("peyrat")
    yield "person, stopped mandate"
    with visit.page.expect_navigation():
        visit.page.locator("main .rows a").first.click()
    yield "mandate, stopped"
    visit.press("Attestation d’arrêt")
    yield "certificate"
    visit.mandate_of("aubert")
    yield "mandate, in force"
    visit.press("Reçu de l’enregistrement")
    yield "mandate, receipt"
    visit.press("Le mandat")
    visit.press("Un organisme a refusé ce mandat")
    yield "operator refuses"
    visit.press("Noter ce refus")
    yield "operator refuses, errors"
    visit.page.get_by_role("radio").first.check()
    visit.hands.choose("radio", "Il doute du papier")
    visit.press("Noter ce refus")
    yield "operator refused before"
    visit.press("Le mandat")
    visit.press("Arrêter ce mandat")
    yield "stop"
    visit.press("Arrêter maintenant")
    yield "stop, error"
    visit.mandate_of("kouadio")
    for answer in ("", "Aujourd’hui seulement", "Oui", "Elle ne comprend pas ce qu’elle signerait"):
        if answer:
            visit.hands.choose("radio", answer)
        visit.press("Continuer")
        if not answer:
            visit.press("Continuer")
    yield "no mandate possible"
    visit.open("/confirmer")
    yield "fresh code"
    visit.hands.write("Code à six chiffres", "12")
    with visit.page.expect_navigation():
        visit.page.locator("main form button[type=submit]").first.click()
    yield "fresh code, wrong"
    visit.open("/journal")
    yield "forbidden"


def walking(visit: Visit) -> Tour:
    """A helper: a guide with a resident, from its first step to the sheet."""
    visit.mandate_of("aubert")
    visit.press("Suivre le guide (Carte grise : changer l’adresse)")
    yield "walk, information"
    visit.press("Continuer")
    yield "walk, question"
    visit.press("Il est à moi. La plaque ressemble à AB-123-CD.")
    yield "walk, papers"
    visit.press("C’est fait")
    visit.press("Continuer")
    yield "walk, open the site"
    visit.press("Je vois autre chose")
    yield "walk, help"
    visit.press("Revenir à l’étape")
    visit.press("C’est fait")
    yield "walk, the resident alone"
    visit.press("C’est fait")
    yield "walk, under the mandate"
    visit.press("Ça bloque")
    yield "walk, what blocks"
    visit.press("Noter que ça bloque")
    yield "walk, what blocks, error"
    visit.hands.choose("radio", "Il manque un document")
    visit.press("Noter que ça bloque")
    yield "walk, blocked"
    visit.open("/aujourdhui")
    yield "today, a walk open"
    visit.press("Reprendre")
    other = visit.page.context.new_page()
    other.goto(visit.page.url)
    with other.expect_navigation():
        other.get_by_role("button", name="Passer").click()
    other.close()
    visit.press("C’est fait")
    yield "walk, a page left behind"
    visit.press("Reprendre le parcours")
    while not visit.page.get_by_role("button", name="Terminer", exact=True).count():
        visit.press("Passer")
    yield "walk, end"
    visit.press("Imprimer la fiche")
    yield "sheet"
    run = visit.page.url.removesuffix("/fiche").removeprefix(visit.site.base_url)
    visit.press("Retour")
    visit.press("Terminer")
    yield "person, a walk done"
    visit.open(run)
    yield "walk, ended"


def after_a_death(visit: Visit) -> Tour:
    """A helper: everything stopped, an act that could not wait."""
    visit.mandate_of("aubert")
    visit.press("Arrêter ce mandat")
    visit.hands.choose("radio", "On nous signale son décès")
    visit.press("Arrêter maintenant")
    yield "mandate, stopped by a death"
    visit.person("aubert")
    yield "person, a death reported"
    visit.press("Décès signalé : voir ou corriger")
    yield "death, reported"
    visit.press("Noter un acte urgent")
    yield "urgent act"
    visit.press("Noter cet acte")
    yield "urgent act, errors"


def journal(path: str) -> Callable[[Visit], Tour]:
    """Return the tour of one of the three screens of the journal."""

    def tour(visit: Visit) -> Tour:
        visit.open(path)
        yield f"{path}"
        visit.open(f"{path}?acte=clock_anomaly")
        yield f"{path}, nothing found"
        visit.open(f"{path}?du=hier")
        yield f"{path}, error"
        visit.open(path)
        with visit.page.expect_navigation():
            visit.page.get_by_role("link", name="(preuve)").first.click()
        yield f"{path}, entry"
        if path == "/journal":
            visit.open(path)
            visit.press("Vérifier maintenant")
            yield "journal verified"

    return tour


def auditing(visit: Visit) -> Tour:
    """An auditor: asking to see a name, flags and their answers, draws, plots, exports; each with its errors."""
    visit.open("/journal?acte=resident_created")
    with visit.page.expect_navigation():
        visit.page.get_by_role("link", name="(preuve)").first.click()
    entry = visit.page.url.removeprefix(visit.site.base_url)
    visit.press("Voir un nom ou ce qui est scellé (avec un motif, noté au journal)")
    yield "see what is hidden"
    visit.press("Voir")
    yield "see what is hidden, errors"
    visit.page.get_by_role("radio").first.check()
    visit.hands.write("Pourquoi ?", "Réclamation reçue au guichet")
    visit.hands.write("Votre code à six chiffres", visit.site.accounts["Paul"].code())
    visit.press("Voir")
    yield "entry, a name shown"
    visit.open("/journal/signalements")
    yield "flags"
    visit.press("Examiner")
    yield "flag"
    visit.press("Enregistrer")
    yield "flag, errors"
    visit.hands.choose("radio", "Expliqué")
    visit.hands.write("Examiné, parce que…", "La personne a changé d’avis au guichet")
    visit.press("Enregistrer")
    yield "flags, one answered"
    visit.press("Revoir")
    yield "flag, answered before"
    for query in ("", "?combien=mille", "?du=2001-01-01&au=2001-01-31"):
        visit.open(f"/journal/tirage{query}")
        yield f"draw {query}"
    for query in ("", "?du=hier", "?du=2026-01-01&au=2026-06-30"):
        visit.open(f"/journal/actes{query}")
        yield f"activity {query}"
    visit.open("/journal/exporter?acte=mandate_activated")
    yield "export"
    visit.press("Exporter")
    yield "export, errors"
    visit.open(entry)
    yield "entry again"


def newcomer(visit: Visit) -> Tour:
    """Somebody for whom everything is empty, or closed."""
    for path in ("/aujourdhui", "/personnes", "/guides/carte-grise-adresse", "/mon-journal"):
        visit.open(path)
        yield path


def outbox(visit: Visit) -> Tour:
    """An administrator: messages, when nothing is set up, and again in trouble."""
    visit.open("/messages")
    yield "messages"
    visit.open("/messages?envoi=demande")
    yield "messages, sent again"


TOURS: tuple[tuple[str | None, Callable[[Visit], Tour]], ...] = (
    (None, public),
    (None, reader),
    ("Nadia", people),
    ("Nadia", deciding),
    (None, owning),
    ("Nadia", drafting),
    ("Nadia", agreeing),
    ("Nadia", mandates),
    ("Nadia", walking),
    ("Nadia", after_a_death),
    ("Nadia", journal("/mon-journal")),
    ("Youssef", newcomer),
    ("Inès", newcomer),
    ("Claire", journal("/journal-structure")),
    ("Paul", journal("/journal")),
    ("Paul", auditing),
    ("Sofia", newcomer),
    ("Sofia", outbox),
)
