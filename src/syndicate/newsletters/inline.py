"""Inline CSS into style attributes, by premailer with restrictions.

It must never fetch anything, never lose `!important` (dark mode depends on it), and give the same
bytes for the same input, also with several threads.

premailer reads the style sheet and finds the elements of each rule. Two of its decisions are wrong
and made here instead: the specificity of a selector (it ignores attributes), and the cascade (with
it, a style attribute beats `!important`, and `margin-top` loses to an earlier `margin`).
"""

from __future__ import annotations

import logging
import re
import threading
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import cssselect
from cssselect.parser import Class, CombinedSelector, Element, Hash
from cssutils import CSSParser
from lxml import etree
from premailer import Premailer
from premailer.merge_style import csstext_to_pairs

from syndicate.newsletters import css_syntax

# premailer and cssutils share state between threads: without this, white space differs by chance.
LOCK = threading.Lock()

IMPORT = re.compile(r"@import\b[^;<]*;?", re.IGNORECASE)
STYLE = re.compile(r"(<style\b[^>]*>)(.*?)(</style>)", re.IGNORECASE | re.DOTALL)
IMPORTANT = " !important"
IMPORTANCE = re.compile(r"\s*!\s*important$", re.IGNORECASE)
SHEETS_KEPT = 16

Declarations = tuple[tuple[str, str], ...]
"""Properties with their values, `!important` behind those that are."""


def inline(html: str) -> str:
    """Return the document `html` with the rules of its <style> elements written to each element.

    The <style> elements stay, without @import, for what cannot be inlined: media queries.
    """
    with LOCK:
        page = etree.fromstring(STYLE.sub(_without_imports, html).strip(), etree.HTMLParser())
        _Inliner(page).transform()
        tree = page.getroottree()
        inlined = etree.tostring(tree, method="html", encoding="utf-8", doctype="<!DOCTYPE html>")
    return inlined.decode()


def _without_imports(style: re.Match[str]) -> str:
    return style[1] + IMPORT.sub("", style[2]) + style[3]


@dataclass(frozen=True, slots=True)
class StyleRule:
    """A rule for elements: what premailer sorts by, and what must be there for it to match."""

    weight: tuple[int, ...]
    selector: str
    names: frozenset[str]
    declarations: Declarations


class _Reader(Premailer):  # type: ignore[misc]  # premailer is untyped
    """Reads style sheets as premailer does, but never fetches."""

    def __init__(self) -> None:
        level = logging.CRITICAL
        super().__init__(
            strip_important=False, disable_validation=True, cssutils_logging_level=level
        )

    def _parse_css_string(self, css_body: str, validate: bool = True) -> Any:
        """premailer's own parser fetches what CSS points at, even with `allow_network=False`."""
        return CSSParser(fetcher=_fetch_nothing, validate=validate).parseString(css_body)


def _fetch_nothing(_url: str) -> tuple[None, bytes]:
    return None, b""


@lru_cache(SHEETS_KEPT)
def rules_of(css: str) -> tuple[StyleRule, ...]:
    """The rules of a style sheet that can be written into elements, in its order.

    Reading a sheet takes longer than writing it into a hundred elements, and issues of one design
    share theirs.
    """
    rules = []
    plain = css_syntax.without_comments(css)  # premailer drops what holds one
    for (important, *_), selector, block in _Reader()._parse_style_rules(plain, 0)[0]:
        try:
            (parsed,) = cssselect.parse(selector)
        except cssselect.SelectorError:  # the checks report it: premailer splits [title="a,b"]
            continue
        weight = (important, *parsed.specificity())
        names = frozenset(_names_of(parsed.parsed_tree))
        rules.append(StyleRule(weight, selector, names, declared(block)))
    return tuple(rules)


@lru_cache(1024)
def declared(block: str) -> Declarations:
    """The declarations that premailer reads from a block, which leaves out those it cannot read."""
    return tuple(csstext_to_pairs(block, validate=False))


def _names_of(tree: Any) -> Iterator[str]:
    """The elements, classes and ids that must be in a page for a selector to match in it."""
    if isinstance(tree, CombinedSelector):
        yield from _names_of(tree.subselector)
    if isinstance(tree, Element):
        yield from [tree.element] if tree.element else []
    else:
        yield from [f".{tree.class_name}"] if isinstance(tree, Class) else []
        yield from [f"#{tree.id}"] if isinstance(tree, Hash) else []
        yield from _names_of(tree.selector)


def _names_in(page: etree._Element) -> Iterator[str]:
    """The elements, classes and ids in a page."""
    for element in page.iter("*"):
        yield element.tag
        if element.attrib:
            yield from (f".{each}" for each in str(element.get("class", "")).split())
            yield f"#{element.get('id')}"


class _Inliner(Premailer):  # type: ignore[misc]  # premailer is untyped
    """Writes into a parsed page; premailer gets each rule as one declaration, its number."""

    def __init__(self, page: etree._Element) -> None:
        super().__init__(
            page,
            allow_network=False,
            disable_link_rewrites=True,
            disable_validation=True,
            keep_style_tags=True,
            strip_important=False,
            align_floating_images=False,
            cssutils_logging_level=logging.CRITICAL,
            method="html",
        )
        self._names = frozenset(_names_in(page))
        styled = [each for each in page.iter("*") if "style" in each.attrib]
        self._own = {each: str(each.attrib.pop("style")) for each in styled}
        self._rules: dict[str, Declarations] = {}
        self._written: dict[tuple[str, str], str] = {}

    def transform(self) -> None:
        """Write the style attributes."""
        super().transform()
        for element, style in self._own.items():
            element.set("style", element.get("style", style))

    def _parse_style_rules(
        self, css_body: str | None, ruleset_index: int
    ) -> tuple[list[Any], list[Any]]:
        """Called by premailer: the rules of a style sheet that can match in this page."""
        rules = []
        for number, rule in enumerate(rules_of(css_body or "")):
            if rule.names <= self._names:
                token = f"--r{ruleset_index}-{number}"
                self._rules[token] = rule.declarations
                important, *rest = rule.weight
                weight = (important, *rest, ruleset_index, number)
                rules.append((weight, rule.selector, f"{token}:0"))
        return rules, []

    def _style_to_basic_html_attributes(
        self,
        element: etree._Element,
        style_content: str,
        force: bool = False,  # noqa: ARG002  # as premailer calls it
    ) -> None:
        """premailer has written the numbers of an element's rules, the weightiest last."""
        own = self._own.get(element, "")
        if (style_content, own) not in self._written:
            tokens = (each.partition(":")[0] for each in style_content.split("; "))
            rules = [*(self._rules[token] for token in tokens), _own(own)]
            self._written[style_content, own] = _cascade(rules)
        element.set("style", self._written[style_content, own])


def _own(style: str) -> Declarations:
    """A style attribute of the template, with nothing lost."""
    pairs = css_syntax.declarations(style)
    return tuple((name.lower(), IMPORTANCE.sub(IMPORTANT, value)) for name, value in pairs)


def _cascade(rules: Iterable[Declarations]) -> str:
    """What an element gets from rules, the weightiest last, as the value of a style attribute."""
    style: dict[str, str] = {}
    for name, value in (pair for rule in rules for pair in rule):
        if value.endswith(IMPORTANT) or not style.get(name, "").endswith(IMPORTANT):
            style.pop(name, None)  # to stand behind what it overrides: margin-top behind margin
            style[name] = value
    return "; ".join(f"{name}:{value}" for name, value in style.items())
