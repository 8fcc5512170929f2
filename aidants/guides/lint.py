"""The checker of guides: every finding with file, line, column, step, and a sentence in French that says what to do.

Also the lock: ``lock.json`` holds each guide's version and SHA-256, so that content changed without a new version is
found. Used by ``aidants guides check`` and by the tests.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ValidationError

from aidants.clock import now
from aidants.guides.checks import content_problems
from aidants.guides.graph import graph_problems
from aidants.guides.markup import tidy
from aidants.guides.plain_language import plain_language_problems
from aidants.guides.schema import GUIDE_FILE, LIBRARY, Guide, GuideError, guide_data, guide_sha256, load_library
from aidants.guides.source import Location, Mark, Node, Problem, SourceError, read_source, suggestion
from aidants.procedures import PROCEDURES, SCOPES, Procedure

LOCK_FILE = "lock.json"


@dataclass(frozen=True)
class Finding:
    """One finding. ``path`` is relative to the library; lines and columns count from 1; severity ``E`` or ``W``."""

    path: str
    line: int
    column: int
    step: str
    message_fr: str
    severity: str = "E"

    def __str__(self) -> str:
        step = f" étape {self.step}" if self.step else ""
        return tidy(f"{self.path}:{self.line}:{self.column}{step} : {self.message_fr}")


def check_library(
    root: Path | None = None,
    *,
    today: date | None = None,
    scopes: Collection[str] = SCOPES,
    procedures: Mapping[str, Procedure] = PROCEDURES,
) -> list[Finding]:
    """Check every guide under ``root`` (the package's library by default) and the lock, as of ``today``.

    Raises nothing: what cannot be read is a finding too. In order of file, line and column.
    """
    library = root or LIBRARY
    day = today or now().date()
    found: list[Finding] = []
    guides: dict[str, tuple[Guide, Node, str]] = {}
    for path in sorted(library.glob(f"*/{GUIDE_FILE}")):
        name = path.relative_to(library).as_posix()
        findings, guide, tree = _check_file(path, name, day, scopes, procedures)
        found += findings
        if guide is not None and tree is not None:
            guides[f"{guide.id}/{guide.lang}"] = (guide, tree, name)
    found += _check_lock(library, guides)
    return sorted(found, key=lambda finding: (finding.path, finding.line, finding.column, finding.message_fr))


def errors(findings: list[Finding]) -> list[Finding]:
    """Return the findings that keep a guide from shipping."""
    return [finding for finding in findings if finding.severity == "E"]


def _check_file(
    path: Path, name: str, today: date, scopes: Collection[str], procedures: Mapping[str, Procedure]
) -> tuple[list[Finding], Guide | None, Node | None]:
    try:
        tree = read_source(path)
    except SourceError as error:
        return [_finding(name, error.mark, "", error.message, "E")], None, None
    try:
        guide = Guide.model_validate(guide_data(tree.plain(), path))
    except ValidationError as error:
        return [_placed(name, tree, problem) for problem in _schema_problems(error, tree)], None, None
    problems = [
        *graph_problems(guide),
        *content_problems(guide, today=today, folder=path.parent, scopes=scopes, procedures=procedures),
        *plain_language_problems(guide),
    ]
    return [_placed(name, tree, problem) for problem in problems], guide, tree


def _finding(name: str, mark: Mark, step: str, message: str, severity: str) -> Finding:
    return Finding(name, mark.line, mark.column, step, tidy(message), severity)


def _placed(name: str, tree: Node, problem: Problem) -> Finding:
    place = tree.place_key if problem.on_key else tree.place
    return _finding(name, place(problem.location), problem.step, problem.message, problem.severity)


def _schema_problems(error: ValidationError, tree: Node) -> Iterator[Problem]:
    for fault in error.errors(include_url=False):
        location: Location = tuple(fault["loc"])
        name = str(location[-1]) if location else ""
        step = _step_at(tree, location)
        if fault["type"] == "extra_forbidden":
            message = f'clé "{name}" inconnue{suggestion(name, _fields_at(location[:-1]))}'
            yield Problem(location, message, step, on_key=True)
        elif fault["type"] == "missing":
            yield Problem(location[:-1], f'il manque la clé "{name}"', step)
        else:
            yield Problem(location, _type_message(name, dict(fault)), step)


def _type_message(name: str, fault: dict[str, Any]) -> str:
    value, kind = fault["input"], str(fault["type"])
    context = fault.get("ctx", {})
    if kind in ("enum", "literal_error") and isinstance(value, str):
        known = str(context["expected"]).replace(" or ", ", ").replace("'", "").split(", ")
        return f'"{value}" n’est pas permis pour « {name} » : {", ".join(known)}{suggestion(value, known)}'
    if kind == "string_pattern_mismatch" and name == "id":
        return f'identifiant "{value}" : minuscules sans accent, chiffres et tirets seulement'
    if kind.startswith(("int_", "greater_", "less_")):
        return f"« {name} » est un nombre entier, de {context.get('ge', 0)} à {context.get('le', 600)}"
    if "date" in kind or kind == "string_pattern_mismatch":
        return f"« {name} » est une date comme 2026-11-24"
    if kind == "string_too_short":
        return f"« {name} » est vide"
    if kind == "string_too_long":
        return f"« {name} » est trop long ({context.get('max_length')} signes au plus)"
    if kind == "too_long":
        return f"« {name} » a trop de lignes ({context.get('max_length')} au plus)"
    if kind.startswith("bool_"):
        return f"« {name} » vaut oui ou non"
    shapes = {"tuple_type": "une liste", "dict_type": "une suite de « clé: valeur »", "string_type": "un texte"}
    return f"« {name} » doit être {shapes.get(kind, 'une suite de « clé: valeur »')}"


def _fields_at(location: Location) -> list[str]:
    """Return the keys that the schema knows at ``location``, to suggest one."""
    model: type[BaseModel] = Guide
    for part in location:
        if isinstance(part, str) and part in model.model_fields:
            model = _model_in(model.model_fields[part].annotation) or model
    return [name for name in model.model_fields if name != "lang"]


def _model_in(annotation: Any) -> type[BaseModel] | None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return annotation
    inner = (_model_in(argument) for argument in getattr(annotation, "__args__", ()))
    return next((model for model in inner if model is not None), None)


def _step_at(tree: Node, location: Location) -> str:
    if len(location) < 2 or location[0] != "steps":
        return ""
    steps = tree.entries.get("steps") if tree.entries else None
    items = (steps.items if steps else None) or []
    rank = location[1]
    entries = items[rank].entries if isinstance(rank, int) and rank < len(items) else None
    name = entries.get("id") if entries else None
    return (name.text or "") if name else ""


def read_lock(root: Path) -> dict[str, dict[str, Any]]:
    """Return ``{"id/lang": {"version", "sha256"}}``; empty without a lock. Raises ``GuideError`` when it is unreadable."""
    path = root / LOCK_FILE
    if not path.exists():
        return {}
    try:
        lock = json.loads(path.read_text(encoding="utf-8"))
        return {key: {"version": int(held["version"]), "sha256": str(held["sha256"])} for key, held in lock.items()}
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise GuideError(f"{LOCK_FILE} est illisible ; reprenez celui du dépôt") from error


def write_lock(root: Path | None = None) -> Path:
    """Write the lock of every guide under ``root`` and return its path.

    Raises ``GuideError`` when a guide's content changed under the version already locked: give it a new version first.
    """
    library = root or LIBRARY
    lock = read_lock(library)
    for guide in load_library(library).values():
        key, fresh = f"{guide.id}/{guide.lang}", {"version": guide.version, "sha256": guide_sha256(guide)}
        held = lock.get(key)
        if held and held != fresh and int(held["version"]) >= guide.version:
            raise GuideError(f"{key} a changé sans changer de version ({guide.version})")
        lock[key] = fresh
    path = library / LOCK_FILE
    path.write_text(json.dumps(lock, indent=2, sort_keys=True) + "\n", encoding="utf-8")
    return path


def _check_lock(library: Path, guides: Mapping[str, tuple[Guide, Node, str]]) -> Iterator[Finding]:
    try:
        lock = read_lock(library)
    except GuideError as error:
        yield Finding(LOCK_FILE, 1, 1, "", str(error))
        return
    for key, (guide, tree, name) in guides.items():
        held = lock.get(key)
        mark = tree.place(("version",))
        if held is None:
            yield _finding(name, mark, "", f"ce guide n’est pas dans {LOCK_FILE} ; verrouillez-le", "E")
        elif held["version"] == guide.version and held["sha256"] != guide_sha256(guide):
            yield _finding(name, mark, "", f"contenu changé : passez à la version {guide.version + 1}", "E")
        elif held["version"] != guide.version:
            message = f"version {guide.version}, mais {held['version']} dans {LOCK_FILE} ; verrouillez la nouvelle"
            yield _finding(name, mark, "", message, "E")
