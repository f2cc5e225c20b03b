"""Locks on files, which the system frees however a process ends, and writing to the disk itself."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path
from typing import TextIO


def try_lock(file: TextIO | int) -> bool:
    """Lock an open file if no other process has; whether it is ours now."""
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(file: TextIO | int) -> None:
    """Lock an open file, as soon as no other process has it locked."""
    fcntl.flock(file, fcntl.LOCK_EX)


def sync(path: Path) -> None:
    """Write a file, or the names in a folder, to the disk itself: they survive a power cut."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
