"""Regular expressions that are found in linear time, as Hugo's configuration has them. Pure.

The syntax is that of RE2 (https://github.com/google/re2/wiki/Syntax) without the rarely used:
classes by name (`[[:alpha:]]`, `\\pL`), `\\b`, `\\Q`, and flags other than `(?i)`. Python's own
expressions may take exponential time, and these come from files that are not trusted.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from functools import lru_cache
from typing import NamedTuple

MAX_LENGTH = 500
MAX_STEPS = 2_000
_MAX_DEPTH = 30
_MAX_COUNT = 100
_GROUP = re.compile(r"\((?:\?(?:P?<\w+>|:))?")
_COUNT = re.compile(r"\{(\d{1,4})(,?)(\d{0,4})\}")
_CLASS = re.compile(r"\[\^?\]?(?:\\[^pPQ]|[^\]\\])*\]")
_ESCAPE = re.compile(r"\\(?:x[0-9A-Fa-f]{2}|[dDwWsSntrfv]|[^\w\s])")


class _Step(NamedTuple):
    """One step: to take a character that `fits`, to go on at `to`, or to be at an end of the text.

    `fits` is an expression for one character, "^" or "$" for the ends; None: only go on.
    """

    fits: re.Pattern[str] | str | None
    to: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class Expression:
    """An expression as steps; the last one, past the end, is the match."""

    steps: tuple[_Step, ...]

    def is_in(self, text: str) -> bool:
        """Whether it matches somewhere in the text."""
        places: set[int] = set()
        for at in range(len(text) + 1):
            places = self._reached(places | {0}, at, len(text))
            if len(self.steps) in places:
                return True
            if at < len(text):
                places = {place + 1 for place in places if self._takes(place, text[at])}
        return False

    def _takes(self, place: int, char: str) -> bool:
        fits = self.steps[place].fits
        return isinstance(fits, re.Pattern) and bool(fits.fullmatch(char))

    def _reached(self, places: set[int], at: int, end: int) -> set[int]:
        """The places, and all that are reached from them without taking a character."""
        waiting, reached = list(places), set(places)
        while waiting:
            place = waiting.pop()
            if place == len(self.steps):
                continue
            fits, to = self.steps[place]
            if fits is None:
                after = to
            elif isinstance(fits, str):
                after = (place + 1,) if at == (0 if fits == "^" else end) else ()
            else:
                continue
            new = [each for each in after if each not in reached]
            reached.update(new)
            waiting += new
        return reached


@lru_cache(maxsize=256)
def compiled(pattern: str) -> Expression:
    """Read an expression. Raises ValueError, with what is wrong, for one that is not understood."""
    if len(pattern) > MAX_LENGTH:
        raise ValueError(f"it has more than {MAX_LENGTH} characters")
    flags = re.IGNORECASE if pattern.startswith("(?i)") else re.NOFLAG
    parser = _Parser(pattern, flags | re.DOTALL, 4 if flags else 0)
    steps = parser.alternatives(0)
    if parser.at < len(pattern):
        raise ValueError("a bracket is closed that was not opened")
    return Expression(tuple(steps))


@dataclass(slots=True)
class _Parser:
    """Reads an expression from left to right. Steps count from the beginning of their part."""

    pattern: str
    flags: re.RegexFlag
    at: int
    cache: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def alternatives(self, depth: int) -> list[_Step]:
        if depth > _MAX_DEPTH:
            raise ValueError("brackets are nested too deeply")
        steps = self._sequence(depth)
        while self._is_next("|"):
            self.at += 1
            other = self._sequence(depth)
            fork = _Step(None, (1, len(steps) + 2))
            over = _Step(None, (len(other) + 1,))
            steps = _joined([fork], steps, [over], other)
        return steps

    def _sequence(self, depth: int) -> list[_Step]:
        steps: list[_Step] = []
        while self.at < len(self.pattern) and self.pattern[self.at] not in "|)":
            steps = _joined(steps, self._repeated(self._item(depth)))
        return steps

    def _item(self, depth: int) -> list[_Step]:
        char = self.pattern[self.at]
        if char == "(":
            return self._group(depth)
        if char in "*+?":
            raise ValueError(f"nothing stands before {char}")
        if self.pattern.startswith((r"\A", r"\z"), self.at):
            self.at += 2
            return [_Step("^" if self.pattern[self.at - 1] == "A" else "$")]
        if char in "^$":
            self.at += 1
            return [_Step(char)]
        return [_Step(self._one_character())]

    def _group(self, depth: int) -> list[_Step]:
        opened = _GROUP.match(self.pattern, self.at)
        self.at += len(opened[0]) if opened else 1
        if self._is_next("?"):
            raise ValueError("this kind of group is not supported")
        steps = self.alternatives(depth + 1)
        if not self._is_next(")"):
            raise ValueError("a bracket is not closed")
        self.at += 1
        return steps

    def _one_character(self) -> re.Pattern[str]:
        rest = {"[": _CLASS, "\\": _ESCAPE}.get(self.pattern[self.at])
        match = rest.match(self.pattern, self.at) if rest else None
        if rest and (match is None or "[:" in match[0]):
            raise ValueError(f"{self.pattern[self.at :][:10]} is not supported")
        text = match[0] if match else self.pattern[self.at]
        self.at += len(text)
        plain = text if match or text == "." else re.escape(text)
        if plain not in self.cache:
            try:
                self.cache[plain] = re.compile(plain, self.flags)
            except re.error as error:
                raise ValueError(str(error)) from error
        return self.cache[plain]

    def _repeated(self, steps: list[_Step]) -> list[_Step]:
        while count := self._count():
            low, high = count
            more = [] if high is None else _optional(steps, high - low)
            steps = _joined(*[steps] * low, _star(steps) if high is None else more)
        return steps

    def _count(self) -> tuple[int, int | None] | None:
        """How often what stands before is repeated, at least and at most."""
        simple: dict[str, tuple[int, int | None]] = {"*": (0, None), "+": (1, None), "?": (0, 1)}
        match = _COUNT.match(self.pattern, self.at)
        if match:
            low = int(match[1])
            high = int(match[3]) if match[3] else None if match[2] else low
            count: tuple[int, int | None] = (low, high)
        elif self.at < len(self.pattern) and self.pattern[self.at] in simple:
            count = simple[self.pattern[self.at]]
        else:
            return None
        if max(count[0], count[1] or 0) > _MAX_COUNT or (count[1] or count[0]) < count[0]:
            raise ValueError("a number of repetitions is too large, or too small")
        self.at += len(match[0]) if match else 1
        if self._is_next("?"):  # whether as few as possible are taken does not matter here
            self.at += 1
        return count

    def _is_next(self, char: str) -> bool:
        return self.pattern.startswith(char, self.at)


def _joined(*parts: list[_Step]) -> list[_Step]:
    """Parts one after another. Where a step goes on is counted from the beginning of its part."""
    steps: list[_Step] = []
    for part in parts:
        start = len(steps)
        steps += [_Step(fits, tuple(each + start for each in to)) for fits, to in part]
    if len(steps) > MAX_STEPS:
        raise ValueError("it is too large")
    return steps


def _star(steps: list[_Step]) -> list[_Step]:
    fork = _Step(None, (1, len(steps) + 2))
    return _joined([fork], steps, [_Step(None, (-len(steps) - 1,))])


def _optional(steps: list[_Step], count: int) -> list[_Step]:
    fork = _Step(None, (1, len(steps) + 1))
    return _joined(*[_joined([fork], steps)] * count)
