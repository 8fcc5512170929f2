"""One walk through every page, role and state; on each, what axe, the layout, the focus and the sizes have to say."""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, ConsoleMessage, Page, Response, ViewportSize

from tests.browser.demo_site import DemoSite
from tests.browser.pages import TOURS
from tests.browser.visit import Visit
from tests.support.services import axe

DESK = ViewportSize(width=1280, height=900)
PHONE = ViewportSize(width=320, height=640)
ZOOMED = ViewportSize(width=320, height=225)
"""1280 × 900 at 400 % (WCAG 1.4.10)."""

_COLOURS = """() => axe.run(document, { runOnly: { type: "tag", values: ["cat.color"] }, resultTypes: ["violations"] })
  .then((result) => result.violations)"""
"""axe is in the page since its first look."""
_SPACING = """() => {
  const sheet = new CSSStyleSheet();
  sheet.replaceSync(`* { line-height: 1.5 !important; letter-spacing: 0.12em !important; word-spacing: 0.16em !important }
    p { margin-block-end: 2em !important }`);
  document.adoptedStyleSheets = [sheet];
}"""
_NO_SPACING = "() => { document.adoptedStyleSheets = [] }"
_SIDEWAYS = """() => {
  if (document.documentElement.scrollWidth <= innerWidth) return [];
  return [...document.querySelectorAll("body *")].filter((it) => it.getBoundingClientRect().right > innerWidth + 1)
    .slice(-3).map((it) => it.outerHTML.slice(0, 160));
}"""
_CLIPPED = """() => {
  const hides = (value) => value === "hidden" || value === "clip", out = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode, range = document.createRange();
    if (!text.data.trim() || !text.parentElement.checkVisibility()) continue;
    range.selectNodeContents(text);
    const rects = [...range.getClientRects()];
    for (let box = text.parentElement; box && box !== document.body; box = box.parentElement) {
      const style = getComputedStyle(box), edge = box.getBoundingClientRect();
      if (edge.width <= 1 || style.clipPath !== "none" || style.overflowX === "auto") break;
      if (!hides(style.overflowX) && !hides(style.overflowY)) continue;
      if (rects.some((it) => it.right > edge.right + 1 || it.left < edge.left - 1 || it.bottom > edge.bottom + 1))
        out.push(text.data.trim().slice(0, 80) + " in " + box.className);
    }
  }
  return out;
}"""
_FOCUS = """() => {
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary, [tabindex='0']", out = [];
  const ring = (it, part) => {
    const style = getComputedStyle(it, part);
    return style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2;
  };
  for (const it of document.querySelectorAll(wanted)) {
    if (!it.checkVisibility({ visibilityProperty: true })) continue;
    it.focus();
    if (document.activeElement !== it) continue;
    const label = it.matches("[type=radio], [type=checkbox]") ? it.nextElementSibling : null;
    if (!ring(it) && !(label && (ring(label) || ring(label, "::before")))) out.push("no ring: " + it.outerHTML.slice(0, 160));
    const box = it.getClientRects()[0];
    const [x, y] = [box.left + Math.min(box.width, innerWidth) / 2, box.top + Math.min(box.height, innerHeight) / 2];
    const seen = document.elementFromPoint(x, y);
    if (!seen || !(it.contains(seen) || seen.contains(it) || label?.contains(seen)))
      out.push("hidden: " + it.outerHTML.slice(0, 160) + " under " + (seen?.outerHTML.slice(0, 80) ?? "the edge"));
  }
  return out;
}"""
_TARGETS = """() => {
  const wanted = "a[href], button, input:not([type=hidden]), select, textarea, summary", out = [];
  const resident = document.body.matches(".resident, .screen");
  for (const it of document.querySelectorAll(wanted)) {
    if (!it.checkVisibility({ visibilityProperty: true }) || it.matches(".govuk-skip-link")) continue;
    const boxes = [...it.getClientRects()], least = resident ? 44 : 24;
    const [height, width] = [Math.max(...boxes.map((box) => box.height)), Math.max(...boxes.map((box) => box.width))];
    if (height < least - 0.5 || width < 24)
      out.push(`${width.toFixed(0)} x ${height.toFixed(0)}: ` + it.outerHTML.slice(0, 160));
  }
  return out;
}"""


@dataclass
class Survey:
    """What was found, by kind of finding: each line says who, which state, and what. ``titles`` by person and title."""

    states: int = 0
    findings: dict[str, list[str]] = field(default_factory=lambda: defaultdict(list))
    titles: dict[tuple[str, str], set[str]] = field(default_factory=lambda: defaultdict(set))
    sources: dict[Path, str] = field(default_factory=dict)

    def note(self, kind: str, where: str, found: list[str]) -> None:
        """Keep findings of one kind and place."""
        self.findings[kind] += [f"{where}: {line}" for line in found]


def make_survey(browser: Browser, site: DemoSite, folder: Path) -> Survey:
    """Go through every tour; the HTML of each state, as the server sent it, is kept in ``folder``."""
    survey = Survey()
    for who, tour in TOURS:
        context = browser.new_context(locale="fr-FR", viewport=DESK)
        page = context.new_page()
        page.set_default_timeout(10_000)
        documents, complaints = _listen(page)
        if who is not None:
            site.enter(page, who)
        for state in tour(Visit(page, site)):
            survey.states += 1
            where = f"{who or 'anybody'}, {state}"
            _look(page, survey, where)
            if documents[-1].status in {200, 422}:
                survey.titles[who or "", page.title()].add(_pattern(page.url.removeprefix(site.base_url)))
            file = folder / f"{survey.states:03}.html"
            file.write_text(documents[-1].text(), encoding="utf-8")
            survey.sources[file] = where
        survey.note("console", who or "anybody", complaints)
        context.close()
    return survey


def _listen(page: Page) -> tuple[list[Response], list[str]]:
    """Return two lists that fill as the page lives: the documents it got, the errors its scripts and policies told."""
    documents: list[Response] = []
    complaints: list[str] = []

    def received(answer: Response) -> None:
        if answer.request.is_navigation_request() and not 300 <= answer.status < 400:
            documents.append(answer)

    def told(message: ConsoleMessage) -> None:
        # A page that refuses answers 4xx, and the console repeats it.
        if message.type in {"error", "warning"} and "responded with a status of 4" not in message.text:
            complaints.append(f"{page.url} {message.text}")

    page.on("response", received)
    page.on("console", told)
    page.on("pageerror", lambda error: complaints.append(f"{page.url} {error}"))
    return documents, complaints


def _pattern(url: str) -> str:
    path = re.sub(r"/[a-z0-9]{26}\b", "/{id}", url.partition("?")[0])
    return re.sub(r"/(chercher|activer|nouvelle)$", "", path) if not path.endswith("personnes/nouvelle") else path


def _look(page: Page, survey: Survey, where: str) -> None:
    """Examine one state: at a desk in light and dark, then at 320 pixels and at 400 %, then with wide text."""
    survey.note("axe", where, _lines(axe(page)))
    page.emulate_media(color_scheme="dark")
    survey.note("axe dark", where, _lines(page.evaluate(_COLOURS)))
    page.emulate_media(color_scheme="light")
    survey.note("titles", where, _titles(page))
    survey.note("targets", where, page.evaluate(_TARGETS))
    page.evaluate(_SPACING)
    survey.note("spacing", where, page.evaluate(_CLIPPED) + page.evaluate(_SIDEWAYS))
    page.evaluate(_NO_SPACING)
    page.set_viewport_size(ZOOMED)
    survey.note("sideways", where, page.evaluate(_SIDEWAYS))
    page.set_viewport_size(PHONE)
    survey.note("sideways", where, page.evaluate(_SIDEWAYS))
    survey.note("clipped", where, page.evaluate(_CLIPPED))
    survey.note("targets", where, page.evaluate(_TARGETS))
    page.keyboard.press("Tab")
    survey.note("focus", where, page.evaluate(_FOCUS))
    page.set_viewport_size(DESK)


def _lines(violations: list[dict[str, Any]]) -> list[str]:
    nodes = [(rule["id"], node) for rule in violations for node in rule["nodes"]]
    return [f"{rule} {node['html'][:160]} {node.get('failureSummary', '')[:200]}" for rule, node in nodes]


def _titles(page: Page) -> list[str]:
    title, headings = page.title(), page.locator("h1").count()
    wrong = [] if re.fullmatch(r"\S.* — Aidants", title) else [f"title {title!r}"]
    return wrong if headings == 1 else [*wrong, f"{headings} h1"]
