"""Every page in every role and state: axe, valid HTML, reflow, text spacing, visible focus, sizes of targets, titles."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser

from tests.browser.demo_site import DemoSite
from tests.browser.survey import Survey, make_survey
from tests.support.services import vnu

pytestmark = pytest.mark.browser
FEWEST_STATES = 140
"""A tour that loses pages must be noticed."""


@pytest.fixture(scope="module")
def survey(browser: Browser, site: DemoSite, tmp_path_factory: pytest.TempPathFactory) -> Survey:
    """One walk through everything; the tests below each read one part of what it found."""
    made = make_survey(browser, site, tmp_path_factory.mktemp("html"))
    assert made.states >= FEWEST_STATES
    return made


@pytest.mark.parametrize(
    "kind",
    [
        pytest.param("axe", id="axe_finds_nothing"),
        pytest.param("axe dark", id="colours_contrast_in_the_dark"),
        pytest.param("sideways", id="nothing_scrolls_sideways_at_320_pixels_nor_at_400_percent"),
        pytest.param("clipped", id="no_text_is_cut_at_320_pixels"),
        pytest.param("spacing", id="no_text_is_cut_with_wide_spacing"),
        pytest.param("focus", id="the_focus_is_seen_everywhere"),
        pytest.param("targets", id="targets_are_large_enough"),
        pytest.param("console", id="the_browser_complains_of_nothing"),
        pytest.param("titles", id="each_page_has_a_title_and_one_main_heading"),
    ],
)
def test_on_every_page(survey: Survey, kind: str) -> None:
    assert not survey.findings[kind], "\n".join(survey.findings[kind])


def test_titles_tell_pages_apart(survey: Survey) -> None:
    shared = {title: paths for (_, title), paths in survey.titles.items() if len(paths) > 1}
    assert not shared, shared


def test_html_is_valid_without_any_remark(survey: Survey) -> None:
    names = {file.name: where for file, where in survey.sources.items()}
    messages = vnu(list(survey.sources))
    told = [f"{names[message['url'].rpartition('/')[2]]}: {message['message']}" for message in messages]
    assert not told, "\n".join(told)
