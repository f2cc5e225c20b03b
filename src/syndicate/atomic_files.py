"""Documents -> a folder: each replaced whole, and only when its bytes changed.

A reader of the folder sees the old document or the new one, never a part.
"""

from __future__ import annotations

import os
from errno import EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR, ENOTEMPTY
from pathlib import Path

from syndicate.errors import Location, OutputError


class PathConflictError(OutputError):
    """No file can have this path: a folder has it, or its folder would have the path of a file."""


PARTIAL = ".syndicate.part"
"""A document on its way; one of this name that is not was left by a build that was killed."""

BLOCKED = (EEXIST, EISDIR, ENAMETOOLONG, ENOTDIR, ENOTEMPTY)


def write(root: Path, path: str, data: bytes, *, private: bool = False) -> bool:
    """Write a document unless it exists with the same bytes; returns whether it was written.

    A `private` one is readable only by its owner; others have the permissions of the umask.
    """
    target = root / path
    try:
        if _same(target, data):
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data, private=private)
    except OSError as error:
        raise _refused(target, error) from error
    return True


def write_dated(root: Path, path: str, data: bytes, changed: int) -> bool:
    """Write a document as `write` does; it gets `changed`, in seconds since 1970, as its time."""
    target = root / path
    try:
        if _same(target, data):
            if int(target.stat().st_mtime) != changed:
                os.utime(target, (changed, changed))
            return False
        target.parent.mkdir(parents=True, exist_ok=True)
        _replace(target, data, times=(changed, changed))
    except OSError as error:
        raise _refused(target, error) from error
    return True


def _replace(
    target: Path, data: bytes, *, private: bool = False, times: tuple[int, int] | None = None
) -> None:
    partial = target.with_name(PARTIAL)
    try:
        if private:
            partial.touch(0o600)
            partial.chmod(0o600)
        partial.write_bytes(data)
        os.utime(partial, times)  # without times: now
        partial.replace(target)
    except BaseException:  # Ctrl-C too leaves nothing behind
        partial.unlink(missing_ok=True)
        raise


def is_current(root: Path, path: str, data: bytes) -> bool:
    """Whether a document exists with these bytes."""
    try:
        return _same(root / path, data)
    except OSError:  # something else has its place: writing it would say so
        return False


def remove(root: Path, path: str) -> None:
    """Remove a document, if it is still there, and the folders it leaves empty."""
    target = root / path
    try:
        target.unlink(missing_ok=True)
        for folder in target.parents:
            if folder == root or {path.name for path in folder.iterdir()} - {PARTIAL}:
                break
            (folder / PARTIAL).unlink(missing_ok=True)
            folder.rmdir()
    except (FileNotFoundError, NotADirectoryError, IsADirectoryError):
        return  # its folder is gone too, or another program put a folder there
    except OSError as error:
        raise _refused(target, error) from error


def _same(target: Path, data: bytes) -> bool:
    try:
        return target.stat().st_size == len(data) and target.read_bytes() == data
    except FileNotFoundError:
        return False


def _refused(target: Path, error: OSError) -> OutputError:
    blocked = error.errno in BLOCKED
    hint = "check the folder's rights and the disk's space, then build again"
    return (PathConflictError if blocked else OutputError)(
        f"cannot be written: {error.strerror}",
        place=Location(str(target)),
        hint="move away what has its name, or stands in its way" if blocked else hint,
    )
