"""The command ``aidants``. Errors are one sentence and an exit code, never a traceback."""

from __future__ import annotations

import dataclasses
import gc
import getpass
import json
import os
import sys
from datetime import date
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy.exc import DBAPIError

from aidants import journal_commands, logs, memory, resident_commands
from aidants import settings as config
from aidants.console import Stop, close, open_installation, stop
from aidants.crypto import MASTER_FILE, KeyMissing, Keyring
from aidants.db import Database
from aidants.errors import AppError
from aidants.settings import Settings, SettingsError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False, help="Aidants")
guides = typer.Typer(no_args_is_help=True, help="Les guides : contrôler. / The guides: check.")
app.add_typer(journal_commands.journal, name="journal")
app.add_typer(guides, name="guides")
app.add_typer(resident_commands.residents, name="resident")
messages = typer.Typer(no_args_is_help=True, help="Les messages : envoyer, essayer. / Messages: deliver, try.")
app.add_typer(messages, name="messages")
maintenance = typer.Typer(no_args_is_help=True, help="Les tâches de chaque jour. / Daily jobs.")
app.add_typer(maintenance, name="maintenance")


def main() -> None:
    """Run the command line."""
    from aidants.app import StartError

    try:
        app()
    except (Stop, SettingsError, KeyMissing, StartError, AppError) as error:
        print(f"aidants : {error}", file=sys.stderr)
        raise SystemExit(1) from None
    except DBAPIError as error:
        said = str(error.orig)  # may quote the damaged bytes themselves
        print(f"aidants : la base de données ne se lit pas, elle est peut-être abîmée ({said!r}).", file=sys.stderr)
        raise SystemExit(1) from None
    finally:
        close()


def _open_empty(settings: Settings) -> Database:
    """Open the place of a new installation; the key is created only when there is no installation, and none before it."""
    from aidants.app import open_database
    from aidants.install import installed

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    database = open_database(settings)
    if installed(database) is not None:
        stop("Cette base contient déjà une installation. Rien n’a été changé.")
    known = (settings.keys_path / MASTER_FILE).exists()
    database.keyring = Keyring.load(settings.keys_path) if known else Keyring.create(settings.keys_path)
    return database


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

    memory.be_frugal()
    application = create_app(settings)
    gc.freeze()  # what was built so far lives as long as the process: the collector need not walk through it again
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
    contact: Annotated[str, typer.Option(help="Adresse e-mail de la structure")] = "",
    hours: Annotated[str, typer.Option(help="Heures d’ouverture, en mots")] = "",
    dpo: Annotated[str, typer.Option(help="Contact du délégué à la protection des données")] = "",
    public_mission: Annotated[
        bool, typer.Option(help="Mission de service public (RGPD 6-1-e) ; une association sans mission répond non")
    ] = True,
    function: Annotated[str, typer.Option(help="Fonction de la première personne")] = "Aidant",
    trained_on: Annotated[str, typer.Option(help="Date de la formation d’aidant (AAAA-MM-JJ), vide sinon")] = "",
    password_env: Annotated[str, typer.Option(help="Variable qui contient le mot de passe")] = "",
) -> None:
    """Installer : base, clé, structure, première personne. / Install: database, key, organisation, first person."""
    from aidants import install

    password = (
        os.environ.get(password_env, "") if password_env else getpass.getpass("Mot de passe (12 signes au moins) : ")
    )
    first = install.FirstPerson(
        name=name, email=email, password=password, function=function, trained_on=_day(trained_on)
    )
    place = {"name": organisation, "address": address, "phone": phone, "kind": kind}
    place |= {"email": contact, "hours": hours, "dpo_contact": dpo}
    install.check(place, first)
    settings = config.load()
    database = _open_empty(settings)
    uri = install.run(database, place, first, public_mission=public_mission)
    print("L’installation est prête. Scannez cette adresse dans votre application de codes :")
    print(uri)
    print("Gardez une copie de la clé maîtresse ailleurs que sur cet ordinateur :", settings.keys_path / "master.key")
    print("Ensuite : aidants serve")


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        stop("La date de formation s’écrit AAAA-MM-JJ, par exemple 2026-09-14.")


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
    from aidants.app import open_database
    from aidants.install import installed
    from aidants.migrate import upgrade

    settings.data_dir.mkdir(parents=True, exist_ok=True, mode=0o700)
    found = installed(open_database(settings))
    if found is None:
        database = _open_empty(settings)
        upgrade(database)
        demonstration.fill(database)
        return database
    if not found.demo:
        stop("Cette base n’est pas une démonstration. Choisissez un autre dossier avec AIDANTS_DATA_DIR.")
    return open_installation(settings)


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


@messages.command("deliver")
def deliver_messages() -> None:
    """Envoyer les messages qui attendent ; code 1 si certains restent. / Send what waits."""
    from aidants.messages.delivery import deliver_due
    from aidants.messages.transports import transports

    settings = config.load()
    tally = deliver_due(open_installation(settings), transports(settings))
    print(f"{tally.sent} envoyé(s), {tally.put_off} remis à plus tard, {tally.failed} abandonné(s).")
    raise SystemExit(1 if tally.put_off or tally.failed else 0)


@messages.command("try")
def try_message(
    address: Annotated[str, typer.Argument(help="Une adresse e-mail ou un numéro de mobile")],
) -> None:
    """Préparer un message d’essai ; il part comme les autres. / Queue a trial message."""
    from aidants.crypto import new_id
    from aidants.db import Mode, unit_of_work
    from aidants.messages.models import Channel
    from aidants.messages.services import enqueue

    settings = config.load()
    channel = Channel.MAIL if "@" in address else Channel.SMS
    with unit_of_work(open_installation(settings), Mode.WRITE) as work:
        values, dedup = {"address": settings.base_url}, f"trial|{new_id()}"
        enqueue(work, channel, address, "trial", values, dedup=dedup, language=settings.locale)
    print("Le message d’essai attend son envoi. Pour l’envoyer maintenant : aidants messages deliver")


@maintenance.command("run")
def run_maintenance() -> None:
    """Faire les tâches du jour ; une deuxième fois ne change rien. / Do the day's jobs; idempotent."""
    from aidants.maintenance import run

    done = run(open_installation(config.load()))
    for name, outcome in done.items():
        print(f"{name} : {outcome if isinstance(outcome, int) else 'échec'}")
    raise SystemExit(1 if any(outcome is None for outcome in done.values()) else 0)


if __name__ == "__main__":
    main()
