"""Rules about the source itself that no linter knows: where time, commits and printing live, sizes, templates, dependencies."""

from __future__ import annotations

import ast
import functools
import re
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PACKAGE = ROOT / "aidants"
TEMPLATES = ROOT / "templates"

MAX_FILE_LINES = 300
MAX_FUNCTION_LINES = 60

#: Longer than the budget, and why it reads better so: path, or path and function.
LONG = {
    "aidants/journal/actions.py": "a catalogue: one small record for each act that is logged and no logic",
    "aidants/procedures.py": "a catalogue: one entry for each procedure and no logic",
    "aidants/guides/queries.py": "its statements are built once and stand beside the functions that run them",
}

#: Templates that mark text as already safe, and who made it safe.
SAFE = {
    "components/icons.html": "the drawings are constants of the same file",
}

#: Needed at run time although no module of ours imports them.
NEVER_IMPORTED = {
    "psycopg": "SQLAlchemy loads it when DATABASE_URL is PostgreSQL",
    "tzdata": "zoneinfo reads it on machines without time zone files",
}

CLOCKS = {
    ("datetime", "now"),
    ("datetime", "utcnow"),
    ("datetime", "today"),
    ("date", "today"),
    ("time", "time"),
    ("time", "time_ns"),
    ("time", "localtime"),
    ("time", "gmtime"),
}


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Every module of the application, by its path from the root of the repository."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return {path.relative_to(ROOT).as_posix(): ast.parse(path.read_text(encoding="utf-8")) for path in paths}


def calls(tree: ast.Module) -> Iterator[tuple[ast.Call, str, str]]:
    """Yield each call with the name it is made on ("" for a plain function) and the name called."""
    for node in ast.walk(tree):
        if not isinstance(node, ast.Call):
            continue
        if isinstance(node.func, ast.Name):
            yield node, "", node.func.id
        elif isinstance(node.func, ast.Attribute):
            owner = node.func.value
            name = owner.id if isinstance(owner, ast.Name) else owner.attr if isinstance(owner, ast.Attribute) else "?"
            yield node, name, node.func.attr


def test_only_the_unit_of_work_commits() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        if path != "aidants/db.py"
        for call, owner, name in calls(tree)
        if name == "commit" and owner
    ]
    assert found == []


def test_only_the_clock_reads_the_time() -> None:
    found = [
        f"{path}:{call.lineno}: {owner}.{name}"
        for path, tree in modules().items()
        if path != "aidants/clock.py"
        for call, owner, name in calls(tree)
        if (owner, name) in CLOCKS
    ]
    found += [
        f"{path}:{node.lineno}: from time import {alias.name}"
        for path, tree in modules().items()
        if path != "aidants/clock.py"
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.module == "time"
        for alias in node.names
        if ("time", alias.name) in CLOCKS
    ]
    assert found == []


def test_only_the_commands_print() -> None:
    found = [
        f"{path}:{call.lineno}"
        for path, tree in modules().items()
        if path not in {"aidants/cli.py", "aidants/journal_commands.py", "aidants/resident_commands.py"}
        for call, owner, name in calls(tree)
        if (owner, name) == ("", "print")
    ]
    assert found == []


def test_every_module_says_what_it_is_for() -> None:
    assert [path for path, tree in modules().items() if not ast.get_docstring(tree)] == []


def oversized() -> Iterator[tuple[str, int]]:
    """Yield the files and functions beyond the budget, named as in ``LONG``, with their lines."""
    for path, tree in modules().items():
        lines = len((ROOT / path).read_text(encoding="utf-8").splitlines())
        if lines > MAX_FILE_LINES:
            yield path, lines
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                length = (node.end_lineno or node.lineno) - node.lineno + 1
                if length > MAX_FUNCTION_LINES:
                    yield f"{path}:{node.name}", length


def test_files_and_functions_stay_small_or_say_why() -> None:
    found = dict(oversized())
    assert {name: lines for name, lines in found.items() if name not in LONG} == {}
    assert set(LONG) <= set(found), "an excuse that is no longer needed"


def test_no_folder_for_odds_and_ends() -> None:
    names = {path.stem for path in PACKAGE.rglob("*") if path.is_dir() or path.suffix == ".py"}
    assert names & {"utils", "util", "helpers", "helper", "common", "misc"} == set()


@functools.cache
def templates() -> dict[str, str]:
    """Every HTML template by its path under ``templates/``."""
    paths = sorted(TEMPLATES.rglob("*.html"))
    return {path.relative_to(TEMPLATES).as_posix(): path.read_text(encoding="utf-8") for path in paths}


def markup(template: str) -> str:
    """Return the template without its Jinja parts, line breaks kept so that line numbers stay true."""
    blank = functools.partial(re.sub, r"[^\n]", " ")
    return re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", lambda part: blank(part.group()), template, flags=re.DOTALL)


def matches(pattern: str, text: str) -> Iterator[str]:
    """Yield ``line: match`` for each place where ``pattern`` is found."""
    for found in re.finditer(pattern, text, flags=re.IGNORECASE):
        yield f"{text.count(chr(10), 0, found.start()) + 1}: {found.group().strip()}"


def test_templates_have_no_inline_style_script_or_handler() -> None:
    forbidden = r"\sstyle\s*=|\son[a-z]+\s*=\s*[\"']|<style\b|<script\b(?![^>]*\ssrc\s*=)|\bjavascript:"
    found = [f"{name}:{place}" for name, text in templates().items() for place in matches(forbidden, markup(text))]
    assert found == []


def test_templates_escape_everything_or_say_who_did() -> None:
    unescaped = r"\|\s*safe\b|autoescape\s+false"
    found = {name: list(matches(unescaped, text)) for name, text in templates().items()}
    assert {name: places for name, places in found.items() if places and name not in SAFE} == {}
    assert [name for name in SAFE if not found.get(name)] == [], "an excuse that is no longer needed"


def imported_names() -> set[str]:
    """Return the top-level name of everything that the application and its migrations import."""
    names = set()
    trees = [ast.parse(path.read_text(encoding="utf-8")) for path in (ROOT / "migrations").rglob("*.py")]
    for tree in [*modules().values(), *trees]:
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                names |= {alias.name.split(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
                names.add(node.module.split(".")[0])
    return names


def test_every_runtime_dependency_is_used() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    wanted = {re.split(r"[\[<>=! ]", line)[0].lower() for line in project["dependencies"]}
    used = {
        distribution.lower().replace("_", "-")
        for name in imported_names()
        for distribution in packages_distributions().get(name, [])
    }
    assert wanted - used - set(NEVER_IMPORTED) == set()
    assert set(NEVER_IMPORTED) <= wanted
