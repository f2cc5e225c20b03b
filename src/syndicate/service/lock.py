"""One service for each store: the running one holds a lock on a file.

The system frees the lock whatever ends the process.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syndicate.errors import Location, SyndicateError
from syndicate.store.file_locks import try_lock
from syndicate.store.permissions import open_private

ASKING_SECONDS = 0.5
"""Whoever only asks who runs has the lock for a moment."""


@contextmanager
def single_instance(path: Path, pid: int) -> Iterator[None]:
    """Hold the lock. Raises SyndicateError, naming the process, when another one has it."""
    with open_private(path, "a+") as file:
        end = time.monotonic() + ASKING_SECONDS
        while not try_lock(file):
            if time.monotonic() > end:
                raise _taken(path)
            time.sleep(0.05)
        file.truncate(0)
        file.write(f"{pid}\n")
        file.flush()
        yield
        file.truncate(0)


def holder(path: Path) -> int | None:
    """The process that runs the service; None when none does."""
    try:
        with path.open() as file:
            return None if try_lock(file) else int(file.read())
    except FileNotFoundError:
        return None


def _taken(path: Path) -> SyndicateError:
    pid = path.read_text(encoding="utf-8").strip()
    return SyndicateError(
        f"a service runs for this site already{f', as process {pid}' if pid else ''}",
        place=Location(str(path)),
        hint=f"let it run, or end it first: kill {pid}" if pid else "let it run",
    )
