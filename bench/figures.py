"""A figure with its budget, and the table that shows them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True, slots=True)
class Figure:
    """One measure. ``budget`` is a ceiling, or a floor when ``at_least``; without budget it is only information."""

    section: str
    name: str
    value: float
    unit: str
    budget: float | None = None
    at_least: bool = False
    note: str = ""

    @property
    def verdict(self) -> str:
        """``ok``, ``over`` (the budget is not kept), or nothing."""
        if self.budget is None:
            return ""
        kept = self.value >= self.budget if self.at_least else self.value <= self.budget
        return "ok" if kept else "over"

    def to_dict(self) -> dict[str, Any]:
        """Return the figure as written to the results file."""
        return {**asdict(self), "value": round(self.value, 4), "verdict": self.verdict}


def shown(number: float) -> str:
    """Write a number with three significant digits, thousands apart."""
    digits = 0 if abs(number) >= 100 else 1 if abs(number) >= 10 else 2
    return f"{number:,.{digits}f}".replace(",", " ")


def print_table(figures: Sequence[Figure]) -> None:
    """Print every figure, one a line."""
    table = Table(title="aidants", show_lines=False, title_justify="left")
    for heading in ("", "figure", "measured", "unit", "budget", "", "note"):
        table.add_column(heading, justify="right" if heading in {"measured", "budget"} else "left", overflow="fold")
    section = ""
    for figure in figures:
        if section not in {"", figure.section}:
            table.add_section()
        budget = f"{'≥' if figure.at_least else '≤'} {shown(figure.budget)}" if figure.budget is not None else ""
        verdict = {"over": "[bold red]over[/]", "ok": "[green]ok[/]"}.get(figure.verdict, "")
        title = figure.section if figure.section != section else ""
        table.add_row(title, figure.name, shown(figure.value), figure.unit, budget, verdict, figure.note)
        section = figure.section
    Console(width=150).print(table)
