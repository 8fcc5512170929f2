"""The commands ``aidants journal …``: verify, export, checkpoint, seal."""

from __future__ import annotations

import dataclasses
import json
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aidants import settings as config
from aidants.console import open_installation, stop

if TYPE_CHECKING:
    from aidants.journal.notes import Checkpoint, Verifier
    from aidants.journal.report import Report

journal = typer.Typer(no_args_is_help=True, help="Le journal : vérifier, exporter, sceller. / Verify, export, seal.")


@journal.command("verify")
def verify(
    as_json: Annotated[bool, typer.Option("--json", help="Résultat en JSON")] = False,
    bundle: Annotated[Path | None, typer.Option(help="Un dossier ou un zip exporté, sans base ni réseau")] = None,
    vkey: Annotated[str, typer.Option(help="La clé publique que vous connaissez, ou son fichier")] = "",
    checkpoint: Annotated[list[Path] | None, typer.Option(help="Un point de contrôle que vous avez gardé")] = None,
) -> None:
    """Vérifier tout le journal ; code 0 s’il est intact, 1 sinon. / Verify the whole journal."""
    from rich.progress import Progress

    from aidants.journal import files, offline
    from aidants.journal.notes import NoteError

    try:
        verifier = _verifier(vkey)
        with Progress(transient=True, disable=as_json or not sys.stderr.isatty()) as bar:
            task = bar.add_task("Journal", total=None)

            def progress(done: int, total: int) -> None:
                bar.update(task, completed=done, total=total)

            if bundle is not None:
                log = files.open_files(bundle)
                verifier = verifier or offline.own_key(log)
                report = offline.verify_files(log, verifier, _kept(checkpoint, verifier), progress)
            else:
                report = _verify_database(verifier, checkpoint, progress)
    except NoteError:
        stop("Cette clé ou ce point de contrôle ne se lit pas, ou n’est pas signé par cette clé.")
    except files.Unreadable as error:
        stop(str(error))
    if as_json:
        found = {**dataclasses.asdict(report), "root": report.root.hex(), "sentence": report.sentence()}
        print(json.dumps(found, ensure_ascii=False, default=str))
    else:
        for fault in report.faults:
            print(fault.sentence)
        print(report.sentence())
    raise SystemExit(0 if report.ok else 1)


def _verify_database(
    verifier: Verifier | None, checkpoints: list[Path] | None, progress: Callable[[int, int], None]
) -> Report:
    from aidants.journal.signer import kept_outside
    from aidants.journal.verify import verify as check
    from aidants.mandates.queries import printed_roots
    from aidants.residents.services import everybody

    settings = config.load()
    database = open_installation(settings)
    own, kept = kept_outside(settings.signer_path)
    verifier = verifier or own
    kept = (*kept, *_kept(checkpoints, verifier))
    return check(database, progress, printed_roots(database), verifier, kept, everybody())


def _verifier(vkey: str) -> Verifier | None:
    """Return the key of a vkey, or of the file that holds one."""
    from aidants.journal.notes import Verifier

    if not vkey:
        return None
    return Verifier.parse(vkey if "+" in vkey else _text_of(Path(vkey)))


def _kept(paths: list[Path] | None, verifier: Verifier | None) -> list[Checkpoint]:
    """Return the checkpoints in these files, each signed by the key."""
    from aidants.journal.notes import open_checkpoint

    if paths and verifier is None:
        stop("Aucune clé publique ici : donnez-la avec --vkey.")
    return [open_checkpoint(_text_of(path), verifier) for path in paths or [] if verifier is not None]


def _text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, ValueError):
        stop(f"Ce fichier ne se lit pas : {path}.")


@journal.command("export")
def export_journal(
    target: Annotated[Path, typer.Argument(help="Un dossier vide ou nouveau, ou un fichier .zip nouveau")],
    with_records: Annotated[
        bool, typer.Option("--records", help="Avec tous les enregistrements et leur sel (à garder pour soi)")
    ] = False,
) -> None:
    """Écrire le journal en fichiers que chacun peut vérifier. / Write the log as files that anybody can verify."""
    import sqlalchemy as sa

    from aidants.db import Mode, unit_of_work
    from aidants.journal import export as exporting
    from aidants.journal.actions import JournalExported
    from aidants.journal.seal import cover, signer_of
    from aidants.journal.services import record

    settings = config.load()
    database = open_installation(settings)
    if target.exists() and (target.is_file() or any(target.iterdir())):
        stop(f"Il y a déjà quelque chose ici : {target}. Choisissez un autre nom.")
    with unit_of_work(database, Mode.WRITE) as work:
        record(work, JournalExported(view="records" if with_records else "log"))
    cover(database)
    verifier = signer_of(database).verifier
    with exporting.writer(target) as write:
        size = exporting.export(database, verifier, write, records=sa.true() if with_records else None)
    print(f"{size} entrées écrites dans {target}. Clé publique : {verifier.vkey()}")


@journal.command("checkpoint")
def show_checkpoint(
    vkey: Annotated[bool, typer.Option("--vkey", help="La clé publique seulement")] = False,
    publish: Annotated[
        bool,
        typer.Option("--publish", help="Le message à envoyer chaque jour aux auditeurs ; l’envoi est noté au journal"),
    ] = False,
) -> None:
    """Afficher le dernier point de contrôle signé. / Print the last signed checkpoint."""
    from aidants.journal.signer import SignerFolder

    try:
        signer = SignerFolder.load(config.load().signer_path)
    except (FileNotFoundError, ValueError):
        stop("Aucune clé du journal ici. Elle est créée au premier démarrage.")
    if vkey:
        print(signer.verifier.vkey())
        return
    if publish:
        print(_published(signer.verifier.vkey()), end="")
        return
    last = signer.last()
    if last is None:
        stop("Rien n’est encore signé.")
    print(last[1], end="")


def _published(vkey: str) -> str:
    """Seal everything, note that the checkpoint leaves, and return the message that carries it."""
    from aidants.db import Mode, unit_of_work
    from aidants.journal.actions import CheckpointPublished
    from aidants.journal.publication import message
    from aidants.journal.seal import cover, last_checkpoint
    from aidants.journal.services import record

    database = open_installation(config.load())
    cover(database)
    with unit_of_work(database, Mode.WRITE) as work:
        stored = last_checkpoint(work.session)
        if stored is None or stored.note is None:
            stop("Rien n’est encore signé.")
        record(work, CheckpointPublished(size=stored.size, root=stored.root.hex()))
        return message(stored.note, stored.size, vkey, work.settings)


@journal.command("seal")
def seal_journal(
    watch: Annotated[bool, typer.Option(help="Continuer, une fois par seconde au plus")] = False,
) -> None:
    """Sceller les nouvelles entrées et signer. / Seal the new entries and sign."""
    import time

    from aidants.counter.erasure import reapply
    from aidants.errors import Unavailable, WritesRefused
    from aidants.journal.seal import seal_now

    settings = config.load()
    database = open_installation(settings)
    reapply(database)  # a server under another account cannot read the list
    while True:
        try:
            sealed = seal_now(database)
            if not watch:
                print(f"{sealed.size} entrées, racine {sealed.root.hex()}")
                return
        except Unavailable as error:
            if isinstance(error, WritesRefused) or not watch:
                raise
        time.sleep(settings.checkpoint_seconds)
