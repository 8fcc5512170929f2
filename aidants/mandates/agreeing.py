"""The resident's own pages: a link that opens, a code, and the text they say yes or no to.

Opening a link changes nothing: programs that look at links before people do consent to nothing. No word about anybody is shown
before the code.
"""

from __future__ import annotations

from typing import Any, Final

from starlette.responses import Response

from aidants import i18n
from aidants.accounts import throttle
from aidants.accounts.models import Organisation, Person
from aidants.db import Mode, Work
from aidants.guard import network
from aidants.i18n import N_, gettext
from aidants.mandates import drawing, offers, parties, queries, replies, services
from aidants.mandates.forms import LinkCodeForm, ReplyForm
from aidants.mandates.offers import Asked
from aidants.mandates.plain import Facts, in_language
from aidants.messages.addresses import masked
from aidants.policy import Permission
from aidants.web.endpoint import Page, page
from aidants.web.forms import Parsed, parse

HERE: Final = "/votre-accord"
TRIES: Final = "consent-link"
MOST_TRIES: Final = 30
WRONG: Final = N_("Ce code ne va pas, ou il a plus de dix minutes. Regardez le dernier message reçu.")
NO_MORE_CODES: Final = N_("Trois codes sont déjà partis. Tapez le dernier, ou demandez un autre lien à votre aidant.")
NAME: Final = N_("Écrivez votre prénom et votre nom comme ici : {name}.")
NO_ANSWER: Final = N_("Appuyez sur Oui, sur Non, ou sur « Je ne sais pas ».")
BAD_DRAWING: Final = N_("Le dessin n’a pas pu être lu. Recommencez-le, ou laissez-le vide.")


# The link


def open_link(view: Page) -> Response:
    """Show who asks, and a button: nothing else, and nothing happens. A link that does not open answers 404."""
    return _link(view)


def _link(view: Page, form: Parsed[LinkCodeForm] | None = None) -> Response:
    with view.unit(Mode.READ) as work:
        throttle.check(work, TRIES, network(view.address), MOST_TRIES)
        asked = offers.by_link(work, view.param("token"))
        if asked is None:
            return view.render("mandates/agree_over.html", status=404, ending="link")
        remote = asked.offer.channel != "tablet"
        return view.render(
            "mandates/agree_link.html",
            status=422 if form and form.errors else 200,
            block="form",
            form=form or Parsed[LinkCodeForm](),
            here=f"/accord/{view.param('token')}",
            organisation=_organisation(work, asked),
            tablet=not remote,
            code_sent=asked.offer.codes > 0,
            to=masked(asked.offer.channel, offers.sent_to(work, asked)) if remote else "",
        )


def start(view: Page) -> Response:
    """Use a link: on a tablet the text opens; at a distance a code leaves for where the link went."""
    form = Parsed[LinkCodeForm]()
    with view.unit(Mode.WRITE) as work:
        throttle.check(work, TRIES, network(view.address), MOST_TRIES)
        asked = offers.by_link(work, view.param("token"), lock=True)
        if asked is None:
            throttle.count(work, TRIES, network(view.address))
        elif asked.offer.channel == "tablet":
            return _enter(view, asked, offers.begin(work, asked))
        elif not offers.send_code(work, asked, view.locale):
            form.add("code", NO_MORE_CODES)
    return _link(view, form) if form.errors else view.redirect(f"/accord/{view.param('token')}")


def give_code(view: Page) -> Response:
    """Check the one-time code; the right one opens the text."""
    form = parse(LinkCodeForm, view.form)
    with view.unit(Mode.WRITE) as work:
        asked = offers.by_link(work, view.param("token"), lock=True)
        if asked is not None and not form.errors:
            visit = offers.check_code(work, asked, form.valid().code)
            if visit is not None:
                return _enter(view, asked, visit)
            if asked.offer.closed_at is not None:
                return view.render("mandates/agree_over.html", status=422, ending="tries")
            form.add("code", WRONG)
    return _link(view, form)


def show_link(view: Page) -> Response:
    """Answer somebody who reloads the address of a code: the link's page."""
    return view.redirect(f"/accord/{view.param('token')}")


def _enter(view: Page, asked: Asked, visit: str) -> Response:
    view.cookies.append(lambda response: view.gate.cookies.set_agreement(response, visit))
    return view.redirect(HERE)


# The text


def _asked(work: Work, view: Page, *, lock: bool = False) -> Asked | None:
    """Return what this browser is asked: on the helper's screen, else after a link."""
    if view.lent is not None and view.lent.handed_over is not None:
        return offers.by_screen(work, view.lent.handed_over, lock=lock)
    visit = view.gate.cookies.agreement(view.request)
    return offers.by_visit(work, visit, lock=lock) if visit is not None else None


def show(view: Page) -> Response:
    """Show the text in plain words, with its two answers."""
    with view.unit(Mode.READ) as work:
        if _asked(work, view) is None:
            return _over(view, "none")
    with view.unit(Mode.WRITE) as work:
        asked = _asked(work, view)
        if asked is not None:
            services.journal_view(work, asked.view.row.id)
    return _text(view, Parsed[ReplyForm]())


def _text(view: Page, form: Parsed[ReplyForm]) -> Response:
    with view.unit(Mode.READ) as work:
        asked = _asked(work, view)
        hand = replies.next_hand(work, asked.view) if asked is not None else None
        if asked is None or hand is None:
            return _over(view, "none")
        text, row = queries.frozen_text(work, asked.view, asked.resident)
        context: dict[str, Any] = {
            "words": [
                in_language(_facts(work, asked, hand), language, work.settings.zone)
                for language in dict.fromkeys((view.locale, i18n.DEFAULT))
            ],
            "whole": text.plain_text().splitlines(),
            "signer": _name(work, asked, hand),
            "draws": asked.view.row.consent == "on_screen",
            "frame": (drawing.WIDTH, drawing.HEIGHT),
            "sha256": row.sha256,
        }
    return view.render("mandates/agree.html", status=422 if form.errors else 200, block="form", form=form, **context)


def _facts(work: Work, asked: Asked, hand: str) -> Facts:
    row = asked.view.row
    organisation = work.session.get_one(Organisation, row.organisation_id)
    assert row.ends_at is not None
    return Facts(
        work.session.get_one(Person, row.helper_id).name,
        organisation.name,
        organisation.phone,
        asked.view.answers.procedures,
        row.ends_at,
        "" if hand == "resident" else asked.resident.identity.short_name,
    )


def _name(work: Work, asked: Asked, hand: str) -> str:
    if hand == "resident":
        return asked.resident.identity.short_name
    representative = parties.signers_of(work, asked.view, asked.resident).representative
    return representative.name if representative is not None else ""


def _organisation(work: Work, asked: Asked) -> str:
    return work.session.get_one(Organisation, asked.view.row.organisation_id).name


def reply(view: Page) -> Response:
    """Keep the answer as it was given. « Je ne sais pas » decides nothing. Raises Conflict for a second answer."""
    form = parse(ReplyForm, view.form, {"reponse": {"missing": NO_ANSWER, "literal_error": NO_ANSWER}})
    with view.unit(Mode.WRITE) as work:
        asked = _asked(work, view, lock=True)
        hand = replies.next_hand(work, asked.view) if asked is not None else None
        if asked is None or hand is None:
            return _over(view, "none")
        if _accepts(work, asked, hand, form):
            return _decide(work, view, asked, hand, form.valid())
    return _text(view, form)


def _accepts(work: Work, asked: Asked, hand: str, form: Parsed[ReplyForm]) -> bool:
    """Check a yes: the name of who says it, a drawing of ours; a no and a doubt need neither."""
    if form.value is None or form.value.reponse != "oui":
        return form.value is not None
    representative = parties.signers_of(work, asked.view, asked.resident).representative
    if not replies.is_their_name(asked.resident, representative, hand, form.value.nom):
        form.add("nom", gettext(NAME).format(name=_name(work, asked, hand)))
    try:
        drawing.read(form.value.signature)
    except drawing.BadDrawing:
        form.add("signature", BAD_DRAWING)
    return not form.errors


def _decide(work: Work, view: Page, asked: Asked, hand: str, told: ReplyForm) -> Response:
    if told.reponse == "ne_sait_pas":
        replies.close(work, asked.offer, "unsure")
        return _over(view, "unsure")
    remote = asked.offer.sealed is not None
    said = replies.Said(
        typed=told.nom,
        drawing=told.signature if asked.view.row.consent == "on_screen" and told.reponse == "oui" else "",
        label=gettext("Oui") if told.reponse == "oui" else gettext("Non"),
        language=view.locale,
        channel=asked.offer.channel,
        to=masked(asked.offer.channel, offers.sent_to(work, asked)) if remote else "",
        address=work.address,
        user_agent=work.user_agent,
    )
    offers.answer(work, asked, hand, said, yes=told.reponse == "oui")
    if told.reponse == "oui" and replies.next_hand(work, asked.view) is not None:
        return view.redirect(HERE)
    return _over(view, told.reponse)


def _over(view: Page, ending: str) -> Response:
    """Say how it ended; nothing of the resident stays in this browser."""
    view.cookies.append(view.gate.cookies.clear_agreement)
    return view.render("mandates/agree_over.html", ending=ending, lent=view.lent is not None)


_PUBLIC: Final = Permission.PUBLIC
ROUTES: Final = [
    page("/accord/{token:ref}", open_link, permission=_PUBLIC, db=Mode.OWN, resident=True),
    page("/accord/{token:ref}", start, permission=_PUBLIC, db=Mode.OWN, method="POST", resident=True),
    page("/accord/{token:ref}/code", show_link, permission=_PUBLIC, db=Mode.NONE, resident=True),
    page("/accord/{token:ref}/code", give_code, permission=_PUBLIC, db=Mode.OWN, method="POST", resident=True),
    page(HERE, show, permission=_PUBLIC, db=Mode.OWN, resident=True, while_lent=True),
    page(HERE, reply, permission=_PUBLIC, db=Mode.OWN, method="POST", resident=True, while_lent=True),
]
