"""What each line of a text is: prose, part of a list, a quote, or other markup. Pure.

Follows the block structure of CommonMark, as far as it decides which lines are prose.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum, auto

from syndicate.content.article import Format
from syndicate.content.line_measures import ends_line
from syndicate.text_width import width

_MAX_HEADING = 80  # columns of a line that an underline can make a heading
_FENCE = re.compile(r" {0,3}(`{3,}(?=[^`]*$)|~{3,})")
_HEADING = re.compile(r" {0,3}#{1,6}(?:[ \t]|$)")
_RULE = re.compile(r" {0,3}(?:(?:\*[ \t]*){3,}|(?:-[ \t]*){3,}|(?:_[ \t]*){3,})$")
UNDERLINE = re.compile(r" {0,3}(?:=+|-+)[ \t]*$")
_ITEM = re.compile(r"(?:[-*+]|\d{1,2}[.)])(?:[ \t]+\S|[ \t]*$)")
INDENTED = re.compile(r"(?: {2}|\t|\u3000)")
_DELIMITERS = re.compile(r"[ \t|:-]*$")
_HTML = re.compile(
    r" {0,3}(?:<!--|<[?!]|</?(?:address|article|aside|audio|blockquote|body|center|dd|details|div"
    r"|dl|dt|fieldset|figcaption|figure|footer|form|h[1-6]|head|header|hr|html|iframe|img|li|link"
    r"|main|math|nav|ol|p|picture|pre|script|section|style|summary|svg|table|tbody|td|textarea|tfoot"
    r"|th|thead|tr|ul|video)\b|</?[a-z][\w-]*(?:\s[^<>]*)?>[ \t]*$)",
    re.IGNORECASE,
)
_WHOLE_HTML = re.compile(
    r"[ \t]*(?:<!--.*-->|<(?:img|hr|br|link)\b[^<>]*>|<([a-z][\w-]*)\b.*</\1>)[ \t]*$",
    re.IGNORECASE,
)
# Footnotes, link definitions, contents, templates, containers, descriptions, abbreviations.
_OTHER = re.compile(r" {0,3}(?:\[[^\]\n]+\]:|\*\[[^\]\n]+\]:|\[\[?_?TOC|\{[{%:]|:::|!!!|: )")


class LineKind(Enum):
    BLANK = auto()
    PROSE = auto()
    ITEM = auto()  # of a list, with its continuation lines
    QUOTE = auto()
    OTHER = auto()  # headings, code, tables, HTML and other markup


def line_kinds(lines: Sequence[str], form: Format) -> list[LineKind]:
    """The kind of each line."""
    scanner = _Scanner(form)
    kinds: list[LineKind] = []
    for at, line in enumerate(lines):
        kind = scanner.kind(line, lines[at + 1] if at + 1 < len(lines) else "")
        if (
            kind is LineKind.PROSE
            and kinds
            and kinds[-1] is LineKind.PROSE
            and UNDERLINE.match(line)
        ):
            kind = LineKind.OTHER
            alone = len(kinds) < 2 or kinds[-2] is not LineKind.PROSE
            if alone and _is_heading(lines[at - 1]):
                kinds[-1] = LineKind.OTHER
        kinds.append(kind)
    return kinds


def _is_heading(line: str) -> bool:
    """Whether an underline makes this a heading, rather than a rule below a paragraph."""
    return width(line) <= _MAX_HEADING and not ends_line(line)


@dataclass(slots=True)
class _Scanner:
    """Reads lines in order, and keeps what is open: a fence, a list, HTML, a table."""

    form: Format
    fence: str = ""
    in_list: bool = False
    in_html: bool = False
    in_table: bool = False
    before: LineKind = LineKind.BLANK

    def kind(self, line: str, following: str) -> LineKind:
        self.before = self._kind(line, following)
        return self.before

    def _kind(self, line: str, following: str) -> LineKind:
        if self.fence:
            self._close_fence(line)
            return LineKind.OTHER
        if not line or line.isspace():
            self.in_html = self.in_table = False
            return LineKind.BLANK
        if self.in_list and INDENTED.match(line):
            return LineKind.ITEM
        if self.in_html or self._is_code(line):
            return LineKind.OTHER
        return self._opened(line, following)

    def _opened(self, line: str, following: str) -> LineKind:
        in_list, self.in_list = self.in_list, False
        if match := _FENCE.match(line):
            self.fence = match[1]
            return LineKind.OTHER
        if _HEADING.match(line) or _OTHER.match(line) or self._is_table(line, following):
            return LineKind.OTHER
        if _RULE.match(line):
            return LineKind.PROSE if UNDERLINE.match(line) else LineKind.OTHER
        if line.lstrip(" ").startswith(">") and not line.startswith("    "):
            return LineKind.QUOTE
        if _ITEM.match(line.lstrip(" \t") if self._is_plain or in_list else _without_margin(line)):
            self.in_list = True
            return LineKind.ITEM
        if not self._is_plain and _HTML.match(line):
            self.in_html = not _WHOLE_HTML.match(line)
            return LineKind.OTHER
        return LineKind.PROSE

    def _is_code(self, line: str) -> bool:
        """Whether Markdown reads the line as indented code; plain text has no such code."""
        return (
            not self._is_plain
            and self.before is not LineKind.PROSE
            and line.startswith(("    ", "\t", " \t", "  \t", "   \t"))
        )

    @property
    def _is_plain(self) -> bool:
        return self.form is Format.TEXT

    def _close_fence(self, line: str) -> None:
        if line.lstrip(" ").startswith(self.fence) and not line.strip(f" \t{self.fence[0]}"):
            self.fence = ""

    def _is_table(self, line: str, following: str) -> bool:
        if "|" not in line:
            self.in_table = False
        elif "-" in following and "|" in following and _DELIMITERS.match(following):
            self.in_table = True
        return self.in_table or line.lstrip(" ").startswith("|")


def _without_margin(line: str) -> str:
    """The line without the up to three spaces that Markdown allows before a list."""
    return line[len(line[:3]) - len(line[:3].lstrip(" ")) :]
