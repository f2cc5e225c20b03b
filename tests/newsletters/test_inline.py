"""CSS written into style attributes."""

from __future__ import annotations

import socket
import time
from concurrent.futures import ThreadPoolExecutor
from typing import NoReturn

import pytest
from lxml.html import HtmlElement, document_fromstring
from newsletter_samples import Issue
from premailer import Premailer

from syndicate.newsletters.contrast import properties
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
    assert properties(page.find(".//p").get("style")) == {
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


def styled(css: str, body: str = '<p class="a b c" title="x">Text</p>') -> str:
    """The style of the first paragraph."""
    page = inline(f"<html><head><style>{css}</style></head><body>{body}</body></html>")
    (paragraph,) = document_fromstring(page).iter("p")
    return str(paragraph.get("style", ""))


@pytest.mark.parametrize(
    ("css", "style"),
    [
        ("[title] { color: red } p { color: blue }", "color:red"),
        ("p[title=x] { color: red } p.a.b { color: blue }", "color:blue"),
        ('p[title="a.b.c#d"] { color: red } .a.b { color: blue }', "color:blue"),
        ("p:first-child { color: red } p { color: blue }", "color:red"),
        ("p { color: red !important } .a { color: blue }", "color:red !important"),
        (".a { color: red; margin: 0 !important } p { color: blue }", "margin:0 !important"),
        (
            ".a { margin-top: 1px } .b { margin: 0 } .c { margin-top: 2px }",
            "margin:0; margin-top:2px",
        ),
        ("p/* a */{ color: /* b */ red }", "color:red"),
        ('p[title="a,b"] { color: red } p { margin: 0 }', "margin:0"),
        ("p { color: unset }", "color:unset"),
        ("p { margin: 0 }</style><style></style><style>p { color: red }", "margin:0; color:red"),
    ],
)
def test_the_weightier_rule_wins_as_in_a_browser(css: str, style: str) -> None:
    assert style in styled(css)


@pytest.mark.parametrize(
    ("css", "own", "style"),
    [
        ("p { color: red !important }", "color: blue", "color:red !important"),
        ("p { color: red }", "color: blue", "color:blue"),
        ("p { color: red !important }", "color: blue!important", "color:blue !important"),
        ("b { color: red }", "color: #11223380", "color: #11223380"),
        ("p { margin: 0 }", "color: rgb(0 0 0 / 50%)", "margin:0; color:rgb(0 0 0 / 50%)"),
    ],
)
def test_a_style_attribute_wins_unless_the_rule_is_important(
    css: str, own: str, style: str
) -> None:
    assert styled(css, f'<p style="{own}">Text</p>') == style


def test_what_was_inlined_before_changes_nothing(issue: Issue) -> None:
    html = [issue().html, PAGE.format(more=""), PAGE.format(more="p { color: red }")]
    first = [inline(each) for each in html]
    for number in range(40):
        inline(PAGE.format(more=f".n{number} {{ color: red }}"))
    assert [inline(each) for each in reversed(html)] == first[::-1]
