"""CSS written into style attributes."""

from __future__ import annotations

import re
import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import css_inline
import pytest
from lxml.html import HtmlElement, document_fromstring, tostring
from newsletter_samples import Issue
from premailer import Premailer

from syndicate.newsletters.contrast import declarations
from syndicate.newsletters.inline import inline

PAGE = """<!DOCTYPE html>
<html><head><style>
@import url("https://styles.example.org/a.css");
p {{ color: #112233; height: auto; width: 50px; }}
{more}
@media (prefers-color-scheme: dark) {{ p {{ color: #ddeeff !important; }} }}
</style></head><body><p height="7" class="a">Text <a href="https://e.org/?a=1&amp;b=2">x</a></p>
<!--[if mso]><table role="presentation"><tr><td><![endif]--></body></html>"""


def test_rules_are_written_to_the_elements_they_apply_to() -> None:
    page: HtmlElement = document_fromstring(inline(PAGE.format(more="")))
    assert declarations(page.find(".//p").get("style")) == {
        "color": "#123",
        "height": "auto",
        "width": "50px",
    }


def test_important_inside_media_survives() -> None:
    assert "p { color: #ddeeff !important; }" in inline(PAGE.format(more=""))


def test_attributes_conditional_comments_links_and_the_doctype_stay() -> None:
    html = inline(PAGE.format(more=""))
    assert html.startswith("<!DOCTYPE html>")
    assert 'height="7"' in html
    assert "width=" not in html
    assert '<!--[if mso]><table role="presentation"><tr><td><![endif]-->' in html
    assert 'href="https://e.org/?a=1&amp;b=2"' in html


@pytest.mark.parametrize("doctype", ["<!doctype html>", ""])
def test_the_document_has_a_doctype_however_the_template_writes_it(doctype: str) -> None:
    html = inline(PAGE.format(more="").replace("<!DOCTYPE html>", doctype))
    assert html.lower().count("<!doctype html>") == 1


@pytest.mark.parametrize("rule", ["@IMPORT", r"@im\70ort", "@import/**/"])
def test_nothing_is_fetched_and_imports_go(rule: str, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> NoReturn:
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    page = PAGE.format(more="").replace(
        "<style>", f"<style>{rule} 'https://styles.example.org/b.css' screen;"
    )
    html = inline(page.replace("<head>", '<head><link rel="stylesheet" href="https://e.org/c">'))
    assert "@import" not in html.lower()


def test_the_same_input_gives_the_same_bytes_from_many_threads(issue: Issue) -> None:
    html = issue().html
    with ThreadPoolExecutor(8) as pool:
        assert len(set(pool.map(inline, [html] * 16))) == 1


def test_only_one_thread_is_in_premailer_at_a_time(monkeypatch: pytest.MonkeyPatch) -> None:
    inside: list[int] = []
    most: list[int] = []

    def transform(*_: object, **__: object) -> str:
        inside.append(1)
        most.append(len(inside))
        time.sleep(0.01)
        inside.pop()
        return ""

    monkeypatch.setattr(Premailer, "transform", transform)
    with ThreadPoolExecutor(4) as pool:
        list(pool.map(inline, ["<p>a</p>"] * 8))
    assert max(most) == 1


def test_another_inliner_agrees_on_every_element_of_an_issue(issue: Issue) -> None:
    page: HtmlElement = document_fromstring(issue().html)
    ours: dict[str, dict[str, str]] = {}
    for number, element in enumerate(page.xpath("//body/descendant-or-self::*")):
        ours[str(number)] = declarations(element.attrib.pop("style", ""))
        element.set("data-number", str(number))
    other: HtmlElement = document_fromstring(css_inline.inline(tostring(page, encoding="unicode")))
    assert len(ours) > 100
    for element in other.xpath("//*[@data-number]"):
        theirs = declarations(element.get("style", ""))
        assert comparable(ours[element.get("data-number")]) == comparable(theirs)


def comparable(style: dict[str, str]) -> set[tuple[str, str]]:
    """Declarations without what means the same: `#fff` and `#ffffff`, kinds of quotes, spaces."""
    return {
        (
            name,
            re.sub(r"#(.)\1(.)\2(.)\3\b", r"#\1\2\3", value).replace('"', "'").replace(", ", ","),
        )
        for name, value in style.items()
    }
