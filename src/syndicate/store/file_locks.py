"""Locks on files. The system frees them however the process ends."""

from __future__ import annotations

from typing import TextIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]


def try_lock(file: TextIO) -> bool:
    """Lock an open file if no other process has; whether it is ours now."""
    if fcntl is None:  # Windows: writers still exclude each other, builds do not
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def wait_for_lock(file: int) -> None:
    """Lock an open file, as soon as no other process has it locked."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)
