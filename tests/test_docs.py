"""The documents tell the truth: every setting, command, permission and journal action is named where it should be."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from alembic.config import Config
from alembic.script import ScriptDirectory
from typer.main import get_command

from aidants.cli import app
from aidants.journal.actions import CATALOGUE
from aidants.migrate import newest
from aidants.policy import Permission
from aidants.settings import Settings

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"


def read(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("name", sorted(Settings.model_fields))
def test_every_setting_is_documented(name: str) -> None:
    assert f"`AIDANTS_{name.upper()}`" in read("reglages.md")


def test_no_setting_is_documented_that_does_not_exist() -> None:
    known = {f"AIDANTS_{name.upper()}" for name in Settings.model_fields} | {"AIDANTS_CONFIG"}
    assert set(re.findall(r"^\| `(AIDANTS_\w+)`", read("reglages.md"), re.M)) == known


def commands(group: object, prefix: str = "aidants") -> list[str]:
    found = []
    for name, command in getattr(group, "commands", {}).items():
        found += commands(command, f"{prefix} {name}") if getattr(command, "commands", None) else [f"{prefix} {name}"]
    return found


def test_every_command_is_documented() -> None:
    assert set(commands(get_command(app))) == set(re.findall(r"^\| `(aidants [\w -]+)`", read("reglages.md"), re.M))


@pytest.mark.parametrize("permission", list(Permission))
def test_every_permission_is_documented(permission: Permission) -> None:
    assert f"`{permission}`" in read("architecture.md")


def test_every_action_is_documented_with_its_own_words() -> None:
    text = read("journal-format.md")
    for name, action in CATALOGUE.items():
        assert f"| `{name}` | {action.kind} | {' '.join((action.__doc__ or '').split())} |" in text
    assert len(re.findall(r"^\| `", text, re.M)) == len(CATALOGUE)


def test_every_room_is_in_the_architecture() -> None:
    text = read("architecture.md")
    for path in sorted((ROOT / "aidants").iterdir()):
        if path.is_dir() and (path / "__init__.py").exists():
            assert f"aidants/{path.name}/" in text, path.name
    for path in sorted((ROOT / "aidants").glob("[!_]*.py")):
        assert f"{path.name}" in text, path.name


@pytest.mark.parametrize(
    "page", sorted(path.relative_to(ROOT).as_posix() for path in [ROOT / "README.md", *DOCS.rglob("*.md")])
)
def test_every_link_and_picture_exists(page: str) -> None:
    source = ROOT / page
    for target in re.findall(r"\]\(([^)#:\s]+)\)", source.read_text(encoding="utf-8")):
        assert (source.parent / target).exists(), target


def test_decisions_are_numbered_without_gap() -> None:
    numbers = sorted(int(path.name[:4]) for path in (DOCS / "decisions").glob("*.md"))
    assert numbers == list(range(1, len(numbers) + 1))


def test_the_newest_migration_is_the_one_named() -> None:
    config = Config()
    config.set_main_option("script_location", str(ROOT / "migrations"))
    assert ScriptDirectory.from_config(config).get_current_head() == newest()


def test_readme_names_only_make_targets_that_exist() -> None:
    targets = set(re.findall(r"^([a-z][a-z-]*):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    named = set(re.findall(r"\bmake ([a-z-]+)", (ROOT / "README.md").read_text(encoding="utf-8")))
    assert named <= targets
