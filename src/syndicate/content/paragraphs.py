"""Paragraphs of texts whose only markup is their layout -> Markdown with the same paragraphs.

In plain text, and in Markdown without front matter, line ends and indentation may be the only
markup. Explicit rules decide what they mean, and each has a name that `explain` shows:

- one paragraph per line: no blank line separates paragraphs, and nearly all lines end a sentence,
  most are long, or one is wider than text is wrapped;
- wrapped lines joined: lines of one width that end where the next word would not have fitted;
- a short last line ends a paragraph: in wrapped text without blank lines;
- first lines are indented: as in books, with spaces, a tab or an ideographic space;
- line breaks kept: short lines of plain text (verse, addresses, signatures).

Pure; takes time linear in the text. Adds and removes white space, and backslashes before characters
that would otherwise become markup; never a word. Code, lists, quotes, tables and HTML are kept.
"""

from __future__ import annotations

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum

from syndicate.content.article import Format
from syndicate.content.definitions import unused_as_text
from syndicate.content.layout import Layout, is_tight_wrap, is_too_long
from syndicate.content.line_kinds import INDENTED, UNDERLINE, LineKind, line_kinds
from syndicate.content.line_measures import (
    LONG_LINE,
    MAX_WRAP,
    MIN_WRAP,
    continues,
    ends_early,
    first_character,
    share,
)
from syndicate.text_width import width

_MARKUP = re.compile(
    r"(?:#{1,6}(?=[ \t]|$)|[>|]|[-*+](?=[ \t]|$)|`{3}|~{3}|[=-]+[ \t]*$|\[[^\]\n]+\]:)"
)
_TAG = re.compile(r"<(?![a-zA-Z][a-zA-Z0-9+.-]*:|[\w.+-]+@)")
_NUMBER = re.compile(r"(\d{3,9})([.)])(?=[ \t]|$)")


class Rule(StrEnum):
    """How lines became paragraphs."""

    LINES = "one paragraph per line"
    JOINED = "wrapped lines joined"
    SHORT_LAST = "a short last line ends a paragraph"
    INDENTED = "first lines are indented"
    VERSE = "line breaks kept"


@dataclass(frozen=True, slots=True)
class ArrangedText:
    """A text as Markdown, and the rules by which its lines became paragraphs."""

    text: str
    rules: tuple[Rule, ...] = ()


def arrange(text: str, layout: Layout) -> ArrangedText:
    """The text as Markdown. `layout` is how the text is laid out."""
    if layout.form is Format.TEXT:
        text = unused_as_text(text)
    if is_too_long(text):
        return ArrangedText(text)
    if layout.form is not Format.TEXT and not layout.each_line and not is_tight_wrap(layout):
        return ArrangedText(text)
    arranger = _Arranger(layout)
    lines = text.split("\n")
    for kind, line in zip(line_kinds(lines, layout.form), lines, strict=True):
        arranger.add(kind, line)
    arranger.flush()
    arranged = "\n".join(arranger.out)
    if layout.form is Format.MARKDOWN and arranged == text:
        return ArrangedText(text)
    return ArrangedText(arranged, tuple(arranger.rules))


@dataclass(slots=True)
class _Arranger:
    """Takes lines one by one, and writes paragraphs to `out`."""

    layout: Layout
    out: list[str]
    rules: dict[Rule, None]
    _run: list[str]
    _before: LineKind
    _dedent: int

    def __init__(self, layout: Layout) -> None:
        self.layout, self.out, self.rules = layout, [], {}
        self._run, self._before, self._dedent = [], LineKind.BLANK, 0

    def add(self, kind: LineKind, line: str) -> None:
        if kind is LineKind.PROSE:
            if not self._run and self._before is not LineKind.BLANK and self.layout.each_line:
                self._separate()
            self._run.append(line)
        else:
            interrupted = bool(self._run) and kind is not LineKind.BLANK
            self.flush()
            if interrupted and (self.layout.each_line or UNDERLINE.match(line)):
                self._separate()
            self.out.append(self._item(line) if kind is LineKind.ITEM else line)
        self._before = kind

    def _separate(self) -> None:
        self.out.append("")
        if self.layout.each_line:
            self.rules[Rule.LINES] = None

    def _item(self, line: str) -> str:
        """A line of a list; in plain text, a list may be indented as a whole."""
        if self.layout.form is not Format.TEXT:
            return line
        if self._before is not LineKind.ITEM:
            self._dedent = len(line) - len(line.lstrip(" \t"))
        indent = min(self._dedent, len(line) - len(line.lstrip(" \t")))
        return line[indent:]

    def flush(self) -> None:
        """Write the lines of prose that were collected."""
        run, self._run = self._run, []
        if not run:
            return
        rule = self._rule(run)
        if rule is Rule.VERSE:
            self.out.extend(f"{_plain(line, self.layout.form)}  " for line in run[:-1])
            self.out.append(_plain(run[-1], self.layout.form))
            return
        for number, paragraph in enumerate(self._paragraphs(run, rule)):
            if number:
                self.out.append("")
            self.out.extend(paragraph)

    def _rule(self, run: Sequence[str]) -> Rule:
        rule = Rule.LINES if self.layout.each_line else _rule_of(run, self.layout)
        if len(run) > 1:
            self.rules[rule] = None
        elif self.layout.form is Format.TEXT and run[0].startswith(("    ", "\t", "\u3000")):
            self.rules[Rule.INDENTED] = None
        return rule

    def _paragraphs(self, run: Sequence[str], rule: Rule) -> Iterator[list[str]]:
        paragraph: list[str] = []
        for at, line in enumerate(run):
            if at and self._begins(run[at - 1], line, rule):
                yield paragraph
                paragraph = []
            paragraph.append(self._prose(line, first=not paragraph))
        yield paragraph

    def _prose(self, line: str, *, first: bool) -> str:
        if self.layout.form is not Format.TEXT and not (self.layout.each_line and first):
            return line
        return _plain(line, self.layout.form)

    def _begins(self, above: str, line: str, rule: Rule) -> bool:
        """Whether a line begins a new paragraph."""
        if rule is Rule.LINES:
            return True
        if rule is Rule.INDENTED:
            return bool(INDENTED.match(line))
        early = is_tight_wrap(self.layout) and ends_early(above, line, self.layout.width)
        if early:
            self.rules[Rule.SHORT_LAST] = None
        return early


def _plain(line: str, form: Format) -> str:
    """A line of prose without its indentation, escaped where it would become markup."""
    text = line.strip()
    if (text != line and _MARKUP.match(text)) or (form is Format.TEXT and _TAG.match(text)):
        return f"\\{text}"
    return _NUMBER.sub(r"\1\\\2", text, count=1) if _NUMBER.match(text) else text


def _rule_of(run: Sequence[str], layout: Layout) -> Rule:
    """The rule for some lines of prose in a text that is not one paragraph per line."""
    if layout.form is not Format.TEXT or len(run) < 2:
        return Rule.JOINED
    indented = [bool(INDENTED.match(line)) for line in run]
    above = run[:-1]
    widths = [width(line.strip()) for line in above]
    widest = max(*widths, width(run[-1].strip()))
    if not all(indented) and any(indented) and widest >= MIN_WRAP:
        return Rule.INDENTED
    if widest > MAX_WRAP and share(size > LONG_LINE for size in widths) > 0.5:
        pairs = zip(above, run[1:], strict=True)
        return Rule.JOINED if share(itertools.starmap(continues, pairs)) >= 0.2 else Rule.LINES
    if _is_wrapped(run, widths, layout):
        return Rule.JOINED
    return Rule.VERSE if widest <= LONG_LINE else Rule.JOINED


def _is_wrapped(run: Sequence[str], widths: Sequence[int], layout: Layout) -> bool:
    """Whether the lines end because the next word would not have fitted."""
    if layout.width:
        filled = [size >= layout.width * 0.75 for size in widths]
        return share(filled) >= 0.5 and not _is_capitalised(run)
    column = max(*widths, width(run[-1].strip()))
    if column < 40 or _is_capitalised(run):
        return False
    words = [width((line.split(maxsplit=1) or [""])[0]) for line in run[1:]]
    full = (size + 1 + word > column for size, word in zip(widths, words, strict=True))
    return column >= MIN_WRAP - 10 and share(full) >= 0.8


def _is_capitalised(run: Sequence[str]) -> bool:
    """Whether every line begins with a capital, as most verse does."""
    return len(run) > 3 and all(first_character(line).isupper() for line in run)
