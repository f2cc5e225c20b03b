"""State that tasks share: what builds wrote and what is not yet served."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Event

from syndicate.build.report import Report


class BuildState:
    """What builds wrote and is not yet served; and whether anything changed since."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        """Documents in the output folder that were written or removed."""
        self.requested_paths: SimpleQueue[str] = SimpleQueue()
        """Documents that another program wrote and a part waits for; any thread may ask."""
        self.is_new = False
        """Whether what is served is not yet what was built: paths, or where addresses lead."""
        self.is_built = False
        """Whether the folder was built since the service began: else the store is of yesterday."""
        self.happened = Event()
        """Set when a build did anything."""

    def take_requested(self) -> None:
        """Have what was asked for shown."""
        while not self.requested_paths.empty():
            self.paths.add(self.requested_paths.get())
            self.is_new = True

    def built(self, report: Report) -> None:
        """Take up what a build wrote and removed."""
        removed = (key.partition(":") for key in report.removed)
        paths = [*report.written, *(path for root, _, path in removed if root == "output")]
        if report.changed or paths:
            self.happened.set()
            self.is_new = True
        self.paths.update(paths)
        self.is_built = True
