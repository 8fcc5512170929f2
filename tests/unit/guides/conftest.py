"""One small valid guide, and a checker over a copy of it in which some lines were replaced."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from pathlib import Path

import pytest

from aidants.guides.lint import Finding, check_library, write_lock

TODAY = date(2026, 11, 24)

GUIDE = (Path(__file__).parent / "essai.fr.yaml").read_text(encoding="utf-8")


@pytest.fixture
def guide_text() -> str:
    return GUIDE


@pytest.fixture
def library(tmp_path: Path) -> Path:
    """A library of one valid, locked guide."""
    folder = tmp_path / "library" / "essai"
    folder.mkdir(parents=True)
    (folder / "guide.fr.yaml").write_text(GUIDE, encoding="utf-8")
    write_lock(folder.parent)
    return folder.parent


@pytest.fixture
def check(library: Path) -> Callable[..., list[Finding]]:
    """Return the findings on the guide after replacing ``old`` by ``new`` in it, the lock set aside."""

    def _check(*pairs: tuple[str, str]) -> list[Finding]:
        text = GUIDE
        for old, new in pairs:
            assert old in text, f"the fixture has no {old!r}"
            text = text.replace(old, new, 1)
        (library / "essai" / "guide.fr.yaml").write_text(text, encoding="utf-8")
        return [f for f in check_library(library, today=TODAY) if "contenu changé" not in f.message_fr]

    return _check
