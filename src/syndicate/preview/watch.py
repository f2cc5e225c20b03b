"""What an author may save, as it is now: known by size and time of change. Reads no file."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from syndicate.content import folder
from syndicate.content.folder import Stat
from syndicate.errors import SyndicateError

HALF_SAVED_SECONDS = 0.015
MOST_LOOKS = 10


@dataclass(frozen=True, slots=True)
class Watched:
    """The configuration and the folders that an issue is made from."""

    config_file: Path
    content: Path
    templates: Path


@dataclass(frozen=True, slots=True)
class Seen:
    """How all of it was; two that are equal mean that nothing was saved in between."""

    config: Stat | None
    templates: dict[str, Stat]
    content: dict[str, Stat] | None
    """None while there is no such folder."""


def look(watched: Watched) -> Seen:
    """How everything is now."""
    return Seen(_stat(watched.config_file), _scan(watched.templates) or {}, _scan(watched.content))


def look_for_change(watched: Watched, before: Seen | None) -> Seen:
    """As `look`; after a change, once it is whole: editors write files in several steps."""
    return settled(lambda: look(watched), before)


def settled(look: Callable[[], Seen], before: Seen | None) -> Seen:
    """What `look` gives when it gives the same twice, or what it gives when that is `before`."""
    seen = look()
    for _ in range(MOST_LOOKS):
        if seen == before:
            break
        time.sleep(HALF_SAVED_SECONDS)
        before, seen = seen, look()
    return seen


def _stat(path: Path) -> Stat | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _scan(root: Path) -> dict[str, Stat] | None:
    try:
        return folder.scan(root)
    except SyndicateError:  # told when the issue is made
        return None
