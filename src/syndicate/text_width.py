"""The width of text in columns of a terminal, and wrapping (Unicode Standard Annex 11). Pure."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable, Iterator

COLUMNS = 72
"""Width of a line in an email."""

# A wide character may end a line, but no line begins with what closes a phrase.
WIDE_OR_WORD = re.compile(
    "[^\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef]+|.[、。，．！？：；）」』】》〉”’]*"
)


def wrap(text: str, columns: int = COLUMNS, first: str = "", rest: str | None = None) -> list[str]:
    """Break a paragraph into lines: `first` begins the first, `rest` (as `first`) the others.

    A line feed in `text` is kept. A word wider than a line is broken only if its script allows it.
    """
    rest = first if rest is None else rest
    lines: list[str] = []
    for part in text.split("\n"):
        line, empty = (rest if lines else first), True
        taken = width(line)
        for piece, space in _pieces(part):
            wide = width(piece)
            if not empty and taken + len(space) + wide > columns:
                lines.append(line)
                line, taken, empty = rest, width(rest), True
            line += piece if empty else space + piece
            taken += wide if empty else len(space) + wide
            empty = False
        lines.append(line)
    return lines


def width(text: str) -> int:
    """How many columns `text` takes on a screen (Unicode, annex 11)."""
    if text.isascii():
        return len(text)
    return sum(_columns(each) * count for each, count in Counter(text).items())


def _columns(character: str) -> int:
    if unicodedata.category(character) in ("Mn", "Me", "Cf"):
        return 0
    return 2 if unicodedata.east_asian_width(character) in "WF" else 1


def _pieces(text: str) -> Iterable[tuple[str, str]]:
    """What must stay on one line, each with the space before it: words, or wide characters."""
    if text.isascii():
        yield from ((word, " ") for word in text.split())
        return
    for word in text.split():
        space = " "
        for piece in WIDE_OR_WORD.findall(word):
            yield piece, space
            space = ""


def broken(line: str, columns: int) -> Iterator[str]:
    """The parts of a line that is wider than `columns`, wherever it must be broken."""
    part, taken = "", 0
    for character in line:
        wide = _columns(character)
        if part and taken + wide > columns:
            yield part
            part, taken = "", 0
        part += character
        taken += wide
    yield part
