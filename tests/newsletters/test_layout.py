"""The design as a browser lays it out: nothing wider than a telephone, everything large enough."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable
from html import unescape
from pathlib import Path

import pytest
from newsletter_samples import Issue

# A window of headless Chromium is never narrower than 500 pixels; a frame is as narrow as it says.
FRAME = """<!DOCTYPE html><body style="margin:0">
<iframe id="mail" src="mail.html" style="border:0" width="{width}" height="900"></iframe><script>
document.getElementById("mail").onload = (event) => {{
  const page = event.target.contentDocument;
  const taps = [...page.querySelectorAll(".tap, .button, .entry a")];
  const dir = (text) => getComputedStyle(
    [...page.querySelectorAll("p, h2")].find((each) => each.textContent.includes(text))).direction;
  document.body.dataset.measured = JSON.stringify({{
    width: page.scrollingElement.scrollWidth,
    container: page.querySelector(".container").getBoundingClientRect().width,
    smallest: Math.min(...taps.map((each) => each.getBoundingClientRect().height)),
    footer: getComputedStyle(page.querySelector(".footer p")).direction,
    arabic: dir("وصل"),
    english: dir("Winter came"),
  }});
}};
</script>"""


@pytest.fixture
def measured(
    need: Callable[[str, str], str], issue: Issue, tmp_path: Path
) -> Callable[[int, str], dict[str, object]]:
    chromium = need("chromium", "apt install chromium")

    def measure(width: int, language: str) -> dict[str, object]:
        html = issue(language=language).html
        (tmp_path / "mail.html").write_text(html, encoding="utf-8")
        (tmp_path / "frame.html").write_text(FRAME.format(width=width), encoding="utf-8")
        arguments = ["--headless", "--no-sandbox", "--disable-gpu", "--disable-quic"]
        arguments += [
            "--hide-scrollbars",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-sync",
        ]
        arguments += ["--disable-component-update", "--allow-file-access-from-files"]
        arguments += ["--host-resolver-rules=MAP * ~NOTFOUND", "--virtual-time-budget=3000"]
        arguments += [f"--user-data-dir={tmp_path / 'profile'}", "--dump-dom"]
        dom = subprocess.run(
            [chromium, *arguments, (tmp_path / "frame.html").as_uri()],
            capture_output=True,
            check=True,
            encoding="utf-8",
            timeout=60,
        ).stdout
        found = re.search(r'data-measured="([^"]*)"', dom)
        assert found, dom[:500]
        return dict(json.loads(unescape(found[1])))

    return measure


def test_21_a_telephone_does_not_scroll_sideways_for_wide_tables_code_and_images(
    measured: Callable[[int, str], dict[str, object]],
) -> None:
    page = measured(375, "en")
    assert page["width"] == 375
    assert page["smallest"] >= 44, "tap targets"  # type: ignore[operator]


def test_21_on_a_desk_the_container_is_640_wide(
    measured: Callable[[int, str], dict[str, object]],
) -> None:
    assert measured(1000, "en")["container"] == 640


def test_17_a_right_to_left_site_is_laid_out_right_to_left_and_texts_by_their_own_letters(
    measured: Callable[[int, str], dict[str, object]],
) -> None:
    page = measured(375, "ar")
    assert page["width"] == 375
    assert (page["footer"], page["arabic"], page["english"]) == ("rtl", "rtl", "ltr")
