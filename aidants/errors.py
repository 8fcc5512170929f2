"""Errors a person may meet: each carries an HTTP status and a sentence that says what is so and what to do.

Messages are French msgids (translated when shown). Anything that is not an ``AppError`` is a defect: the page says so
without detail and the log keeps the trace.
"""

from __future__ import annotations

from aidants.i18n import N_


class AppError(Exception):
    """Base of all expected errors. ``title`` and ``message`` are shown; ``code`` is stable and goes to the journal."""

    status = 500
    code = "error"
    title = N_("Quelque chose n’a pas marché")
    message = N_("Rien n’a été enregistré. Réessayez dans un instant.")

    def __init__(self, message: str | None = None, *, code: str | None = None) -> None:
        super().__init__(message or self.message)
        if message is not None:
            self.message = message
        if code is not None:
            self.code = code


class BadRequest(AppError):
    """The request cannot be read at all: malformed UTF-8, NUL, form that is no form (400)."""

    status = 400
    code = "bad_request"
    title = N_("Cette demande est illisible")
    message = N_("Revenez à la page d’avant et recommencez. Rien n’a été enregistré.")


class SignInNeeded(AppError):
    """No live session (401); pages redirect to sign-in instead of showing this."""

    status = 401
    code = "sign_in_needed"
    title = N_("Connectez-vous")
    message = N_("Votre session est terminée. Connectez-vous pour continuer.")


class VisitNeeded(SignInNeeded):
    """No open visit to a resident's own pages (401); these pages redirect to their door."""

    code = "visit_needed"


class ReauthenticationNeeded(AppError):
    """A fresh one-time code is asked before this act (401)."""

    status = 401
    code = "reauthentication_needed"
    title = N_("Confirmez que c’est vous")
    message = N_("Cet acte demande un nouveau code.")


class ScreenLent(AppError):
    """The resident holds the helper's screen (401); pages redirect to where the helper takes it back."""

    status = 401
    code = "screen_lent"
    title = N_("Cet écran est prêté")
    message = N_("Votre aidant peut le reprendre avec un nouveau code.")


class Forbidden(AppError):
    """The actor's roles do not allow this page (403)."""

    status = 403
    code = "forbidden"
    title = N_("Cette page n’est pas pour vous")
    message = N_("Votre rôle ne permet pas d’ouvrir cette page. Ce refus est noté au journal.")


class CrossSiteRequest(Forbidden):
    """The form was not sent from our own page (403)."""

    code = "cross_site"
    title = N_("Ce formulaire ne vient pas de cette application")
    message = N_("Revenez à la page d’avant, rechargez-la, puis recommencez. Rien n’a été enregistré.")


class Refused(AppError):
    """A rule of the domain refuses the act (409); journaled as ``access_refused`` with ``code``."""

    status = 409
    code = "refused"
    title = N_("Cet acte est refusé")


class NotFound(AppError):
    """What does not exist and what the actor may not see answer alike (404)."""

    status = 404
    code = "not_found"
    title = N_("Cette page n’existe pas")
    message = N_("Le lien est peut-être ancien. Revenez à l’accueil.")


class Conflict(AppError):
    """Somebody else changed the record meanwhile (409)."""

    status = 409
    code = "conflict"
    title = N_("Cette fiche a changé entre-temps")
    message = N_("Relisez-la avant de recommencer. Rien n’a été écrasé.")


class TooLarge(AppError):
    """The body of the request is over the limit (413)."""

    status = 413
    code = "too_large"
    title = N_("C’est trop long")
    message = N_("Ce que vous avez envoyé dépasse la taille permise. Rien n’a été enregistré.")


class TooManyTries(AppError):
    """Throttled (429)."""

    status = 429
    code = "too_many_tries"
    title = N_("Trop d’essais")
    message = N_("Attendez quelques minutes avant de recommencer.")


class Unavailable(AppError):
    """Nothing can be recorded now: database busy, disk full (503 + Retry-After)."""

    status = 503
    code = "unavailable"
    title = N_("Nous ne pouvons rien enregistrer pour le moment")
    message = N_("Rien n’est perdu, rien n’a été fait à moitié. Réessayez dans quelques secondes.")


class WritesRefused(Unavailable):
    """Nothing may be recorded until somebody has looked, while what needs no record can still be read (503)."""

    code = "writes_refused"


class Corrupted(AppError):
    """Sealed data does not open under its key: changed on disk, or the wrong key (500)."""

    status = 500
    code = "corrupted"
    title = N_("Ces données sont abîmées")
    message = N_("Elles ne s’ouvrent plus avec leur clé. Prévenez votre administrateur.")
