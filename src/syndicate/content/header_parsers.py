"""The YAML, TOML or JSON of a header -> its values. Pure.

Whatever the text, a parser returns or raises ArticleError with the line: nested, aliased and
oversized headers are bounded before they reach the library.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Never

import yaml_rs

from syndicate.content.header import check_length, refuse, refuse_long

_ALIASES = yaml_rs.AliasLimits(max_total_replayed_events=10_000)
# Compact nesting (`- - - -`) takes two bytes a level, and thousands of levels exhaust the stack of
# the parser, which raises no exception.
_MAX_DEPTH = 64
_COMPACT_NESTING = re.compile(rf"(?:[-?:][ \t]+){{{_MAX_DEPTH}}}")
_MAX_DOTS = 1000  # tomllib takes quadratic time over a.b.c.d... = 1
_AT_LINE = re.compile(r"\bat line (\d+)(?:, column (\d+))?")
_DUPLICATE = re.compile(r"duplicate mapping key: '(.*)'", re.DOTALL)


def parse(path: str, kind: str, source: str, line: int = 1) -> dict[str, object]:
    """The values of a text of yaml, toml or json that begins at `line`. Raises ArticleError."""
    check_length(path, line, source)
    return _PARSERS[kind](path, source, line)


def parse_object(
    path: str, text: str, line: int, *, cut: bool = False
) -> tuple[dict[str, object], int]:
    """The JSON object at the start of a text, and its length. `cut`: the text goes on after it.

    Raises ArticleError.
    """
    try:
        values, length = json.JSONDecoder(object_pairs_hook=_without_repeated_keys).raw_decode(text)
    except RecursionError:
        _refuse_deep(path, line)
    except ValueError as error:
        if cut:
            refuse_long(path, line)
        at = error.lineno if isinstance(error, json.JSONDecodeError) else 1
        reason = error.msg if isinstance(error, json.JSONDecodeError) else str(error)
        refuse(
            path, line + at - 1, f"the JSON header cannot be read: {reason}",
            "check quotes, commas and braces",
        )  # fmt: skip
    return values, length


def _yaml(path: str, source: str, line: int) -> dict[str, object]:
    if nest := _find_compact_nesting(source):
        _refuse_deep(path, line + source.count("\n", 0, nest.start()))
    try:
        values = yaml_rs.loads(source, parse_datetime=False, alias_limits=_ALIASES)
    except (ValueError, RecursionError) as error:
        _refuse_yaml(path, source, line, error)
    if values is None:
        return {}
    if not isinstance(values, dict):
        refuse(path, line, "the header is not `key: value` lines", "write one key on each line")
    for key in values:
        if not isinstance(key, str):
            return _with_text_keys(path, line, values)
    return values


def _find_compact_nesting(source: str) -> re.Match[str] | None:
    """Where YAML is nested so deeply on one line that its parser could crash the process."""
    if sum(map(source.count, "-?:")) < _MAX_DEPTH:  # most headers; quick to check
        return None
    return _COMPACT_NESTING.search(source)


def _with_text_keys(path: str, line: int, values: Mapping[object, object]) -> dict[str, object]:
    """The values, with keys that YAML reads as numbers or booleans as text."""
    renamed: dict[str, object] = {}
    for key, value in values.items():
        if not isinstance(key, str | int | float | None) or _is_huge(key):
            refuse(path, line, "a key of the header is not text", "write keys as plain words")
        renamed[str(key)] = value
    return renamed


def _is_huge(value: object) -> bool:
    return isinstance(value, int) and value.bit_length() > 1024


def _refuse_yaml(path: str, source: str, line: int, error: Exception) -> Never:
    message = str(error)
    reason = message.splitlines()[-1] if message else "nested too deeply"
    at = _AT_LINE.search(message)
    where = line + int(at[1]) - 1 if at else line
    if duplicate := _DUPLICATE.search(message):
        where = _line_of_repeated_key(duplicate[1], source, line)
        refuse(path, where, f"the key {duplicate[1]!r} is repeated", "keep one of them")
    column = f" (column {at[2]})" if at and at[2] else ""
    hint = "put values that contain : # @ % ` [ { or quotes into quotes"
    if "tabs" in reason:
        hint = "indent with spaces"
    elif "indentation" in reason:
        hint = "indent every line that continues a value"
    elif "unclosed" in reason or "end of stream" in reason:
        hint = "close the quote or bracket"
    refuse(path, where, f"the YAML header cannot be read: {reason}{column}", hint)


def _line_of_repeated_key(key: str, source: str, line: int) -> int:
    pattern = rf"""^[ \t-]*["']?{re.escape(key)}["']?[ \t]*:"""
    matches = list(re.finditer(pattern, source, re.MULTILINE))
    return line + source.count("\n", 0, matches[1].start()) if len(matches) > 1 else line


def _toml(path: str, source: str, line: int) -> dict[str, object]:
    import tomllib  # 3 ms, and only TOML headers need it

    if source.count(".") > _MAX_DOTS:
        for part in re.split(r"[=\n]", source):
            if part.count(".") > _MAX_DOTS:
                _refuse_deep(path, line)
    try:
        return tomllib.loads(source)
    except RecursionError:
        _refuse_deep(path, line)
    except ValueError as error:
        message = str(error)
        at = _AT_LINE.search(message)
        last = source.count("\n") if "end of document" in message else 0
        refuse(
            path, line + (int(at[1]) - 1 if at else last),
            f"the TOML header cannot be read: {message.partition(' (at ')[0]}"
            + (f" (column {at[2]})" if at else ""),
            "quote text, pad dates as 2024-03-01T08:00:00+01:00, name each key once",
        )  # fmt: skip


def _json(path: str, source: str, line: int) -> dict[str, object]:
    text = source.lstrip()
    if not text:
        return {}
    line += source[: -len(text)].count("\n")
    if not text.startswith("{"):
        refuse(path, line, "the JSON header is not an object", "put it between { and }")
    values, length = parse_object(path, text, line)
    if text[length:].strip():
        line += text.count("\n", 0, len(text) - len(text[length:].lstrip()))
        refuse(
            path, line, "something follows the JSON header",
            "end the header with its last } and a line of ---",
        )  # fmt: skip
    return values


def _without_repeated_keys(pairs: list[tuple[str, object]]) -> dict[str, object]:
    values: dict[str, object] = {}
    for key, value in pairs:
        if key in values:
            raise ValueError(f"the key {key[:40]!r} is repeated")
        values[key] = value
    return values


_PARSERS: Mapping[str, Callable[[str, str, int], dict[str, object]]] = {
    "yaml": _yaml,
    "toml": _toml,
    "json": _json,
}


def _refuse_deep(path: str, line: int) -> Never:
    refuse(path, line, "the header is nested too deeply", "keep it to keys, values and lists")
