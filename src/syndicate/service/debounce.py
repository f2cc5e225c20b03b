"""Debounce files of a folder: one that is still being written waits for a second scan.

Pure: compares scans. Programs save in steps, and copying takes time; a file counts once two scans
in a row agree on it.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from syndicate.content.folder import Stat


@dataclass(frozen=True, slots=True)
class View:
    """A folder after a look at it.

    `found` is what the look found, `files` what may be taken: of a path in `held`, which differs
    from the look before, what was whole before, if it was.
    """

    found: Mapping[str, Stat]
    files: Mapping[str, Stat]
    held: frozenset[str]


def look(before: View | None, found: Mapping[str, Stat]) -> View:
    """The view after a look that found this. With nothing new, it is `before` itself.

    At the first look nothing is whole yet.
    """
    if before is None:
        return View(found, {}, frozenset(found))
    if found == before.found:
        return View(found, found, frozenset()) if before.held else before
    return _holding(before, found, differing(found, before.found))


def look_closer(before: View, found: Mapping[str, Stat]) -> View:
    """The view after a look so soon after the last that it proves no file to be whole."""
    if found == before.found:
        return before
    return _holding(before, found, before.held | differing(found, before.found))


def _holding(before: View, found: Mapping[str, Stat], held: frozenset[str]) -> View:
    files = {path: stat for path, stat in found.items() if path not in held}
    files |= {path: before.files[path] for path in held if path in before.files}
    return View(found, files, held)


def differing(one: Mapping[str, Stat], other: Mapping[str, Stat]) -> frozenset[str]:
    """The paths that are not the same in both."""
    if one is other:
        return frozenset()
    return frozenset(path for path, _ in one.items() ^ other.items())
