"""Fail when a translation catalogue no longer says everything that the code and the templates say.

Message ids are the French text, so French needs no catalogue. English must hold each id of the sources; the residents' further
languages, each id that residents may read (``RESIDENT_SOURCES``, and what is marked ``R_``): translated, none fuzzy and none
left over. ``--update`` rewrites the catalogues instead of judging.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
SHOWN = 20
DOMAINS = {"en": "messages", **dict.fromkeys(("ar", "es", "pt", "ro", "tr", "uk"), "resident")}
RESIDENT_SOURCES = (
    "templates/own/",
    "templates/mandates/agree",
    "templates/mandates/_languages.html",
    "templates/components/",
    "templates/errors/",
    "templates/layouts/base.html",
    "templates/layouts/resident.html",
    "aidants/dates.py",
    "aidants/errors.py",
    "aidants/mandates/agreeing.py",
    "aidants/mandates/plain.py",
    "aidants/own/",
    "aidants/residents/requests.py",
    "aidants/web/forms.py",
)
"""Pages that residents read, with what these pages extend and include, and the errors that residents may meet."""
SOURCES = {
    "aidants": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.typ", "jinja2")],
}
RESIDENT_KEYWORDS = {"R_": None}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "N_": None, **RESIDENT_KEYWORDS}
JINJA_OPTIONS = {"trimmed": "true", "silent": "false"}


def source_catalogue(root: Path = ROOT, keywords: Mapping[str, Any] = KEYWORDS) -> Catalog:
    """Collect every message id of the sources under ``root``, with the places that use it."""
    catalogue = Catalog(fuzzy=False)
    for folder, methods in SOURCES.items():
        found = extract_from_dir(
            root / folder,
            method_map=methods,
            options_map={pattern: JINJA_OPTIONS for pattern, method in methods if method == "jinja2"},
            keywords=keywords,
            comment_tags=("Translators:",),
        )
        for filename, line, message, comments, context in found:
            place = (f"{folder}/{Path(filename).as_posix()}", line)
            catalogue.add(message, None, [place], auto_comments=comments, context=context)
    return catalogue


def resident_catalogue(sources: Catalog, root: Path = ROOT) -> Catalog:
    """Return those ids of ``sources`` that residents may read."""
    marked, catalogue = source_catalogue(root, RESIDENT_KEYWORDS), Catalog(fuzzy=False)
    for message in sources:
        places = [place for place in message.locations if place[0].startswith(RESIDENT_SOURCES)]
        asked = marked.get(message.id, message.context) if message.id else None
        places += [place for place in (asked.locations if asked else ()) if place not in places]
        if message.id and places:
            catalogue.add(message.id, None, places, auto_comments=message.auto_comments, context=message.context)
    return catalogue


def untranslated(message: Message) -> bool:
    """Say whether a translation, or one of its plural forms, is missing."""
    forms = message.string if isinstance(message.string, (list, tuple)) else [message.string]
    return not all(forms)


def problems(sources: Catalog, translated: Catalog) -> Iterator[str]:
    """Yield one sentence for each id that is missing, empty, fuzzy, wrongly formatted or no longer used."""
    for message in sources:
        if not message.id:
            continue
        known = translated.get(message.id, message.context)
        if known is None:
            yield f"missing: {message.id!r} ({message.locations[0][0]}:{message.locations[0][1]})"
        elif untranslated(known):
            yield f"empty: {message.id!r}"
        else:
            yield from (f"{error}: {message.id!r}" for error in known.check(translated))
    for message in translated:
        if message.id and sources.get(message.id, message.context) is None:
            yield f"unused: {message.id!r}"
        if message.id and message.fuzzy:
            yield f"fuzzy: {message.id!r}"
    yield from (f"obsolete: {message.id!r}" for message in translated.obsolete.values())


def catalogue_path(language: str) -> Path:
    """Return where the translations into ``language`` are kept."""
    return ROOT / "locales" / language / "LC_MESSAGES" / f"{DOMAINS[language]}.po"


def read(language: str) -> Catalog:
    """Read the catalogue of ``language``; an absent one is empty."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(language, DOMAINS[language], project="aidants", fuzzy=False)
    with path.open("rb") as handle:
        return read_po(handle, locale=language, domain=DOMAINS[language])


def update(language: str, sources: Catalog) -> None:
    """Add new ids to a catalogue with an empty translation and drop the ids no longer used."""
    catalogue, path = read(language), catalogue_path(language)
    created = catalogue.creation_date
    catalogue.update(sources, no_fuzzy_matching=True)
    catalogue.creation_date = created  # a date that moves by itself would change the file at every run
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as handle:
        write_po(handle, catalogue, width=110, ignore_obsolete=True, sort_output=True, include_lineno=False)


def main(arguments: list[str]) -> int:
    """Judge, or with ``--update`` rewrite, every catalogue; the exit code is 1 when one is incomplete."""
    everything = source_catalogue()
    of_domain = {"messages": everything, "resident": resident_catalogue(everything)}
    failed = False
    for language, domain in DOMAINS.items():
        sources = of_domain[domain]
        if "--update" in arguments:
            update(language, sources)
            continue
        found = list(problems(sources, read(language)))
        failed = failed or bool(found)
        for problem in found[:SHOWN]:
            print(f"locales/{language}: {problem}", file=sys.stderr)
        if len(found) > SHOWN:
            print(f"locales/{language}: and {len(found) - SHOWN} more", file=sys.stderr)
    if failed:
        print("Run `make locales`, then translate what is empty.", file=sys.stderr)
    return int(failed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
