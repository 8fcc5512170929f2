"""Pages of two records of one person: choose the other, propose, confirm or leave apart, separate again."""

from __future__ import annotations

from typing import Final

from starlette.responses import Response

from aidants.counter import merging
from aidants.counter.forms import CHOOSE, SameForm
from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.mandates import queries as mandates
from aidants.policy import Permission
from aidants.residents import merges, services
from aidants.residents.forms import CHANGED, said
from aidants.residents.identity import understand
from aidants.residents.lookalikes import lookalikes
from aidants.residents.services import Known
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

NOBODY: Final = N_("Personne à ce nom. Tapez au moins trois lettres, ou une date de naissance.")


def choose(work: Work, view: Page) -> Response:
    """Show who resembles the person, to choose the other record of the same person."""
    known, alike = view.recorded
    return _choices(view, known, alike, Parsed[SameForm]())


def propose(work: Work, view: Page) -> Response:
    """Propose that two records are of one person, or look for another record by its name."""
    known = services.get_resident(work, view.param("id"))
    form = parse(SameForm, view.form)
    wanted = form.value
    if wanted is not None and wanted.acte == "proposer" and wanted.fiche and wanted.garder:
        both = (known.id, wanted.fiche) if wanted.garder == "celle-ci" else (wanted.fiche, known.id)
        return view.redirect(f"/reunions/{merges.propose(work, *both)}")
    found = _offered(work, known, wanted.recherche if wanted is not None else "")
    if wanted is not None and wanted.acte == "chercher":
        if not found:
            form.add("recherche", NOBODY)
    elif wanted is not None:
        for name in ("fiche", "garder"):
            if not form.get(name):
                form.add(name, CHOOSE)
    return _choices(view, known, found, form, 422 if form.errors else 200)


def _offered(work: Work, known: Known, text: str) -> tuple[Known, ...]:
    """Return and journal whom to choose from: those found by a name when one is typed, else those who resemble."""
    if text:
        found = tuple(one for one in services.search(work, understand(text)).residents if one.id != known.id)
    else:
        found = lookalikes(work, known.identity, known.id)
    if found:
        services.journal_search(work, found, "search" if text else "alike")
    return found


def _choices(view: Page, known: Known, found: tuple[Known, ...], form: Parsed[SameForm], status: int = 200) -> Response:
    return view.render("residents/same.html", status=status, block="form", resident=known, found=found, form=form)


def show(work: Work, view: Page) -> Response:
    """Show both records side by side, and what may be decided."""
    row, (kept, other) = view.recorded
    texts = said(kept.identity), said(other.identity)
    lines = [[gettext(label), *(text[name] or gettext("vide") for text in texts)] for name, label in CHANGED.items()]
    counts = mandates.counted(work, (kept.id, other.id))
    mine = row.proposed_by == work.person().person_id
    until = row.confirmed_at + merges.REVERSIBLE if row.confirmed_at is not None else None
    return view.render(
        "residents/merge.html",
        merge=row,
        kept=kept,
        lines=[*lines, [gettext("Mandats"), *counts]],
        mine=mine,
        until=until,
    )


def confirm(work: Work, view: Page) -> Response:
    """Make one record of two."""
    merging.confirm(work, view.param("id"))
    return view.redirect(f"/personnes/{merges.get_merge(work, view.param('id')).kept_id}")


def decline(work: Work, view: Page) -> Response:
    """Leave both records apart."""
    merges.decline(work, view.param("id"))
    return view.redirect(f"/personnes/{merges.get_merge(work, view.param('id')).kept_id}")


def separate(work: Work, view: Page) -> Response:
    """Make two records again."""
    merging.undo(work, view.param("id"))
    return view.redirect(f"/personnes/{merges.get_merge(work, view.param('id')).kept_id}")


def _views_one(work: Work, view: Page) -> None:
    """Journal the reading of the person; the search among others journals itself."""
    services.journal_view(work, view.param("id"))


def _views(work: Work, view: Page) -> None:
    """Read and journal the person and who resembles them."""
    known = services.journal_view(work, view.param("id"))
    view.recorded = known, _offered(work, known, "")


def _views_both(work: Work, view: Page) -> None:
    """Read and journal both persons."""
    row = merges.get_merge(work, view.param("id"))
    both = merges.both(work, row)
    services.journal_search(work, both, "merge")
    view.recorded = row, both


_CHANGE: Final = Permission.CHANGE_RESIDENTS
ROUTES: Final = [
    page("/personnes/{id:ref}/doublon", choose, permission=_CHANGE, db=Mode.READ, records=_views),
    page("/personnes/{id:ref}/doublon", propose, permission=_CHANGE, db=Mode.WRITE, method="POST", records=_views_one),
    page("/reunions/{id:ref}", show, permission=_CHANGE, db=Mode.READ, records=_views_both),
    page("/reunions/{id:ref}/confirmer", confirm, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/reunions/{id:ref}/refuser", decline, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/reunions/{id:ref}/separer", separate, permission=_CHANGE, db=Mode.WRITE, method="POST"),
]
