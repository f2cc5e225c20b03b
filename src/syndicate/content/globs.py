"""Path patterns of site generators and of .gitignore, matched in linear time. Pure."""

from __future__ import annotations

import re
from collections.abc import Iterable
from fnmatch import fnmatchcase
from functools import lru_cache

_BRACES = re.compile(r"\{([^{}]*)\}")
_MAX_ALTERNATIVES = 64
_MAX_SEGMENTS = 64


def matches(path: str, pattern: str) -> bool:
    """Whether a path with forward slashes fits a pattern.

    `*` and `?` stay within a folder, `**` crosses folders, `{a,b}` is either. A slash at the
    beginning of either does not matter.
    """
    parts = path.strip("/").split("/")
    return any(_fits(parts, each) for each in _alternatives(pattern))


def is_below(path: str, pattern: str) -> bool:
    """Whether the path, or a folder it lies in, fits the pattern."""
    parts = path.strip("/").split("/")
    heads = ["/".join(parts[:count]) for count in range(1, len(parts) + 1)]
    return any(matches(head, pattern) for head in heads)


def ignored(path: str, lines: Iterable[str]) -> str:
    """The line of a .gitignore that excludes the path, "" if none does.

    The last line that matches decides; one that begins with `!` includes. See gitignore(5).
    """
    decided = ""
    for line in lines:
        row = line.strip()
        if not row or row.startswith("#"):
            continue
        negated = row.startswith("!")
        literal = row.startswith(("\\#", "\\!"))
        if _is_ignored(path, row[1:] if literal else row.removeprefix("!")):
            decided = "" if negated else row
    return decided


def last_match(path: str, patterns: Iterable[str]) -> bool:
    """Whether the last pattern that the path fits is one without `!`."""
    decided = False
    for pattern in patterns:
        if matches(path, pattern.removeprefix("!")):
            decided = not pattern.startswith("!")
    return decided


def _is_ignored(path: str, row: str) -> bool:
    folder = row.endswith("/")
    anchored = "/" in row.rstrip("/")
    pattern = row.strip("/") if anchored else f"**/{row.rstrip('/')}"
    return is_below(path.strip("/").rpartition("/")[0] if folder else path, pattern)


@lru_cache(maxsize=1024)
def _alternatives(pattern: str) -> tuple[tuple[str, ...], ...]:
    """The segments of a pattern with braces written out, `a**` as `a*` and `a*/**`; at most 64."""
    waiting = [pattern]
    done: list[str] = []
    while waiting and len(done) + len(waiting) <= _MAX_ALTERNATIVES:
        each = waiting.pop()
        if (match := _BRACES.search(each)) is None:
            done.append(each)
            continue
        head, tail = each[: match.start()], each[match.end() :]
        waiting += [f"{head}{option}{tail}" for option in match[1].split(",")]
    split = (each for one in done for each in _split_stars(one))
    return tuple(tuple(each.strip("/").split("/")[:_MAX_SEGMENTS]) for each in split)


def _split_stars(pattern: str) -> list[str]:
    """`**` beside other characters crosses folders as well.

    `s1**` is `s1*` and all below that, `**.md` is `*.md` in any folder.
    """
    parts = pattern.strip("/").split("/")
    at = next((n for n, part in enumerate(parts) if "**" in part and part.strip("*")), None)
    if at is None:
        return [pattern]
    head, _, tail = parts[at].partition("**")
    tail = tail.lstrip("*")
    crossing = [f"{head}*"] if head else []
    inner = [*crossing, "**", *([f"*{tail}"] if tail else [])]
    before, after = parts[:at], parts[at + 1 :]
    return ["/".join((*before, f"{head}*{tail}", *after)), "/".join((*before, *inner, *after))]


def _fits(parts: list[str], pattern: tuple[str, ...]) -> bool:
    """Walk the path once, with every place in the pattern where the match may stand."""
    places = _skipped({0}, pattern)
    for part in parts:
        if not places:
            return False
        places = _skipped(
            {
                place if pattern[place] == "**" else place + 1
                for place in places
                if place < len(pattern)
                and (pattern[place] == "**" or fnmatchcase(part, pattern[place]))
            },
            pattern,
        )
    return len(pattern) in places


def _skipped(places: set[int], pattern: tuple[str, ...]) -> set[int]:
    """The places, and those behind each `**`, which may stand for nothing."""
    reached = set(places)
    for place in sorted(places):
        after = place
        while after < len(pattern) and pattern[after] == "**":
            after += 1
            reached.add(after)
    return reached
