"""Fixtures of the security tests."""

from __future__ import annotations

import pytest

from tests.security.tools import Clock


@pytest.fixture
def time_is(monkeypatch: pytest.MonkeyPatch) -> Clock:
    """A clock that the test moves: ``time_is.at = …``."""
    return Clock(monkeypatch)
