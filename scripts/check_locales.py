"""Fail when a translation catalogue no longer says everything that the code and the templates say.

Message ids are the French text, so French needs no catalogue. English, and every other language with a folder in
``locales/``, must hold each id of the sources, translated, none fuzzy and none left over. ``--update`` rewrites the
catalogues instead of judging.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from pathlib import Path

from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract_from_dir
from babel.messages.pofile import read_po, write_po

ROOT = Path(__file__).resolve().parent.parent
DOMAIN = "messages"
SHOWN = 20
LANGUAGES = sorted({"en"} | {path.name for path in (ROOT / "locales").glob("[a-z]*") if path.is_dir()})
SOURCES = {
    "aidants": [("**.py", "python")],
    "templates": [("**.html", "jinja2"), ("**.txt", "jinja2"), ("**.typ", "jinja2")],
}
KEYWORDS = {"_": None, "gettext": None, "ngettext": (1, 2), "pgettext": ((1, "c"), 2), "N_": None}
JINJA_OPTIONS = {"trimmed": "true", "silent": "false"}


def source_catalogue(root: Path = ROOT) -> Catalog:
    """Collect every message id of the sources under ``root``, with the places that use it."""
    catalogue = Catalog(fuzzy=False)
    for folder, methods in SOURCES.items():
        found = extract_from_dir(
            root / folder,
            method_map=methods,
            options_map={pattern: JINJA_OPTIONS for pattern, method in methods if method == "jinja2"},
            keywords=KEYWORDS,
            comment_tags=("Translators:",),
        )
        for filename, line, message, comments, context in found:
            place = (f"{folder}/{Path(filename).as_posix()}", line)
            catalogue.add(message, None, [place], auto_comments=comments, context=context)
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
    return ROOT / "locales" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read(language: str) -> Catalog:
    """Read the catalogue of ``language``; an absent one is empty."""
    path = catalogue_path(language)
    if not path.exists():
        return Catalog(language, DOMAIN, project="aidants", fuzzy=False)
    with path.open("rb") as handle:
        return read_po(handle, locale=language, domain=DOMAIN)


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
    sources = source_catalogue()
    failed = False
    for language in LANGUAGES:
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
