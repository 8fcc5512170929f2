"""The Jinja environments, one a language: strict about undefined names, escaping everything."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, nodes
from jinja2_fragments import render_block
from markupsafe import Markup

from aidants import i18n


class _Environment(Environment):
    """Translates constant texts when a template is compiled: each environment speaks one language only."""

    translate: Callable[[str], str]

    def _parse(self, source: str, name: str | None, filename: str | None) -> nodes.Template:
        tree = super()._parse(source, name, filename)
        self._fold(tree)
        return tree

    def _fold(self, node: nodes.Node) -> Any:
        for field, value in node.iter_fields():
            if isinstance(value, list):
                value[:] = [self._fold(item) if isinstance(item, nodes.Node) else item for item in value]
            elif isinstance(value, nodes.Node):
                setattr(node, field, self._fold(value))
        if isinstance(node, nodes.Call) and isinstance(node.node, nodes.Name) and node.node.name == "_":
            said = node.args[0]
            plain = len(node.args) == 1 and not node.kwargs and node.dyn_args is None and node.dyn_kwargs is None
            if plain and isinstance(said, nodes.Const) and isinstance(said.value, str):
                text = str(Markup(self.translate(said.value)) % {})  # noqa: S704 - what Jinja's own gettext does
                return nodes.MarkSafe(nodes.Const(text, lineno=node.lineno), lineno=node.lineno)
        return node


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
            environment = _Environment(
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
            environment.translate = catalogue.gettext
            environment.install_gettext_callables(  # type: ignore[attr-defined]
                catalogue.gettext, catalogue.ngettext, newstyle=True
            )
            environment.globals.update(
                self._globals, locale=locale, dir=i18n.direction(locale), unreviewed=locale in i18n.UNREVIEWED
            )
            environment.filters.update(self._filters)
            self._environments[locale] = environment
        return self._environments[locale]

    def render(self, name: str, context: Mapping[str, Any], locale: str, block: str | None = None) -> str:
        """Render a template, or one block of it."""
        environment = self.environment(locale)
        if block is not None:
            return render_block(environment, name, block, dict(context))
        return environment.get_template(name).render(context)
