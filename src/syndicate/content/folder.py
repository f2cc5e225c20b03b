"""The content folder on disk: what is in it, and the bytes of its files. Decides nothing."""

from __future__ import annotations

import os
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from pathlib import Path

from syndicate.errors import ArticleError, Place, SyndicateError

Stat = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


@dataclass(frozen=True, slots=True)
class Seen:
    """What a build is given of the folder.

    `files` is all that is there. Of `held` paths nothing is concluded: they are still being
    written, and what is known of them stays. `changed` are the only paths that can differ from
    what the store has; None: any can.
    """

    files: Mapping[str, Stat]
    held: AbstractSet[str] = frozenset()
    changed: AbstractSet[str] | None = None


def scan(root: Path) -> dict[str, Stat]:
    """Every file below `root`, but hidden ones: path with forward slashes -> stat.

    Links are followed once everything else is seen: of two ways to a file the plain one counts.
    """
    found: dict[str, Stat] = {}
    folders = [("", str(root))]
    links: list[tuple[str, str]] = []
    visited: set[tuple[int, int]] = set()
    while folders or links:
        links.sort(reverse=True)
        prefix, folder = folders.pop() if folders else links.pop()
        try:
            if not _seen(folder, visited):
                _scan_folder(prefix, folder, found, folders, links)
        except FileNotFoundError as error:
            if not prefix:
                raise _no_folder(folder, error) from error
        except OSError as error:
            raise _no_folder(folder, error) from error
    return found


def stat_of(root: Path, path: str) -> Stat | None:
    """The stat of one file that `scan` found; None when it is gone or out of reach."""
    try:
        stat = os.stat(f"{root}/{path}")  # noqa: PTH116  as `scan` does
    except OSError:
        return None
    return (stat.st_size, stat.st_mtime_ns)


def _no_folder(folder: str, error: OSError) -> SyndicateError:
    return SyndicateError(
        f"the folder cannot be read: {error.strerror}",
        place=Place(folder),
        way_out="set content: in config.yaml to the folder of your articles",
    )


def _seen(folder: str, visited: set[tuple[int, int]]) -> bool:
    """Whether the folder was scanned under another name: links may go in circles."""
    stat = os.stat(folder)  # noqa: PTH116  for thousands
    before = len(visited)
    visited.add((stat.st_dev, stat.st_ino))
    return len(visited) == before


def _scan_folder(
    prefix: str,
    folder: str,
    found: dict[str, Stat],
    folders: list[tuple[str, str]],
    links: list[tuple[str, str]],
) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            try:
                if entry.is_dir():
                    kind = links if entry.is_symlink() else folders
                    kind.append((f"{prefix}{name}/", entry.path))
                elif entry.is_file():
                    stat = entry.stat()
                    found[prefix + name] = (stat.st_size, stat.st_mtime_ns)
            except OSError:  # gone meanwhile, as editors' files are, or a link to itself
                continue


class UnreadableError(ArticleError):
    """The file is there, or was, but its bytes cannot be had now."""


def read(root: Path, path: str, most: int | None = None) -> bytes:
    """The bytes of a file; of one larger than `most`, one more than that.

    Raises UnreadableError.
    """
    try:
        # The plain calls: opening through Path and io takes three times as long.
        handle = os.open(f"{root}/{path}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            size = os.fstat(handle).st_size
            return _read(handle, size if most is None else min(size, most + 1))
        finally:
            os.close(handle)
    except OSError as error:
        raise UnreadableError(
            f"the file cannot be read: {error.strerror}",
            place=Place(path),
            way_out="check that it is still there and may be read",
        ) from error


def _read(handle: int, size: int) -> bytes:
    """That many bytes: one call may give fewer, of a large file or on a network."""
    data = os.read(handle, size)
    while len(data) < size and (more := os.read(handle, size - len(data))):
        data += more
    return data
