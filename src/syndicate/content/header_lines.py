"""Headers of `Key: value` lines, and of lines `.. key: value` in Nikola. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping

from syndicate.content.header import (
    MAX_HEADER_LENGTH,
    Header,
    check_length,
    header_between,
    refuse,
    without,
)
from syndicate.content.keys import Role, role_of

_DOTTED_LINE = re.compile(r"\.\.[ \t]+([A-Za-z][\w-]*):(?:[ \t]+(.*)|)$")
_COMMENT_OPENS = re.compile(r"<!--[ \t]*(?:\n|(?=\.\.[ \t]))")
_COMMENT_CLOSES = re.compile(r"-->")
_HEADER_LINE = re.compile(r"([^\W\d_][\w -]{0,40}?)[ \t]*:(?:[ \t]+(.*)|)$")

# A header of `Key: value` lines has one of these keys. "Update: it works" or "Summary: it rained"
# are sentences, and stay in the text without such a key beside them.
_HEADER_ROLES = frozenset(
    (Role.TITLE, Role.DATE, Role.SLUG, Role.TAGS, Role.AUTHORS, Role.STATUS, Role.DRAFT)
)


def begins_with_key(text: str, start: int) -> bool:
    """Whether the line at `start` has the form `Key: value`."""
    return _HEADER_LINE.match(text[start : start + 200].partition("\n")[0]) is not None


def read_lines(path: str, text: str, start: int) -> Header:
    """Read `Key: value` lines up to a blank line, as in Pelican and MultiMarkdown.

    Indented lines continue the value above. The lines are a header only if one has a key such as
    title, date or tags, and if all have this form; after two known keys, the first line of another
    form ends the header, as in Python-Markdown.
    """
    values: dict[str, object] = {}
    roles: set[Role] = set()
    at, name = start, ""
    while at < len(text) and at - start <= MAX_HEADER_LENGTH:
        end = text.find("\n", at)
        row = text[at : len(text) if end < 0 else end].rstrip()
        if not row:
            break
        match = _HEADER_LINE.match(row) if row[0] not in " \t" else None
        if match:
            name, values[name] = _entry(path, text, at, values, match)
            roles.update([role[0]] if (role := role_of(name)) else ())
        elif row[0] in " \t":
            values[name] = f"{values[name]}\n{row.strip()}".strip()
        elif len(roles) > 1:
            break
        else:
            return without(text, start)
        at = len(text) if end < 0 else end + 1
    if not roles & _HEADER_ROLES:
        return without(text, start)
    check_length(path, text.count("\n", 0, start) + 1, text[start:at])
    return header_between(text, "lines", values, start, at, at)


def read_nikola_lines(path: str, text: str, start: int) -> Header | None:
    """Read lines `.. key: value`, bare or in one HTML comment; None if there are none."""
    values: dict[str, object] = {}
    comment = _COMMENT_OPENS.match(text, start)
    at = comment.end() if comment else start
    while at < len(text) and at - start <= MAX_HEADER_LENGTH:
        end = text.find("\n", at)
        end = len(text) if end < 0 else end
        row = text[at:end].strip()
        match = _DOTTED_LINE.match(row)
        if match:
            key, values[key] = _entry(path, text, at, values, match)
        elif row and comment and _COMMENT_CLOSES.match(row):
            at = min(len(text), end + 1)
            break
        elif row:
            break
        at = min(len(text), end + 1)
    if not {role[0] for key in values if (role := role_of(key))} & _HEADER_ROLES:
        return None
    check_length(path, text.count("\n", 0, start) + 1, text[start:at])
    # These were tags in Nikola before it had a status.
    tags = {each.strip().lower() for each in str(values.get("tags", "")).split(",")}
    if tags & {"draft", "private"} and "status" not in values:
        values["status"] = "draft"
    return header_between(text, "lines", values, start, at, at)


def _entry(
    path: str, text: str, at: int, values: Mapping[str, object], match: re.Match[str]
) -> tuple[str, str]:
    """The key and value of a line below `values`. Raises ArticleError for a repeated key."""
    name = match[1]
    if name in values and role_of(name) is not None:
        refuse(
            path, text.count("\n", 0, at) + 1, f"the key {name!r} is repeated", "keep one of them"
        )
    return name, (match[2] or "").strip()
