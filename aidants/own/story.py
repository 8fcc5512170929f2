"""What was done for a resident, told to them: one plain sentence for each entry of the journal that is about them.

Helpers are named, with their function; others say what they are. Steps that a screen merely showed are left to the whole file.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from itertools import groupby
from typing import Any, Final
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from markupsafe import Markup, escape
from sqlmodel import col, or_, select

from aidants.accounts.models import Membership, Person
from aidants.dates import local_day, long_date
from aidants.db import Work
from aidants.guides.queries import revisions
from aidants.guides.schema import Guide
from aidants.i18n import N_, current, gettext
from aidants.journal import labels
from aidants.journal.actions import RESIDENT
from aidants.journal.models import JournalRecord
from aidants.mandates.answers import Answers
from aidants.mandates.lifecycle import PROTECTION, Regime, Signs
from aidants.mandates.models import Mandate
from aidants.policy import Role
from aidants.procedures import SCOPES, procedure_title
from aidants.residents.models import Resident

PAGE: Final = 12

BY_OTHERS: Final[dict[str, str]] = {
    "resident_created": N_("{who} a créé votre fiche."),
    "resident_viewed": N_("{who} a regardé votre fiche."),
    "resident_changed": N_("{who} a corrigé votre fiche."),
    "resident_hold_set": N_("{who} a suspendu l’effacement de vos données."),
    "resident_hold_lifted": N_("{who} a levé la suspension de l’effacement."),
    "access_requested": N_("{who} a préparé tout votre dossier, pour vous."),
    "access_code_issued": N_("{who} a imprimé votre feuille à garder, avec un nouveau code."),
    "own_page_refused": N_("Quelqu’un a tapé votre code, avec une mauvaise réponse. Votre page n’a pas été ouverte."),
    "request_answered": N_("{who} a répondu à votre demande."),
    "merge_proposed": N_("{who} a proposé de réunir deux fiches à votre nom."),
    "residents_merged": N_("{who} a réuni deux fiches à votre nom."),
    "residents_unmerged": N_("{who} a séparé de nouveau deux fiches."),
    "mandate_drafted": N_("{who} a commencé à préparer un mandat avec vous."),
    "consent_asked": N_("{who} vous a demandé votre accord."),
    "consent_given": N_("La personne qui vous représente a dit oui à {mandate}."),
    "mandate_activated": N_("{who} a confirmé {mandate}. Les démarches peuvent commencer."),
    "authorisation_revoked": N_("{who} a noté l’arrêt du thème {scope}."),
    "mandate_revoked": N_("{who} a noté l’arrêt, en entier, de {mandate}."),
    "mandate_frozen": N_("{who} a arrêté {mandate}, après un décès signalé."),
    "mandate_expired": N_("Le temps est passé : {mandate} est terminé."),
    "mandate_refused_by_operator": N_("{who} a noté qu’un organisme refuse {mandate} : {operator}."),
    "mandate_abandoned": N_("{who} a abandonné un mandat, sans suite."),
    "mandate_viewed": N_("{who} a regardé {mandate}."),
    "mandate_printed": N_("{who} a imprimé {mandate}."),
    "mandate_verified": N_("Quelqu’un a vérifié le code qui est sur {mandate}. Votre nom ne s’affiche pas."),
    "proof_issued": N_("{who} a imprimé le reçu qui prouve votre accord."),
    "assistance_started": N_("{who} a commencé un rendez-vous avec vous."),
    "run_started": N_("{who} a ouvert un guide avec vous : {what}."),
    "step_done": N_("{who} a fait une étape : « {step} » ({what})."),
    "step_blocked": N_("{who} a noté qu’une étape bloque : « {step} » ({what})."),
    "sensitive_act": N_("{who} a fait, en votre nom : « {step} » ({what})."),
    "run_finished": N_("{who} a terminé le guide : {what}."),
    "death_reported": N_("{who} a noté qu’un décès a été signalé."),
    "death_report_withdrawn": N_("{who} a noté que le décès avait été signalé par erreur."),
    "urgent_act": N_("{who} a terminé d’urgence : {what}."),
    "handed_over": N_("{who} vous a donné l’écran pour lire et répondre."),
    "consent_link_sent": N_("{who} vous a envoyé un lien pour donner votre accord."),
    "proof_attached": N_("{who} a ajouté la preuve du papier signé à {mandate}."),
    "proof_removed": N_("{who} a retiré une photo de {mandate}."),
    "proof_viewed": N_("{who} a regardé comment vous aviez donné votre accord à {mandate}."),
    "entry_opened": N_("Un contrôle a ouvert ce qui est scellé sur vous, avec un motif écrit."),
    "name_revealed": N_("Un contrôle a vu votre nom, avec un motif écrit."),
}
"""What helpers and others did."""

BY_YOU: Final[dict[str, str]] = {
    "own_page_opened": N_("{who} avez ouvert votre page."),
    "access_requested": N_("{who} avez téléchargé tout votre dossier."),
    "request_made": N_("{who} avez fait une demande au guichet : {sort}."),
    "consent_given": N_("{who} avez dit oui à {mandate}."),
    "consent_refused": N_("{who} avez dit non à un mandat."),
    "authorisation_revoked": N_("{who} avez arrêté le thème {scope}."),
    "mandate_revoked": N_("{who} avez arrêté {mandate}."),
    "mandate_printed": N_("{who} avez téléchargé ou imprimé {mandate}."),
    "step_done": N_("{who} avez fait une étape : « {step} » ({what})."),
    "sensitive_act": N_("{who} avez fait vous-même : « {step} » ({what})."),
}
"""What the resident did, alone or with their own hand beside a helper."""

ALWAYS_YOU: Final = frozenset({"consent_given", "consent_refused"})
"""Entries that a helper writes about an act that only the resident can do."""

UNTOLD: Final = {
    "own_page_closed": "says nothing that matters after the opening",
    "merge_declined": "nothing changed",
    "merge_settled": "nothing changed for the person",
    "resident_erased": "nobody is left to read it",
    "authorisation_granted": "told with the mandate",
    "authorisation_superseded": "told with the newer mandate",
    "mandate_renewed": "told as the drafting",
    "assistance_ended": "told as the beginning",
    "taken_back": "told as the handing over",
    "step_shown": "too many, and told when done",
    "step_skipped": "nothing was done",
    "step_undone": "nothing was done",
    "choice_made": "told by the step that follows",
    "access_refused": "nothing was done",
    "message_sent": "the address may be a helper's",
    "message_failed": "the address may be a helper's",
    "message_requeued": "the address may be a helper's",
}
"""Actions about a resident that the story leaves out, and why; all stand in the whole file."""


@dataclass(frozen=True, slots=True)
class Told:
    """One entry: ``who`` is ``helper`` or ``you`` for the dot of the line; ``function``: what the helper is at the counter."""

    who: str
    text: Markup
    at: datetime
    function: str


@dataclass(frozen=True, slots=True)
class Story:
    """One page, newest first. ``older``: the number to go on from, None at the end."""

    entries: list[Told]
    older: int | None

    def by_day(self, now: datetime, zone: ZoneInfo) -> list[tuple[str, list[Told]]]:
        """Return the entries under the days on which they took place, in words."""
        days = groupby(self.entries, key=lambda told: local_day(told.at, zone))
        return [(_heading(day, local_day(now, zone)), list(entries)) for day, entries in days]


def _heading(day: date, today: date) -> str:
    name = long_date(day, current())
    return gettext("Aujourd’hui, {day}").format(day=name) if day == today else name[0].upper() + name[1:]


_MINE: Final = sa.select(col(Resident.id)).where(
    or_(col(Resident.id) == sa.bindparam("resident"), col(Resident.merged_into) == sa.bindparam("resident"))
)
_GIVEN: Final = sa.select(col(Mandate.id)).where(col(Mandate.resident_id) == sa.bindparam("resident"))
_ABOUT: Final = (
    select(JournalRecord)
    .where(
        or_(col(JournalRecord.resident).in_(_MINE), col(JournalRecord.mandate).in_(_GIVEN)),
        col(JournalRecord.seq) < sa.bindparam("before"),
        or_(
            sa.and_(col(JournalRecord.actor) == RESIDENT, col(JournalRecord.type).in_(sorted(BY_YOU))),
            sa.and_(
                col(JournalRecord.actor) != RESIDENT, col(JournalRecord.type).in_(sorted(BY_OTHERS.keys() | ALWAYS_YOU))
            ),
        ),
    )
    .order_by(col(JournalRecord.seq).desc())
    .limit(sa.bindparam("most"))
)
_LAST: Final = 2**62


def tell(work: Work, mandates: Iterable[Mandate], before: int | None = None, most: int = PAGE) -> Story:
    """Tell the resident who acts what was done for them, before an entry's number; ``mandates`` are theirs."""
    assert work.resident is not None
    which = {"resident": work.resident.resident_id, "before": before or _LAST, "most": most + 1}
    rows = list(work.session.exec(_ABOUT, params=which))
    shown = rows[:most]
    people = _people(work, {row.actor for row in shown})
    named = {(row.guide, row.version, row.lang) for row in shown if row.guide and row.version and row.lang}
    guides = revisions(work, named) if named else {}
    words = _Words({mandate.id: mandate for mandate in mandates}, people, work)
    entries = [words.told(row, guides.get((row.guide or "", row.version or 0, row.lang or ""))) for row in shown]
    return Story(entries, shown[-1].seq if len(rows) > most else None)


def _people(work: Work, ids: set[str]) -> dict[str, tuple[str, str]]:
    """Return name and function of those who help in this organisation; others stay unnamed."""
    assert work.resident is not None
    query = (
        select(Person.id, Person.name, Person.function)
        .join(Membership, col(Membership.person_id) == Person.id)
        .where(
            col(Person.id).in_(ids),
            Membership.organisation_id == work.resident.organisation_id,
            Membership.role == Role.HELPER,
        )
    )
    return {person: (name, function) for person, name, function in work.session.exec(query)}


@dataclass(frozen=True, slots=True)
class _Words:
    mandates: dict[str, Mandate]
    people: dict[str, tuple[str, str]]
    work: Work

    def told(self, row: JournalRecord, guide: Guide | None) -> Told:
        held = labels.detail(row)
        yours = row.actor == RESIDENT or held.get("by") == RESIDENT
        if row.type in ALWAYS_YOU:
            yours = not (row.type in BY_OTHERS and self._represented(row))
        sentence = gettext((BY_YOU if yours else BY_OTHERS)[row.type])
        name, function = (
            (gettext("Vous"), "") if yours else self.people.get(row.actor) or (gettext("Une personne de l’équipe"), "")
        )
        text = escape(sentence).format(who=Markup("<strong>{}</strong>").format(name), **self._values(row, held, guide))
        return Told("you" if yours else "helper", text, datetime.fromisoformat(row.ts), function)

    def _values(self, row: JournalRecord, held: dict[str, Any], guide: Guide | None) -> dict[str, str]:
        scope = SCOPES.get(row.scope or "")
        step = guide.step(row.step).title if guide and row.step and guide.has_step(row.step) else row.step or ""
        title = guide.title if guide else gettext(procedure_title(row.procedure)) if row.procedure else row.guide or ""
        return {
            "mandate": self._mandate(row.mandate),
            "operator": str(held.get("operator", "")),
            "scope": gettext("« {scope} »").format(scope=gettext(scope.label)) if scope else "",
            "sort": labels.word("sort", held.get("sort")),
            "step": step,
            "what": title,
        }

    def _represented(self, row: JournalRecord) -> bool:
        """Tell whether somebody else signs for the resident of this mandate."""
        mandate = self.mandates.get(row.mandate or "")
        regime = Answers.from_json(mandate.answers).regime if mandate is not None else ""
        return PROTECTION[Regime(regime or Regime.NONE)].signs is Signs.REPRESENTATIVE

    def _mandate(self, mandate_id: str | None) -> str:
        mandate = self.mandates.get(mandate_id or "")
        if mandate is None:
            return gettext("votre mandat")
        day = local_day(mandate.activated_at or mandate.created_at, self.work.settings.zone)
        return gettext("votre mandat du {day}").format(day=long_date(day, current()))
