"""The page in a real browser: the author saves, and sees it, and stays where they were."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import pytest
from playwright.sync_api import Locator, Page, expect
from previewing import Preview, Start

from syndicate.starter import copy_to

ARTICLE = "content/counting-swifts.md"
PHONE, LIGHT, DARK = "figure.phone.light", "figure.desktop.light", "figure.desktop.dark"
INK = """(body) => {
  const mark = body.ownerDocument.createElement("i");
  mark.style.color = "CanvasText";
  body.append(mark);
  return getComputedStyle(mark).color;
}"""
"""What the browser writes with where the email names no colour."""


@pytest.fixture(scope="module")
def unchanged(tmp_path_factory: pytest.TempPathFactory, start_once: Start) -> Preview:
    """A preview of the site that `init` makes, for tests that change nothing."""
    site = tmp_path_factory.mktemp("unchanged") / "site"
    copy_to(site)
    return start_once(site)


def opened(page: Page, preview: Preview) -> None:
    page.goto(preview.url)
    page.locator("body[data-version]").wait_for(state="attached")


def email(page: Page, figure: str) -> Locator:
    """The email as a figure shows it."""
    return page.locator(f"{figure} iframe").content_frame.locator("body")


def scrolled(page: Page) -> list[int]:
    """How far each email and their text is scrolled, and the page that shows them."""
    down = "(body) => body.ownerDocument.defaultView.scrollY"
    frames: list[int] = [email(page, each).evaluate(down) for each in (PHONE, LIGHT, DARK)]
    text = page.locator("#text").evaluate("(text) => text.scrollTop")
    return [*frames, text, page.evaluate("scrollY")]


def test_a_saved_change_appears_in_every_frame_without_scrolling(
    new_site: Path, start: Start, page: Page
) -> None:
    preview = start(new_site)
    opened(page, preview)
    for number, figure in enumerate((PHONE, LIGHT, DARK), 1):
        down = "(body, pixels) => body.ownerDocument.defaultView.scrollTo(0, pixels)"
        email(page, figure).evaluate(down, number * 400)
    page.locator("#text").evaluate("(text) => { text.scrollTop = 150 }")
    page.evaluate("scrollTo(0, 200)")
    assert scrolled(page) == [400, 800, 1200, 150, 200], "all are long enough"

    preview.edit(ARTICLE, "swift", "zeppelin")

    for figure in (PHONE, LIGHT, DARK):
        expect(email(page, figure)).to_contain_text("zeppelin")
    expect(page.locator("#text")).to_contain_text("zeppelin")
    assert scrolled(page) == [400, 800, 1200, 150, 200]


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_frames_are_as_wide_as_a_phone_and_a_desktop_and_show_both_schemes(
    unchanged: Preview, page: Page, scheme: Literal["light", "dark"]
) -> None:
    page.emulate_media(color_scheme=scheme)  # whatever the browser itself prefers
    opened(page, unchanged)
    wide = "(body) => body.ownerDocument.defaultView.innerWidth"
    assert [email(page, each).evaluate(wide) for each in (PHONE, DARK)] == [375, 700]
    for figure, paper, ink in (
        (LIGHT, "rgb(255, 255, 255)", "rgb(0, 0, 0)"),
        (DARK, "rgb(25, 28, 31)", "rgb(255, 255, 255)"),
    ):
        container = email(page, figure).locator(".container")
        expect(container).to_have_css("background-color", paper)
        assert email(page, figure).evaluate(INK) == ink


def test_images_are_shown_before_they_are_published(unchanged: Preview, page: Page) -> None:
    opened(page, unchanged)
    pictures = email(page, LIGHT).locator("img")
    assert pictures.count()
    for picture in pictures.all():
        expect(picture).to_have_js_property("complete", True)
        assert picture.evaluate("(image) => image.naturalWidth") > 0


def test_templates_and_settings_are_followed_and_errors_shown_until_they_are_fixed(
    new_site: Path, start: Start, page: Page
) -> None:
    preview = start(new_site)
    opened(page, preview)
    trouble = page.locator("#trouble")
    template = "templates/newsletter/parts/footer.html"

    preview.edit(template, "You receive this email", "All that is new")
    expect(email(page, LIGHT)).to_contain_text("All that is new")
    preview.edit("config.yaml", "title: Low Tide, weekly", "title: High Tide, daily")
    expect(email(page, LIGHT)).to_contain_text("High Tide, daily")
    expect(page.locator("h1")).to_have_text("High Tide, daily")

    for path, old, new, words in (
        (template, "All that is new", "{{ nobody }}", "nobody"),
        ("config.yaml", "sender: Low", "sendr: Low", "did you mean sender?"),
    ):
        preview.edit(path, old, new)
        expect(trouble).to_be_visible()
        expect(page.locator("body")).to_contain_text(words)
        line = (new_site / path).read_text(encoding="utf-8").split(new)[0].count("\n") + 1
        expect(trouble).to_contain_text(f"{path}:{line}")
        expect(email(page, LIGHT)).to_contain_text("High Tide, daily")  # the last good email stays
        preview.edit(path, new, old)
        expect(trouble).to_be_hidden()
    expect(email(page, LIGHT)).to_contain_text("All that is new")


def test_choices_are_kept_and_hidden_frames_catch_up(
    new_site: Path, start: Start, page: Page
) -> None:
    preview = start(new_site)
    opened(page, preview)
    dark = page.locator("[data-show=dark]")
    dark.click()
    expect(page.locator(DARK)).to_be_hidden()
    preview.edit(ARTICLE, "swift", "zeppelin")
    expect(email(page, LIGHT)).to_contain_text("zeppelin")
    page.goto("about:blank")
    opened(page, preview)
    expect(dark).to_have_attribute("aria-pressed", "false")
    dark.click()
    expect(email(page, DARK)).to_contain_text("zeppelin")


def test_an_empty_issue_is_explained_and_a_first_article_is_shown(
    new_site: Path, start: Start, page: Page
) -> None:
    for file in sorted((new_site / "content").rglob("*")):
        if file.is_file():
            file.unlink()
    draft = new_site / "content" / "one.md"
    draft.write_text("---\ntitle: One\ndraft: true\n---\nA first word.\n", encoding="utf-8")
    preview = start(new_site)
    opened(page, preview)
    nothing = page.locator("#nothing")
    expect(nothing).to_contain_text("No article has been published yet.")
    preview.edit("content/one.md", "draft: true\n", "")
    expect(email(page, LIGHT)).to_contain_text("A first word.")
    expect(nothing).to_be_hidden()


def test_another_newsletter_is_one_click_away(new_site: Path, start: Start, page: Page) -> None:
    config = new_site / "config.yaml"
    text = config.read_text(encoding="utf-8")
    second = "  birds:\n    title: Birds\n    sender: a@example.org\n    include: [birds]\n\n"
    config.write_text(text.replace("subscribers:", f"{second}subscribers:", 1), encoding="utf-8")
    opened(page, start(new_site))
    expect(page.locator("h1")).to_have_text("Low Tide, weekly")
    page.get_by_role("link", name="Birds", exact=True).click()
    expect(page.locator("h1")).to_have_text("Birds")
    expect(email(page, LIGHT)).to_contain_text("swift")


def test_the_email_cannot_run_scripts_or_reach_the_page(
    new_site: Path, start: Start, page: Page
) -> None:
    preview = start(new_site)
    taken = "top.document.title = 'taken'"
    evil = f'<script>{taken}</script><img src="data:," alt="" onerror="{taken}">You receive'
    preview.edit("templates/newsletter/parts/footer.html", "You receive", evil)
    opened(page, preview)
    expect(email(page, LIGHT).locator("script")).to_be_attached()
    expect(email(page, LIGHT).locator("img[onerror]")).to_have_js_property("complete", True)
    assert page.title() != "taken"
