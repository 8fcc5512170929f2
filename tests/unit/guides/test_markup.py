"""Restricted Markdown: a handful of tags, everything else shown as typed."""

from __future__ import annotations

import re

import pytest

from aidants.guides.markup import plain_blocks, plain_text, render_text, tidy

ALLOWED = {"p", "strong", "em", "ul", "ol", "li"}
HOSTILE = [
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "[clic](javascript:alert(1))",
    "![image](https://evil.example/x.png)",
    "<https://evil.example>",
    "https://evil.example",
    "# titre\n\n> citation\n\n    code\n\n```\ncode\n```\n\n---\n",
    "`<b>`",
    '**<b onclick="x">gras</b>**',
    "- <iframe src=//evil.example>\n- &lt;script&gt;",
    "[a]: javascript:alert(1)\n\n[a]",
    '<p style="x">',
    "a\x0b<svg/onload=alert(1)>",
    "*" * 5000 + "x" + "*" * 5000,
    "- " * 500 + "x",
    "&#60;script&#62;",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_hostile_text_gives_only_the_six_tags_without_attributes(text: str) -> None:
    tags = re.findall(r"<[^>]*>", render_text(text))
    assert {tag.strip("</>") for tag in tags} <= ALLOWED, tags


def test_bold_emphasis_and_lists_are_rendered() -> None:
    html = render_text("Un **mot** et *un autre*.\n\n- a\n- b\n\n1. c")
    assert "<p>Un <strong>mot</strong> et <em>un autre</em>.</p>" in html
    assert "<ul>\n<li>a</li>\n<li>b</li>\n</ul>\n<ol>\n<li>c</li>\n</ol>" in html


def test_a_list_that_starts_elsewhere_keeps_its_number_only() -> None:
    assert render_text("3. c") == '<ol start="3">\n<li>c</li>\n</ol>'


def test_plain_text_has_no_marks() -> None:
    assert plain_blocks("Un **mot**\nici.\n\n- a\n- b") == ["Un mot ici.", "a", "b"]
    assert plain_text("*Un*\n\n- a") == "Un\na"


def test_tidy_puts_french_typography_right_and_changes_nothing_twice() -> None:
    once = tidy(" L'adresse : « ici » ? 10 % ")
    assert once == "L’adresse\u00a0: «\u00a0ici\u00a0»\u00a0? 10\u00a0%"
    assert tidy(once) == once
