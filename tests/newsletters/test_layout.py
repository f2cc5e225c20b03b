"""The designs as a browser lays them out: on narrow and wide screens, in light and dark mode."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, Literal

import pytest
from newsletter_samples import HARD, Issue
from playwright.sync_api import Browser

DESIGNS = ("digest", "letter", "magazine")
LANGUAGES = ("en", "ar")
WIDTHS = (375, 700)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")

LOOK = """async () => {
  const all = (selector) => [...document.querySelectorAll(selector)];
  const sizes = (selector) => all(selector).map((each) => each.getBoundingClientRect());
  const dir = (text) => getComputedStyle(
    all("h2, h3, .why").find((each) => each.textContent.includes(text))).direction;
  const {violations} = await axe.run({resultTypes: ["violations"]});
  return {
    width: document.scrollingElement.scrollWidth,
    container: document.querySelector(".container").getBoundingClientRect().width,
    smallest: Math.min(...sizes(".tap, .face a, .line a").map((each) => each.height)),
    widest: Math.max(...sizes("img").map((each) => each.width)),
    tables: all(".wide").some((each) => each.scrollWidth > each.clientWidth),
    footer: dir("You receive"),
    arabic: dir("الشتاء على"),
    english: dir("Nothing but"),
    paper: getComputedStyle(document.querySelector(".container")).backgroundColor,
    axe: violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`),
  };
}"""

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def seen(
    browser: Browser, axe: Path, issue: Issue, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, Found]:
    """Scheme -> `design language width` -> what was seen there, of an issue of hard articles."""
    folder = tmp_path_factory.mktemp("layout")
    for design in DESIGNS:
        for language in LANGUAGES:
            html = issue(HARD, language=language, design=design).html
            (folder / f"{design} {language}.html").write_text(html, encoding="utf-8")
    return {scheme: _look(browser, axe, folder, scheme) for scheme in SCHEMES}


def _look(browser: Browser, axe: Path, folder: Path, scheme: Literal["light", "dark"]) -> Found:
    found = {}
    with browser.new_context(color_scheme=scheme) as context:
        page = context.new_page()
        for file in folder.glob("*.html"):
            page.goto(file.as_uri())
            page.add_script_tag(path=axe)
            for width in WIDTHS:
                page.set_viewport_size({"width": width, "height": 900})
                found[f"{file.stem} {width}"] = page.evaluate(LOOK)
    return found


def every(width: int | None = None) -> pytest.MarkDecorator:
    """Run a test with each scheme and mail, at one width or all."""
    widths = WIDTHS if width is None else (width,)
    keys = [f"{d} {lang} {w}" for d in DESIGNS for lang in LANGUAGES for w in widths]
    return pytest.mark.parametrize(("scheme", "key"), [(s, key) for s in SCHEMES for key in keys])


@every()
def test_nothing_keeps_people_from_reading_it(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    assert seen[scheme][key]["axe"] == []


@every(375)
def test_21_a_telephone_scrolls_wide_tables_and_nothing_else_sideways(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    page = seen[scheme][key]
    assert page["width"] == 375
    assert page["tables"]
    assert page["widest"] <= 375
    assert page["smallest"] >= 44, "tap targets"


@every(700)
def test_21_on_a_desktop_the_container_is_640_wide(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    page = seen[scheme][key]
    assert (page["container"], page["width"]) == (640, 700)
    assert page["widest"] <= 640


@every()
def test_17_the_site_has_the_direction_of_its_language_and_each_text_its_own(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    page = seen[scheme][key]
    site = "rtl" if " ar " in key else "ltr"
    assert (page["footer"], page["arabic"], page["english"]) == (site, "rtl", "ltr")


@every()
def test_18_the_background_is_dark_in_dark_mode(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    channels = [int(each) for each in re.findall(r"\d+", seen[scheme][key]["paper"])]
    assert max(channels) < 64 if scheme == "dark" else min(channels) > 240
