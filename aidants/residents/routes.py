"""Pages: the list of persons, searching before creating, creating, correcting. The card is in ``counter``."""

from __future__ import annotations

from starlette.responses import Response

from aidants.dates import local_day
from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.messages.services import available
from aidants.policy import Permission
from aidants.residents import services
from aidants.residents.forms import (
    AIDS,
    CHANGED,
    DOCUMENTS,
    LANGUAGES,
    REMINDERS,
    ResidentForm,
    SearchForm,
    read_identity,
    said,
)
from aidants.residents.identity import Identity, understand
from aidants.residents.lookalikes import lookalikes
from aidants.residents.services import Known
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

TOO_SHORT = N_("Tapez au moins trois lettres d’un nom, une date de naissance ou un téléphone.")
TOO_MANY = N_("Trop de personnes correspondent. Ajoutez le prénom ou la date de naissance.")
_OWN = {
    "birth_name": {
        "missing": N_("Écrivez le nom de naissance."),
        "string_too_short": N_("Écrivez le nom de naissance."),
    },
    "given_names": {
        "missing": N_("Écrivez au moins un prénom."),
        "string_too_short": N_("Écrivez au moins un prénom."),
    },
}


def list_residents(work: Work, view: Page) -> Response:
    """Show the persons last received, with the search box first."""
    return view.render("residents/list.html", form=Parsed[SearchForm](), residents=view.recorded, searched=None)


def _recent(work: Work, view: Page) -> None:
    """Read the persons last received and journal them, in one unit."""
    view.recorded = services.recent(work)
    services.journal_search(work, view.recorded, "recent")


def search_residents(view: Page) -> Response:
    """Search by name, birth date or phone. A form that is posted: what is searched never stands in an address."""
    form = parse(SearchForm, view.form, {"recherche": {"missing": TOO_SHORT, "string_too_short": TOO_SHORT}})
    found = services.Found()
    if not form.errors:
        with view.unit(Mode.READ) as work:
            found = services.search(work, understand(form.valid().recherche))
        if found.too_short or (found.too_many and not found.residents):
            form.add("recherche", TOO_SHORT if found.too_short else TOO_MANY)
    if form.errors:
        return view.render("residents/list.html", status=422, block="form", form=form, residents=(), searched="")
    with view.unit(Mode.WRITE) as work:
        services.journal_search(work, found.residents, "search")
    return view.render(
        "residents/list.html",
        block="form",
        form=form,
        residents=found.residents,
        searched=form.valid().recherche,
        too_many=found.too_many,
        alike=found.alike,
    )


def search_again(view: Page) -> Response:
    """Answer somebody who reloads, or comes back to, the address of a search: the box, empty."""
    return view.redirect("/personnes")


def _shown(view: Page, form: Parsed[ResidentForm], status: int = 200, **context: object) -> Response:
    chosen, settings = form.get("reminders"), view.gate.settings
    told = {code: label for code, label in REMINDERS.items() if code in ("", chosen) or available(settings, code)}
    lists = {"documents": DOCUMENTS, "spoken": LANGUAGES, "aids": AIDS, "reminders": told}
    choices = {name: [(key, gettext(label)) for key, label in items.items()] for name, items in lists.items()}
    return view.render("residents/edit.html", status=status, block="form", form=form, **choices, **context)


def new_resident(work: Work, view: Page) -> Response:
    """Show the empty form."""
    return _shown(view, Parsed[ResidentForm](), resident_id=None, version=1)


def create_resident(work: Work, view: Page) -> Response:
    """Create the person and open their card, unless somebody known resembles them: then the helper is asked first."""
    form = parse(ResidentForm, view.form, _OWN)
    identity = read_identity(form, local_day(work.now, work.settings.zone))
    if identity is None:
        return _shown(view, form, 422, resident_id=None, version=1)
    alike = () if view.form.last("autre") == "oui" else _alike(work, identity)
    if alike:
        return view.render("residents/alike.html", alike=alike, fields=_fields(form))
    return view.redirect(f"/personnes/{services.create_resident(work, identity)}")


def _alike(work: Work, identity: Identity) -> tuple[Known, ...]:
    """Return and journal who resembles a new person; nobody when the same form was just sent."""
    services.lock_helper(work)
    services.lock_new_residents(work)
    alike = lookalikes(work, identity) if services.just_created(work, identity) is None else ()
    if alike:
        services.journal_search(work, alike, "alike")
    return alike


def _fields(form: Parsed[ResidentForm]) -> list[tuple[str, str]]:
    """Return what was typed, as hidden fields that send it again."""
    pairs = ((name, value if isinstance(value, list) else [value]) for name, value in form.raw.items())
    return [(name, item) for name, values in pairs for item in values]


def edit_resident(work: Work, view: Page) -> Response:
    """Show the form filled with what is known."""
    known = services.get_resident(work, view.param("id"))
    return _shown(view, Parsed(raw=_raw(known.identity)), resident_id=known.id, version=known.row.version)


def _raw(identity: Identity) -> dict[str, object]:
    year, month, day = (*identity.birth_date.split("-"), "", "", "")[:3]
    return {
        **identity.to_dict(),
        "aids": identity.aids.split(),
        "birth-year": year,
        "birth-month": month,
        "birth-day": day,
    }


def change_resident(work: Work, view: Page) -> Response:
    """Store the corrected identity; another person's change meanwhile is never overwritten."""
    known = services.get_resident(work, view.param("id"))
    form, version = parse(ResidentForm, view.form, _OWN), view.form.last("version")
    identity = read_identity(form, local_day(work.now, work.settings.zone))
    if identity is None:
        return _shown(view, form, 422, resident_id=known.id, version=version)
    number = int(version) if version.isascii() and version.isdigit() and len(version) < 9 else 0
    if not services.change_resident(work, known.id, identity, number):
        return _two_versions(work, view, known.id, identity, form)
    return view.redirect(f"/personnes/{known.id}")


def _two_versions(work: Work, view: Page, resident_id: str, mine: Identity, form: Parsed[ResidentForm]) -> Response:
    """Show what somebody else stored meanwhile beside what was just typed; nothing is overwritten."""
    services.journal_view(work, resident_id)
    stored = services.get_resident(work, resident_id)
    before, after = said(stored.identity), said(mine)
    changed = [(gettext(CHANGED[name]), before[name], after[name]) for name in CHANGED if before[name] != after[name]]
    if not changed:
        return view.redirect(f"/personnes/{resident_id}")
    return view.render(
        "residents/versions.html",
        status=409,
        resident=stored,
        changed=changed,
        fields=[*_fields(form), ("version", str(stored.row.version))],
    )


def _views(work: Work, view: Page) -> None:
    services.journal_view(work, view.param("id"))


_SEE, _CHANGE = Permission.SEE_RESIDENTS, Permission.CHANGE_RESIDENTS
ROUTES = [
    page("/personnes", list_residents, permission=_SEE, db=Mode.READ, records=_recent),
    page("/personnes/chercher", search_again, permission=_SEE, db=Mode.OWN),
    page("/personnes/chercher", search_residents, permission=_SEE, db=Mode.OWN, method="POST"),
    page("/personnes/nouvelle", new_resident, permission=_CHANGE, db=Mode.READ),
    page("/personnes/nouvelle", create_resident, permission=_CHANGE, db=Mode.WRITE, method="POST"),
    page("/personnes/{id:ref}/modifier", edit_resident, permission=_CHANGE, db=Mode.READ, records=_views),
    page(
        "/personnes/{id:ref}/modifier",
        change_resident,
        permission=_CHANGE,
        db=Mode.WRITE,
        method="POST",
        records=_views,
    ),
]
