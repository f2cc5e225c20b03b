"""State that tasks share: documents that were built and are not served yet."""

from __future__ import annotations

from queue import SimpleQueue
from threading import Event

from syndicate.build.report import Report


class BuildState:
    """Documents that were built and are not served yet; whether there may be new events."""

    def __init__(self) -> None:
        self.paths: set[str] = set()
        """Documents in the output folder that were written or removed."""
        self.requested_paths: SimpleQueue[str] = SimpleQueue()
        """Documents that a task waits for and another program may have written. For any thread."""
        self.is_new = False
        """Whether documents or redirects were built that are not served yet."""
        self.is_built = False
        """Whether a build has ended since the service started."""
        self.happened = Event()
        """Set when a build changed anything: there may be events for hooks."""
        self.publish_due = Event()
        """Set when documents may have changed, so that they may have to be published."""

    def take_requested(self) -> None:
        """Serve the requested documents in the next refresh."""
        while not self.requested_paths.empty():
            self.paths.add(self.requested_paths.get())
            self.is_new = True

    def built(self, report: Report) -> None:
        """Record what a build wrote and removed."""
        removed = (key.partition(":") for key in report.removed)
        paths = [*report.written, *(path for root, _, path in removed if root == "output")]
        if report.changed or paths:
            self.happened.set()
            self.publish_due.set()
            self.is_new = True
        self.paths.update(paths)
        self.is_built = True
