"""Pages and emails in a browser: accessible, nothing cut off, everything large enough."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal

import pytest
from babel.messages.pofile import read_po, write_po
from playwright.sync_api import Page, expect
from sample import FRAME, TEMPLATES, both_emails, documents, in_language

from syndicate.templating.environment import environment

WIDTHS = (375, 1200)
SCHEMES: tuple[Literal["light", "dark"], ...] = ("light", "dark")
LANGUAGES = ("en", "de", "ar")
LETTERS = str.maketrans("abcdefghijklmnopqrstuvwxyz", "ابتثجحخدذرزسشصضطظعغفقكلمنه")
AXE = """(rules) => axe.run({resultTypes: ["violations"], ...rules}).then(({violations}) =>
  violations.map((each) => `${each.id}: ${each.nodes[0].html.slice(0, 200)}`))"""
COLOURS = {"runOnly": {"type": "rule", "values": ["color-contrast", "link-in-text-block"]}}
"""The rules of axe about what a colour scheme changes."""
JUDGED = {("en", 375, "light"), ("en", 375, "dark"), ("en", 1200, "light"), ("ar", 375, "light")}
"""Where axe judges pages: neither languages nor widths change colours, nor schemes the rest."""
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
    made += [(name, each.html.encode()) for name, each in both_emails(env, frame).items()]
    (folder / FRAME.stylesheet).write_bytes((TEMPLATES / "web" / "style.css").read_bytes())
    for name, page in made:
        (folder / f"{name}.html").write_bytes(page)
    return [folder / f"{name}.html" for name, _ in made]


@pytest.mark.parametrize("language", LANGUAGES)
def test_nothing_keeps_people_from_a_page(
    page: Page, axe: Path, tmp_path: Path, language: str
) -> None:
    for file in written(tmp_path, language):
        page.goto(file.as_uri())
        page.add_script_tag(path=axe)
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 800})
            for scheme in SCHEMES:
                page.emulate_media(color_scheme=scheme)
                where = (file.stem, width, scheme)
                wide = page.evaluate("document.scrollingElement.scrollWidth")
                assert (where, wide) == (where, width)
                if (language, width, scheme) in JUDGED:
                    rules = COLOURS if scheme == "dark" else {}
                    assert (where, page.evaluate(AXE, rules)) == (where, [])
        page.set_viewport_size({"width": 375, "height": 800})
        assert (file.stem, page.evaluate(SMALL)) == (file.stem, [])


def test_a_right_to_left_page_runs_from_right_to_left(page: Page, tmp_path: Path) -> None:
    (file,) = (each for each in written(tmp_path, "ar") if each.stem == "preferences")
    page.set_viewport_size({"width": 700, "height": 800})
    page.goto(file.as_uri())
    box = page.locator(".pick > input").first.bounding_box()
    label = page.locator(".pick > label").first.bounding_box()
    assert box is not None
    assert label is not None
    assert box["x"] >= label["x"] + label["width"]
    words = "Manage preferences".lower().translate(LETTERS)
    expect(page.locator("h1")).to_contain_text(words)
