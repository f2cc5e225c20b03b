"""Measures of lines of text: how wide they are, whether a sentence ends or continues. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable

from syndicate.text_width import width

LONG_LINE = 100  # columns; few people wrap text wider than this
MAX_WRAP = 130  # columns; a wider line is not wrapped
MIN_WRAP = 60  # columns; narrower lines are verse, unless the next word never fits
_CLOSERS = r"""(?:["'”’»›)\]」』）】*_`]|\[\^?\w{1,9}\]|</\w{1,9}>)*$"""
_SENTENCE_END = re.compile(rf"[.!?…。．！？؟।۔]{_CLOSERS}")
_LINE_END = re.compile(rf"[.!?…:。．！？：؟।۔]{_CLOSERS}")

_FIRST_CHARACTER = re.compile(r"(?:<[^<>]{0,80}>)?[\W_]*([^\W_])")

_BULLET = re.compile(r"\s*[•‣◦▪●·–—]")


def ends_sentence(line: str) -> bool:
    """Whether the line ends with a sentence mark, perhaps inside quotes or brackets."""
    return bool(_SENTENCE_END.search(line[-60:].rstrip()))


def ends_line(line: str) -> bool:
    """Whether the line ends a sentence, or announces what follows with a colon."""
    return bool(_LINE_END.search(line.rstrip()[-60:]))


def continues(above: str, below: str) -> bool:
    """Whether a sentence continues in the next line."""
    return not may_begin_sentence(below) and not ends_line(above)


def may_begin_sentence(line: str) -> bool:
    """Whether a line does not begin in lowercase: with a capital, a digit, a bullet or a dash."""
    return bool(_BULLET.match(line)) or not first_character(line).islower()


def first_character(line: str) -> str:
    """The first character that is not punctuation, after a tag if there is one; "" without one."""
    match = _FIRST_CHARACTER.match(line[:120])
    return match[1] if match else ""


def ends_early(above: str, following: str, column: int) -> bool:
    """Whether a sentence, and so a wrapped paragraph, ends before the line is full."""
    word = (following.split(maxsplit=1) or [""])[0]
    room = column - width(above.rstrip()) - 1 - width(word)
    return room > 4 and ends_sentence(above) and may_begin_sentence(following)


def share(values: Iterable[bool]) -> float:
    """The share of values that are true, from 0 to 1. There must be a value."""
    counted = list(values)
    return sum(counted) / len(counted)
