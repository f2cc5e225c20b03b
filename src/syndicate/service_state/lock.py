"""One service for each store: the running service holds a lock on a file.

The system frees the lock when the process ends, for whatever reason.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from syndicate.disk import try_lock
from syndicate.errors import Location, SyndicateError
from syndicate.site import Setup
from syndicate.store.permissions import open_private

PROBE_SECONDS = 0.5
"""How long a service waits for the lock: `holder` takes it for a moment."""


def lock_file(setup: Setup) -> Path:
    """The lock file, beside the store."""
    return setup.state.with_name(setup.state.name + ".running")


@contextmanager
def single_instance(path: Path, pid: int) -> Iterator[None]:
    """Hold the lock. Raises SyndicateError, naming the process, if another one holds it."""
    with open_private(path, "a+") as file:
        end = time.monotonic() + PROBE_SECONDS
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
    """The process that runs the service; None if no service is running."""
    try:
        with path.open() as file:
            return None if try_lock(file) else int(file.read())
    except FileNotFoundError:
        return None


def _taken(path: Path) -> SyndicateError:
    pid = path.read_text(encoding="utf-8").strip()
    return SyndicateError(
        f"a service already runs for this site{f', as process {pid}' if pid else ''}",
        place=Location(str(path)),
        hint=f"let it run, or stop it first: kill {pid}" if pid else "let it run",
    )
