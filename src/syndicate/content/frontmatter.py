"""The front matter of an article in the forms of common generators -> its values, and the body.

YAML between `---`, TOML between `+++`, either or JSON between `---` and the language's name, a
JSON object, `Key: value` lines, or none. States what is written and where; `metadata` decides what
it means. Pure. Whatever the text, it returns or raises ArticleError.
"""

from __future__ import annotations

import re

from syndicate.content.header import (
    MAX_HEADER_LENGTH,
    Header,
    header_between,
    refuse,
    without,
)
from syndicate.content.header_lines import begins_with_key, read_lines, read_nikola_lines
from syndicate.content.header_parsers import parse, parse_object
from syndicate.content.keys import role_of

_YAML_END = re.compile(r"\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_TOML_END = re.compile(r"\n\+\+\+[ \t]*(?:\n|\Z)")
_NAMED_END = re.compile(r"\n---[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r"(?:---|\+\+\+)[ \t]*(?:\n|\Z)")
# Eleventy, Gatsby and others (gray-matter) let the opening fence name the language.
_NAMED_FENCE = re.compile(r"(?:(?:---|\+\+\+)[ \t]*([a-zA-Z]\w*)|;;;(\w*))[ \t]*(?:\n|\Z)")
_LANGUAGES = {"yaml": "yaml", "yml": "yaml", "toml": "toml", "json": "json"}
# A misspelled fence such as `3+++` or `----`, above a known key.
_BROKEN_FENCE = re.compile(
    r"""\S{0,3}(?:-{2,6}|\+{2,6})\S{0,3}[ \t]*\n["']?([\w-]+)["']?[ \t]*[:=]"""
)
# A header begins below an opening fence if a key or the closing fence follows, after comments.
_COMMENTS = r"(?:[ \t]*(?:#[^\n]*)?\n)*"
_YAML_BEGINS = re.compile(
    _COMMENTS + r"""[ ]{0,3}(?:["']?[\w$@][\w .:/@$-]{0,60}["']?[ \t]*:(?:[ \t\n]|\Z)|[{\t]"""
    r"""|(?:---|\.\.\.)[ \t]*(?:\n|\Z))"""
)
_TOML_BEGINS = re.compile(
    _COMMENTS + r"""[ \t]*(?:["']?[\w-][\w .-]{0,60}["']?[ \t]*=|\[|\+\+\+[ \t]*(?:\n|\Z))"""
)
# Values or code of any language: a name with a value, or a bracket.
_ANY_BEGINS = re.compile(
    r"""(?:[ \t]*(?:(?:#|//)[^\n]*)?\n)*[ \t]*"""
    r"""(?:["']?[\w$@][\w .:/@$-]{0,60}["']?[ \t]*[:=]|[{[(]|/\*)"""
)
_JSON_START = re.compile(r'\{\s*["}]')
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")


def split(path: str, text: str) -> Header:
    """Split a text into header and body. Its line ends are line feeds, without byte order mark.

    Raises ArticleError with the line if a header begins but cannot be read.
    """
    start = 0
    if text[:1] in (" ", "\t", "\n") and (blank := _BLANK_LINES.match(text)):
        start = blank.end()
    if fence := _FENCE.match(text, start):
        return _read_fenced(path, text, start, fence)
    if named := _NAMED_FENCE.match(text, start):
        return _read_named_fence(path, text, start, named)
    if text.startswith("{", start) and _JSON_START.match(text, start):
        return _read_json(path, text, start)
    if text.startswith((".. ", "<!--"), start) and (header := read_nikola_lines(path, text, start)):
        return header
    if begins_with_key(text, start):
        return read_lines(path, text, start)
    if (broken := _BROKEN_FENCE.match(text, start)) and role_of(broken[1]):
        refuse(
            path, text.count("\n", 0, start) + 1, "the line that begins the header is misspelled",
            "write --- (YAML) or +++ (TOML) alone on the line",
        )  # fmt: skip
    return without(text, start)


def sidecar(path: str, text: str) -> Header:
    """The header in a file of its own (Nikola's `.meta`). Raises ArticleError."""
    return split(path, text if text.endswith("\n") else f"{text}\n")


def _read_fenced(path: str, text: str, start: int, fence: re.Match[str]) -> Header:
    """YAML or TOML between fences, or a body that begins with a thematic break."""
    toml = text.startswith("+", start)
    content = fence.end()
    if not (_TOML_BEGINS if toml else _YAML_BEGINS).match(text, content):
        return without(text, start)
    if toml:
        return _read_until(path, text, content, "toml", _TOML_END)
    return _read_until(path, text, content, "yaml", _YAML_END)


def _read_named_fence(path: str, text: str, start: int, fence: re.Match[str]) -> Header:
    """A header whose opening fence names its language. Raises ArticleError for an unknown one."""
    kind = _LANGUAGES.get((fence[1] or "").lower())
    if kind and text.startswith("-", start):
        return _read_until(path, text, fence.end(), kind, _NAMED_END)
    if _ANY_BEGINS.match(text, fence.end()):
        message = f"a header that begins with {fence[0].strip()[:40]} cannot be read"
        hint = "write it in YAML between lines of --- or in TOML between lines of +++"
        refuse(path, text.count("\n", 0, start) + 1, message, hint)
    return without(text, start)


def _read_until(path: str, text: str, content: int, kind: str, end: re.Pattern[str]) -> Header:
    """The header from `content` up to `end`."""
    closing = end.search(text, content - 1)
    line = text.count("\n", 0, content) + 1
    if closing is None:
        refuse(
            path, max(1, line - 1), "the header begins here, but is not closed",
            f"close it with a line of {'+++' if end is _TOML_END else '---'}",
        )  # fmt: skip
    source = text[content : max(content, closing.start())]
    values = parse(path, kind, source, line)
    return header_between(text, kind, values, content, closing.start(), closing.end())


def _read_json(path: str, text: str, start: int) -> Header:
    line = text.count("\n", 0, start) + 1
    window = text[start : start + MAX_HEADER_LENGTH]
    values, length = parse_object(path, window, line, cut=len(text) - start > MAX_HEADER_LENGTH)
    end = start + length
    return header_between(text, "json", values, start, end, end)
