"""Styles that inlining loses are reported, and nothing else."""

from __future__ import annotations

import css_inline
import pytest
from lxml.html import document_fromstring
from newsletter_samples import DESIGNS

from syndicate.newsletters.css_syntax import blocks, declarations, selectors
from syndicate.newsletters.inline import inline
from syndicate.newsletters.style_doubts import doubts

BODY = '<p class="a" title="x">One <b>two</b></p><p>Three</p>'


@pytest.mark.parametrize(
    ("css", "written"),
    [
        ("@supports (gap: 1px) { p { color: red } }", "@supports"),
        ("@layer a { p { color: red } }", "@layer"),
        ("@layer a, b;", "@layer"),
        ("@container (min-width: 1px) { p { color: red } }", "@container"),
        (":is(p, b) { color: red }", ":is(p, b)"),
        ("p:where(.a) { color: red }", "p:where(.a)"),
        ("p:not(.a) { color: red }", "p:not(.a)"),
        ("p:nth-child(2) { color: red }", "p:nth-child(2)"),
        ("p:first-child b { color: red }", "p:first-child b"),
        ("* { color: red }", "*"),
        ("p, .a > * { color: red }", ".a > *"),
        ('p[title="a,b"] { color: red }', 'p[title="a,b"]'),
        ("P { color: red }", "P"),
        ("p >> b { color: red }", "p >> b"),
        ("p { color: red; b { color: blue } }", "p"),
        ("@media print { p { & b { color: blue } } }", "p"),
        ("p { color: #11223380 }", "color: #11223380"),
        ("p { color: rgb(0 0 0 / 50%) }", "color: rgb(0 0 0 / 50%)"),
        ("p { color: hsl(120deg 50% 50%) }", "color: hsl(120deg 50% 50%)"),
        ("p { color: var(--ink) }", "color: var(--ink)"),
        ("p { --ink: red }", "--ink: red"),
        ("@media print { p { color: var(--ink) } }", "color: var(--ink)"),
        ("@media print { p { color: #11223380 } }", "color: #11223380"),
        ("p { margin 0 }", "margin 0"),
        ("p { width: 600px; width: min(100%, 600px) }", "p"),
    ],
)
def test_a_lost_style_is_reported_as_it_is_written(css: str, written: str) -> None:
    (doubt,) = doubts(css)
    assert doubt.written == written
    assert doubt.message
    assert doubt.hint


@pytest.mark.parametrize(
    "css",
    [
        "p { color: rgba(0, 0, 0, 0.5) } /* p:is(b) { color: #11223380 } */",
        "p.a > b + .c, #d ~ e { font: 16px/1.5 'A B', serif; margin: -1px auto 0 }",
        "p { background: url(https://e.org/a;b.png) no-repeat; width: calc(100% - 10px) }",
        "a:hover { color: red } p:first-child { color: red } a::before { content: '}' }",
        "[title=x] { color: red !important }",
        "@media (max-width: 480px) { .a .b, .c { color: #112233 !important } }",
        "@font-face { font-family: x; src: url(a.woff) } @charset 'utf-8';",
    ],
)
def test_a_kept_style_is_not_reported(css: str) -> None:
    assert list(doubts(css)) == []


@pytest.mark.parametrize(
    "css",
    [
        "p.a { color: #123456; margin: 0 } b { color: red }",
        "[title] { color: red } p { color: blue }",
        "p > b { width: calc(100% - 10px) } .a b { color: rgb(1, 2, 3) }",
        "p:first-child { color: red } p + p { margin: 0 1px }",
    ],
)
def test_styles_without_findings_are_inlined_as_by_another_inliner(css: str) -> None:
    page = f"<html><head><style>{css}</style></head><body>{BODY}</body></html>"
    ours, theirs = (
        [
            {(name, value) for name, value in declarations(element.get("style", ""))}
            for element in document_fromstring(inlined).iter("p", "b")
        ]
        for inlined in (inline(page), css_inline.inline(page))
    )
    assert list(doubts(css)) == []
    assert ours == theirs
    assert any(ours)


def test_the_style_sheets_that_ship_lose_nothing() -> None:
    for sheet in (DESIGNS / "newsletter").glob("*.css"):
        css = sheet.read_text(encoding="utf-8")
        if "{{" not in css:  # else it is judged in its newsletter
            assert list(doubts(css)) == []


def test_css_is_parsed_as_it_is_written() -> None:
    css = 'a[title="},{"], b { x: url(a;b); y: "c;d" } @import "e"; @media f { g { h: i } }'
    assert list(blocks(css)) == [
        ('a[title="},{"], b', 'x: url(a;b); y: "c;d"'),
        ('@import "e"', ""),
        ("@media f", "g { h: i }"),
    ]
    assert selectors('a[title="},{"], b:is(c, d)') == ['a[title="},{"]', "b:is(c, d)"]
    assert declarations("x: url(a;b); y; ") == [("x", "url(a;b)"), ("y", "")]
