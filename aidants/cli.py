"""The command ``aidants``. Errors are one sentence and an exit code, never a traceback."""

from __future__ import annotations

import dataclasses
import getpass
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from aidants import logs
from aidants import settings as config
from aidants.crypto import KeyMissing, Keyring
from aidants.db import Database, Mode, unit_of_work
from aidants.errors import AppError
from aidants.settings import Settings, SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Aidants")
journal = typer.Typer(no_args_is_help=True, help="Le journal : vérifier. / The journal: verify.")
guides = typer.Typer(no_args_is_help=True, help="Les guides : contrôler. / The guides: check.")
app.add_typer(journal, name="journal")
app.add_typer(guides, name="guides")


class Stop(Exception):
    """Ends a command with one sentence and exit code 1."""


def main() -> None:
    """Run the command line."""
    from aidants.app import StartError

    try:
        app()
    except (Stop, SettingsError, KeyMissing, StartError, AppError) as error:
        print(f"aidants : {error}", file=sys.stderr)
        raise SystemExit(1) from None


def _stop(sentence: str) -> NoReturn:
    raise Stop(sentence)


def _open(settings: Settings, *, create_key: bool = False) -> Database:
    from aidants.app import open_database

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    if create_key and not (settings.keys_path / "master.key").exists():
        return open_database(settings, Keyring.create(settings.keys_path))
    return open_database(settings, Keyring.load(settings.keys_path))


@app.command()
def serve(
    host: Annotated[str, typer.Option(help="Adresse d’écoute / listening address")] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port")] = 8000,
) -> None:
    """Servir l’application. / Serve the application."""
    _serve(config.load(), host, port)


def _serve(settings: Settings, host: str, port: int) -> None:
    import uvicorn

    from aidants.app import create_app

    application = create_app(settings)
    logs.set_up(settings.log)
    print(f"Aidants est prêt : {settings.base_url}", flush=True)
    uvicorn.run(
        application,
        host=host,
        port=port,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_graceful_shutdown=10,
        proxy_headers=False,
    )


@app.command()
def migrate() -> None:
    """Mettre la base à la version de ce programme. / Bring the database to this program's version."""
    from aidants.app import open_database
    from aidants.migrate import upgrade

    settings = config.load()
    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    upgrade(open_database(settings))
    print("La base est à jour.")


@app.command()
def init(
    organisation: Annotated[str, typer.Option(prompt="Nom de la structure", help="Nom de la structure")],
    address: Annotated[str, typer.Option(prompt="Adresse de la structure", help="Adresse postale")],
    phone: Annotated[str, typer.Option(prompt="Téléphone de la structure", help="Téléphone")],
    name: Annotated[str, typer.Option(prompt="Votre nom", help="Nom de la première personne")],
    email: Annotated[str, typer.Option(prompt="Votre adresse e-mail", help="Son adresse e-mail")],
    kind: Annotated[str, typer.Option(help="Mairie, association…")] = "Structure",
    trained_on: Annotated[str, typer.Option(help="Date de la formation d’aidant (AAAA-MM-JJ), vide sinon")] = "",
    password_env: Annotated[str, typer.Option(help="Variable qui contient le mot de passe")] = "",
) -> None:
    """Installer : base, clé, structure, première personne. / Install: database, key, organisation, first person."""
    from aidants import install

    password = (
        os.environ.get(password_env, "") if password_env else getpass.getpass("Mot de passe (12 signes au moins) : ")
    )
    first = install.FirstPerson(name=name, email=email, password=password, trained_on=_day(trained_on))
    settings = config.load()
    database = _open(settings, create_key=True)
    place = {"name": organisation, "address": address, "phone": phone, "kind": kind}
    uri = install.run(database, place, first)
    print("L’installation est prête. Scannez cette adresse dans votre application de codes :")
    print(uri)
    print("Gardez une copie de la clé maîtresse ailleurs que sur cet ordinateur :", settings.keys_path / "master.key")
    print("Ensuite : aidants serve")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        _stop("La date de formation s’écrit AAAA-MM-JJ, par exemple 2026-09-14.")


@app.command()
def demo(as_json: Annotated[bool, typer.Option("--json", help="Comptes et codes en JSON")] = False) -> None:
    """Remplir une base vide de personnes inventées. / Fill an empty database with invented people."""
    from aidants import demo as demonstration

    settings = config.load()
    database = _demo_database(settings)
    if as_json:
        people = [dataclasses.asdict(account) for account in demonstration.accounts(database)]
        print(
            json.dumps(
                {"base_url": settings.base_url, "accounts": people, "mandates": demonstration.codes(database)},
                ensure_ascii=False,
                indent=1,
            )
        )
    else:
        print(f"La démonstration est prête dans {settings.data_dir}.")


def _demo_database(settings: Settings) -> Database:
    from aidants import demo as demonstration
    from aidants.accounts.models import Installation
    from aidants.migrate import current, upgrade

    fresh = not (settings.keys_path / "master.key").exists()
    database = _open(settings, create_key=True)
    if fresh or current(database) is None:
        upgrade(database)
        demonstration.fill(database)
        return database
    with unit_of_work(database, Mode.READ) as work:
        installation = work.session.get(Installation, 1)
    if installation is None or not installation.demo:
        _stop("Cette base n’est pas une démonstration. Choisissez un autre dossier avec AIDANTS_DATA_DIR.")
    return database


@app.command("run-demo")
def run_demo(port: Annotated[int, typer.Option(help="Port")] = 8000) -> None:
    """Servir la démonstration sur cette machine. / Serve the demonstration on this machine."""
    from aidants import demo as demonstration

    settings = config.load(
        base_url=f"http://127.0.0.1:{port}", help_phone=demonstration.PHONE, help_hours=demonstration.HOURS
    )
    _demo_database(settings).dispose()
    print(f"Les personnes inventées, avec un bouton chacune : {settings.base_url}/demo", flush=True)
    _serve(settings, "127.0.0.1", port)


@journal.command("verify")
def verify(as_json: Annotated[bool, typer.Option("--json", help="Résultat en JSON")] = False) -> None:
    """Vérifier tout le journal ; code 0 s’il est intact, 1 sinon. / Verify the whole journal."""
    from rich.progress import Progress

    from aidants.journal.verify import verify as check

    database = _open(config.load())
    with Progress(transient=True, disable=as_json or not sys.stderr.isatty()) as progress:
        task = progress.add_task("Journal", total=None)
        report = check(database, lambda done, total: progress.update(task, completed=done, total=total))
    if as_json:
        print(
            json.dumps({**dataclasses.asdict(report), "sentence": report.sentence()}, ensure_ascii=False, default=str)
        )
    else:
        for fault in report.faults:
            print(fault.sentence)
        print(report.sentence())
    raise SystemExit(0 if report.ok else 1)


@guides.command("check")
def check_guides(
    folder: Annotated[Path | None, typer.Argument(help="Dossier des guides / folder of guides")] = None,
) -> None:
    """Contrôler les guides ; code 1 s’il y a une erreur. / Check the guides."""
    from aidants.guides.lint import check_library, errors

    findings = check_library(folder)
    for finding in findings:
        print(finding)
    wrong = errors(findings)
    print(f"{len(wrong)} erreur(s), {len(findings) - len(wrong)} remarque(s).")
    raise SystemExit(1 if wrong else 0)


if __name__ == "__main__":
    main()
