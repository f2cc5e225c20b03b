"""Split CSS into rules, selectors and declarations (CSS Syntax, level 3), as written.

Loses nothing and judges nothing, unlike a library for the CSS of a certain year.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

COMMENT = re.compile(r"/\*.*?(?:\*/|\Z)", re.DOTALL)
# Strings, and brackets up to two deep: what stands in them ends nothing.
_STRING = r"\"(?:\\.|[^\"\\])*\"|'(?:\\.|[^'\\])*'"
_INNER = rf"\((?:{_STRING}|[^()\"'])*\)"
_TOKEN = re.compile(
    rf"{_STRING}|\((?:{_STRING}|{_INNER}|[^()\"'])*\)|\[(?:{_STRING}|[^\]\"'])*\]|.", re.DOTALL
)


def without_comments(css: str) -> str:
    """CSS with a space for each comment."""
    return COMMENT.sub(" ", css)


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Each rule as the text before its braces and in them; `@import x;` has no braces."""
    start = opened = depth = 0
    for token in _TOKEN.finditer(css):
        mark = token[0]
        if mark == "{":
            opened = opened if depth else token.start()
            depth += 1
        elif mark == "}" and depth:
            depth -= 1
            if not depth:
                yield css[start:opened].strip(), css[opened + 1 : token.start()].strip()
                start = token.end()
        elif mark == ";" and not depth:
            yield css[start : token.start()].strip(), ""
            start = token.end()


def selectors(prelude: str) -> list[str]:
    """The selectors of a list."""
    return [each for each in _split(prelude, ",") if each]


def declarations(block: str) -> list[tuple[str, str]]:
    """Properties with their values, in order; what is no declaration has no value."""
    pairs = (each.partition(":") for each in _split(block, ";") if each)
    return [(name.strip(), value.strip()) for name, _, value in pairs]


def _split(text: str, mark: str) -> list[str]:
    parts = [""]
    for token in _TOKEN.finditer(text):
        if token[0] == mark:
            parts.append("")
        else:
            parts[-1] += token[0]
    return [each.strip() for each in parts]
