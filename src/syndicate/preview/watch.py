"""Sees what an author saves: files are known by size and time of change. Reads none.

The operating system tells of changes in the content folder, which may hold ten thousand files;
the few others are looked at all the time. What the system does not tell (on network disks, say)
is seen by a look at everything, every other second.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from syndicate.content import folder
from syndicate.content.folder import Stat
from syndicate.errors import SyndicateError

PAUSE_SECONDS = 0.05
HALF_SAVED_SECONDS = 0.015
"""Editors write in several steps: once that long nothing happens, a file is whole."""
MAX_HALVES = 20
ANYWHERE = (Path("/"),)
"""Where links among templates may lead: these are the user's own."""
LOOK_ANYWAY_SECONDS = 2.0
REST = 4
"""How many times as long as a look takes the pause before the next, where looking is all."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The configuration and the folders that an issue is made from."""

    config_file: Path
    content: Path
    templates: Path
    links: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """How all of it was; two that are equal mean that nothing was saved in between.

    `content` is None while there is no such folder.
    """

    few: tuple[Stat | None, dict[str, Stat] | None]
    content: dict[str, Stat] | None


class Watcher:
    """Waits for what is saved."""

    def __init__(self) -> None:
        self._told: Iterator[object] | None = None
        self._root: Path | None = None
        self._looked = self._took = 0.0

    def next(self, watched: Watched, before: Seen | None) -> Seen:
        """How everything is, after a short while or as soon as something was saved."""
        told = self._wait(watched.content)
        content = before.content if before else None
        if before is None or told or time.monotonic() - self._looked > LOOK_ANYWAY_SECONDS:
            began = time.monotonic()
            content = _scan(watched.content, watched.links)
            self._looked = time.monotonic()
            self._took = self._looked - began
        if content is None:
            self._told = None  # a folder that comes back is another one
        return Seen(_whole(watched, before), content)

    def _wait(self, root: Path) -> bool:
        """Whether the folder is to be looked at."""
        if self._told is None or self._root != root:
            self._told, self._root = _events(root), root
        try:
            if self._told is not None:
                return bool(next(self._told, False))
        except (OSError, RuntimeError):  # it tells no more: there are limits on what is watched
            self._told = None
        time.sleep(max(PAUSE_SECONDS, REST * self._took))
        return True


def _events(root: Path) -> Iterator[object] | None:
    """What the system tells of the folder: sets, empty when nothing happened for a while."""
    from watchfiles import watch

    if not root.is_dir():
        return None
    return watch(
        root,
        watch_filter=None,
        step=int(HALF_SAVED_SECONDS * 1000),
        debounce=int(HALF_SAVED_SECONDS * 1000 * MAX_HALVES),
        rust_timeout=int(PAUSE_SECONDS * 1000),
        yield_on_timeout=True,
    )


def _whole(watched: Watched, before: Seen | None) -> tuple[Stat | None, dict[str, Stat] | None]:
    """The few files; after a change, once nothing happens any more."""
    known, few = before and before.few, _few(watched)
    for _ in range(MAX_HALVES):
        if few == known:
            break
        time.sleep(HALF_SAVED_SECONDS)
        known, few = few, _few(watched)
    return few


def _few(watched: Watched) -> tuple[Stat | None, dict[str, Stat] | None]:
    return _stat(watched.config_file), _scan(watched.templates, ANYWHERE)


def _stat(path: Path) -> Stat | None:
    try:
        stat = path.stat()
    except OSError:
        return None
    return stat.st_size, stat.st_mtime_ns


def _scan(root: Path, links: Sequence[Path]) -> dict[str, Stat] | None:
    try:
        return folder.scan(root, links)
    except SyndicateError:  # told when the issue is made
        return None
