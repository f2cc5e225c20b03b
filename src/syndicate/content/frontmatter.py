"""The header of an article in the ways real blogs write it -> its values, and the body.

YAML between `---`, TOML between `+++`, either or JSON between `---` and the language's name, a
JSON object, `Key: value` lines, or none. Pure: text in, values out. Says what is written and
where; what it means is decided in `metadata`. Whatever the text, it returns or raises
ArticleError: nested, aliased and oversized headers are bounded before they reach a parser.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import NamedTuple, Never

import yaml_rs

from syndicate.content.keys import Role, role_of
from syndicate.errors import ArticleError, Location

MAX_HEADER_LENGTH = 65_536  # characters

_ALIASES = yaml_rs.AliasLimits(max_total_replayed_events=10_000)
_YAML_END = re.compile(r"\n(?:---|\.\.\.)[ \t]*(?:\n|\Z)")
_TOML_END = re.compile(r"\n\+\+\+[ \t]*(?:\n|\Z)")
_NAMED_END = re.compile(r"\n---[ \t]*(?:\n|\Z)")
_FENCE = re.compile(r"(?:---|\+\+\+)[ \t]*(?:\n|\Z)")
# Eleventy, Gatsby and others (gray-matter) let the opening fence name the language.
_NAMED_FENCE = re.compile(r"(?:(?:---|\+\+\+)[ \t]*([a-zA-Z]\w*)|;;;(\w*))[ \t]*(?:\n|\Z)")
_LANGUAGES = {"yaml": "yaml", "yml": "yaml", "toml": "toml", "json": "json"}
# A slip of the pen such as `3+++` or `----`, above a key that means something.
_BROKEN_FENCE = re.compile(
    r"""\S{0,3}(?:-{2,6}|\+{2,6})\S{0,3}[ \t]*\n["']?([\w-]+)["']?[ \t]*[:=]"""
)
_BLANK_LINES = re.compile(r"(?:[ \t]*\n)+")
# What makes the lines below an opening fence a header: after comments, a key or the end.
_COMMENTS = r"(?:[ \t]*(?:#[^\n]*)?\n)*"
_YAML_BEGINS = re.compile(
    _COMMENTS + r"""[ ]{0,3}(?:["']?[\w$@][\w .:/@$-]{0,60}["']?[ \t]*:(?:[ \t\n]|\Z)|[{\t]"""
    r"""|(?:---|\.\.\.)[ \t]*(?:\n|\Z))"""
)
_TOML_BEGINS = re.compile(
    _COMMENTS + r"""[ \t]*(?:["']?[\w-][\w .-]{0,60}["']?[ \t]*=|\[|\+\+\+[ \t]*(?:\n|\Z))"""
)
# Values or code of whatever language: a key or name and what it is given, or a bracket.
_ANY_BEGINS = re.compile(
    r"""(?:[ \t]*(?:(?:#|//)[^\n]*)?\n)*[ \t]*"""
    r"""(?:["']?[\w$@][\w .:/@$-]{0,60}["']?[ \t]*[:=]|[{[(]|/\*)"""
)
_JSON_START = re.compile(r'\{\s*["}]')
_DOTTED_LINE = re.compile(r"\.\.[ \t]+([A-Za-z][\w-]*):(?:[ \t]+(.*)|)$")
_COMMENT_OPENS = re.compile(r"<!--[ \t]*(?:\n|(?=\.\.[ \t]))")
_COMMENT_CLOSES = re.compile(r"-->")
_HEADER_LINE = re.compile(r"([^\W\d_][\w -]{0,40}?)[ \t]*:(?:[ \t]+(.*)|)$")
# A compact nest (`- - - -`) costs two bytes a level, and thousands of levels exhaust the
# parser's stack, which no exception catches.
_DEEPEST = 64
_COMPACT_NEST = re.compile(rf"(?:[-?:][ \t]+){{{_DEEPEST}}}")
_MOST_DOTS = 1000  # tomllib takes quadratic time over a.b.c.d... = 1
_AT_LINE = re.compile(r"\bat line (\d+)(?:, column (\d+))?")
_DUPLICATE = re.compile(r"duplicate mapping key: '(.*)'", re.DOTALL)

# Keys that may begin a block of `Key: value` lines. "Update: it works" or "Summary: it rained"
# are sentences; without one of these beside them they stay in the text.
_TELLING = frozenset(
    (Role.TITLE, Role.DATE, Role.SLUG, Role.TAGS, Role.AUTHORS, Role.STATUS, Role.DRAFT)
)


class Header(NamedTuple):
    """What stands above the body. `source` is its text, which begins at `line` of the file.

    `kind` is yaml, toml, json, lines, html, or "" without a header.
    """

    kind: str
    values: Mapping[str, object]
    source: str
    line: int
    body: str
    body_line: int

    def line_of(self, key: str) -> int:
        """The line of the file on which a key stands (the header's first if not found)."""
        found = _written(key, self.source)
        return self.line + (self.source.count("\n", 0, found.start(1)) if found else 0)

    def as_written(self, key: str) -> str | None:
        """The text after a key that stands alone on its line, without comment; None if not."""
        found = _written(key, self.source)
        if found is None or self.kind not in ("yaml", "toml", "json", "lines"):
            return None
        text = found[2].partition(" #")[0].strip()
        return text.rstrip(",") if self.kind == "json" else text


def split(path: str, text: str) -> Header:
    """Part header and body. `text` has line ends of one kind (\\n) and no byte order mark.

    Raises ArticleError with the place when what begins as a header cannot be read as one.
    """
    start = 0
    if text[:1] in (" ", "\t", "\n") and (blank := _BLANK_LINES.match(text)):
        start = blank.end()
    if fence := _FENCE.match(text, start):
        return _fenced(path, text, start, fence)
    if named := _NAMED_FENCE.match(text, start):
        return _named_fence(path, text, start, named)
    if text.startswith("{", start) and _JSON_START.match(text, start):
        return _json(path, text, start)
    if text.startswith((".. ", "<!--"), start) and (dotted := _dotted(path, text, start)):
        return dotted
    if _HEADER_LINE.match(text[start : start + 200].partition("\n")[0]):
        return _lines(path, text, start)
    if (broken := _BROKEN_FENCE.match(text, start)) and role_of(broken[1]):
        _refuse(
            path, text.count("\n", 0, start) + 1, "the header does not begin with a whole fence",
            "write --- (YAML) or +++ (TOML) alone on the line",
        )  # fmt: skip
    return without(text, start)


def sidecar(path: str, text: str) -> Header:
    """The header in a file of its own (Nikola's `.meta`). Raises ArticleError."""
    return split(path, text if text.endswith("\n") else f"{text}\n")


def _dotted(path: str, text: str, start: int) -> Header | None:
    """Nikola's lines `.. key: value`, bare or in one HTML comment; None if there are none."""
    values: dict[str, object] = {}
    comment = _COMMENT_OPENS.match(text, start)
    at = comment.end() if comment else start
    while at < len(text) and at - start <= MAX_HEADER_LENGTH:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        row = text[at:end].strip()
        found = _DOTTED_LINE.match(row)
        if found:
            _add(path, text, at, values, found)
        elif row and comment and _COMMENT_CLOSES.match(row):
            at = min(len(text), end + 1)
            break
        elif row:
            break
        at = min(len(text), end + 1)
    if not {role[0] for key in values if (role := role_of(key))} & _TELLING:
        return None
    _bound(path, text.count("\n", 0, start) + 1, text[start:at])
    # Nikola took these for tags before it had a status.
    tags = {each.strip().lower() for each in str(values.get("tags", "")).split(",")}
    if tags & {"draft", "private"} and "status" not in values:
        values["status"] = "draft"
    return _header(text, "lines", values, start, at, at)


def parse(path: str, kind: str, source: str) -> dict[str, object]:
    """The values of a text that is nothing but YAML, TOML or JSON. Raises ArticleError."""
    _bound(path, 1, source)
    return _PARSERS[kind](path, source, 1)


def without(text: str, start: int = 0) -> Header:
    """The whole text as body."""
    return _header(text, "", {}, start, start, start)


def _header(
    text: str, kind: str, values: Mapping[str, object], start: int, end: int, body: int
) -> Header:
    """A header whose source is text[start:end] and whose body begins at `body`."""
    if text[body : body + 1] in (" ", "\t", "\n") and (blank := _BLANK_LINES.match(text, body)):
        body = blank.end()
    line = text.count("\n", 0, start) + 1
    body_line = line + text.count("\n", start, body)
    return Header(kind, values, text[start:end], line, text[body:], body_line)


def _fenced(path: str, text: str, start: int, fence: re.Match[str]) -> Header:
    """YAML or TOML between fences, or a body that begins with a thematic break."""
    toml = text.startswith("+", start)
    content = fence.end()
    if not (_TOML_BEGINS if toml else _YAML_BEGINS).match(text, content):
        return without(text, start)
    if toml:
        return _until(path, text, content, "toml", _TOML_END)
    return _until(path, text, content, "yaml", _YAML_END)


def _named_fence(path: str, text: str, start: int, fence: re.Match[str]) -> Header:
    """A header whose opening fence names its language. One that is not known is not guessed."""
    kind = _LANGUAGES.get((fence[1] or "").lower())
    if kind and text.startswith("-", start):
        return _until(path, text, fence.end(), kind, _NAMED_END)
    if _ANY_BEGINS.match(text, fence.end()):
        message = f"a header that begins with {fence[0].strip()[:40]} cannot be read"
        hint = "write it in YAML between lines of --- or in TOML between lines of +++"
        _refuse(path, text.count("\n", 0, start) + 1, message, hint)
    return without(text, start)


def _until(path: str, text: str, content: int, kind: str, end: re.Pattern[str]) -> Header:
    """The header that begins at `content` and goes on until `end`."""
    closing = end.search(text, content - 1)
    line = text.count("\n", 0, content) + 1
    if closing is None:
        _refuse(
            path, max(1, line - 1), "the header begins here and never ends",
            f"close it with a line of {'+++' if end is _TOML_END else '---'}",
        )  # fmt: skip
    source = text[content : max(content, closing.start())]
    _bound(path, line, source)
    values = _PARSERS[kind](path, source, line)
    return _header(text, kind, values, content, closing.start(), closing.end())


def _bound(path: str, line: int, source: str) -> None:
    if len(source) > MAX_HEADER_LENGTH:
        _too_long(path, line)


def _too_long(path: str, line: int) -> Never:
    message = f"the header is longer than {MAX_HEADER_LENGTH // 1024} KB"
    _refuse(path, line, message, "move long text into the body")


def _yaml(path: str, source: str, line: int) -> dict[str, object]:
    if nest := compact_nest(source):
        _too_deep(path, line + source.count("\n", 0, nest.start()))
    try:
        values = yaml_rs.loads(source, parse_datetime=False, alias_limits=_ALIASES)
    except (ValueError, RecursionError) as error:
        _refuse_yaml(path, source, line, error)
    if values is None:
        return {}
    if not isinstance(values, dict):
        _refuse(path, line, "the header is not `key: value` lines", "write one key on each line")
    for key in values:
        if not isinstance(key, str):
            return _named(path, line, values)
    return values


def compact_nest(source: str) -> re.Match[str] | None:
    """Where YAML is nested so deeply on one line that parsing it could end the process."""
    if sum(map(source.count, "-?:")) < _DEEPEST:  # nearly always, and much quicker to see
        return None
    return _COMPACT_NEST.search(source)


def _named(path: str, line: int, values: Mapping[object, object]) -> dict[str, object]:
    """The values with keys that YAML reads as numbers or booleans as text again."""
    named: dict[str, object] = {}
    for key, value in values.items():
        if not isinstance(key, str | int | float | None) or _is_huge(key):
            _refuse(path, line, "a key of the header is not text", "write keys as plain words")
        named[str(key)] = value
    return named


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > 1024


def _refuse_yaml(path: str, source: str, line: int, error: Exception) -> Never:
    message = str(error)
    reason = message.splitlines()[-1] if message else "nested too deeply"
    at = _AT_LINE.search(message)
    where = line + int(at[1]) - 1 if at else line
    if duplicate := _DUPLICATE.search(message):
        where = _second(duplicate[1], source, line)
        _refuse(path, where, f"the key {duplicate[1]!r} stands twice", "keep one of them")
    column = f" (column {at[2]})" if at and at[2] else ""
    hint = "put values that contain : # @ % ` [ { or quotes into quotes"
    if "tabs" in reason:
        hint = "indent with spaces"
    elif "indentation" in reason:
        hint = "indent every line that continues a value"
    elif "unclosed" in reason or "end of stream" in reason:
        hint = "close the quote or bracket"
    _refuse(path, where, f"the YAML header cannot be read: {reason}{column}", hint)


def _second(key: str, source: str, line: int) -> int:
    pattern = rf"""^[ \t-]*["']?{re.escape(key)}["']?[ \t]*:"""
    found = list(re.finditer(pattern, source, re.MULTILINE))
    return line + source.count("\n", 0, found[1].start()) if len(found) > 1 else line


def _toml(path: str, source: str, line: int) -> dict[str, object]:
    import tomllib  # 3 ms, and only TOML headers need it

    if source.count(".") > _MOST_DOTS:
        for part in re.split(r"[=\n]", source):
            if part.count(".") > _MOST_DOTS:
                _too_deep(path, line)
    try:
        return tomllib.loads(source)
    except RecursionError:
        _too_deep(path, line)
    except ValueError as error:
        message = str(error)
        at = _AT_LINE.search(message)
        last = source.count("\n") if "end of document" in message else 0
        _refuse(
            path, line + (int(at[1]) - 1 if at else last),
            f"the TOML header cannot be read: {message.partition(' (at ')[0]}"
            + (f" (column {at[2]})" if at else ""),
            "quote text, pad dates as 2024-03-01T08:00:00+01:00, name each key once",
        )  # fmt: skip


def _json(path: str, text: str, start: int) -> Header:
    line = text.count("\n", 0, start) + 1
    window = text[start : start + MAX_HEADER_LENGTH]
    values, length = _object(path, window, line, cut=len(text) - start > MAX_HEADER_LENGTH)
    end = start + length
    return _header(text, "json", values, start, end, end)


def _json_between(path: str, source: str, line: int) -> dict[str, object]:
    text = source.lstrip()
    if not text:
        return {}
    line += source[: -len(text)].count("\n")
    if not text.startswith("{"):
        _refuse(path, line, "the JSON header is not an object", "put it between { and }")
    values, length = _object(path, text, line)
    if text[length:].strip():
        line += text.count("\n", 0, len(text) - len(text[length:].lstrip()))
        _refuse(
            path, line, "something follows the JSON header",
            "end the header with its last } and a line of ---",
        )  # fmt: skip
    return values


def _object(path: str, text: str, line: int, *, cut: bool = False) -> tuple[dict[str, object], int]:
    """The JSON object that `text` begins with, and its length. `cut`: there is more of it."""
    try:
        values, length = json.JSONDecoder(object_pairs_hook=_once).raw_decode(text)
    except RecursionError:
        _too_deep(path, line)
    except ValueError as error:
        if cut:
            _too_long(path, line)
        at = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        _refuse(
            path, line + at - 1, f"the JSON header cannot be read: {reason}",
            "check quotes, commas and braces",
        )  # fmt: skip
    return values, length


_PARSERS: Mapping[str, Callable[[str, str, int], dict[str, object]]] = {
    "yaml": _yaml,
    "toml": _toml,
    "json": _json_between,
}


def _once(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"the key {key[:40]!r} stands twice")
        values[key] = value
    return values


def _lines(path: str, text: str, start: int) -> Header:
    """`Key: value` lines down to a blank line, as Pelican and MultiMarkdown write them.

    Indented lines continue the value above. It is a header only if a key that tells (title,
    date, tags...) is among them, and if every line fits; with two known keys the first line
    that does not fit ends it, as in Python-Markdown.
    """
    values: dict[str, object] = {}
    known: set[Role] = set()
    at, name = start, ""
    while at < len(text) and at - start <= MAX_HEADER_LENGTH:
        end = text.find("\n", at)
        row = text[at : len(text) if end < 0 else end].rstrip()
        if not row:
            break
        found = _HEADER_LINE.match(row) if row[0] not in " \t" else None
        if found:
            name = _add(path, text, at, values, found)
            known.update([role[0]] if (role := role_of(name)) else ())
        elif row[0] in " \t":
            values[name] = f"{values[name]}\n{row.strip()}".strip()
        elif len(known) > 1:
            break
        else:
            return without(text, start)
        at = len(text) if end < 0 else end + 1
    if not known & _TELLING:
        return without(text, start)
    _bound(path, text.count("\n", 0, start) + 1, text[start:at])
    return _header(text, "lines", values, start, at, at)


def _add(path: str, text: str, at: int, values: dict[str, object], found: re.Match[str]) -> str:
    name = found[1]
    if name in values and role_of(name) is not None:
        _refuse(
            path, text.count("\n", 0, at) + 1, f"the key {name!r} stands twice", "keep one of them"
        )
    values[name] = (found[2] or "").strip()
    return name


def _written(key: str, source: str) -> re.Match[str] | None:
    pattern = rf"""^[ \t]*["']?({re.escape(key)})["']?[ \t]*[:=][ \t]*([^\n]*)"""
    return re.search(pattern, source, re.MULTILINE) or re.search(
        rf"""["']?({re.escape(key)})["']?[ \t]*[:=][ \t]*()""", source
    )


def _too_deep(path: str, line: int) -> Never:
    _refuse(path, line, "the header is nested too deeply", "keep it to keys, values and lists")


def _refuse(path: str, line: int, message: str, hint: str) -> Never:
    raise ArticleError(message, place=Location(path, line), hint=hint)
