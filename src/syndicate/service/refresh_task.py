"""Task: serve new documents in the next turn, whichever program built them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from syndicate.errors import OutputError
from syndicate.service.build_state import BuildState
from syndicate.service.jobs import TaskResult
from syndicate.service.problems import as_findings

ANYWAY = timedelta(minutes=1)
"""From one look at the whole folder to the next, whatever its folders say."""


class Shows(Protocol):
    """Serves the documents of the output folder."""

    def refresh(self, paths: Iterable[str] | None) -> Sequence[OutputError]:
        """Take up what changed: these paths, or whatever did. Gives what cannot be served."""
        ...

    def built(self) -> None:
        """The whole site was built, and what was built was taken up."""
        ...


class RefreshTask:
    """Has served what changed. What cannot be is tried again, at the latest after a minute.

    Commands build too. Documents are replaced by renaming, which changes the time of their folder:
    the times of `folders` show in each turn, at little cost, that another program wrote.
    """

    name = "web"

    def __init__(self, shows: Shows, served: BuildState, folders: Sequence[Path]) -> None:
        self._shows = shows
        self._served = served
        self._folders = folders
        self._times: Mapping[Path, int] = {}
        self._looked: datetime | None = None
        self._failing = False

    def wanted(self) -> bool:
        """Whether something was built that is not served yet."""
        return self._served.is_new or not self._served.requested_paths.empty()

    def turn(self, now: datetime) -> TaskResult:
        """Take up what was built, or what is new in the folder after a while."""
        turn = self._take_up(now)
        if self._served.is_built:
            self._shows.built()
        return turn

    def _take_up(self, now: datetime) -> TaskResult:
        by_others = self._changed_by_others()
        self._served.take_requested()
        due = self._looked is None or not self._looked <= now < self._looked + ANYWAY
        whole = due or by_others
        if not whole and not self._served.is_new:
            return TaskResult()
        whole = whole or self._failing  # what could not be served is tried again as well
        faults = self._shows.refresh(None if whole else self._served.paths)
        self._served.paths.clear()
        self._served.is_new, self._failing = False, bool(faults)
        self._looked = now if whole else self._looked
        return TaskResult([each for fault in faults for each in as_findings("web-failed", fault)])

    def _changed_by_others(self) -> bool:
        """Whether another program wrote documents. What the service wrote it knows itself."""
        before, self._times = self._times, {each: _changed(each) for each in self._folders}
        if self._served.is_new or self._times == before:
            return False
        self._served.happened.set()  # there may be events for hooks
        return True


def _changed(folder: Path) -> int:
    """When entries of a folder last changed (ns), 0 while it is not there."""
    try:
        return folder.stat().st_mtime_ns
    except OSError:
        return 0


def places_of_issues(output: Path, newsletters: Iterable[str]) -> tuple[Path, ...]:
    """The folders in which documents change whenever a site, or an issue of it, does."""
    each = [output / "newsletters" / name for name in newsletters]
    return (output, *each, *(folder / "drafts" for folder in each))
