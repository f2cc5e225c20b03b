"""The header of an article as it is written: its values, its source and where it is. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import NamedTuple, Never

from syndicate.errors import ArticleError, Location

MAX_HEADER_LENGTH = 65_536  # characters
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")


class Header(NamedTuple):
    """The header above a body. `source` is its text, which begins at `line` of the file.

    `kind` is yaml, toml, json, lines, html, or "" without a header.
    """

    kind: str
    values: Mapping[str, object]
    source: str
    line: int
    body: str
    body_line: int

    def line_of(self, key: str) -> int:
        """The line of a key in the file; the first line of the header if the key is not found."""
        source_key = _find_key(key, self.source)
        return self.line + (self.source.count("\n", 0, source_key.start(1)) if source_key else 0)

    def as_written(self, key: str) -> str | None:
        """The text after a key on its line, without comment; None if it is not written so."""
        source_key = _find_key(key, self.source)
        if source_key is None or self.kind not in ("yaml", "toml", "json", "lines"):
            return None
        text = source_key[2].partition(" #")[0].strip()
        return text.rstrip(",") if self.kind == "json" else text


def header_between(
    text: str, kind: str, values: Mapping[str, object], start: int, end: int, body: int
) -> Header:
    """A header whose source is text[start:end] and whose body begins at `body`."""
    if text[body : body + 1] in (" ", "\t", "\n") and (blank := _BLANK_LINES.match(text, body)):
        body = blank.end()
    line = text.count("\n", 0, start) + 1
    body_line = line + text.count("\n", start, body)
    return Header(kind, values, text[start:end], line, text[body:], body_line)


def without(text: str, start: int = 0) -> Header:
    """The whole text as body."""
    return header_between(text, "", {}, start, start, start)


def check_length(path: str, line: int, source: str) -> None:
    """Raise ArticleError if a header is too long."""
    if len(source) > MAX_HEADER_LENGTH:
        refuse_long(path, line)


def refuse_long(path: str, line: int) -> Never:
    """Raise ArticleError: the header is too long."""
    message = f"the header is longer than {MAX_HEADER_LENGTH // 1024} KB"
    refuse(path, line, message, "move long text into the body")


def refuse(path: str, line: int | None, message: str, hint: str) -> Never:
    """Raise ArticleError at a line of the file, or about the whole file."""
    raise ArticleError(message, place=Location(path, line), hint=hint)


def _find_key(key: str, source: str) -> re.Match[str] | None:
    """The key (group 1) and the rest of its line (group 2); no rest if other keys precede it."""
    pattern = rf"""^[ \t]*["']?({re.escape(key)})["']?[ \t]*[:=][ \t]*([^\n]*)"""
    return re.search(pattern, source, re.MULTILINE) or re.search(
        rf"""["']?({re.escape(key)})["']?[ \t]*[:=][ \t]*()""", source
    )
