"""The catalogue of online procedures, in everyday words, and its search.

Mandates name these procedures (Code civil art. 1987-1989: a mandate covers what it names and nothing more) and
guides walk through them. Two rules shape the data:

- no ``mandate_line`` lets a helper swear, sign, pay, vote, consent to care or handle a password: where an official
  site asks for that, the line says that the helper prepares and that the person sends, signs or pays;
- creating an account or an e-mail address is a line of its own (CNIL kit for social workers, 2019).

The file is long because it is data: one block per procedure, read and corrected by people who do not program.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass

from aidants.i18n import N_, R_


def _phrases(text: str) -> tuple[str, ...]:
    return tuple(phrase.strip() for phrase in text.split(","))


@dataclass(frozen=True)
class Scope:
    """One of the ten themes of a mandate; ``key`` is the State's identifier and never changes."""

    key: str
    label: str
    icon: str
    everyday: str


@dataclass(frozen=True)
class Procedure:
    """A precise online procedure.

    ``mandate_line`` is printed on a mandate and names ``operator``; it is empty when no mandate may cover the
    procedure, and ``why_not`` then says why to the person. ``words`` are what people say, never shown.
    ``scopes``: the first is where the procedure is listed, and a mandate must grant all of them. ``hosts``: the
    exact official addresses, the main one first; empty when each town or each person has another one.
    """

    id: str
    title: str
    operator: str
    scopes: tuple[str, ...]
    hosts: tuple[str, ...]
    words: tuple[str, ...]
    mandate_line: str = ""
    why_not: str = ""

    @property
    def mandatable(self) -> bool:
        """Whether a resident may mandate a helper for this procedure."""
        return bool(self.mandate_line)


SCOPES: dict[str, Scope] = {
    scope.key: scope
    for scope in (
        Scope("papiers", R_("Papiers, citoyenneté, élections"), "id-card", N_("Mes papiers, mon adresse")),
        Scope("famille", R_("Famille, scolarité"), "users", N_("Ma famille, l’école")),
        Scope("social", R_("Social, santé"), "heart-pulse", N_("Ma santé, mes aides")),
        Scope("travail", R_("Travail, formation, retraite"), "briefcase", N_("Mon travail, ma retraite")),
        Scope("logement", R_("Logement"), "house", N_("Mon loyer, mon logement")),
        Scope("transports", R_("Transports, mobilité"), "car", N_("Ma voiture, mon permis")),
        Scope("argent", R_("Argent, impôts, consommation"), "wallet", N_("Mon argent, mes impôts")),
        Scope("justice", R_("Justice"), "scale", N_("Une plainte, un conflit")),
        Scope("etranger", R_("Étrangers, Europe"), "globe", N_("Mon titre de séjour")),
        Scope("loisirs", R_("Loisirs, sport, culture"), "ticket", N_("Ma commune, mes loisirs")),
    )
}

_CATALOGUE: tuple[Procedure, ...] = (
    Procedure(
        id="declarer-revenus",
        title=R_("Impôts : déclarer ses revenus"),
        mandate_line=(
            "préparer la déclaration de revenus, auprès des Finances publiques (impots.gouv.fr) ; "
            "la personne relit et envoie elle-même"
        ),
        operator="Finances publiques",
        scopes=("argent",),
        hosts=("impots.gouv.fr", "cfspart.impots.gouv.fr"),
        words=_phrases(
            "impôts, impôt sur le revenu, déclaration, déclaration d’impôts, feuille d’impôt, télédéclarer, "
            "faire mes impôts, fisc, trésor public, avis de non-imposition, avis d’imposition, 2042"
        ),
    ),
    Procedure(
        id="payer-impot",
        title=R_("Impôts : préparer le paiement"),
        mandate_line=(
            "préparer le paiement d’un impôt, auprès des Finances publiques (impots.gouv.fr) ; "
            "la personne valide elle-même"
        ),
        operator="Finances publiques",
        scopes=("argent",),
        hosts=("impots.gouv.fr", "cfspart.impots.gouv.fr"),
        words=_phrases(
            "payer mes impôts, payer un impôt, taxe foncière, taxe d’habitation, prélèvement, mensualiser, TIP, "
            "délai de paiement, majoration, je ne peux pas payer mes impôts"
        ),
    ),
    Procedure(
        id="timbre-fiscal",
        title=R_("Timbre fiscal : préparer l’achat"),
        mandate_line=(
            "préparer l’achat d’un timbre fiscal, auprès des Finances publiques (timbres.impots.gouv.fr) ; "
            "la personne paie elle-même"
        ),
        operator="Finances publiques",
        scopes=("argent",),
        hosts=("timbres.impots.gouv.fr",),
        words=_phrases("timbre, acheter un timbre, timbre passeport, timbre carte d’identité, timbre permis"),
    ),
    Procedure(
        id="compte-impots",
        title=R_("Impôts : ouvrir un compte"),
        mandate_line=(
            "créer un espace particulier, auprès des Finances publiques (impots.gouv.fr) ; "
            "la personne choisit seule son mot de passe"
        ),
        operator="Finances publiques",
        scopes=("argent",),
        hosts=("impots.gouv.fr", "cfspart.impots.gouv.fr"),
        words=_phrases("espace particulier, numéro fiscal, première connexion, compte fiscal, créer un compte impôts"),
    ),
    Procedure(
        id="demander-apl",
        title=R_("Demander l’APL"),
        mandate_line=(
            "préparer la demande d’aide au logement (APL), auprès de la CAF (caf.fr) ou de la MSA (msa.fr) ; "
            "la personne relit et envoie elle-même"
        ),
        operator="CAF",
        scopes=("logement",),
        hosts=("caf.fr", "wwwd.caf.fr", "msa.fr"),
        words=_phrases(
            "APL, AL, ALS, ALF, aide au loyer, aide au logement, allocation logement, CAF logement, loyer, "
            "aide pour payer mon loyer, aide personnalisée au logement"
        ),
    ),
    Procedure(
        id="caf-changement",
        title=R_("CAF : déclarer un changement"),
        mandate_line=(
            "préparer la déclaration d’un changement de famille ou de travail, auprès de la CAF (caf.fr) ; "
            "la personne relit et envoie elle-même"
        ),
        operator="CAF",
        scopes=("famille",),
        hosts=("caf.fr",),
        words=_phrases(
            "changement de situation, séparation, divorce, en couple, mariage, pacs, naissance, bébé, "
            "allocations familiales, je travaille, trop-perçu, je me suis séparé, je ne suis plus au chômage"
        ),
    ),
    Procedure(
        id="caf-adresse",
        title=R_("CAF : changer l’adresse"),
        mandate_line=("changer l’adresse de la personne et de son foyer, auprès de la CAF (caf.fr)"),
        operator="CAF",
        scopes=("famille",),
        hosts=("caf.fr",),
        words=_phrases("adresse CAF, déménagement CAF, adresse allocataire, nouveau logement"),
    ),
    Procedure(
        id="caf-rib",
        title=R_("CAF : changer de compte bancaire"),
        mandate_line=(
            "préparer le changement de compte bancaire, auprès de la CAF (caf.fr), en présence de la personne, "
            "qui relit et envoie elle-même"
        ),
        operator="CAF",
        scopes=("famille",),
        hosts=("caf.fr",),
        words=_phrases("nouveau RIB, RIB CAF, changer de banque, IBAN, coordonnées bancaires"),
    ),
    Procedure(
        id="compte-caf",
        title=R_("CAF : ouvrir un compte"),
        mandate_line=(
            "créer un compte personnel, auprès de la CAF (caf.fr) ; la personne choisit seule son mot de passe"
        ),
        operator="CAF",
        scopes=("famille",),
        hosts=("caf.fr", "wwwd.caf.fr"),
        words=_phrases("Mon Compte CAF, créer un compte CAF, numéro allocataire, espace allocataire"),
    ),
    Procedure(
        id="declaration-trimestrielle",
        title=R_("RSA, prime d’activité : déclaration trimestrielle"),
        mandate_line=(
            "préparer la déclaration trimestrielle pour le RSA ou la prime d’activité, auprès de la CAF (caf.fr) "
            "ou de la MSA (msa.fr) ; la personne relit et envoie elle-même"
        ),
        operator="CAF",
        scopes=("social",),
        hosts=("caf.fr", "msa.fr"),
        words=_phrases(
            "RSA, DTR, déclaration trimestrielle, déclaration de ressources, prime, prime d’activité, "
            "actualiser la CAF, déclarer mes ressources, tous les trois mois"
        ),
    ),
    Procedure(
        id="dossier-mdph",
        title=R_("AAH : dossier à la MDPH"),
        mandate_line=(
            "préparer le dossier de demande à la MDPH du département (mdphenligne.cnsa.fr ou le site du "
            "département) ; la personne relit et signe elle-même"
        ),
        operator="MDPH",
        scopes=("social",),
        hosts=("mdphenligne.cnsa.fr",),
        words=_phrases(
            "MDPH, dossier handicap, handicap, handicapé, AAH, allocation adulte handicapé, RQTH, "
            "carte handicapé, carte invalidité, carte mobilité inclusion, CMI, PCH, AEEH, renouvellement MDPH"
        ),
    ),
    Procedure(
        id="complementaire-sante",
        title=R_("Complémentaire santé solidaire"),
        mandate_line=(
            "préparer la demande de complémentaire santé solidaire, auprès de l’Assurance Maladie (ameli.fr) ou "
            "de la MSA (msa.fr) ; la personne relit et envoie elle-même"
        ),
        operator="Assurance Maladie",
        scopes=("social",),
        hosts=("ameli.fr", "assure.ameli.fr", "msa.fr"),
        words=_phrases("CSS, C2S, CMU, CMU-C, mutuelle, mutuelle gratuite, ACS, aide pour la mutuelle"),
    ),
    Procedure(
        id="compte-ameli",
        title=R_("Compte ameli"),
        mandate_line=(
            "créer un compte ameli, auprès de l’Assurance Maladie (ameli.fr) ; "
            "la personne choisit seule son mot de passe"
        ),
        operator="Assurance Maladie",
        scopes=("social",),
        hosts=("ameli.fr", "assure.ameli.fr"),
        words=_phrases(
            "ameli, ouvrir un compte ameli, compte Sécu, sécurité sociale, CPAM, assurance maladie, "
            "remboursements, créer un compte ameli"
        ),
    ),
    Procedure(
        id="attestation-droits",
        title=R_("Ameli : attestation de droits"),
        mandate_line=("télécharger l’attestation de droits, auprès de l’Assurance Maladie (ameli.fr)"),
        operator="Assurance Maladie",
        scopes=("social",),
        hosts=("ameli.fr", "assure.ameli.fr"),
        words=_phrases("attestation de droits, attestation Sécu, attestation Vitale, papier de la Sécu"),
    ),
    Procedure(
        id="carte-vitale",
        title=R_("Carte Vitale"),
        mandate_line=(
            "préparer la déclaration de perte ou de vol de la carte Vitale et la demande de la nouvelle, auprès de "
            "l’Assurance Maladie (ameli.fr) ou de la MSA (msa.fr) ; la personne relit et envoie elle-même"
        ),
        operator="Assurance Maladie",
        scopes=("social",),
        hosts=("ameli.fr", "assure.ameli.fr", "msa.fr"),
        words=_phrases(
            "carte verte, carte Vitale perdue, carte Vitale volée, carte Vitale cassée, mise à jour carte Vitale, "
            "appli Vitale, carte de Sécu, refaire ma carte Vitale"
        ),
    ),
    Procedure(
        id="mon-espace-sante",
        title=R_("Mon espace santé"),
        why_not=N_("Ce dossier médical est personnel : la personne l’ouvre et choisit elle-même ce qu’elle partage."),
        operator="Assurance Maladie",
        scopes=("social",),
        hosts=("monespacesante.fr",),
        words=_phrases("dossier médical, DMP, carnet de santé, ordonnances en ligne, résultats d’analyses"),
    ),
    Procedure(
        id="rendez-vous-medical",
        title=R_("Rendez-vous médical en ligne"),
        mandate_line=("prendre, déplacer ou annuler un rendez-vous médical, sur Doctolib (doctolib.fr)"),
        operator="Doctolib",
        scopes=("social",),
        hosts=("doctolib.fr",),
        words=_phrases(
            "Doctolib, prendre rendez-vous, rdv, docteur, médecin, spécialiste, dentiste, annuler un rendez-vous, "
            "téléconsultation"
        ),
    ),
    Procedure(
        id="compte-doctolib",
        title=R_("Doctolib : ouvrir un compte"),
        mandate_line=("créer un compte, sur Doctolib (doctolib.fr) ; la personne choisit seule son mot de passe"),
        operator="Doctolib",
        scopes=("social",),
        hosts=("doctolib.fr",),
        words=_phrases("créer un compte Doctolib, s’inscrire sur Doctolib, compte rendez-vous médical"),
    ),
    Procedure(
        id="compte-msa",
        title=R_("Compte MSA"),
        mandate_line=("créer un espace privé, auprès de la MSA (msa.fr) ; la personne choisit seule son mot de passe"),
        operator="MSA",
        scopes=("social",),
        hosts=("msa.fr", "monespaceprive.msa.fr"),
        words=_phrases(
            "MSA, agricole, agriculteur, mutualité sociale agricole, saisonnier, espace privé, ouvrir un compte MSA"
        ),
    ),
    Procedure(
        id="demander-retraite",
        title=R_("Demander sa retraite"),
        mandate_line=(
            "préparer la demande de retraite, auprès de l’Assurance retraite (info-retraite.fr, "
            "lassuranceretraite.fr) ; la personne relit et envoie elle-même"
        ),
        operator="Assurance retraite",
        scopes=("travail",),
        hosts=("info-retraite.fr", "lassuranceretraite.fr"),
        words=_phrases(
            "retraite, partir à la retraite, pension, CARSAT, CNAV, Agirc-Arrco, retraite complémentaire, âge de départ"
        ),
    ),
    Procedure(
        id="releve-carriere",
        title=R_("Retraite : relevé de carrière"),
        mandate_line=(
            "consulter le relevé de carrière et le télécharger, auprès de l’Assurance retraite "
            "(info-retraite.fr, lassuranceretraite.fr)"
        ),
        operator="Assurance retraite",
        scopes=("travail",),
        hosts=("info-retraite.fr", "lassuranceretraite.fr"),
        words=_phrases("trimestres, relevé de carrière, points retraite, simuler ma retraite"),
    ),
    Procedure(
        id="aspa",
        title=R_("Aspa : minimum vieillesse"),
        mandate_line=(
            "préparer la demande d’Aspa (minimum vieillesse), auprès de l’Assurance retraite "
            "(lassuranceretraite.fr) ou de la MSA (msa.fr) ; la personne relit et envoie elle-même"
        ),
        operator="Assurance retraite",
        scopes=("travail",),
        hosts=("lassuranceretraite.fr", "info-retraite.fr", "msa.fr"),
        words=_phrases(
            "Aspa, minimum vieillesse, petite retraite, allocation de solidarité, Saspa, retraite trop faible"
        ),
    ),
    Procedure(
        id="pension-reversion",
        title=R_("Pension de réversion"),
        mandate_line=(
            "préparer la demande de pension de réversion, auprès de l’Assurance retraite (info-retraite.fr, "
            "lassuranceretraite.fr) ; la personne relit et envoie elle-même"
        ),
        operator="Assurance retraite",
        scopes=("travail",),
        hosts=("info-retraite.fr", "lassuranceretraite.fr", "msa.fr"),
        words=_phrases(
            "réversion, veuve, veuf, retraite de mon mari, mon mari est mort, ma femme est morte, conjoint décédé"
        ),
    ),
    Procedure(
        id="france-travail-inscription",
        title=R_("S’inscrire à France Travail"),
        mandate_line=(
            "préparer l’inscription et la demande d’allocation, auprès de France Travail (francetravail.fr) ; "
            "la personne relit et envoie elle-même"
        ),
        operator="France Travail",
        scopes=("travail",),
        hosts=("francetravail.fr",),
        words=_phrases(
            "Pôle emploi, chômage, inscription chômage, inscription Pôle emploi, ARE, ANPE, demandeur d’emploi, "
            "j’ai perdu mon travail, licencié, fin de contrat, se réinscrire"
        ),
    ),
    Procedure(
        id="actualisation",
        title=R_("France Travail : s’actualiser"),
        mandate_line=(
            "préparer l’actualisation mensuelle, auprès de France Travail (francetravail.fr) ; "
            "la personne relit et envoie elle-même"
        ),
        operator="France Travail",
        scopes=("travail",),
        hosts=("francetravail.fr",),
        words=_phrases(
            "actualisation, s’actualiser, pointer, actualisation Pôle emploi, actualisation France Travail, "
            "déclarer ses heures, déclaration mensuelle, pointer au chômage"
        ),
    ),
    Procedure(
        id="compte-france-travail",
        title=R_("France Travail : ouvrir un compte"),
        mandate_line=(
            "créer un espace personnel, auprès de France Travail (francetravail.fr) ; "
            "la personne choisit seule son mot de passe"
        ),
        operator="France Travail",
        scopes=("travail",),
        hosts=("francetravail.fr",),
        words=_phrases("espace France Travail, créer un compte France Travail, compte Pôle emploi"),
    ),
    Procedure(
        id="carte-grise-adresse",
        title=R_("Carte grise : changer l’adresse"),
        mandate_line=(
            "changer l’adresse de la carte grise, sur le site de France Titres (immatriculation.ants.gouv.fr)"
        ),
        operator="France Titres",
        scopes=("transports",),
        hosts=("immatriculation.ants.gouv.fr",),
        words=_phrases(
            "carte grise, papiers de la voiture, certificat d’immatriculation, déménagement voiture, "
            "adresse voiture, adresse carte grise, moto, scooter, ANTS"
        ),
    ),
    Procedure(
        id="carte-grise-achat",
        title=R_("Carte grise : voiture d’occasion"),
        mandate_line=(
            "préparer la carte grise d’un véhicule acheté d’occasion, sur le site de France Titres "
            "(immatriculation.ants.gouv.fr) ; la personne atteste et paie elle-même"
        ),
        operator="France Titres",
        scopes=("transports",),
        hosts=("immatriculation.ants.gouv.fr", "histovec.interieur.gouv.fr"),
        words=_phrases(
            "voiture d’occasion, changement de propriétaire, carte grise à mon nom, code de cession, "
            "acheter une voiture, j’ai acheté une voiture, immatriculer, Histovec"
        ),
    ),
    Procedure(
        id="permis-perdu-vole",
        title=R_("Permis perdu ou volé"),
        mandate_line=(
            "préparer la demande d’un nouveau permis de conduire, perdu ou volé, sur le site de France Titres "
            "(ants.gouv.fr) ; la personne atteste et paie elle-même"
        ),
        operator="France Titres",
        scopes=("transports",),
        hosts=("ants.gouv.fr", "permisdeconduire.ants.gouv.fr"),
        words=_phrases(
            "permis, permis de conduire, refaire mon permis, permis volé, permis perdu, j’ai perdu mon permis, "
            "duplicata, papier rose"
        ),
    ),
    Procedure(
        id="permis-premier",
        title=R_("Permis : premier permis obtenu"),
        mandate_line=(
            "préparer la demande du premier permis de conduire, sur le site de France Titres (ants.gouv.fr) ; "
            "la personne atteste elle-même"
        ),
        operator="France Titres",
        scopes=("transports",),
        hosts=("ants.gouv.fr", "permisdeconduire.ants.gouv.fr"),
        words=_phrases("premier permis, j’ai eu mon permis, nouveau permis, réussite à l’examen, CEPC"),
    ),
    Procedure(
        id="amende-payer",
        title=R_("Payer une amende"),
        mandate_line=(
            "préparer le paiement d’une amende, auprès des Finances publiques (amendes.gouv.fr) ; "
            "la personne décide et paie elle-même"
        ),
        operator="Finances publiques",
        scopes=("transports",),
        hosts=("amendes.gouv.fr",),
        words=_phrases(
            "amende, PV, contravention, radar, flash, j’ai été flashé, amende majorée, stationnement, "
            "excès de vitesse, payer un PV"
        ),
    ),
    Procedure(
        id="amende-contester",
        title=R_("Contester une amende"),
        mandate_line=(
            "préparer la contestation d’une amende ou la désignation du conducteur, auprès de l’ANTAI "
            "(antai.gouv.fr) ; la personne relit et envoie elle-même"
        ),
        operator="ANTAI",
        scopes=("transports",),
        hosts=("antai.gouv.fr", "usagers.antai.gouv.fr"),
        words=_phrases(
            "contester un PV, contestation, désigner le conducteur, ce n’est pas moi qui conduisais, "
            "réclamation amende, ANTAI"
        ),
    ),
    Procedure(
        id="compte-ants",
        title=R_("France Titres : ouvrir un compte"),
        mandate_line=(
            "créer un compte, sur le site de France Titres (ants.gouv.fr) ; la personne choisit seule son mot de passe"
        ),
        operator="France Titres",
        scopes=("transports",),
        hosts=("ants.gouv.fr",),
        words=_phrases("compte ANTS, créer un compte ANTS, espace ANTS"),
    ),
    Procedure(
        id="carte-identite",
        title=R_("Carte d’identité : pré-demande et rendez-vous"),
        mandate_line=(
            "remplir la pré-demande de carte d’identité et chercher un rendez-vous en mairie, sur le site de "
            "France Titres (passeport.ants.gouv.fr, rendezvouspasseport.ants.gouv.fr)"
        ),
        operator="France Titres",
        scopes=("papiers",),
        hosts=("ants.gouv.fr", "passeport.ants.gouv.fr", "rendezvouspasseport.ants.gouv.fr"),
        words=_phrases(
            "carte d’identité, CNI, refaire ma carte d’identité, carte d’identité perdue, carte d’identité volée, "
            "carte périmée, pièce d’identité, pré-demande, refaire mes papiers"
        ),
    ),
    Procedure(
        id="passeport",
        title=R_("Passeport : pré-demande et rendez-vous"),
        mandate_line=(
            "remplir la pré-demande de passeport et chercher un rendez-vous en mairie, sur le site de "
            "France Titres (passeport.ants.gouv.fr, rendezvouspasseport.ants.gouv.fr)"
        ),
        operator="France Titres",
        scopes=("papiers",),
        hosts=("ants.gouv.fr", "passeport.ants.gouv.fr", "rendezvouspasseport.ants.gouv.fr"),
        words=_phrases("passeport, refaire mon passeport, passeport perdu, passeport périmé, voyage, pré-demande"),
    ),
    Procedure(
        id="acte-etat-civil",
        title=R_("Acte de naissance, de mariage, de décès"),
        mandate_line=(
            "demander une copie ou un extrait d’acte d’état civil, sur Service-Public (service-public.gouv.fr) "
            "ou le site de la mairie"
        ),
        operator="Service-Public",
        scopes=("papiers",),
        hosts=("service-public.gouv.fr",),
        words=_phrases(
            "acte de naissance, acte de mariage, acte de décès, extrait de naissance, extrait, copie intégrale, "
            "état civil, fiche d’état civil"
        ),
    ),
    Procedure(
        id="changement-adresse-groupe",
        title=R_("Changer d’adresse partout"),
        mandate_line=(
            "déclarer la nouvelle adresse aux organismes choisis avec la personne, sur Service-Public "
            "(service-public.gouv.fr)"
        ),
        operator="Service-Public",
        scopes=("papiers",),
        hosts=("service-public.gouv.fr",),
        words=_phrases(
            "déménagement, je déménage, j’ai déménagé, déménager, nouvelle adresse, changement d’adresse, "
            "changer d’adresse, prévenir tout le monde"
        ),
    ),
    Procedure(
        id="courrier-reexpedition",
        title=R_("Faire suivre son courrier"),
        mandate_line=(
            "préparer la réexpédition du courrier, auprès de La Poste (laposte.fr) ; la personne paie elle-même"
        ),
        operator="La Poste",
        scopes=("papiers",),
        hosts=("laposte.fr",),
        words=_phrases("faire suivre mon courrier, courrier, lettres, réexpédition, La Poste, déménagement courrier"),
    ),
    Procedure(
        id="compte-service-public",
        title=R_("Service-Public : ouvrir un compte"),
        mandate_line=(
            "créer un compte, sur Service-Public (service-public.gouv.fr) ; la personne choisit seule son mot de passe"
        ),
        operator="Service-Public",
        scopes=("papiers",),
        hosts=("service-public.gouv.fr",),
        words=_phrases("compte service public, créer un compte service public, espace service public"),
    ),
    Procedure(
        id="cheque-energie",
        title=R_("Chèque énergie"),
        mandate_line=(
            "préparer la demande ou l’usage du chèque énergie, sur le site du chèque énergie "
            "(chequeenergie.gouv.fr) ; la personne relit et envoie elle-même"
        ),
        operator="chèque énergie",
        scopes=("logement",),
        hosts=("chequeenergie.gouv.fr",),
        words=_phrases(
            "aide électricité, aide gaz, facture EDF, facture d’électricité, chauffage, pas reçu mon chèque, "
            "aide pour l’énergie"
        ),
    ),
    Procedure(
        id="logement-social-demande",
        title=R_("Logement social : faire une demande"),
        mandate_line=(
            "préparer la demande de logement social, sur le site national de la demande de logement social "
            "(demande-logement-social.gouv.fr) ; la personne relit et envoie elle-même"
        ),
        operator="demande de logement social",
        scopes=("logement",),
        hosts=("demande-logement-social.gouv.fr",),
        words=_phrases(
            "HLM, numéro unique, bailleur, appartement pas cher, chercher un logement, demande de HLM, DALO"
        ),
    ),
    Procedure(
        id="logement-social-renouvellement",
        title=R_("Logement social : renouveler sa demande"),
        mandate_line=(
            "préparer le renouvellement de la demande de logement social, sur le site national de la demande de "
            "logement social (demande-logement-social.gouv.fr) ; la personne relit et envoie elle-même"
        ),
        operator="demande de logement social",
        scopes=("logement",),
        hosts=("demande-logement-social.gouv.fr",),
        words=_phrases(
            "renouveler ma demande HLM, renouveler ma demande de logement, renouvellement HLM, demande chaque année"
        ),
    ),
    Procedure(
        id="inscription-ecole",
        title=R_("Inscrire un enfant à l’école"),
        mandate_line=(
            "préparer l’inscription d’un enfant à l’école, auprès de la mairie ; le parent relit et envoie lui-même"
        ),
        operator="mairie",
        scopes=("famille",),
        hosts=(),
        words=_phrases(
            "école, inscrire à l’école, inscription scolaire, maternelle, CP, primaire, rentrée, changer d’école"
        ),
    ),
    Procedure(
        id="inscription-college-lycee",
        title=R_("Collège, lycée : inscription et bourse"),
        mandate_line=(
            "préparer l’inscription d’un enfant au collège ou au lycée et la demande de bourse, auprès de "
            "l’Éducation nationale (educonnect.education.gouv.fr) ; le parent relit et envoie lui-même"
        ),
        operator="Éducation nationale",
        scopes=("famille",),
        hosts=("educonnect.education.gouv.fr", "teleservices.education.gouv.fr"),
        words=_phrases(
            "collège, lycée, inscription au collège, inscription au lycée, sixième, seconde, bourse, bourse scolaire"
        ),
    ),
    Procedure(
        id="compte-educonnect",
        title=R_("Compte EduConnect"),
        mandate_line=(
            "activer un compte EduConnect, auprès de l’Éducation nationale (educonnect.education.gouv.fr) ; "
            "le parent choisit seul son mot de passe"
        ),
        operator="Éducation nationale",
        scopes=("famille",),
        hosts=("educonnect.education.gouv.fr",),
        words=_phrases("EduConnect, Pronote, ENT, carnet de notes, bulletins, ouvrir un compte EduConnect"),
    ),
    Procedure(
        id="cantine-inscription",
        title=R_("Cantine, garderie : inscription"),
        mandate_line=(
            "préparer l’inscription d’un enfant à la cantine ou à l’accueil périscolaire, auprès de la mairie ; "
            "le parent relit et envoie lui-même"
        ),
        operator="mairie",
        scopes=("famille",),
        hosts=(),
        words=_phrases(
            "cantine, inscrire à la cantine, garderie, périscolaire, centre de loisirs, centre aéré, portail famille"
        ),
    ),
    Procedure(
        id="cantine-payer",
        title=R_("Cantine : préparer le paiement"),
        mandate_line=(
            "préparer le paiement d’une facture de cantine ou d’accueil périscolaire, auprès des Finances "
            "publiques (payfip.gouv.fr) ; la personne paie elle-même"
        ),
        operator="Finances publiques",
        scopes=("argent",),
        hosts=("payfip.gouv.fr",),
        words=_phrases("facture cantine, payer la cantine, payer la garderie, PayFiP, TIPI, avis des sommes à payer"),
    ),
    Procedure(
        id="compte-portail-famille",
        title=R_("Portail famille : ouvrir un compte"),
        mandate_line=(
            "créer un compte au portail famille, auprès de la mairie ; le parent choisit seul son mot de passe"
        ),
        operator="mairie",
        scopes=("famille",),
        hosts=(),
        words=_phrases("portail famille, compte cantine, espace famille"),
    ),
    Procedure(
        id="titre-sejour",
        title=R_("Titre de séjour : demande, renouvellement"),
        mandate_line=(
            "préparer la demande ou le renouvellement du titre de séjour, sur le site ANEF "
            "(administration-etrangers-en-france.interieur.gouv.fr) ; la personne relit et envoie elle-même"
        ),
        operator="ANEF",
        scopes=("etranger",),
        hosts=("administration-etrangers-en-france.interieur.gouv.fr",),
        words=_phrases(
            "titre de séjour, carte de séjour, renouvellement, récépissé, préfecture, ANEF, carte de résident, "
            "papiers étranger, visa"
        ),
    ),
    Procedure(
        id="compte-anef",
        title=R_("ANEF : ouvrir un compte"),
        mandate_line=(
            "créer un compte, sur le site ANEF (administration-etrangers-en-france.interieur.gouv.fr) ; "
            "la personne choisit seule son mot de passe"
        ),
        operator="ANEF",
        scopes=("etranger",),
        hosts=("administration-etrangers-en-france.interieur.gouv.fr",),
        words=_phrases("compte ANEF, créer un compte ANEF, numéro étranger"),
    ),
    Procedure(
        id="opposition-carte",
        title=R_("Bloquer sa carte bancaire"),
        why_not=N_("La personne appelle elle-même sa banque : un numéro de carte ne se confie à personne."),
        operator="banque",
        scopes=("argent",),
        hosts=(),
        words=_phrases(
            "opposition, faire opposition, carte bleue, bloquer ma carte, carte volée, carte bancaire volée, "
            "carte bancaire perdue, débit inconnu, faux conseiller"
        ),
    ),
    Procedure(
        id="fraude-carte-perceval",
        title=R_("Perceval : fraude à la carte bancaire"),
        mandate_line=(
            "préparer le signalement d’une fraude à la carte bancaire (Perceval), sur Service-Public "
            "(service-public.gouv.fr) ; la personne relit et envoie elle-même"
        ),
        operator="Service-Public",
        scopes=("argent",),
        hosts=("service-public.gouv.fr",),
        words=_phrases("Perceval, fraude carte bancaire, paiement que je n’ai pas fait, carte bleue piratée"),
    ),
    Procedure(
        id="arnaque-signaler",
        title=R_("Signaler une arnaque"),
        mandate_line=(
            "préparer le signalement d’une arnaque, d’un faux message ou d’un faux site, sur 17Cyber "
            "(17cyber.gouv.fr), 33700 (33700.fr) ou SignalConso (signal.conso.gouv.fr) ; "
            "la personne relit et envoie elle-même"
        ),
        operator="17Cyber",
        scopes=("argent",),
        hosts=("17cyber.gouv.fr", "33700.fr", "signal.conso.gouv.fr"),
        words=_phrases(
            "arnaque, escroc, escroquerie, faux SMS, colis, hameçonnage, piratage, piraté, faux site, "
            "arnaque sentimentale, spam, faux mail, démarchage"
        ),
    ),
    Procedure(
        id="porter-plainte",
        title=R_("Porter plainte en ligne"),
        mandate_line=(
            "préparer une plainte en ligne, auprès de la police ou de la gendarmerie "
            "(masecurite.interieur.gouv.fr, service-public.gouv.fr) ; la personne relit, valide et signe elle-même"
        ),
        operator="police",
        scopes=("argent", "justice"),
        hosts=("masecurite.interieur.gouv.fr", "service-public.gouv.fr"),
        words=_phrases(
            "plainte, porter plainte, déposer plainte, police, gendarmerie, vol, chantage, THESEE, commissariat"
        ),
    ),
    Procedure(
        id="reserver-salle",
        title=R_("Réserver une salle de sa commune"),
        mandate_line=(
            "demander la réservation d’une salle, d’un terrain ou de matériel, auprès de la mairie ; "
            "la personne signe et paie elle-même"
        ),
        operator="mairie",
        scopes=("loisirs",),
        hosts=(),
        words=_phrases(
            "salle des fêtes, louer une salle, réserver, gymnase, matériel, location de salle, fête, tables et chaises"
        ),
    ),
    Procedure(
        id="creer-adresse-mail",
        title=R_("Créer une adresse e-mail"),
        mandate_line=(
            "créer une adresse e-mail, chez le fournisseur choisi par la personne ; elle choisit seule son mot de passe"
        ),
        operator="fournisseur choisi par la personne",
        scopes=("papiers",),
        hosts=(),
        words=_phrases(
            "e-mail, email, mail, mél, boîte mail, adresse mail, créer un mail, Gmail, laposte.net, courriel, "
            "boîte aux lettres électronique"
        ),
    ),
    Procedure(
        id="se-connecter-franceconnect",
        title=R_("Se connecter avec FranceConnect"),
        why_not=N_("L’identité numérique est personnelle : la personne se connecte elle-même."),
        operator="FranceConnect",
        scopes=("papiers",),
        hosts=("franceconnect.gouv.fr",),
        words=_phrases("FranceConnect, France Connect, bouton bleu, se connecter, identité numérique, France Identité"),
    ),
    Procedure(
        id="mot-de-passe",
        title=R_("Retrouver un mot de passe"),
        why_not=N_("Un mot de passe ne se confie à personne : la personne le choisit et le saisit elle-même."),
        operator="site concerné",
        scopes=("papiers",),
        hosts=(),
        words=_phrases(
            "mot de passe oublié, mot de passe perdu, compte bloqué, je n’arrive pas à me connecter, code pas reçu, "
            "identifiant oublié, code secret"
        ),
    ),
    Procedure(
        id="signer-en-ligne",
        title=R_("Signer un document en ligne"),
        why_not=N_("Une signature est personnelle : aucun mandat ne permet de signer à sa place."),
        operator="expéditeur du document",
        scopes=("papiers",),
        hosts=(),
        words=_phrases("signature électronique, signature, signer un contrat, bail en ligne, Yousign, DocuSign"),
    ),
    Procedure(
        id="suivre-dossier",
        title=R_("Suivre un dossier en cours"),
        why_not=N_("Un mandat nomme une démarche précise : choisissez celle du dossier à suivre."),
        operator="organisme du dossier",
        scopes=("papiers",),
        hosts=(),
        words=_phrases(
            "où en est mon dossier, pas de réponse, suivi, suivi de dossier, numéro de dossier, relance, "
            "j’attends toujours, médiateur"
        ),
    ),
)

PROCEDURES: dict[str, Procedure] = {procedure.id: procedure for procedure in _CATALOGUE}

SITUATIONS: dict[str, tuple[str, ...]] = {
    N_("J’ai déménagé"): (
        "carte-grise-adresse",
        "caf-adresse",
        "changement-adresse-groupe",
        "courrier-reexpedition",
    ),
    N_("Ma voiture, mon permis"): (
        "carte-grise-achat",
        "permis-perdu-vole",
        "amende-payer",
        "amende-contester",
        "carte-grise-adresse",
        "permis-premier",
        "compte-ants",
    ),
    N_("Mon loyer, mon logement"): (
        "demander-apl",
        "logement-social-demande",
        "cheque-energie",
        "logement-social-renouvellement",
    ),
    N_("Ma santé"): (
        "carte-vitale",
        "compte-ameli",
        "complementaire-sante",
        "attestation-droits",
        "rendez-vous-medical",
        "mon-espace-sante",
        "dossier-mdph",
        "compte-msa",
        "compte-doctolib",
    ),
    N_("Ma famille, l’école"): (
        "caf-changement",
        "inscription-ecole",
        "inscription-college-lycee",
        "compte-educonnect",
        "cantine-inscription",
        "cantine-payer",
        "compte-portail-famille",
    ),
    N_("Mes aides, la CAF"): (
        "declaration-trimestrielle",
        "caf-changement",
        "demander-apl",
        "caf-rib",
        "compte-caf",
    ),
    N_("Mon travail, ma retraite"): (
        "france-travail-inscription",
        "actualisation",
        "demander-retraite",
        "releve-carriere",
        "aspa",
        "pension-reversion",
        "compte-france-travail",
    ),
    N_("Mon argent, mes impôts"): (
        "declarer-revenus",
        "payer-impot",
        "timbre-fiscal",
        "compte-impots",
    ),
    N_("Mes papiers"): (
        "carte-identite",
        "passeport",
        "acte-etat-civil",
        "timbre-fiscal",
        "compte-service-public",
        "suivre-dossier",
    ),
    N_("Mon titre de séjour"): ("titre-sejour", "compte-anef"),
    N_("Une arnaque, une carte volée"): (
        "opposition-carte",
        "arnaque-signaler",
        "fraude-carte-perceval",
        "porter-plainte",
    ),
    N_("Mes mots de passe, mon e-mail"): (
        "creer-adresse-mail",
        "mot-de-passe",
        "se-connecter-franceconnect",
        "signer-en-ligne",
    ),
    N_("Ma commune, mes loisirs"): ("reserver-salle",),
}


def procedure_title(identifier: str) -> str:
    """Return the title of a procedure (msgid); of one no longer in the catalogue, its id: old mandates still name it."""
    return PROCEDURES[identifier].title if identifier in PROCEDURES else identifier


def related(procedure_ids: Iterable[str]) -> list[Procedure]:
    """Return the other procedures of the same everyday situations, each once, in the order of ``SITUATIONS``.

    Unknown ids are ignored.
    """
    chosen = set(procedure_ids)
    found = dict.fromkeys(
        procedure_id
        for members in SITUATIONS.values()
        if chosen.intersection(members)
        for procedure_id in members
        if procedure_id not in chosen
    )
    return [PROCEDURES[procedure_id] for procedure_id in found]


_LONGEST_QUERY = 100
_MOST_TOKENS = 8
_SMALL_WORDS = (
    "a ai ais as au aux avec c ce ces cette chez d dans de des du elle en est et etre eu fait faut il j je l la le "
    "les leur lui m ma me mes moi mon n ne nos notre nous on ou par pour qu que qui quoi s sa se ses si son "
    "sur t ta te tes ton un une vos votre veux voudrais veut y"
)
_STOP_WORDS = frozenset(_SMALL_WORDS.split())
_TITLE, _WORDS, _CONTEXT = 3.0, 2.0, 0.8
_EXACT, _PREFIX, _ONE_EDIT, _TWO_EDITS = 1.0, 0.7, 0.6, 0.4
_SAME_PHRASE, _SAME_START = 2.0, 1.2


def search(query: str, limit: int = 8) -> list[Procedure]:
    """Return at most ``limit`` procedures for what a person says, the best first.

    Accents, case, punctuation and word order do not matter; a word may be unfinished or mistyped (one edit from
    4 letters on, two from 8). A title counts more than everyday words, and these more than the operator or theme.
    At least half of the meaningful words must be found. Only the first 100 characters are read, so any input is
    answered in a few milliseconds. Non-mandatable procedures are found too: see ``Procedure.mandatable``.
    """
    tokens = _tokens(query[:_LONGEST_QUERY])[:_MOST_TOKENS]
    if not tokens or limit <= 0:
        return []
    matches = [_expand(token) for token in tokens]
    scored = []
    for rank, procedure in enumerate(_CATALOGUE):
        score = _score(procedure, tokens, matches)
        if score > 0:
            scored.append((-score, rank, procedure))
    return [procedure for _, _, procedure in sorted(scored, key=lambda item: item[:2])[:limit]]


def _tokens(text: str) -> tuple[str, ...]:
    """Split into distinct meaningful words without accents, case or plural mark; stop words are dropped."""
    folded = unicodedata.normalize("NFKD", text.casefold().replace("œ", "oe").replace("æ", "ae"))
    bare = "".join(char for char in folded if not unicodedata.combining(char))
    words = re.findall(r"[^\W_]+", bare)
    return tuple(dict.fromkeys(_singular(word) for word in words if word not in _STOP_WORDS))


def _singular(word: str) -> str:
    return word[:-1] if len(word) > 3 and word[-1] in "sx" else word


def _weights(procedure: Procedure) -> dict[str, float]:
    """Give each indexed word of ``procedure`` the weight of the best field it stands in."""
    scope = SCOPES[procedure.scopes[0]]
    weights = dict.fromkeys(_tokens(f"{procedure.operator} {scope.label} {scope.everyday}"), _CONTEXT)
    weights.update(dict.fromkeys(_tokens(" ".join(procedure.words)), _WORDS))
    weights.update(dict.fromkeys(_tokens(procedure.title), _TITLE))
    return weights


_INDEX: dict[str, dict[str, float]] = {procedure.id: _weights(procedure) for procedure in _CATALOGUE}
_PHRASES: dict[str, tuple[frozenset[str], ...]] = {
    procedure.id: tuple(frozenset(_tokens(phrase)) for phrase in (procedure.title, *procedure.words))
    for procedure in _CATALOGUE
}
_OPENINGS: dict[str, frozenset[str]] = {
    # « Carte grise : changer l’adresse »: what stands before the colon is the subject itself.
    procedure.id: frozenset(_tokens(procedure.title.split(":")[0]))
    for procedure in _CATALOGUE
}
_RARITY: dict[str, float] = {
    word: math.log(1 + len(_CATALOGUE) / sum(word in weights for weights in _INDEX.values()))
    for word in {word for weights in _INDEX.values() for word in weights}
}


def _expand(token: str) -> dict[str, float]:
    """Return the indexed words that ``token`` may stand for, with the confidence (0 to 1) of each."""
    found = {word: _PREFIX for word in _RARITY if len(token) > 1 and word.startswith(token)}
    if token in _RARITY:
        found[token] = _EXACT
    if found:
        return found
    allowed = 2 if len(token) >= 8 else 1 if len(token) >= 4 else 0
    for word in _RARITY:
        edits = _edits(token, word, allowed) if allowed and len(word) > 2 else allowed + 1
        if edits <= allowed:
            found[word] = _ONE_EDIT if edits == 1 else _TWO_EDITS
    return found


def _edits(left: str, right: str, allowed: int) -> int:
    """Count insertions, deletions, replacements and swaps of neighbours (Damerau-Levenshtein, restricted).

    Returns ``allowed + 1`` as soon as the count must exceed ``allowed``.
    """
    if abs(len(left) - len(right)) > allowed or len(set(left) ^ set(right)) > 2 * allowed:
        return allowed + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, char in enumerate(left, start=1):
        previous, row = row, [i]
        for j, other in enumerate(right, start=1):
            cost = min(previous[j] + 1, row[j - 1] + 1, previous[j - 1] + (char != other))
            if i > 1 and j > 1 and char == right[j - 2] and left[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            row.append(cost)
        if min(row) > allowed:
            return allowed + 1
        before = previous
    return row[-1]


def _score(procedure: Procedure, tokens: tuple[str, ...], matches: list[dict[str, float]]) -> float:
    """Rate ``procedure`` for the expanded ``tokens``; 0 when fewer than half of them are found."""
    weights = _INDEX[procedure.id]
    total, found = 0.0, set()
    hits = 0
    for candidates in matches:
        best, word = max(
            ((weights[w] * certainty * _RARITY[w], w) for w, certainty in candidates.items() if w in weights),
            default=(0.0, ""),
        )
        total += best
        if word:
            hits += 1
            found.add(word)
    coverage = hits / len(tokens)
    if coverage < 0.5:
        return 0.0
    bonus = 1.0
    if found in _PHRASES[procedure.id]:
        bonus = _SAME_PHRASE
    elif found == _OPENINGS[procedure.id]:
        bonus = _SAME_START
    return total * coverage * coverage * bonus
