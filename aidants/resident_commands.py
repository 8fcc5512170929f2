"""The commands ``aidants resident …``: erase, export."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Annotated

import typer

from aidants import settings as config
from aidants.console import open_installation, stop

residents = typer.Typer(
    no_args_is_help=True, help="Les usagers : effacer, remettre leur dossier. / Residents: erase, export."
)


@residents.command("erase")
def erase_resident(
    reference: Annotated[str, typer.Argument(help="La référence de la fiche : 26 lettres et chiffres")],
    yes: Annotated[bool, typer.Option("--yes", help="Sans demander confirmation / do not ask")] = False,
) -> None:
    """Effacer une personne, à sa demande ; c’est définitif. / Erase a resident, at their request; final."""
    from aidants.counter.erasure import erase
    from aidants.db import Mode, unit_of_work
    from aidants.errors import NotFound

    database = open_installation(config.load())
    if not yes and not typer.confirm("Cette personne sera effacée. On ne peut pas revenir en arrière. Continuer ?"):
        stop("Rien n’a été effacé.")
    try:
        with unit_of_work(database, Mode.WRITE) as work:
            erase(work, reference, "request")
    except NotFound:
        stop(f"Personne n’a cette référence ici : {reference}. Rien n’a été effacé.")
    print("La personne est effacée. Les preuves du journal restent bonnes.")


@residents.command("export")
def export_resident(
    reference: Annotated[str, typer.Argument(help="La référence de la fiche : 26 lettres et chiffres")],
    file: Annotated[Path, typer.Argument(help="Le fichier à écrire, en .json ou en .html")],
) -> None:
    """Écrire tout ce qui est gardé sur une personne, pour elle. / Write everything held about a resident."""
    from aidants.app import make_templates
    from aidants.counter import access
    from aidants.db import Mode, unit_of_work
    from aidants.errors import NotFound
    from aidants.residents.services import hold

    form = file.suffix.removeprefix(".").lower()
    if form not in ("json", "html"):
        stop("Le fichier doit finir par .json ou par .html.")
    settings = config.load()
    database = open_installation(settings)
    try:
        with unit_of_work(database, Mode.WRITE) as work:
            row = hold(work, reference)
            while row.merged_into is not None:
                row = hold(work, row.merged_into)
            found = access.gather(work, row)
            access.journal(work, row, form)
            text = access.to_json(found)
            if form == "html":
                text = make_templates(settings, str).render("residents/file_alone.html", {"file": found}, "fr")
            _write_private(file, text)
    except NotFound:
        stop(f"Personne n’a cette référence ici : {reference}. Rien n’a été écrit.")
    print(f"Le dossier est écrit dans {file}. Remettez-le à la personne, puis effacez-le.")


def _write_private(file: Path, text: str) -> None:
    """Write a new file that its owner alone reads. Raises Stop when it exists or cannot be written."""
    try:
        with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="utf-8") as opened:
            opened.write(text)
    except FileExistsError:
        stop(f"Ce fichier existe déjà : {file}. Rien n’a été changé.")
    except OSError as error:
        stop(f"Ce fichier ne s’écrit pas : {file} ({error.strerror}).")
