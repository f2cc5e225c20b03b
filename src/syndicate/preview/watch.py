"""Detect changed files by size and modification time. Reads no file.

The operating system reports changes in the content folder, which may have ten thousand files; the
few other files are polled. A full scan every two seconds finds what the system does not report,
such as changes on network disks.
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
"""Editors write in several steps: after a quiet period this long, a file is complete."""
MAX_HALVES = 20
ANYWHERE = (Path("/"),)
"""Templates may link anywhere: they are the user's own."""
RESCAN_SECONDS = 2.0
REST = 4
"""Without events: the pause between scans, as a multiple of the time a scan takes."""


@dataclass(frozen=True, slots=True)
class Watched:
    """The configuration and the folders that an issue is made from."""

    config_file: Path
    content: Path
    templates: Path
    links: tuple[Path, ...] = ()


@dataclass(frozen=True, slots=True)
class Seen:
    """The state of the files; two equal ones mean that nothing was saved in between.

    `content` is None while there is no such folder.
    """

    settings: tuple[Stat | None, dict[str, Stat] | None]
    content: dict[str, Stat] | None


class Watcher:
    """Waits for changed files."""

    def __init__(self) -> None:
        self._changes: Iterator[object] | None = None
        self._root: Path | None = None
        self._scanned_at = self._scan_seconds = 0.0

    def next(self, watched: Watched, before: Seen | None) -> Seen:
        """The state of the files, after a short while or as soon as something was saved."""
        changed = self._wait(watched.content)
        content = before.content if before else None
        if before is None or changed or time.monotonic() - self._scanned_at > RESCAN_SECONDS:
            began = time.monotonic()
            content = _scan(watched.content, watched.links)
            self._scanned_at = time.monotonic()
            self._scan_seconds = self._scanned_at - began
        if content is None:
            self._changes = None  # a folder that comes back is a new one
        return Seen(_stable_settings(watched, before), content)

    def _wait(self, root: Path) -> bool:
        """Whether to scan the folder."""
        if self._changes is None or self._root != root:
            self._changes, self._root = _events(root), root
        try:
            if self._changes is not None:
                return bool(next(self._changes, False))
        except (OSError, RuntimeError):  # the system limits how much is watched
            self._changes = None
        time.sleep(max(PAUSE_SECONDS, REST * self._scan_seconds))
        return True


def _events(root: Path) -> Iterator[object] | None:
    """Events of the folder, as sets; an empty one when nothing happened for a while."""
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


def _stable_settings(
    watched: Watched, before: Seen | None
) -> tuple[Stat | None, dict[str, Stat] | None]:
    """The configuration and templates; after a change, once they are stable."""
    previous, few = before and before.settings, _scan_settings(watched)
    for _ in range(MAX_HALVES):
        if few == previous:
            break
        time.sleep(HALF_SAVED_SECONDS)
        previous, few = few, _scan_settings(watched)
    return few


def _scan_settings(watched: Watched) -> tuple[Stat | None, dict[str, Stat] | None]:
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
    except SyndicateError:  # reported when the issue is rendered
        return None
