"""What the letters to people who subscribe promise: see syndicate.signup.emails."""

from __future__ import annotations

import re
from dataclasses import replace

import lxml.html
import pytest
from jinja2 import Environment
from sample import FRAME, LINK, TEMPLATES, both_letters, in_language

from syndicate.templating.environment import environment

HOSTILE = "\"><script>alert('x')</script>&"


@pytest.fixture(scope="module")
def env() -> Environment:
    return environment(None, TEMPLATES)


def tree(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


def words(html: str) -> str:
    return " ".join(tree(html).xpath("string(//body)").split())


def test_both_letters_have_a_subject_of_one_line_and_their_link_in_both_parts(
    env: Environment,
) -> None:
    for letter in both_letters(env).values():
        assert letter.subject
        assert "\n" not in letter.subject + letter.preheader
        links = tree(letter.html).xpath("//a/@href")
        assert links == [FRAME.home, LINK]
        assert LINK in letter.text.splitlines()
        assert letter.text.endswith("\n")
        assert len(letter.preheader) >= 40


def test_the_plain_text_is_complete_and_fits_into_a_line(env: Environment) -> None:
    letter = both_letters(env)["confirmation"]
    text = " ".join(letter.text.split())
    assert "to get Low Tide, weekly and Birds by email" in text
    assert "“I want to get Low Tide, weekly and Birds by email from Low Tide." in text
    assert "The link works until 29 November 2026." in text
    assert "If it was not you, do nothing: nothing more will come." in text
    assert all(len(line) <= 72 for line in letter.text.splitlines())


def test_the_html_says_the_same(env: Environment) -> None:
    text = words(both_letters(env)["confirmation"].html)
    assert "The link works until 29 November 2026. If it was not you, do nothing" in text
    assert "I want to get Low Tide, weekly and Birds by email from Low Tide." in text
    assert "ignore it: nothing was changed." in words(both_letters(env)["choices"].html)


def test_hostile_titles_stay_text(env: Environment) -> None:
    frame = replace(FRAME, site=replace(FRAME.site, title=HOSTILE))
    for letter in both_letters(env, frame, (HOSTILE, "two\nlines")).values():
        assert "<script" not in letter.html
        assert HOSTILE in words(letter.html)
        assert HOSTILE in letter.subject
        assert "\n" not in letter.subject


def test_styles_stand_in_the_elements_and_dark_ones_win(env: Environment) -> None:
    for letter in both_letters(env).values():
        unstyled = [each.tag for each in tree(letter.html).xpath("//body//*[not(@style)]")]
        assert set(unstyled) <= {"tr", "strong"}
        dark = letter.html.partition("(prefers-color-scheme: dark)")[2].partition("</style>")[0]
        declarations = re.findall(r"[\w-]+: [^;{}]+;", dark)
        assert declarations
        assert all("!important" in each for each in declarations)


def test_letters_speak_the_language_of_the_site() -> None:
    env = environment(None, TEMPLATES, language="de")
    letter = both_letters(env, in_language("de"))["confirmation"]
    assert letter.subject == "Bestätigen Sie, dass Sie Low Tide, weekly und Birds erhalten möchten"
    assert "Der Link gilt bis zum 29. November 2026." in " ".join(letter.text.split())
    assert '<html lang="de" dir="ltr">' in letter.html
