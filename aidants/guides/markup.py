"""Restricted Markdown of the guides' text fields: paragraphs, bold, emphasis and lists; nothing else becomes HTML.

Links, images, headings, HTML and code stay plain text: the one link of a step is its ``link`` field, checked against
the guide's hosts. French typography is put right when a guide is read, so that authors type ordinary spaces.
"""

from __future__ import annotations

import re
from functools import cache, lru_cache

from markdown_it import MarkdownIt

_NO_BREAK = "\u00a0"


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("zero").enable(["list", "emphasis", "escape"])


@lru_cache(maxsize=2048)
def render_text(markdown: str) -> str:
    """Return safe HTML for ``markdown``: only ``p strong em ul ol li``; everything else is escaped and shown as typed.

    Kept in memory: the texts are those of the guides, a few hundred, and each is read on every visit of its step.
    """
    return str(_parser().render(markdown)).strip()


def plain_blocks(markdown: str) -> list[str]:
    """Return the text of each paragraph and list item, without marks: for counting words and for text outlines."""
    blocks = [token.children or [] for token in _parser().parse(markdown) if token.type == "inline"]
    return ["".join(child.content for child in block if child.type == "text").replace("\n", " ") for block in blocks]


def plain_text(markdown: str) -> str:
    """Return the whole text without marks, one block a line."""
    return "\n".join(plain_blocks(markdown))


def tidy(text: str) -> str:
    """Return ``text`` with French typography: ’ and no-break spaces before ``: ; ? ! » % €`` and after ``«``. Idempotent."""
    text = re.sub(r"(?<=\w)'(?=\w)", "’", text.strip())
    text = re.sub(r"[ \u202f](?=[:;?!»%€])", _NO_BREAK, text)
    return re.sub(r"«[ \u202f]", f"«{_NO_BREAK}", text)
