"""The page in a real browser: the author saves, and sees it, and stays where they were."""

from __future__ import annotations

from pathlib import Path

from previewing import Preview, Start

from chromium import Chromium

ARTICLE = "content/counting-swifts.md"
MAIL = "document.querySelector('{}').contentDocument"
PHONE = MAIL.format("figure.phone.light iframe")
DARK = MAIL.format("figure.desktop.dark iframe")
LIGHT = MAIL.format("figure.desktop.light iframe")

INK = """(() => {{
  const mark = {0}.createElement("i");
  mark.style.color = "CanvasText";
  {0}.body.append(mark);
  return getComputedStyle(mark).color;
}})()"""
"""What the browser writes with where the mail names no colour."""


def opened(browser: Chromium, preview: Preview, newsletter: str = "") -> None:
    browser.open(preview.url + newsletter)
    browser.wait_for("document.body?.dataset.version")


def says(document: str, words: str) -> str:
    return f"{document}.body.textContent.includes({words!r})"


def test_a_word_saved_in_an_article_is_seen_everywhere_and_nothing_scrolls(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    preview = start(new_site)
    opened(browser, preview)
    for number, frame in enumerate((PHONE, LIGHT, DARK), 1):
        browser.ask(f"{frame}.defaultView.scrollTo(0, {number * 400})")
    places = [f"{frame}.defaultView.scrollY" for frame in (PHONE, LIGHT, DARK)]
    assert [browser.ask(place) for place in places] == [400, 800, 1200], "all are long enough"
    browser.ask("window.scrollTo(0, 200)")
    browser.ask("document.querySelector('#text').scrollTop = 150")

    preview.edit(ARTICLE, "swift", "zeppelin")

    for frame in (PHONE, LIGHT, DARK, "document"):
        browser.wait_for(says(frame, "zeppelin"))
    browser.wait_for("document.querySelector('#text').textContent.includes('zeppelin')")
    assert [browser.ask(place) for place in places] == [400, 800, 1200]
    assert browser.ask("window.scrollY") == 200
    assert browser.ask("document.querySelector('#text').scrollTop") == 150


def test_frames_are_as_wide_as_a_phone_and_a_desktop_and_show_both_schemes(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    preview = start(new_site)
    for scheme in ("light", "dark"):  # whatever the browser itself prefers
        browser.window(1440, 900, scheme)
        opened(browser, preview)
        widths = [browser.ask(f"{frame}.defaultView.innerWidth") for frame in (PHONE, DARK)]
        assert widths == [375, 700]
        colour = "getComputedStyle({}.querySelector('.container')).backgroundColor"
        assert browser.ask(colour.format(LIGHT)) == "rgb(255, 255, 255)"
        assert browser.ask(colour.format(DARK)) == "rgb(25, 28, 31)"
        assert browser.ask(INK.format(LIGHT)) == "rgb(0, 0, 0)"
        assert browser.ask(INK.format(DARK)) == "rgb(255, 255, 255)"


def test_the_pictures_of_the_site_are_shown_before_they_are_published(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    opened(browser, start(new_site))
    pictures = f"[...{LIGHT}.images]"
    browser.wait_for(f"{pictures}.length && {pictures}.every((image) => image.complete)")
    assert browser.ask(f"{pictures}.every((image) => image.naturalWidth > 0)")


def test_templates_and_settings_are_followed_and_errors_shown_until_they_are_fixed(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    preview = start(new_site)
    opened(browser, preview)
    trouble = "document.querySelector('#trouble')"
    template = "templates/newsletter/parts/footer.html"

    preview.edit(template, "You receive this email", "All that is new")
    browser.wait_for(says(LIGHT, "All that is new"))
    preview.edit("config.yaml", "title: Low Tide, weekly", "title: High Tide, daily")
    browser.wait_for(says(LIGHT, "High Tide, daily"))
    assert browser.ask("document.querySelector('h1').textContent") == "High Tide, daily"

    for path, old, new, words in (
        (template, "All that is new", "{{ nobody }}", "nobody"),
        ("config.yaml", "sender: Low", "sendr: Low", "did you mean sender?"),
    ):
        preview.edit(path, old, new)
        browser.wait_for(f"!{trouble}.hidden && {says('document', words)}")
        line = (new_site / path).read_text(encoding="utf-8").split(new)[0].count("\n") + 1
        assert f"{path}:{line}" in browser.ask(f"{trouble}.textContent")
        assert browser.ask(says(LIGHT, "High Tide, daily")), "the last good email stays"
        preview.edit(path, new, old)
        browser.wait_for(f"{trouble}.hidden")
    assert browser.ask(says(LIGHT, "All that is new"))


def test_choices_are_kept_and_hidden_frames_catch_up(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    preview = start(new_site)
    opened(browser, preview)
    browser.ask("document.querySelector('[data-show=dark]').click()")
    assert not browser.ask("document.querySelector('figure.desktop.dark').checkVisibility()")
    preview.edit(ARTICLE, "swift", "zeppelin")
    browser.wait_for(says(LIGHT, "zeppelin"))
    browser.open("about:blank")
    opened(browser, preview)
    pressed = "document.querySelector('[data-show=dark]').getAttribute('aria-pressed')"
    assert browser.ask(pressed) == "false"
    browser.ask("document.querySelector('[data-show=dark]').click()")
    browser.wait_for(says(DARK, "zeppelin"))


def test_an_empty_issue_is_explained_and_a_first_article_is_shown(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    for file in sorted((new_site / "content").rglob("*")):
        if file.is_file():
            file.unlink()
    draft = new_site / "content" / "one.md"
    draft.write_text("---\ntitle: One\ndraft: true\n---\nA first word.\n", encoding="utf-8")
    preview = start(new_site)
    opened(browser, preview)
    assert "No article has been published yet." in browser.ask(
        "document.querySelector('#nothing').innerText"
    )
    preview.edit("content/one.md", "draft: true\n", "")
    browser.wait_for(says(LIGHT, "A first word."))
    assert browser.ask("document.querySelector('#nothing').hidden")


def test_another_newsletter_is_one_click_away(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    config = new_site / "config.yaml"
    text = config.read_text(encoding="utf-8")
    second = "  birds:\n    title: Birds\n    sender: a@example.org\n    include: [birds]\n\n"
    config.write_text(text.replace("subscribers:", f"{second}subscribers:", 1), encoding="utf-8")
    opened(browser, start(new_site))
    assert browser.ask("document.querySelector('h1').textContent") == "Low Tide, weekly"
    browser.ask("[...document.querySelectorAll('nav a')].find((a) => a.text === 'Birds').click()")
    browser.wait_for("document.querySelector('h1')?.textContent === 'Birds'")
    browser.wait_for(says(LIGHT, "swift"))


def test_the_email_cannot_run_scripts_or_reach_the_page(
    new_site: Path, start: Start, browser: Chromium
) -> None:
    preview = start(new_site)
    taken = "top.document.title = 'taken'"
    evil = f'<script>{taken}</script><img src="data:," alt="" onerror="{taken}">You receive'
    preview.edit("templates/newsletter/parts/footer.html", "You receive", evil)
    opened(browser, preview)
    picture = f"{LIGHT}.querySelector('img[onerror]')"
    browser.wait_for(f"!!{LIGHT}.querySelector('script') && {picture}.complete")
    assert browser.ask("document.title") != "taken"
