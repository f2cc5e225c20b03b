"""Files that only their owner may read, whatever the umask: they contain addresses and keys."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path
from stat import S_IMODE
from typing import Literal, TextIO

MODE = 0o600
OTHERS = 0o077
"""The permissions of all other users."""

BESIDE = ("", "-wal", "-shm", "-journal", ".lock", ".sending", ".running", ".status", ".versions")
"""Suffixes of the files of a store."""


def open_private(path: Path, mode: Literal["w", "a+"]) -> TextIO:
    """Open a text file; a new one is readable only for its owner."""
    return open(path, mode, encoding="utf-8", newline="", opener=_opener)


def create_private(path: Path) -> None:
    """Create an empty file unless there is one. Raises OSError.

    One that exists is not opened: closing it would drop all locks of this process on it, those of
    SQLite's connections included, and what they write would be lost.
    """
    with suppress(FileExistsError):
        os.close(_opener(str(path), os.O_RDWR | os.O_CREAT | os.O_EXCL))


def make_folder(path: Path) -> None:
    """Make a folder that only its owner may enter, unless there is one. Raises OSError."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.mkdir(mode=0o700, exist_ok=True)


def tighten(store: Path) -> bool:
    """Remove the permissions of others from a store and its side files; whether it had any.

    Raises OSError when the system does not allow it.
    """
    if not S_IMODE(store.stat().st_mode) & OTHERS:
        return False
    for suffix in BESIDE:
        file = store.with_name(store.name + suffix)
        if file.exists():
            file.chmod(S_IMODE(file.stat().st_mode) & ~OTHERS)
    return True


def _opener(path: str, flags: int) -> int:
    return os.open(path, flags, MODE)
