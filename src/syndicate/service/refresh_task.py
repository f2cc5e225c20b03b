"""Task: serve new documents in the next pass, whichever program built them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from syndicate.errors import OutputError
from syndicate.service.build_state import BuildState
from syndicate.service.jobs import TaskResult
from syndicate.service.problems import as_findings

FULL_REFRESH_INTERVAL = timedelta(minutes=1)
"""Between two comparisons of the whole output folder."""


class DocumentServer(Protocol):
    """Serves the documents of the output folder."""

    def refresh(self, paths: Iterable[str] | None) -> Sequence[OutputError]:
        """Load the documents at these paths, or all that changed. Returns what cannot be served."""
        ...

    def built(self) -> None:
        """The whole site has been built, and its documents were loaded."""
        ...


class RefreshTask:
    """Loads changed documents into the server; retries those that cannot be loaded.

    Commands build too. Documents are replaced by renaming, which changes the time of their folder:
    comparing the times of `folders` in each run is a cheap way to notice other programs.
    """

    name = "web"

    def __init__(self, shows: DocumentServer, served: BuildState, folders: Sequence[Path]) -> None:
        self._server = shows
        self._served = served
        self._folders = folders
        self._times: Mapping[Path, int] = {}
        self._full_refresh_at: datetime | None = None
        self._failing = False

    def has_work(self) -> bool:
        """Whether something was built that is not served yet."""
        return self._served.is_new or not self._served.requested_paths.empty()

    def run(self, now: datetime) -> TaskResult:
        """Load what was built; once a minute, whatever is new in the folder."""
        result = self._refresh(now)
        if self._served.is_built:
            self._server.built()
        return result

    def _refresh(self, now: datetime) -> TaskResult:
        by_others = self._changed_by_others()
        self._served.take_requested()
        due = (
            self._full_refresh_at is None
            or not self._full_refresh_at <= now < self._full_refresh_at + FULL_REFRESH_INTERVAL
        )
        whole = due or by_others
        if not whole and not self._served.is_new:
            return TaskResult()
        whole = whole or self._failing  # what could not be served is tried again as well
        faults = self._server.refresh(None if whole else self._served.paths)
        self._served.paths.clear()
        self._served.is_new, self._failing = False, bool(faults)
        self._full_refresh_at = now if whole else self._full_refresh_at
        return TaskResult([each for fault in faults for each in as_findings("web-failed", fault)])

    def _changed_by_others(self) -> bool:
        """Whether another program wrote documents."""
        before, self._times = self._times, {each: _changed(each) for each in self._folders}
        if self._served.is_new or self._times == before:
            return False
        self._served.happened.set()  # there may be events for hooks
        self._served.publish_due.set()
        return True


def _changed(folder: Path) -> int:
    """When entries of a folder last changed (ns); 0 if it does not exist."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def places_of_issues(output: Path, newsletters: Iterable[str]) -> tuple[Path, ...]:
    """The folders in which documents change whenever a site, or an issue of it, does."""
    each = [output / "newsletters" / name for name in newsletters]
    return (output, *each, *(folder / "drafts" for folder in each))
