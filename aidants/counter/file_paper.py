"""The whole file of a person (``access.gather``) as a PDF, for those who cannot read a screen; the same words as its page."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from aidants.dates import end_moment, local_day, long_date, moment
from aidants.i18n import current, gettext, ngettext
from aidants.mandates import paper
from aidants.procedures import SCOPES

Part = dict[str, Any]


def file_pdf(file: Mapping[str, Any], zone: ZoneInfo, *, demo: bool = False) -> bytes:
    """Return the file in large letters, in the language of the request. Raises NotDrawn."""
    when = _When(zone)
    data = {
        "title": gettext("Tout ce qui est gardé"),
        "lead": f"{file['organisation']} · {when.moment(file['made_at'])}",
        "lang": current(),
        "parts": [part for part in _parts(file, when) if part],
        "demo": paper.demonstration(demo),
    }
    return paper.draw("file.typ", data, file["made_at"])


class _When:
    """Dates as the reader's language writes them."""

    def __init__(self, zone: ZoneInfo) -> None:
        self.zone = zone

    def moment(self, at: datetime) -> str:
        return moment(at, self.zone, current())

    def day(self, at: datetime) -> str:
        return long_date(local_day(at, self.zone), current())

    def end(self, at: datetime) -> str:
        return end_moment(at, self.zone, current())


def _part(heading: str, level: int = 2, **said: Any) -> Part:
    facts = [[key, value] for key, value in said.get("facts", ()) if value]
    return {
        "heading": heading,
        "level": level,
        "facts": facts,
        "items": said.get("items", []),
        "paragraphs": said.get("paragraphs", []),
        "french": said.get("french", []),
        "translation": said.get("translation"),
    }


def _parts(file: Mapping[str, Any], when: _When) -> Iterator[Part]:
    for one in file["records"]:
        yield _record(one, when)
    yield _part(gettext("Mandats"), paragraphs=[] if file["mandates"] else [gettext("aucun")])
    for mandate in file["mandates"]:
        yield _mandate(mandate, when)
        yield _agreement(mandate, when)
        for text in mandate["texts"]:
            yield _text(text, when)
    yield _list("Accueils", [when.moment(sitting["opened_at"]) for sitting in file["sittings"]], "aucun")
    yield _list("Parcours", [_walk(walk, when) for walk in file["walks"]], "aucun")
    yield from _own_pages(file, when)
    if file["messages"]:
        yield _list("Messages", [f"{one['title']}, {when.moment(one['created_at'])}" for one in file["messages"]])
    yield _list("Journal", [_entry(entry, when) for entry in file["journal"]])
    listed = [f"{when.moment(item['at'])} · {item['who']}" for item in file["listed"]]
    yield _list("Listes et recherches qui l’ont montrée", listed, "aucune")
    if file["merges"]:
        yield _list("Réunions de fiches", [when.moment(merge["proposed_at"]) for merge in file["merges"]])
    marks = sum(file["search_index"].values())
    told = ngettext(
        "Pour la retrouver, %(num)s marque de recherche chiffrée.",
        "Pour la retrouver, %(num)s marques de recherche chiffrées.",
        marks,
    )
    yield _part("", paragraphs=[told % {"num": marks}])


def _list(heading: str, items: list[str], none: str = "") -> Part:
    return _part(gettext(heading), items=items, paragraphs=[] if items or not none else [gettext(none)])


def _record(one: Mapping[str, Any], when: _When) -> Part:
    until = when.day(one["hold_until"]) if one["hold_until"] else gettext("Jusqu’à ce qu’elle soit levée.")
    return _part(
        gettext("Fiche mise de côté") if one["merged_into"] else gettext("Fiche"),
        facts=[
            *one["words"].items(),
            (gettext("Référence"), one["id"]),
            (gettext("Créée"), when.moment(one["created_at"])),
            (gettext("Dernière visite"), when.moment(one["last_visit_at"])),
            (gettext("Effacement suspendu"), until if one["hold_reason"] else ""),
        ],
    )


def _mandate(mandate: Mapping[str, Any], when: _When) -> Part:
    code = mandate["code"] or ""
    return _part(
        gettext("Mandat %(reference)s") % {"reference": mandate["reference"]},
        3,
        facts=[
            (gettext("Préparé"), when.moment(mandate["created_at"])),
            (gettext("Commencé"), when.moment(mandate["activated_at"]) if mandate["activated_at"] else ""),
            (gettext("Fin"), when.end(mandate["ends_at"]) if mandate["ends_at"] else ""),
            (gettext("Arrêté"), when.moment(mandate["ended_at"]) if mandate["ended_at"] else ""),
            (gettext("Code de vérification"), f"{code[:4]}-{code[4:]}" if code else ""),
            *((_theme(one), ", ".join(one["procedures"])) for one in mandate["authorisations"]),
        ],
    )


def _agreement(mandate: Mapping[str, Any], when: _When) -> Part:
    given = gettext("Réponse donnée le %(moment)s : « %(word)s », au nom de %(name)s")
    photo = gettext("Photo du papier signé, gardée depuis le %(moment)s")
    replies = [
        given
        % {
            "moment": when.moment(reply["answered_at"]),
            "word": reply["said"]["label"],
            "name": reply["said"]["typed"] or "—",
        }
        for reply in mandate["replies"]
    ]
    photos = [photo % {"moment": when.moment(one["added_at"])} for one in mandate["papers"]]
    return _part("", items=[*replies, *photos]) if replies or photos else {}


def _own_pages(file: Mapping[str, Any], when: _When) -> Iterator[Part]:
    """Tell what was asked on the resident's own pages, and when these were opened."""
    if file["requests"]:
        yield _part(gettext("Demandes au guichet"))
    for asked in file["requests"]:
        said = [asked["words"]] if asked["words"] else []
        if asked["closed_at"]:
            told = gettext("Réponse du guichet, %(moment)s :") % {"moment": when.moment(asked["closed_at"])}
            said.append(f"{told} {asked['answer'] or gettext('fait')}")
        yield _part(f"{asked['title']}, {when.moment(asked['made_at'])}", 3, paragraphs=said)
    sheets = gettext("Feuille à garder imprimée : %(moment)s")
    opened = gettext("Page ouverte : %(moment)s")
    lines = [sheets % {"moment": when.moment(code["issued_at"])} for code in file["codes"]]
    lines += [opened % {"moment": when.moment(visit["created_at"])} for visit in file["visits"]]
    if lines:
        yield _part(gettext("Page personnelle"), items=lines)


def _theme(granted: Mapping[str, Any]) -> str:
    scope = SCOPES[granted["scope"]]
    return gettext(scope.label)


def _text(text: Mapping[str, Any], when: _When) -> Part:
    heading = gettext("Texte montré le %(moment)s :") % {"moment": when.moment(text["frozen_at"])}
    if text["words"] is None:
        return _part(heading, 4, paragraphs=[gettext("Ce texte est abîmé : il ne s’ouvre plus.")])
    return _part(heading, 4, french=text["words"].splitlines(), translation=text["translation"])


def _walk(walk: Mapping[str, Any], when: _When) -> str:
    steps = " ; ".join(step["step"] for step in walk["steps"])
    return f"{walk['title']}, {when.moment(walk['started_at'])}" + f"\u00a0: {steps}" * bool(steps)


def _entry(entry: Mapping[str, Any], when: _When) -> str:
    who = ", ".join(part for part in (entry["who"], entry["function"]) if part)
    return " · ".join((when.moment(entry["at"]), entry["what"], who, *entry["sealed"].values()))
