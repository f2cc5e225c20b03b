"""Finds the tags of shortcodes in a body, apart from those in code, comments and scripts. Pure.

Time is linear in the length of the body.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from dataclasses import dataclass, field
from typing import Self

_MARKDOWN_CODE = r"""
  ^[ \t>]*(?:(?:[-*+]|\d{1,9}[.)])[ \t]+)*(?P<fence>`{3,}(?![^\n]*`)|~{3,})[^\n]*
  | (?P<ticks>`+)
  | \\[\\`{<]
"""
_TAGS = r"""
  <(?P<element>pre|code|script|style|textarea)\b
  | (?P<comment><!--)
  | (?P<tag>\{\{[<%]?|\{%)
"""
_FLAGS = re.VERBOSE | re.MULTILINE | re.IGNORECASE
_IN_MARKDOWN = re.compile(f"{_MARKDOWN_CODE}|{_TAGS}", _FLAGS)
_IN_HTML = re.compile(_TAGS, _FLAGS)
_LINE = re.compile(r"([ \t]*)((?:[-*+]|\d{1,9}[.)])(?:[ \t]+|$))?([^\n]*)\n?")
_TICKS = re.compile("`+")


@dataclass(slots=True)
class TagFinder:
    """Finds tags in one body. Create it with `of`."""

    body: str
    pattern: re.Pattern[str]
    indented_code: list[tuple[int, int]]
    code_spans: dict[int, int] = field(default_factory=dict)
    absent: set[str] = field(default_factory=set)  # closing marks that do not occur any more

    @classmethod
    def of(cls, body: str, *, markdown: bool) -> Self:
        """The finder for a body of Markdown, or of HTML, which has no fences or indented code."""
        if markdown:
            return cls(body, _IN_MARKDOWN, _indented_code(body))
        return cls(body, _IN_HTML, [])

    def next_tag(self, position: int) -> re.Match[str] | None:
        """The start of the next tag at or after a position; its group `tag` is the opening mark."""
        while match := self.pattern.search(self.body, position):
            if end := self._end_of_indented_code(match.start()):
                position = end
            elif match.lastgroup == "tag":
                return match
            else:
                position = self._skip(match)
        return None

    def _end_of_indented_code(self, offset: int) -> int:
        """The end of the indented code at an offset; 0 outside of it."""
        preceding = bisect_right(self.indented_code, offset, key=lambda lines: lines[0])
        end = self.indented_code[preceding - 1][1] if preceding else 0
        return end if offset < end else 0

    def _skip(self, match: re.Match[str]) -> int:
        """The end of the code, comment or escape that begins with the match."""
        kind = match.lastgroup
        if kind == "fence":
            return self._end_of_fence(match)
        if kind == "ticks":
            return self._end_of_code_span(match)
        if kind == "element":
            return self._end_of(f"</{match['element']}", match.end())
        return self._end_of("-->", match.end()) if kind == "comment" else match.end()

    def _end_of_fence(self, match: re.Match[str]) -> int:
        mark = match["fence"]
        end = re.compile(rf"^[ \t>]*{mark[0]}{{{len(mark)},}}[ \t]*$", re.MULTILINE)
        match_end = end.search(self.body, match.end())
        return match_end.end() if match_end else len(self.body)

    def _end_of_code_span(self, match: re.Match[str]) -> int:
        """The end of a code span; backticks that are not closed are text."""
        if not self.code_spans:
            self.code_spans = _code_spans(self.body)
        pair = self.code_spans.get(match.start(), 0)
        if not pair or self.body.find("\n\n", match.end(), pair) >= 0:
            return match.end()
        return pair

    def _end_of(self, mark: str, start: int) -> int:
        """Where a closing mark ends; `start` if it does not occur."""
        if mark.lower() in self.absent:
            return start
        match = re.compile(re.escape(mark), re.IGNORECASE).search(self.body, start)
        if match is None:
            self.absent.add(mark.lower())
        return match.end() if match else start


def _code_spans(body: str) -> dict[int, int]:
    """For the start of each run of backticks: the end of the next run of the same length."""
    spans: dict[int, int] = {}
    last: dict[int, int] = {}
    for match in _TICKS.finditer(body):
        length = match.end() - match.start()
        if length in last:
            spans[last[length]] = match.end()
        last[length] = match.start()
    return spans


def _indented_code(body: str) -> list[tuple[int, int]]:
    """The lines that are code because they are indented, after a blank line, by at least four
    columns more than the list item above; as start and end."""
    ranges: list[tuple[int, int]] = []
    blank, inside, item = True, False, 0
    for match in _LINE.finditer(body):
        indent, marker, text = len(match[1].expandtabs(4)), match[2], match[3]
        if not marker and not text.strip():
            blank = True
            continue
        if indent >= item + 4 and (blank or inside):
            ranges.append(match.span())
            inside = True
        else:
            inside = False
            if marker:
                item = indent + len(marker.expandtabs(4))
            elif blank and indent < 2:
                item = 0
        blank = False
    return ranges
