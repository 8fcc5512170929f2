"""A fresh one-time code inside another form: asked unless one was given less than five minutes ago."""

from __future__ import annotations

from typing import Any, Final

from aidants.accounts import services
from aidants.db import Work
from aidants.errors import ReauthenticationNeeded
from aidants.i18n import N_
from aidants.policy import require_fresh
from aidants.web.forms import Parsed

NEW_CODE: Final = N_("Un nouveau code de votre téléphone : il prouve que c’est vous")
NO_CODE: Final = N_("Tapez le code à six chiffres de votre téléphone.")
WRONG_CODE: Final = N_("Ce code ne va pas. Attendez le prochain code sur votre téléphone, puis tapez-le.")


def asks_code(work: Work) -> bool:
    """Tell whether the next sensitive act of the actor needs a new code."""
    try:
        require_fresh(work.actor, work.now)
    except ReauthenticationNeeded:
        return True
    return False


def confirmed(work: Work, form: Parsed[Any], code: str) -> bool:
    """Tell whether the actor may go on; otherwise the form gets the error. A wrong code is counted, a right one is spent."""
    if not asks_code(work) or (code and services.confirm(work, code)):
        return True
    form.add("code", WRONG_CODE if code else NO_CODE)
    return False
