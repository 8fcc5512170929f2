"""The page on messages, for administrators: what waits, what failed, what is set up. It shows nobody's address."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlsplit

from starlette.responses import Response
from starlette.routing import Route

from aidants.db import Mode, Work
from aidants.i18n import N_, gettext
from aidants.journal.outcomes import OUTCOMES
from aidants.messages import queries, services
from aidants.messages.models import State
from aidants.messages.wording import TEMPLATES
from aidants.policy import Permission
from aidants.settings import Settings
from aidants.web.endpoint import Page, page

STATES: Final = {
    State.QUEUED: N_("En attente"),
    State.SENDING: N_("Envoi en cours"),
    State.SENT: N_("Envoyés"),
    State.FAILED: N_("Abandonnés"),
    State.CANCELLED: N_("Annulés"),
}
CHANNELS: Final = {"mail": N_("Courrier électronique"), "sms": N_("SMS")}


def messages(work: Work, view: Page) -> Response:
    """Show the state of the outbox."""
    outbox = queries.status(work)
    return view.render(
        "messages/messages.html",
        counts=[(gettext(label), outbox.counts[state]) for state, label in STATES.items()],
        channels=[(gettext(label), _described(work.settings, name)) for name, label in CHANNELS.items()],
        outbox=outbox,
        titles={name: gettext(template.title) for name, template in TEMPLATES.items()},
        ways={name: gettext(label) for name, label in CHANNELS.items()},
        errors={name: gettext(word) for name, word in OUTCOMES.items()},
        again=view.query.last("envoi") == "demande",
    )


def _described(settings: Settings, channel: str) -> str:
    """Say in words how messages of a channel leave; never a user name or a password."""
    if not services.available(settings, channel):
        return gettext("Pas réglé : l’application n’en promet aucun.")
    parts = urlsplit(settings.mail_url if channel == "mail" else settings.sms_url)
    if parts.scheme == "file":
        return gettext("Écrits dans un dossier de ce serveur.")
    return gettext("Confiés à {host}.").format(host=parts.hostname)


def send_again(work: Work, view: Page) -> Response:
    """Queue a message given up once more."""
    services.send_again(work, view.param("id"))
    return view.redirect("/messages?envoi=demande")


_P: Final = Permission.MANAGE_INSTALLATION
ROUTES: Final[list[Route]] = [
    page("/messages", messages, permission=_P, db=Mode.READ),
    page("/messages/{id:ref}/renvoyer", send_again, permission=_P, db=Mode.WRITE, method="POST"),
]
