"""The creation time of a file, which no copy shares. On Linux only `statx` provides it."""

from __future__ import annotations

import ctypes
import os
import struct
from pathlib import Path

AT_FDCWD = -100
BTIME = 0x800
"""The bit of `stx_mask` for the time of creation (statx(2))."""

SIZE, MASK_AT, BTIME_AT = 256, 0, 80
"""The size of `struct statx`, and the offsets of its mask and its time of creation."""


def creation_time(path: Path) -> str:
    """When a file was created, as text for comparison only; "-" if unknown."""
    if seconds := getattr(path.stat(), "st_birthtime", None):  # macOS
        return str(seconds)
    try:
        statx = ctypes.CDLL(None).statx
    except (AttributeError, OSError):  # another system, or an old C library
        return "-"
    buffer = ctypes.create_string_buffer(SIZE)
    if statx(AT_FDCWD, os.fsencode(path), 0, BTIME, buffer):
        return "-"  # some containers forbid it
    (mask,) = struct.unpack_from("=I", buffer.raw, MASK_AT)
    seconds, nanoseconds = struct.unpack_from("=qI", buffer.raw, BTIME_AT)
    return f"{seconds}.{nanoseconds:09d}" if mask & BTIME else "-"
