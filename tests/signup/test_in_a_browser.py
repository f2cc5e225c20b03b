"""Pages and emails in a browser: accessible, nothing cut off, everything large enough."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest
from babel.messages.pofile import read_po, write_po
from sample import FRAME, TEMPLATES, both_letters, documents, in_language

from chromium import Chromium
from syndicate.templating.environment import environment

WIDTHS = (375, 1200)
SCHEMES = ("light", "dark")
LANGUAGES = ("en", "de", "ar")
LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابتثجحخدذرزسشصضطظعغفقكلمنه")
AXE = """axe.run({resultTypes: ["violations"]}).then(({violations}) =>
  violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`))"""
SMALL = """[...document.querySelectorAll("main button, main .button, main input, main label")]
  .filter((each) => !each.closest(".unseen") && each.type != "hidden")
  .filter((each) => !each.matches("input[type=checkbox], .field label"))
  .filter((each) => each.getBoundingClientRect().height < 44)
  .map((each) => each.outerHTML.slice(0, 200))"""


def arabic(folder: Path) -> Path:
    """A catalogue in Arabic letters, one for each English one, as a user adds it."""
    with (TEMPLATES / "translations" / "de.po").open("rb") as file:
        catalogue = read_po(file)
    for message in catalogue:
        if message.id:
            parts = re.split(r"(<[^>]+>|%\(\w+\)s)", str(message.id))
            parts[::2] = [each.lower().translate(LETTERS) for each in parts[::2]]
            message.string = "".join(parts)
    target = folder / "templates" / "translations" / "ar.po"
    target.parent.mkdir(parents=True)
    with target.open("wb") as file:
        write_po(file, catalogue)
    return folder / "templates"


def written(folder: Path, language: str) -> list[Path]:
    """Every page and letter, as files beside the style sheet."""
    user = arabic(folder) if language == "ar" else None
    env, frame = environment(user, TEMPLATES, language=language), in_language(language)
    made = [*documents(env, frame)]
    made += [(name, each.html.encode()) for name, each in both_letters(env, frame).items()]
    (folder / FRAME.stylesheet).write_bytes((TEMPLATES / "web" / "style.css").read_bytes())
    for name, page in made:
        (folder / f"{name}.html").write_bytes(page)
    return [folder / f"{name}.html" for name, _ in made]


@pytest.fixture(scope="module")
def browser(need: Callable[[str, str], str], chromium: Callable[[str], Chromium]) -> Chromium:
    return chromium(need("chromium", "apt install chromium"))


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_keeps_people_from_a_page(
    browser: Chromium, axe: Path, tmp_path: Path, language: str
) -> None:
    script = axe.read_text(encoding="utf-8")
    for file in written(tmp_path, language):
        browser.window(375, 800)
        browser.open(file.as_uri())
        browser.wait_for(f"document.readyState == 'complete' && location.href == '{file.as_uri()}'")
        browser.ask(script)
        for width in WIDTHS:
            for scheme in SCHEMES:
                browser.window(width, 800, scheme)
                where = (file.stem, width, scheme)
                assert (where, browser.ask("document.scrollingElement.scrollWidth")) == (
                    where,
                    width,
                )
                assert (where, browser.ask(AXE)) == (where, [])
        assert (file.stem, browser.ask(SMALL)) == (file.stem, [])


def test_a_right_to_left_page_runs_from_right_to_left(browser: Chromium, tmp_path: Path) -> None:
    (page,) = (each for each in written(tmp_path, "ar") if each.stem == "preferences")
    browser.window(700, 800)
    browser.open(page.as_uri())
    browser.wait_for(f"document.readyState == 'complete' && location.href == '{page.as_uri()}'")
    box = "document.querySelector('.pick > input').getBoundingClientRect().left"
    label = "document.querySelector('.pick > label').getBoundingClientRect().right"
    assert browser.ask(box) >= browser.ask(label)
    assert "Manage preferences".lower().translate(LETTERS) in browser.ask(
        "document.querySelector('h1').textContent"
    )
