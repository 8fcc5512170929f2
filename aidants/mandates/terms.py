"""The fixed French words of a mandate, as data a jurist can read and correct without programming.

Rules: Code civil art. 1984 to 2010; CNIL kit for social workers, 01/2019 (precise procedures, password rule); RGPD
art. 13. Braces are filled by ``wording.build``. Any change of a word is a new ``wording.TEMPLATE_VERSION``: texts
already signed are stored whole and never rebuilt from here. The file is long because it is data.
"""

from __future__ import annotations

from dataclasses import dataclass

from aidants.i18n import R_

DURATIONS = {
    "SHORT": R_("24 heures"),
    "MONTH": R_("un mois (31 jours)"),
    "SEMESTER": R_("six mois (182 jours)"),
    "LONG": R_("un an (365 jours)"),
}
CONSENTS = {
    "paper": ("papier signé en deux exemplaires", "écrit signé de la main des deux parties (art. 1985)"),
    "on_screen": (
        "donné sur un écran du guichet, par le nom tapé et une signature dessinée si la personne l’a voulu",
        "simple, à compléter par un papier signé (art. 1366 et 1367)",
    ),
    "remote": (
        "donné à distance, sur une page ouverte par un lien et un code reçus par la personne, et par le nom tapé",
        "simple, à compléter par un papier signé à la prochaine visite (art. 1366 et 1367)",
    ),
    "witness": (
        "donné de vive voix devant deux témoins, la personne ne pouvant pas signer, en deux exemplaires",
        "témoignage écrit de deux adultes, à confirmer dès que possible",
    ),
}
PROTECTIONS = {
    "aucune": R_("Je déclare n’être sous aucune mesure de protection juridique."),
    "sauvegarde": R_("Je suis sous sauvegarde de justice. La décision a été vue."),
    "curatelle": R_("Je suis sous curatelle. La personne qui m’assiste signe avec moi."),
    "curatelle_renforcee": R_("Je suis sous curatelle renforcée. La personne qui m’assiste signe avec moi."),
    "tutelle": R_("La personne est sous tutelle. Je la représente."),
    "habilitation_representation": R_("Une habilitation familiale me charge de représenter la personne."),
    "habilitation_assistance": R_("Je suis sous habilitation familiale. La personne qui m’assiste signe avec moi."),
    "protection_future": R_("Mon mandat de protection future a commencé. La personne qu’il désigne signe avec moi."),
    "mineur": R_("La personne a moins de 18 ans. J’exerce l’autorité parentale."),
    "emancipe": R_("J’ai moins de 18 ans et je suis émancipé ou émancipée."),
}
"""What is declared above the signature, by regime of protection."""
QUALITIES = {
    "curatelle": "curateur ou curatrice",
    "curatelle_renforcee": "curateur ou curatrice",
    "tutelle": "tuteur ou tutrice",
    "habilitation_representation": "personne habilitée à représenter",
    "habilitation_assistance": "personne habilitée à assister",
    "protection_future": "mandataire de protection future",
    "mineur": "titulaire de l’autorité parentale",
}
SEEN = {
    "judgment": "jugement vu",
    "order": "décision vue",
    "stamped_mandate": "mandat visé par le greffe vu",
    "family_book": "livret de famille vu",
    "emancipation": "décision d’émancipation vue",
}
SIGNATURES = {
    "resident": R_("J’ai lu ce mandat, ou on me l’a lu. J’en garde un exemplaire."),
    "assisting": R_("J’assiste la personne et j’approuve ce mandat."),
    "unable": R_("La personne ne peut pas signer. Elle a donné son accord de vive voix."),
    "witness": R_("J’ai plus de 18 ans. On lui a lu ce mandat devant moi, et elle a dit oui."),
    "organisation": R_("La structure accepte ce mandat."),
}
SCOPE_NOTES = {"argent": R_("Surendettement : la personne signe elle-même son dossier, jamais un aidant.")}


@dataclass(frozen=True, slots=True)
class Section:
    """One titled part of the text: ``lead`` stands out, then paragraphs, then listed items."""

    id: str
    heading: str
    lead: str = ""
    paragraphs: tuple[str, ...] = ()
    items: tuple[str, ...] = ()

    def lines(self) -> list[str]:
        """Return the words in printed order."""
        return [self.heading, self.lead, *self.paragraphs, *(f"- {item}" for item in self.items)]


@dataclass(frozen=True, slots=True)
class Statement:
    """One sentence the helper says to the person's face before anything is signed."""

    id: str
    group: str
    text: str


PLAIN_WORDS = Section(
    "plain",
    R_("En mots simples"),
    paragraphs=(
        R_(
            "J’autorise les aidants de cette structure à faire pour moi les démarches écrites ici. Rien d’autre. "
            "C’est gratuit. Je garde mes mots de passe. J’arrête quand je veux, sans dire pourquoi."
        ),
    ),
)

# Page 1.
SECTIONS = (
    Section(
        "duration",
        "Durée : {duration}",
        lead="Jusqu’au {end}",
        paragraphs=(
            "Texte établi le {frozen}. Fin plus tôt si tout est fait, si j’arrête, ou si la structure renonce.",
        ),
    ),
    Section(
        "stop",
        "Arrêter ce mandat",
        paragraphs=("À tout moment, sans raison à donner : {contacts}. L’arrêt est immédiat.",),
    ),
    Section(
        "helper",
        R_("Ce que fait l’aidant"),
        items=(
            R_("Il agit avec moi. Il me demande avant toute autre chose."),
            R_("Il note chaque acte dans un journal et garde le secret."),
            R_("Il ne garde ni mot de passe, ni numéro de sécurité sociale, ni carte bancaire."),
        ),
    ),
    Section(
        "law",
        "Ce que dit la loi",
        paragraphs=(
            "Mandat au sens de l’article 1984 du code civil, accepté par la structure, gratuit. "
            "Accord : {consent}, un pour chacun. Les conditions de la page 2 en font partie. "
            "Le texte français seul a valeur légale.",
        ),
    ),
)

# Page 2. Section numbers are printed by position.
TERMS = (
    Section(
        "purpose",
        "Objet",
        paragraphs=(
            "La personne donne à la structure le pouvoir d’agir en son nom pour les démarches de la page 1 "
            "(code civil, art. 1984). La structure l’accepte. Le mandat est gratuit (art. 1986). Il vaut pour ces démarches "
            "et pour rien d’autre (art. 1987 à 1989) : ni vente, ni don, ni emprunt, ni abandon d’un droit. "
            "Créer une adresse électronique ou un compte n’est permis que si une ligne de la liste le dit.",
        ),
    ),
    Section(
        "channels",
        "Moyens utilisés",
        paragraphs=(
            "L’aidant agit sur les sites officiels des organismes cités. Pour ces mêmes démarches, il peut aussi téléphoner, "
            "écrire un courriel ou un courrier.",
        ),
    ),
    Section(
        "duties",
        "Devoirs de l’aidant",
        paragraphs=("L’aidant s’engage à :",),
        items=(
            "utiliser seulement les informations données par la personne et utiles à la démarche ;",
            "demander son accord avant toute autre chose ;",
            "garder secret ce qu’il apprend ;",
            "protéger ces informations, les mettre à jour, les effacer quand elles ne servent plus ;",
            "rendre compte à chaque rendez-vous et remettre ce qu’il reçoit (art. 1993).",
        ),
    ),
    Section(
        "resident",
        "Ce que la personne fait elle-même",
        paragraphs=(
            "Elle relit avant chaque envoi et répond de ce qu’elle déclare. Elle seule signe, déclare sur l’honneur, paie ou "
            "consent à un soin. Elle peut toujours faire ses démarches elle-même.",
        ),
    ),
    Section(
        "passwords",
        "Mots de passe",
        paragraphs=(
            "La personne tape elle-même ses mots de passe, ses codes reçus et ses numéros de carte. L’aidant ne les demande "
            "pas, ne les note pas, ne les garde pas.",
        ),
    ),
    Section(
        "data",
        "Informations utilisées",
        paragraphs=(
            "Nom, prénoms, naissance, moyens de contact, et ce que demande chaque démarche. La pièce d’identité est seulement "
            "regardée : ni copie, ni numéro. La structure ne garde ni numéro de sécurité sociale, ni mot de passe, "
            "ni numéro de carte bancaire.",
        ),
    ),
    Section(
        "liability",
        "Responsabilité",
        paragraphs=(
            "La structure agit avec soin et répond de ses fautes (art. 1991 et 1992). L’organisme décide seul : "
            "aucun résultat n’est promis. Les aidants de la structure peuvent se relayer. Personne d’autre ne peut les "
            "remplacer : le mandat ne se transmet pas (art. 1994).",
        ),
    ),
    Section(
        "end",
        "Fin du mandat",
        paragraphs=(
            "Il finit à la date de la page 1. Il finit plus tôt si tout est fait, si la personne l’arrête (art. 2004), si la "
            "structure y renonce en la prévenant à temps (art. 2007), en cas de décès ou de tutelle (art. 2003). "
            "Le prolonger demande un nouvel accord complet.",
        ),
    ),
    Section(
        "stop",
        "Arrêter",
        paragraphs=(
            "La personne peut arrêter tout le mandat, ou un seul thème, {ways}. L’arrêt vaut dès que la structure "
            "le sait. Ce qui a été fait avant reste valable (art. 2008 et 2009). La structure aide à prévenir les organismes "
            "(art. 2005).",
        ),
    ),
    Section(
        "others",
        "Autres mandats",
        paragraphs=(
            "Ce mandat n’annule pas ceux donnés à d’autres structures. Un mandat donné plus tard ailleurs ne l’annule pas, "
            "sauf si la personne le dit (art. 2006).",
        ),
    ),
    Section(
        "privacy",
        "Données personnelles",
        paragraphs=(
            "Responsable : {organisation}. But : faire ces démarches et pouvoir le prouver. Base : {basis}. Signer n’est pas "
            "un consentement au sens du RGPD. Destinataires : les aidants de la structure et les organismes de la liste. "
            "Aucun transfert hors de l’Union européenne n’est prévu. Répondre est libre ; sans ces informations, "
            "la structure ne peut pas agir.",
            "Droits : accès, rectification, limitation, opposition ; effacement, sauf ce qui doit servir de preuve. "
            "Demande à {dpo}, réponse en un mois. Réclamation : CNIL, 3 place de Fontenoy, TSA 80715, "
            "75334 Paris Cedex 07, cnil.fr.",
        ),
    ),
    Section(
        "retention",
        "Conservation",
        paragraphs=(
            "Après sa fin, le mandat est gardé 3 ans, puis 3 ans en archives à accès restreint. Chaque acte est noté dans un "
            "journal protégé contre les modifications. La personne peut demander ce qui la concerne.",
        ),
    ),
    Section(
        "proof",
        "Preuve et exemplaires",
        paragraphs=(
            "Accord : {consent}. Niveau de preuve : {level}. Une croix n’est pas une signature. Deux exemplaires : un pour la "
            "personne, un pour la structure. Le code {code} permet de vérifier ce mandat sans afficher aucun nom. "
            "Référence {reference}, modèle {version}, langue : français.",
        ),
    ),
)

_ABOUT, _CHOICE, _DATA, _LAST = R_("Ce mandat"), R_("Votre choix"), R_("Vos informations"), R_("Avant de signer")

STATEMENTS = (
    Statement("who", _ABOUT, R_("Nous sommes des aidants formés, tenus au secret. C’est gratuit.")),
    Statement("limits", _ABOUT, R_("Nous faisons seulement cette liste, jusqu’à cette date. Rien d’autre.")),
    Statement("colleagues", _ABOUT, R_("Mes collègues peuvent continuer avec vous. Personne d’autre.")),
    Statement("result", _ABOUT, R_("Je ne peux pas promettre la réponse de l’organisme.")),
    Statement("refuse", _CHOICE, R_("Vous pouvez refuser. Nous vous conseillerons quand même.")),
    Statement("alone", _CHOICE, R_("Vous pouvez toujours faire ces démarches vous-même.")),
    Statement("stop", _CHOICE, R_("Vous pouvez arrêter quand vous voulez, sans dire pourquoi.")),
    Statement("ways", _CHOICE, R_("Pour arrêter, venez, téléphonez ou écrivez.")),
    Statement("look", _DATA, R_("Je regarde seulement ce que la démarche demande, pour la faire.")),
    Statement("kept", _DATA, R_("Nous gardons ce mandat six ans après sa fin, jamais vos mots de passe.")),
    Statement("rights", _DATA, R_("Vous pouvez voir et corriger vos informations, ou saisir la CNIL.")),
    Statement("check", _LAST, R_("Vous relisez avant chaque envoi. Vous répondez de ce que vous me dites.")),
    Statement("protection", _LAST, R_("Êtes-vous sous tutelle, curatelle ou une autre mesure d’un juge ?")),
    Statement("copy", _LAST, R_("Un exemplaire est pour vous, avec notre contact.")),
)
