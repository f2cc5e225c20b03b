"""The designs as a browser lays them out: on a telephone and on a desk, in light and in dark."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path
from typing import Any

import pytest
from newsletter_samples import HARD, Issue

DESIGNS = ("digest", "letter", "magazine")
LANGUAGES = ("en", "ar")
WIDTHS = (375, 700)
# Chromium's own numbers for the scheme a reader prefers.
SCHEMES = {"light": 1, "dark": 0}

# A window of headless Chromium is never narrower than 500 pixels; a frame is as narrow as it says.
PAGE = """<!DOCTYPE html><meta name="color-scheme" content="light dark"><body><script>
const names = NAMES, widths = WIDTHS;
const sizes = (all) => [...all].map((each) => each.getBoundingClientRect());
async function look(name, width) {
  const frame = document.createElement("iframe");
  Object.assign(frame, {src: `${name}.html`, width, height: 900, style: "border:0"});
  const loaded = new Promise((done) => frame.onload = done);
  document.body.append(frame);
  await loaded;
  const page = frame.contentDocument, all = (selector) => page.querySelectorAll(selector);
  const axe = page.createElement("script");
  const ready = new Promise((done) => axe.onload = done);
  axe.src = "axe.min.js";
  page.head.append(axe);
  await ready;
  const {violations} = await frame.contentWindow.axe.run(page, {resultTypes: ["violations"]});
  const dir = (text) => getComputedStyle(
    [...all("h2, h3, .why")].find((each) => each.textContent.includes(text))).direction;
  const found = {
    width: page.scrollingElement.scrollWidth,
    container: page.querySelector(".container").getBoundingClientRect().width,
    smallest: Math.min(...sizes(all(".tap, .face a, .line a")).map((each) => each.height)),
    widest: Math.max(...sizes(all("img")).map((each) => each.width)),
    tables: [...all(".wide")].some((each) => each.scrollWidth > each.clientWidth),
    footer: dir("You receive"),
    arabic: dir("الشتاء على"),
    english: dir("Nothing but"),
    paper: getComputedStyle(page.querySelector(".container")).backgroundColor,
    axe: violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`),
  };
  frame.remove();
  return found;
}
(async () => {
  const found = {};
  for (const name of names) for (const width of widths) {
    found[`${name} ${width}`] = await look(name, width).catch((error) => String(error));
  }
  document.body.dataset.found = JSON.stringify(found);
})();
</script>"""

Found = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def seen(
    need: Callable[[str, str], str],
    axe: Path,
    issue: Issue,
    tmp_path_factory: pytest.TempPathFactory,
) -> dict[str, Found]:
    """Scheme -> `design language width` -> what was seen there, of an issue of hard articles."""
    chromium = need("chromium", "apt install chromium")
    folder = tmp_path_factory.mktemp("layout")
    (folder / "axe.min.js").write_bytes(axe.read_bytes())
    names = [f"{design} {language}" for design in DESIGNS for language in LANGUAGES]
    for name in names:
        design, language = name.split()
        html = issue(HARD, language=language, design=design).html
        (folder / f"{name}.html").write_text(html, encoding="utf-8")
    page = PAGE.replace("NAMES", json.dumps(names)).replace("WIDTHS", json.dumps(WIDTHS))
    (folder / "page.html").write_text(page, encoding="utf-8")
    return {scheme: _look(chromium, folder, number) for scheme, number in SCHEMES.items()}


def _look(chromium: str, folder: Path, scheme: int) -> Found:
    arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
    arguments += ["--hide-scrollbars", "--no-first-run", "--disable-background-networking"]
    arguments += ["--disable-sync", "--disable-component-update", "--allow-file-access-from-files"]
    arguments += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=60000"]
    arguments += [f"--blink-settings=preferredColorScheme={scheme}", "--dump-dom"]
    dom = subprocess.run(
        [
            chromium,
            *arguments,
            f"--user-data-dir={folder / f'profile {scheme}'}",
            (folder / "page.html").as_uri(),
        ],
        capture_output=True,
        check=True,
        encoding="utf-8",
        timeout=120,
    ).stdout
    found = re.search(r'data-found="([^"]*)"', dom)
    assert found, dom[-500:]
    return dict(json.loads(unescape(found[1])))


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
def test_21_on_a_desk_the_container_is_640_wide(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    page = seen[scheme][key]
    assert (page["container"], page["width"]) == (640, 700)
    assert page["widest"] <= 640


@every()
def test_17_the_site_runs_as_its_language_does_and_each_text_by_its_own_letters(
    seen: dict[str, Found], scheme: str, key: str
) -> None:
    page = seen[scheme][key]
    site = "rtl" if " ar " in key else "ltr"
    assert (page["footer"], page["arabic"], page["english"]) == (site, "rtl", "ltr")


@every()
def test_18_dark_paper_is_dark(seen: dict[str, Found], scheme: str, key: str) -> None:
    channels = [int(each) for each in re.findall(r"\d+", seen[scheme][key]["paper"])]
    assert max(channels) < 64 if scheme == "dark" else min(channels) > 240
