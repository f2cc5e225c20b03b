"""Transactional emails to subscribers: see syndicate.signup.emails."""

from __future__ import annotations

import re
from dataclasses import replace

import lxml.html
import pytest
from jinja2 import Environment
from sample import FRAME, LINK, TEMPLATES, both_emails, in_language

from syndicate.templating.environment import environment

HOSTILE = "\"><script>alert('x')</script>&"


@pytest.fixture(scope="module")
def env() -> Environment:
    return environment(None, TEMPLATES)


def tree(html: str) -> lxml.html.HtmlElement:
    return lxml.html.document_fromstring(html)


def words(html: str) -> str:
    return " ".join(tree(html).xpath("string(//body)").split())


def test_both_emails_have_a_subject_of_one_line_and_their_link_in_both_parts(
    env: Environment,
) -> None:
    for message in both_emails(env).values():
        assert message.subject
        assert "\n" not in message.subject + message.preheader
        links = tree(message.html).xpath("//a/@href")
        assert links == [FRAME.home, LINK]
        assert LINK in message.text.splitlines()
        assert message.text.endswith("\n")
        assert len(message.preheader) >= 40


def test_the_plain_text_is_complete_and_fits_into_a_line(env: Environment) -> None:
    message = both_emails(env)["confirmation"]
    text = " ".join(message.text.split())
    assert "was signed up for Low Tide, weekly and Birds from Low Tide." in text
    assert '"I want to receive Low Tide, weekly and Birds by email from Low Tide.' in text
    assert "This link is valid until 29 November 2026." in text
    assert "If you did not sign up, ignore this email; you will not be subscribed." in text
    assert all(len(line) <= 72 for line in message.text.splitlines())


def test_the_html_part_contains_the_same(env: Environment) -> None:
    text = words(both_emails(env)["confirmation"].html)
    assert "This link is valid until 29 November 2026. If you did not sign up" in text
    assert "“I want to receive Low Tide, weekly and Birds by email from Low Tide." in text
    assert "ignore it; nothing has changed." in words(both_emails(env)["choices"].html)


def test_hostile_titles_stay_text(env: Environment) -> None:
    frame = replace(FRAME, site=replace(FRAME.site, title=HOSTILE))
    for message in both_emails(env, frame, (HOSTILE, "two\nlines")).values():
        assert "<script" not in message.html
        assert HOSTILE in words(message.html)
        assert HOSTILE in message.subject
        assert "\n" not in message.subject


def test_styles_are_inlined_and_dark_ones_take_precedence(env: Environment) -> None:
    for message in both_emails(env).values():
        unstyled = [each.tag for each in tree(message.html).xpath("//body//*[not(@style)]")]
        assert set(unstyled) <= {"tr", "strong"}
        dark = message.html.partition("(prefers-color-scheme: dark)")[2].partition("</style>")[0]
        declarations = re.findall(r"[\w-]+: [^;{}]+;", dark)
        assert declarations
        assert all("!important" in each for each in declarations)


def test_emails_are_in_the_language_of_the_site() -> None:
    env = environment(None, TEMPLATES, language="de")
    message = both_emails(env, in_language("de"))["confirmation"]
    assert message.subject == "Bestätigen Sie Ihre Anmeldung: Low Tide, weekly und Birds"
    assert "Dieser Link gilt bis zum 29. November 2026." in " ".join(message.text.split())
    assert '<html lang="de" dir="ltr">' in message.html
