"""The Jinja environments, one a language: strict about undefined names, escaping everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from jinja2_fragments import render_block

from aidants import i18n


class Templates:
    """Renders pages and blocks. Environments are built on first use and shared by all threads."""

    def __init__(self, folder: Path, globals_: Mapping[str, Any], filters: Mapping[str, Callable[..., Any]]) -> None:
        self._loader = FileSystemLoader(folder)
        self._globals = dict(globals_)
        self._filters = dict(filters)
        self._environments: dict[str, Environment] = {}

    def environment(self, locale: str) -> Environment:
        """Return the environment of a language."""
        if locale not in self._environments:
            environment = Environment(
                loader=self._loader,
                autoescape=True,
                undefined=StrictUndefined,
                trim_blocks=True,
                lstrip_blocks=True,
                auto_reload=False,
                cache_size=-1,
                extensions=["jinja2.ext.i18n"],
            )
            catalogue = i18n.catalogue(locale)
            environment.install_gettext_callables(  # type: ignore[attr-defined]
                catalogue.gettext, catalogue.ngettext, newstyle=True
            )
            environment.globals.update(self._globals, locale=locale, dir="ltr", languages=i18n.LANGUAGES)
            environment.filters.update(self._filters)
            self._environments[locale] = environment
        return self._environments[locale]

    def render(self, name: str, context: Mapping[str, Any], locale: str, block: str | None = None) -> str:
        """Render a template, or one block of it."""
        environment = self.environment(locale)
        if block is not None:
            return render_block(environment, name, block, dict(context))
        return environment.get_template(name).render(context)
