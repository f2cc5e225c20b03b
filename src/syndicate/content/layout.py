"""How a text without other markup is laid out: wrapped, one paragraph per line, or spaced. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from syndicate.content.article import Format
from syndicate.content.line_kinds import LineKind, line_kinds
from syndicate.content.line_measures import (
    LONG_LINE,
    MAX_WRAP,
    MIN_WRAP,
    continues,
    ends_early,
    ends_line,
    share,
)
from syndicate.text_width import width

MAX_LENGTH = 1_000_000  # characters
MAX_LINES = 20_000
_SAMPLE = 200_000  # characters that decide on the layout


@dataclass(frozen=True, slots=True)
class Layout:
    """How a text is laid out. `width` is the column at which it is wrapped, 0 if it is not.

    `each_line`: each line is a paragraph. `long`: most line ends follow more than LONG_LINE
    columns. `compact`: no blank line separates two paragraphs. `count`: line ends in paragraphs.
    """

    form: Format
    each_line: bool = False
    width: int = 0
    long: bool = False
    compact: bool = False
    count: int = 0


def detect_layout(text: str, form: Format) -> Layout:
    """The layout of a text. `form` is TEXT, or MARKDOWN for a file without front matter."""
    if "\n" not in text or is_too_long(text):
        return Layout(form)
    lines = text[:_SAMPLE].split("\n")
    kinds = line_kinds(lines, form)
    ends = [
        (lines[at - 1], lines[at])
        for at in range(1, len(lines))
        if kinds[at] is kinds[at - 1] is LineKind.PROSE
    ]
    if not ends:
        return Layout(form, each_line=_has_long_line_below_list(lines, kinds), compact=True)
    spaced = _count_spaced(kinds)
    widths = [width(above.rstrip()) for above, _ in ends]
    long = share(size > LONG_LINE for size in widths) > 0.5
    wrap = _wrap_width(ends, widths)
    each_line = not wrap and _is_each_line(ends, spaced, form, long=long)
    return Layout(form, each_line, wrap, long, spaced == 0, len(ends))


def _has_long_line_below_list(lines: Sequence[str], kinds: Sequence[LineKind]) -> bool:
    """Whether a paragraph of one long line directly follows a list or quote."""
    marked = (LineKind.ITEM, LineKind.QUOTE)
    return any(
        kinds[at] is LineKind.PROSE and kinds[at - 1] in marked and width(lines[at]) > LONG_LINE
        for at in range(1, len(lines))
    )


def _count_spaced(kinds: Sequence[LineKind]) -> int:
    """How often only blank lines separate two lines of prose."""
    count, before, blank = 0, LineKind.OTHER, False
    for kind in kinds:
        if kind is LineKind.BLANK:
            blank = True
            continue
        count += blank and before is kind is LineKind.PROSE
        before, blank = kind, False
    return count


def _is_each_line(
    ends: Sequence[tuple[str, str]], spaced: int, form: Format, *, long: bool
) -> bool:
    if spaced and not (long and spaced * 8 <= len(ends)):
        return False
    if form is Format.MARKDOWN and any(_is_hard_break(above) for above, _ in ends):
        return False
    unwrapped = long or (not spaced and any(_is_beyond_wrap(*lines) for lines in ends))
    if unwrapped and share(continues(above, below) for above, below in ends) < 0.2:
        return True
    enough = long or form is Format.TEXT or len(ends) > 1
    return enough and share(ends_line(above) for above, _ in ends) >= 0.8


def _is_beyond_wrap(above: str, below: str) -> bool:
    """Whether one of the lines is wider than any wrapped text, so that its line end is meant."""
    return max(width(above), width(below)) > MAX_WRAP


def _is_hard_break(line: str) -> bool:
    return line.endswith(("\\", "  ")) and width(line.rstrip()) <= LONG_LINE


def _wrap_width(ends: Sequence[tuple[str, str]], widths: Sequence[int]) -> int:
    """The column at which lines are wrapped; 0 if they are not.

    A short line that ends a sentence is the last of its paragraph, and not evidence of the width.
    """
    column = sorted(widths)[(len(widths) * 19) // 20]
    if not MIN_WRAP <= column <= MAX_WRAP:
        return 0
    if share(ends_line(above) for above, _ in ends) >= 0.7:
        return 0
    sizes = zip(ends, widths, strict=True)
    filled = [
        size >= column * 0.75
        for (above, below), size in sizes
        if size >= column * 0.75 or not ends_early(above, below, column)
    ]
    return column if share(filled) >= 0.7 else 0


def is_too_long(text: str) -> bool:
    """Whether a text is beyond the limits, so that it keeps the paragraphs of Markdown."""
    return len(text) > MAX_LENGTH or text.count("\n") > MAX_LINES


def is_tight_wrap(layout: Layout) -> bool:
    """Whether text is wrapped and its paragraphs are not separated by blank lines."""
    return layout.width > 0 and layout.compact and layout.count >= 4
