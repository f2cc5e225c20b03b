"""The content folder on disk: what is in it, and the bytes of its files. Decides nothing."""

from __future__ import annotations

import os
from pathlib import Path

from syndicate.errors import ArticleError, Place, SyndicateError

Stat = tuple[int, int]
"""Size in bytes and time of the last change in nanoseconds."""


def scan(root: Path) -> dict[str, Stat]:
    """Every file below `root`, but hidden ones: path with forward slashes -> stat."""
    found: dict[str, Stat] = {}
    waiting = [("", str(root))]
    visited: set[tuple[int, int]] = set()
    while waiting:
        prefix, folder = waiting.pop()
        try:
            _scan_folder(prefix, folder, found, waiting, visited)
        except OSError as error:
            raise SyndicateError(
                f"the folder cannot be read: {error.strerror}",
                place=Place(folder),
                way_out="set content: in config.yaml to the folder of your articles",
            ) from error
    return found


def _scan_folder(
    prefix: str,
    folder: str,
    found: dict[str, Stat],
    waiting: list[tuple[str, str]],
    visited: set[tuple[int, int]],
) -> None:
    with os.scandir(folder) as entries:
        for entry in entries:
            name = entry.name
            if name[0] == ".":
                continue
            if entry.is_dir():
                stat = entry.stat()
                if (stat.st_dev, stat.st_ino) not in visited:  # links may go in circles
                    visited.add((stat.st_dev, stat.st_ino))
                    waiting.append((f"{prefix}{name}/", entry.path))
            elif entry.is_file():
                stat = entry.stat()
                found[prefix + name] = (stat.st_size, stat.st_mtime_ns)


def read(root: Path, path: str, most: int | None = None) -> bytes:
    """The bytes of a file; of one larger than `most`, one more than that.

    Raises ArticleError.
    """
    try:
        # The plain calls: opening through Path and io takes three times as long.
        handle = os.open(f"{root}/{path}", os.O_RDONLY | getattr(os, "O_BINARY", 0))
        try:
            size = os.fstat(handle).st_size
            return os.read(handle, size if most is None else min(size, most + 1))
        finally:
            os.close(handle)
    except OSError as error:
        raise ArticleError(
            f"the file cannot be read: {error.strerror}",
            place=Place(path),
            way_out="check that it is still there and may be read",
        ) from error
