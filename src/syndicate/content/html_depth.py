"""Limits for how deeply elements of HTML are nested. Pure.

nh3 takes time quadratic in the depth, and browsers and other parsers drop what is deeper than 256
levels, those of the page around the article included.
"""

from __future__ import annotations

import re

MANY_TAGS = 1000  # HTML with fewer tags is not checked before it is parsed
MAX_OPEN_ELEMENTS = 200
MAX_OPEN_STYLES = 16  # text styles that are not closed are opened again in every paragraph
MAX_DEPTH = 100

_ANY_TAG = re.compile(r"<(/?)([a-zA-Z][a-zA-Z0-9-]*)[^<>]*>?")
_UNCOUNTED_NAMES = (
    "p li td th tr dd dt option br hr img input wbr col source embed link meta area base track "
    "rt rp tbody thead tfoot"
)
_UNCOUNTED = frozenset(_UNCOUNTED_NAMES.split())
_STYLE_NAMES = "a b big code em font i nobr s small strike strong tt u"
_STYLES = frozenset(_STYLE_NAMES.split())
_BALANCED_TAG = re.compile(r"<(/?)([a-z][a-z0-9-]*)[^>]*>")
_VOID = frozenset(("br", "hr", "img", "wbr", "col", "source"))


def limit_open_elements(html: str) -> str:
    """HTML as written, without opening tags that would nest deeper than the limits."""
    opened: dict[str, int] = {}
    depth = styles = 0

    def without_deep_tag(match: re.Match[str]) -> str:
        nonlocal depth, styles
        name = match[2].lower()
        if name in _UNCOUNTED:
            return match[0]
        is_style = name in _STYLES
        if match[1]:
            if opened.get(name, 0):
                opened[name] -= 1
                styles, depth = styles - is_style, depth - (not is_style)
            return match[0]
        if (styles >= MAX_OPEN_STYLES) if is_style else (depth >= MAX_OPEN_ELEMENTS):
            return ""
        opened[name] = opened.get(name, 0) + 1
        styles, depth = styles + is_style, depth + (not is_style)
        return match[0]

    return _ANY_TAG.sub(without_deep_tag, html)


def depth_of(html: str) -> int:
    """How many elements of balanced HTML are nested at most."""
    depth = deepest = 0
    for end, name in _BALANCED_TAG.findall(html):
        if name not in _VOID:
            depth += -1 if end else 1
            deepest = max(deepest, depth)
    return deepest


def flatten(html: str) -> str:
    """Balanced HTML without the tags of elements deeper than MAX_DEPTH; their text stays."""
    depth = 0

    def without_deep_tag(match: re.Match[str]) -> str:
        nonlocal depth
        if match[2] in _VOID:
            return match[0]
        depth += 0 if match[1] else 1
        text = match[0] if depth <= MAX_DEPTH else " "
        depth -= 1 if match[1] else 0
        return text

    return _BALANCED_TAG.sub(without_deep_tag, html)
