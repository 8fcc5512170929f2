"""What a guide may say and promise: catalogue, hosts, sensitive acts, dates, sources, Markdown. Pure.

``today`` is given, never read: the same guide and day give the same problems.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Mapping
from datetime import date, timedelta
from pathlib import Path
from typing import Final
from urllib.parse import urlsplit

from aidants.guides.plain_language import resident_texts
from aidants.guides.schema import Guide, Kind, Sensitive, SensitiveMode, Step
from aidants.guides.source import Location, Problem, suggestion
from aidants.procedures import Procedure

REVIEW_EVERY: Final = timedelta(days=366)

SENDING: Final = re.compile(
    r"\b(?:envo(?:yer|yez|ie|yons)|valid(?:er|ez)|sign(?:er|ez|e)|déclar(?:er|ez|e)|pa(?:yer|yez|ie|ye)"
    r"|transmett(?:re|ez)|soumett(?:re|ez))\b",
    re.I,
)
"""Verbs that send, sign, swear or pay: a step with one of them is the resident's own (``guides.md``)."""

SECRETS: Final = re.compile(
    r"\b(?:mots? de passe|codes? (?:reçus?|secrets?|confidentiels?)|code par SMS"
    r"|numéro de (?:votre |la )?carte bancaire|cryptogramme)\b",
    re.I,
)
"""What a helper never sees: a step with one of them is the resident's own."""

BANKING: Final = re.compile(r"\b(?:RIB|IBAN|carte bancaire)\b")
_HOST: Final = re.compile(r"(?<![\w@.-])(?:[a-z0-9-]+\.)+(?:fr|com|org|net|info|eu|gouv|service)\b(?!\.\w)", re.I)
_MARKDOWN: Final = re.compile(r"\]\(|!\[|^\s{0,3}#{1,6}\s|</?[a-z]|`|https?:", re.I | re.M)
_ACTING: Final = (Kind.ACTION, Kind.CONFIRM)


def content_problems(
    guide: Guide,
    *,
    today: date,
    folder: Path,
    scopes: Collection[str],
    procedures: Mapping[str, Procedure],
) -> Iterator[Problem]:
    """Yield every problem of ``guide``, whose files stand in ``folder``, seen on the day ``today``."""
    if guide.id != folder.name:
        yield Problem(("id",), f'le guide "{guide.id}" est dans le dossier "{folder.name}" : un seul nom pour les deux')
    yield from _catalogue(guide, scopes, procedures)
    yield from _hosts(guide)
    yield from _dates(guide, today)
    yield from _sources(guide)
    yield from _documents(guide)
    yield from _images(guide, folder)
    for rank, step in enumerate(guide.steps):
        for inside, message in _sensitive(step, guide):
            yield Problem(("steps", rank, *inside), message, step.id)
    for location, step_id, text in resident_texts(guide):
        if _MARKDOWN.search(text):
            message = "ni lien, ni image, ni titre, ni HTML dans un texte ; le lien va dans « link »"
            yield Problem(location, message, step_id)


def _catalogue(guide: Guide, scopes: Collection[str], procedures: Mapping[str, Procedure]) -> Iterator[Problem]:
    for rank, scope in enumerate(guide.scope):
        if scope not in scopes:
            yield Problem(("scope", rank), f'thème "{scope}" inconnu{suggestion(scope, scopes)}')
    if guide.procedure and guide.procedure not in procedures:
        message = f'démarche "{guide.procedure}" inconnue{suggestion(guide.procedure, procedures)}'
        yield Problem(("procedure",), message)
    procedure = procedures.get(guide.procedure)
    for scope in procedure.scopes if procedure else ():
        if scope not in guide.scope:
            yield Problem(("scope",), f'la démarche "{guide.procedure}" relève aussi du thème "{scope}"')
    for rank, step in enumerate(guide.steps):
        sensitive = step.sensitive
        if sensitive is None or not (sensitive.scope or sensitive.mode is SensitiveMode.MANDATE):
            continue
        where: Location = ("steps", rank, "sensitive", "scope")
        if sensitive.scope not in scopes:
            yield Problem(where, f'thème "{sensitive.scope}" inconnu{suggestion(sensitive.scope, scopes)}', step.id)
        elif sensitive.scope not in guide.scope:
            yield Problem(where, f'thème "{sensitive.scope}" absent du « scope » de ce guide', step.id)
        if sensitive.mode is SensitiveMode.MANDATE and procedure and not procedure.mandatable:
            message = f'aucun mandat ne peut couvrir la démarche "{procedure.id}"'
            yield Problem(("steps", rank, "sensitive", "mode"), message, step.id)


def _hosts(guide: Guide) -> Iterator[Problem]:
    for rank, host in enumerate(guide.allowed_hosts):
        if not re.fullmatch(r"(?:[a-z0-9-]+\.)+[a-z]{2,}", host):
            yield Problem(("allowed_hosts", rank), f'"{host}" n’est pas une adresse exacte en minuscules, sans https')
    urls: list[tuple[Location, str, str]] = [(("official_url",), "", guide.official_url)]
    urls += [(("steps", rank, "link", "url"), s.id, s.link.url) for rank, s in enumerate(guide.steps) if s.link]
    for location, step_id, url in urls:
        if message := _url_message(url, guide.allowed_hosts):
            yield Problem(location, message, step_id)
    for location, step_id, text in resident_texts(guide):
        for host in _HOST.findall(text):
            if not {host.lower(), f"www.{host.lower()}"} & set(guide.allowed_hosts):
                yield Problem(location, f'site "{host}" absent de « allowed_hosts »', step_id)


def _url_message(url: str, allowed: Collection[str]) -> str:
    try:
        parts = urlsplit(url)
        host, plain = parts.hostname or "", parts.username is None and parts.port is None
    except ValueError:
        return f'"{url}" n’est pas une adresse'
    if parts.scheme != "https":
        return "seules les adresses en https:// sont permises"
    if not plain or re.search(r"[\s\\<>\"]", url):
        return f'"{url}" n’est pas une adresse simple'
    return "" if host in allowed else f'site "{host}" absent de « allowed_hosts »{suggestion(host, allowed)}'


def _sensitive(step: Step, guide: Guide) -> Iterator[tuple[Location, str]]:
    words = "\n".join([step.title, step.text, step.link.label if step.link else ""])
    sending, secret = SENDING.search(words), SECRETS.search(words)
    found = sending or secret or BANKING.search(words)
    if step.sensitive is None:
        if found and step.kind in _ACTING:
            yield ("text",), f"« {found.group()} » : cette étape doit dire « sensitive », et à qui est l’acte"
        return
    sensitive = step.sensitive
    if not sensitive.why and (sending or sensitive.mode is not SensitiveMode.FREE):
        yield ("sensitive",), "dites pourquoi dans « why », en une phrase pour la personne"
    where: Location = ("sensitive", "mode")
    if secret and sensitive.mode is not SensitiveMode.RESIDENT_ONLY:
        yield where, f"« {secret.group()} » : aucun mandat ne le permet ; mettez « resident_only »"
    elif sending and sensitive.mode is SensitiveMode.MANDATE and not _not_sworn(sensitive, guide):
        act = sending.group()
        yield where, f"« {act} » : c’est à la personne ; mettez « resident_only », ou « sworn: no » et sa source"


def _not_sworn(sensitive: Sensitive, guide: Guide) -> bool:
    named = {name for source in guide.sources for name in (source.fiche, source.page) if name}
    return sensitive.sworn == "no" and sensitive.source in named


def _dates(guide: Guide, today: date) -> Iterator[Problem]:
    if guide.expires_on < today:
        yield Problem(("expires_on",), f"ce guide est périmé depuis le {guide.expires_on:%d/%m/%Y} : relisez-le")
    if guide.expires_on > (guide.reviewed_on or today) + REVIEW_EVERY:
        yield Problem(("expires_on",), "un guide vaut 12 mois au plus")
    if guide.reviewed_on and guide.reviewed_on > today:
        yield Problem(("reviewed_on",), "cette date de relecture est dans le futur")
    if bool(guide.reviewed_by) != bool(guide.reviewed_on):
        yield Problem(("reviewed_by",), "« reviewed_by » et « reviewed_on » vont ensemble, ou restent vides")


def _sources(guide: Guide) -> Iterator[Problem]:
    if not guide.sources:
        yield Problem(("sources",), "donnez au moins une source, avec sa date")
        return
    for rank, source in enumerate(guide.sources):
        if not source.fiche and not source.page:
            yield Problem(("sources", rank), "une source nomme une fiche ou une page")
    newest = max(source.date for source in guide.sources)
    if guide.facts_as_of != newest:
        yield Problem(("facts_as_of",), f"la source la plus récente est de {newest} : mettez cette date")


def _documents(guide: Guide) -> Iterator[Problem]:
    seen: set[str] = set()
    for rank, document in enumerate(guide.documents):
        if document.id in seen:
            yield Problem(("documents", rank, "id"), f'identifiant "{document.id}" déjà pris par un autre document')
        seen.add(document.id)
    for rank, step in enumerate(guide.steps):
        if step.kind is Kind.CHECKLIST and not guide.documents:
            yield Problem(
                ("steps", rank, "kind"), "une étape « checklist » montre « documents », qui est vide", step.id
            )


def _images(guide: Guide, folder: Path) -> Iterator[Problem]:
    for rank, step in enumerate(guide.steps):
        if step.image is None:
            continue
        if not step.image.alt:
            yield Problem(("steps", rank, "image"), "image sans « alt » : dites ce qu’elle montre", step.id)
        if not re.fullmatch(r"[a-z0-9-]+\.(?:png|jpg|svg|webp)", step.image.file):
            message = "nom d’image en minuscules, chiffres et tirets, en .png, .jpg, .svg ou .webp"
            yield Problem(("steps", rank, "image", "file"), message, step.id)
        elif not (folder / "img" / step.image.file).is_file():
            yield Problem(("steps", rank, "image", "file"), f'"{step.image.file}" n’est pas dans « img »', step.id)
