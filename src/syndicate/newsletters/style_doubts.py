"""Declarations of a style sheet that have no effect.

premailer drops silently what it cannot read. So everything but the simplest declarations is passed
to it, rule by rule, to find what it drops.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

from syndicate.newsletters import css_syntax
from syndicate.newsletters.inline import declared, rules_of

_PART = r"(?:[a-z][a-z0-9]*|(?=[.#]))(?:[.#][a-zA-Z_][\w-]*)*"
PLAIN_SELECTOR = re.compile(rf"{_PART}(?:\s*[>+~\s]\s*{_PART})*")
PLAIN_VALUE = re.compile(r"[\w\s.,%+\"'!-]*|#(?:[0-9a-fA-F]{3}|[0-9a-fA-F]{6})")
# These depend on what a reader does, and stay in the head for programs that know them.
OF_THE_MOMENT = re.compile(r"::|:(?:hover|active|focus[\w-]*|visited|link|checked|target)\b")
HARMLESS = ("@charset", "@font-face", "@import", "@media")
"""At-rules that stay as they are, and what rules of their own are about."""
MODERN = re.compile(
    r"\bvar\(|#(?:[0-9a-fA-F]{4}|[0-9a-fA-F]{8})\b|\b(?:rgb|hsl)a?\([^),]*[\s/][^),]*\)"
)


@dataclass(frozen=True, slots=True)
class StyleDoubt:
    """Something of a style sheet that is lost: as it is written there, why, and a hint."""

    written: str
    message: str
    hint: str


def doubts(css: str) -> Iterator[StyleDoubt]:
    """What of a style sheet is lost on its way into elements or in mail programs."""
    for prelude, body in css_syntax.blocks(css_syntax.without_comments(css)):
        name = prelude.split(maxsplit=1)[0].partition("(")[0].lower() if prelude else ""
        if name == "@media":
            yield from _in_media(body)
        elif name.startswith("@"):
            if name not in HARMLESS:
                message = f"{name} is not written into elements, nor known to most mail programs"
                yield StyleDoubt(name, message, "write its rules without it")
        elif "{" in body:
            yield _nested(prelude)
        else:
            yield from _selectors(prelude)
            yield from _declarations(prelude, body)


def _nested(prelude: str) -> StyleDoubt:
    message = f"the rule for {prelude} holds another rule, and is lost with it, wholly or in part"
    return StyleDoubt(prelude, message, "write the inner rule behind it, with its full selector")


def _in_media(body: str) -> Iterator[StyleDoubt]:
    """These stay in the head, for mail programs to read."""
    for prelude, block in css_syntax.blocks(body):
        if "{" in block and not prelude.startswith("@"):
            yield _nested(prelude)
        elif not prelude.startswith("@"):
            for name, value in css_syntax.declarations(block):
                if MODERN.search(value) or name.startswith("--"):
                    yield _unknown(name, value)


def _selectors(prelude: str) -> Iterator[StyleDoubt]:
    for selector in css_syntax.selectors(prelude):
        plain = PLAIN_SELECTOR.fullmatch(selector) or OF_THE_MOMENT.search(selector)
        if not plain and not _is_written(selector):
            message = f"the rule for {selector} is not written into any element"
            yield StyleDoubt(selector, message, "write element names in lowercase, and classes")


def _is_written(selector: str) -> bool:
    """Whether premailer can find elements for a selector; it knows their names in lowercase."""
    rules = rules_of(f"{selector} {{ color: red }}")
    return bool(rules) and all(
        name.islower() or name.startswith((".", "#")) for rule in rules for name in rule.names
    )


def _declarations(prelude: str, body: str) -> Iterator[StyleDoubt]:
    pairs = css_syntax.declarations(body)
    for name, value in pairs:
        if "var(" in value or name.startswith("--"):
            yield _unknown(name, value)
        elif not value or (not PLAIN_VALUE.fullmatch(value) and not declared(f"{name}:{value}")):
            message = f"{_shown(name, value)} cannot be read, and is left out for {prelude}"
            yield StyleDoubt(
                _shown(name, value), message, "write colours as #rrggbb or rgba(0, 0, 0, 0.5)"
            )
    names = Counter(name.lower() for name, _ in pairs)
    for name in (name for name, count in names.items() if count > 1):
        message = f"{name} is set more than once for {prelude}: only the last is written"
        yield StyleDoubt(prelude, message, "set it once")


def _unknown(name: str, value: str) -> StyleDoubt:
    message = f"{_shown(name, value)} is not understood by many mail programs"
    return StyleDoubt(_shown(name, value), message, "write the value itself, colours as #rrggbb")


def _shown(name: str, value: str) -> str:
    return f"{name}: {value}" if value else name
