"""What was built is served: what the service built at once, what others built within a minute."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from syndicate.errors import OutputError
from syndicate.service.faults import as_findings
from syndicate.service.served import Served
from syndicate.service.tick import Turn

ANYWAY = timedelta(minutes=1)
"""From one look at the whole folder to the next: commands build too."""


class Shows(Protocol):
    """Serves the documents of the output folder."""

    def refresh(self, paths: Iterable[str] | None) -> Sequence[OutputError]:
        """Take up what changed: these paths, or whatever did. Gives what cannot be served."""
        ...

    def built(self) -> None:
        """The whole site was built, and what was built was taken up."""
        ...


class Showing:
    """Has served what changed. What cannot be is tried again, at the latest after a minute."""

    name = "web"

    def __init__(self, shows: Shows, served: Served) -> None:
        self._shows = shows
        self._served = served
        self._looked: datetime | None = None
        self._failing = False

    def turn(self, now: datetime) -> Turn:
        """Take up what was built, or what is new in the folder after a while."""
        turn = self._take_up(now)
        if self._served.is_built:
            self._shows.built()
        return turn

    def _take_up(self, now: datetime) -> Turn:
        self._served.take_asked()
        whole = self._looked is None or not self._looked <= now < self._looked + ANYWAY
        if not whole and not self._served.is_new:
            return Turn()
        whole = whole or self._failing  # what could not be served is tried again as well
        faults = self._shows.refresh(None if whole else self._served.paths)
        self._served.paths.clear()
        self._served.is_new, self._failing = False, bool(faults)
        self._looked = now if whole else self._looked
        return Turn([each for fault in faults for each in as_findings("web-failed", fault)])
