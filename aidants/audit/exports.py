"""The page that hands out what a search finds: as a table, or as files that anybody can verify."""

from __future__ import annotations

import tempfile
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import IO, Annotated, Final, Literal

import sqlalchemy as sa
from pydantic import Field
from starlette.responses import Response, StreamingResponse
from starlette.routing import Route

from aidants import dates, spreadsheet
from aidants.accounts.confirming import NEW_CODE, asks_code, confirmed
from aidants.audit import paging, queries
from aidants.audit.forms import JournalForm, read_filters, used_in_words
from aidants.audit.lines import Line, lines, spaced
from aidants.audit.paging import Filters, Reach
from aidants.db import Mode, Work
from aidants.errors import Refused
from aidants.i18n import N_, gettext
from aidants.journal import export
from aidants.journal.actions import JournalExported, JournalSearched
from aidants.journal.seal import cover
from aidants.journal.services import last_number, record, under_installation
from aidants.journal.signer import kept_outside
from aidants.policy import Permission, require
from aidants.spreadsheet import Format
from aidants.web.endpoint import Page, page
from aidants.web.forms import Form, Parsed, Text, parse

MOST_LINES: Final = 100_000
BATCH: Final = 1000
_CHUNK: Final = 1 << 16
TOO_MANY: Final = N_("Plus de {number} entrées : choisissez une période plus courte.")
NO_FORM: Final = N_("Choisissez une forme.")
NO_KEY: Final = N_(
    "La clé publique du journal n’est pas lisible par ce serveur. Demandez ce dossier à votre administrateur."
)
OWN_WORDS: Final = {"forme": {"missing": NO_FORM, "literal_error": NO_FORM}}
HEADER: Final = (N_("Numéro"), N_("Jour"), N_("Heure"), N_("Ce qui s’est passé"), N_("Par"), N_("Mandat"))
_MEDIA: Final = {
    "csv": spreadsheet.MEDIA_TYPES[Format.CSV],
    "xlsx": spreadsheet.MEDIA_TYPES[Format.XLSX],
    "bundle": "application/zip",
}
_SUFFIX: Final = {"csv": "csv", "xlsx": "xlsx", "bundle": "zip"}


class ExportForm(JournalForm):
    """A search, the form of the file, and a fresh code unless one was given less than five minutes ago."""

    forme: Literal["csv", "xlsx", "bundle"]
    code: Annotated[Text, Field(max_length=20)] = ""

    def used(self) -> dict[str, str]:
        """Return the criteria of the search that are filled."""
        return {name: value for name, value in super().used().items() if name in JournalForm.model_fields}


def ask(work: Work, view: Page) -> Response:
    """Show what the search is, and the question of the form."""
    search = parse(JournalForm, view.query)
    return _show(work, view, view.query, Parsed[ExportForm](raw=search.raw, errors=search.errors))


def hand_out(view: Page) -> Response:
    """Record the export, then send the file; entries made meanwhile are not in it."""
    form = parse(ExportForm, view.form, OWN_WORDS)
    with view.unit(Mode.WRITE) as work:
        require(view.actor, Permission.AUDIT_JOURNAL)
        found = Filters() if form.errors else read_filters(work, form.valid())
        filters = replace(found, before=last_number(work) + 1)
        tabular = form.get("forme") != "bundle"
        if not form.errors and tabular and paging.longer_than(work, filters, work.settings.zone, MOST_LINES):
            form.add("forme", gettext(TOO_MANY).format(number=spaced(MOST_LINES)))
        if form.errors or not confirmed(work, form, form.valid().code):
            return _show(work, view, view.form, form, 422)
        used, kind = form.valid().used(), form.valid().forme
        record(work, JournalExported(view=kind, filters=tuple(used)), under_installation(work, used))
        day, which = dates.local_day(work.now, work.settings.zone), paging.chosen(work, filters, work.settings.zone)
    if kind == "bundle":
        file = _bundle(view, which)
    else:
        file = spreadsheet.write(Format(kind), [gettext(name) for name in HEADER], _rows(view, filters))
    name = f"journal-{day.isoformat()}.{_SUFFIX[kind]}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return StreamingResponse(_chunks(file), media_type=_MEDIA[kind], headers=headers)


def _show(work: Work, view: Page, typed: Form, form: Parsed[ExportForm], status: int = 200) -> Response:
    search = parse(JournalForm, typed)
    used = search.value.used() if search.value else {}
    return view.render(
        "audit/export.html",
        status=422 if form.errors else status,
        block="form",
        form=form,
        used=used,
        criteria=used_in_words(used, dict(queries.audited_organisations(work))),
        new_code=gettext(NEW_CODE) if asks_code(work) else None,
        most=spaced(MOST_LINES),
    )


def _rows(view: Page, filters: Filters) -> Iterator[tuple[str | int, ...]]:
    """Yield the lines of every page of a search, as the screen words them."""
    more = True
    while more:
        with view.open_unit(Mode.READ) as work:
            found = paging.search(work, Reach.AUDITED, filters, work.settings.zone, BATCH)
            yield from map(_row, lines(work, found.entries))
        more = found.more
        filters = replace(filters, before=found.entries[-1].seq if found.entries else 0)


def _row(line: Line) -> tuple[str | int, ...]:
    return (line.seq, line.when.date().isoformat(), line.time, line.sentence, line.actor, line.mandate)


def _bundle(view: Page, which: sa.ColumnElement[bool]) -> IO[bytes]:
    """Return the whole log as a zip, with the records that the search finds and their salts."""
    database = view.gate.database
    cover(database)
    verifier, _kept = kept_outside(view.gate.settings.signer_path)
    if verifier is None:
        raise Refused(NO_KEY, code="no_key")
    file = tempfile.TemporaryFile()  # noqa: SIM115 - sent, then closed
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        export.export(database, verifier, export.into_zip(archive), records=which)
    file.seek(0)
    return file


def _chunks(file: IO[bytes]) -> Iterable[bytes]:
    with file:
        while chunk := file.read(_CHUNK):
            yield chunk


def _records(work: Work, view: Page) -> None:
    search = parse(JournalForm, view.query).value
    used = search.used() if search else {}
    record(work, JournalSearched(view="export", filters=tuple(used)), under_installation(work, used))


ROUTES: Final[list[Route]] = [
    page("/journal/exporter", ask, permission=Permission.AUDIT_JOURNAL, db=Mode.READ, records=_records),
    page("/journal/exporter", hand_out, permission=Permission.AUDIT_JOURNAL, db=Mode.OWN, method="POST"),
]
