"""Header lines that no header was read from, above a text: do they hold it back? Pure.

Nikola writes `.. status: draft`, Org `#+DRAFT: true`, AsciiDoc `:status: draft`, others put such
lines into a comment, under the title or into a header whose fence is missing. They are not read
as a header here, but what they hold back is not published either.
"""

from __future__ import annotations

import re
from typing import NamedTuple

from syndicate.content.keys import Role, role_of
from syndicate.content.visibility import Verdict, verdict, yes_or_no

_MOST_LINES = 60
_LONGEST_LINE = 200
_MARK = r"(?:\.\.|#\+|//|%|;|-|\*|>|:|\[_metadata_:)?[ \t]*"
_LINE = re.compile(
    r"(?:<!--[ \t]*)?" + _MARK + r"""[*_"'`]{0,3}([A-Za-z][\w -]{0,30}?)[*_"'`]{0,3}"""
    r"""[ \t]*(?:::|:|=|\]:)[*_]{0,2}(?:[ \t]+(.*?))?[ \t]*(?:-->)?[ \t]*$"""
)
_BETWEEN = re.compile(r"(?:#{1,2}[ \t].*|={3,}|-{3,}|\+{3,}|;{3,}|<!-+|-+>|/\*+|\*+/|[{}]|\s*)$")


class HeaderLine(NamedTuple):
    """A line in the form of a header, and its number in the body, from 0."""

    text: str
    number: int


def withholding(body: str) -> HeaderLine | None:
    """The first line above the text that would hold it back in a header; None without one."""
    for number, row in enumerate(body[: _MOST_LINES * _LONGEST_LINE].split("\n", _MOST_LINES)):
        line = row.strip()
        if number == _MOST_LINES or (line and len(line) > _LONGEST_LINE):
            return None
        match = _LINE.match(line)
        if match and _withholds(match[1], (match[2] or "").strip().strip("\"'`,*_")):
            return HeaderLine(f"{match[1]}: {(match[2] or '').strip()[:40]}", number)
        if not match and not _BETWEEN.match(line):
            return None
    return None


def _withholds(key: str, value: str) -> bool:
    key_role = role_of(key)
    if key_role is None or not value:
        return False
    role, answer = key_role[0], yes_or_no(value)
    if role is Role.DRAFT:
        return answer is True
    if role is Role.PUBLISHED:
        return answer is False
    if role in (Role.PASSWORD, Role.STAGE):
        return role is Role.STAGE and verdict(role, value) is Verdict.WITHHELD
    return verdict(role, value) in (Verdict.WITHHELD, Verdict.UNLISTED)
