"""The record of sent messages, outside the store: a small file such as `.syndicate.db.sent`.

Two lines of the same format, each with a counter, an incarnation and a checksum: they are written
in turn, so that one is always valid. After them, a line of JSON for each issue that was made or
whose sending began, because a restored store does not know these. Append-only.
"""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from zlib import crc32

from syndicate.disk import sync, wait_for_lock
from syndicate.store.permissions import MODE, make_folder

LINE = 63
"""Bytes of a line: 20 digits, 32 of the incarnation, 8 of the checksum, and separators."""

LINES = 2
SYNC_SECONDS = 1.0
"""Seconds between syncs of the counter to the disk.

Each costs as much as a commit. A counter lost in a power cut matters only if a backup from this
time replaces the store.
"""

UNREADABLE = "?"
"""The incarnation in a record without a valid line."""


class Recorded(NamedTuple):
    """The content of a record."""

    incarnation: str
    counter: int


class MadeIssue(NamedTuple):
    """An issue in a record; `articles` are the ids of its articles."""

    sequence: int
    newsletter: str
    slot: str
    due: str
    planned: int
    articles: tuple[str, ...]


class SentRecord:
    """The file at `path`, which is created by the first write."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._on_disk = -SYNC_SECONDS

    # -- reading ---------------------------------------------------------------------------

    def read(self) -> Recorded | None:
        """Its content; None without a file. Raises OSError."""
        try:
            data = self.path.read_bytes()[: LINE * LINES]
        except FileNotFoundError:
            return None
        return _newest(data) or Recorded(UNREADABLE, 0)

    def issues(self) -> list[MadeIssue]:
        """Every issue in it, in the order they were made."""
        issues = (MadeIssue(**each) for each in self._entries() if "sequence" in each)
        return [each._replace(articles=tuple(each.articles)) for each in issues]

    def begun(self) -> dict[tuple[str, str], str]:
        """Newsletter and slot of the issues whose sending began: when each was approved.

        "" where an older version did not record that.
        """
        entries = (each for each in self._entries() if "began" in each)
        return {(each["began"][0], each["began"][1]): each.get("approved", "") for each in entries}

    def last_issue(self) -> int:
        """The highest number of an issue in it, 0 for none."""
        return max((issue.sequence for issue in self.issues()), default=0)

    def _entries(self) -> Iterator[dict[str, Any]]:
        try:
            lines = self.path.read_bytes()[LINE * LINES :].splitlines()
        except FileNotFoundError:
            return
        for line in lines:
            try:
                yield json.loads(line)
            except ValueError:
                continue  # a program was killed while it wrote this; it is written again

    # -- writing ---------------------------------------------------------------------------

    def write(self, incarnation: str, counter: int) -> None:
        """Raise its counter to `counter`, so that it survives the end of this program.

        A power cut may undo the last second. Raises OSError.
        """
        with self._open() as file:
            lines = _lines(os.read(file, LINE * LINES))
            newest = _newest(b"".join(lines))
            if newest and newest.incarnation == incarnation and newest.counter >= counter:
                return
            at = 0 if newest is None or _read(lines[1]) == newest else 1
            _write_at(file, at * LINE, _line(incarnation, counter))
            if time.monotonic() >= self._on_disk + SYNC_SECONDS:
                _to_disk(file)
                self._on_disk = time.monotonic()

    def add(self, issues: Iterable[MadeIssue]) -> None:
        """Add issues that were made. Raises OSError."""
        self._append([issue._asdict() for issue in issues])

    def add_begun(self, newsletter: str, slot: str, approved: str) -> None:
        """Add that the sending of an issue begins, and when it was approved. Raises OSError."""
        self._append([{"began": [newsletter, slot], "approved": approved}])

    def replace(self, incarnation: str, counter: int, issues: Iterable[MadeIssue]) -> None:
        """Replace the record by a new one; only while nothing sends. Raises OSError."""
        partial = self.path.with_name(f"{self.path.name}.part")
        partial.unlink(missing_ok=True)
        record = SentRecord(partial)
        record.write(incarnation, counter)
        record.add(issues)
        partial.replace(self.path)
        sync(self.path.parent)

    def _append(self, entries: Sequence[dict[str, object]]) -> None:
        text = "".join(f"\n{json.dumps(entry)}" for entry in entries)
        with self._open() as file:
            at = max(os.fstat(file).st_size, LINE * LINES)
            _write_at(file, at, text.encode())
            _to_disk(file)

    @contextmanager
    def _open(self) -> Iterator[int]:
        """The file, created if missing, and locked: two programs may write to it."""
        is_new = not self.path.exists()
        if is_new:
            make_folder(self.path.parent)
        file = os.open(self.path, os.O_RDWR | os.O_CREAT, MODE)
        try:
            wait_for_lock(file)
            yield file
            if is_new:
                sync(self.path.parent)
        finally:
            os.close(file)


def _line(incarnation: str, counter: int) -> bytes:
    content = f"{counter:020d} {incarnation:<32}".encode()
    return b"%b %08x\n" % (content, crc32(content))


def _read(line: bytes) -> Recorded | None:
    content, _, check = line.rstrip(b"\n").rpartition(b" ")
    if len(line) != LINE or check != b"%08x" % crc32(content):
        return None
    counter, incarnation = content.decode().split()
    return Recorded(incarnation, int(counter))


def _lines(data: bytes) -> list[bytes]:
    return [data[:LINE], data[LINE : LINE * LINES]]


def _newest(data: bytes) -> Recorded | None:
    valid = [record for line in _lines(data) if (record := _read(line))]
    return max(valid, key=lambda each: each.counter, default=None)


def _write_at(file: int, at: int, data: bytes) -> None:
    os.lseek(file, at, os.SEEK_SET)
    while data:
        data = data[os.write(file, data) :]


def _to_disk(file: int) -> None:
    """Write to the disk itself, so that it survives a power cut."""
    getattr(os, "fdatasync", os.fsync)(file)
