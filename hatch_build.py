"""Build hook: compile every gettext catalogue before the wheel is filled."""

from __future__ import annotations

import io
import tempfile
from pathlib import Path
from typing import Any

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from hatchling.builders.hooks.plugin.interface import BuildHookInterface


def compile_catalogues(root: Path) -> list[Path]:
    """Write a ``.mo`` beside each ``.po`` under ``root`` and return the files written."""
    written = []
    for source in sorted(root.glob("*/LC_MESSAGES/*.po")):
        with source.open("rb") as handle:
            catalogue = read_po(handle, locale=source.parts[-3])
        target = source.with_suffix(".mo")
        compiled = io.BytesIO()
        write_mo(compiled, catalogue)
        if not target.exists() or target.read_bytes() != compiled.getvalue():
            _replace(target, compiled.getvalue())
        written.append(target)
    return written


def _replace(target: Path, content: bytes) -> None:
    """Write a file at once or not at all: two builds of one checkout may run at the same time."""
    with tempfile.NamedTemporaryFile(dir=target.parent, suffix=".tmp", delete=False) as handle:
        handle.write(content)
    Path(handle.name).chmod(0o644)
    Path(handle.name).replace(target)


class CustomBuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """Runs for wheels, editable installs and source distributions alike."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Compile the catalogues and keep the results in the build although git ignores them."""
        written = compile_catalogues(Path(self.root) / "locales")
        build_data["artifacts"].extend(str(path.relative_to(self.root)) for path in written)
