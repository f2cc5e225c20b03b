"""What the parts of the service share: whoever serves documents, and a progress that is silent."""

from __future__ import annotations

from collections.abc import Iterable
from threading import Event
from typing import Protocol, TypeVar

from syndicate.build import Report

T = TypeVar("T")


def silently(items: Iterable[T], total: int, doing: str) -> Iterable[T]:  # noqa: ARG001
    """A progress that shows nothing."""
    return items


class Shows(Protocol):
    """Serves the documents of the output folder."""

    def refresh(self, paths: Iterable[str] | None) -> None:
        """Take up what changed: these paths in the output folder, or whatever did."""
        ...


class Served:
    """Passes on what builds wrote; and that something happened, for those who tell others."""

    def __init__(self, shows: Shows | None = None) -> None:
        self._shows = shows
        self.happened = Event()
        """Set when a build did anything."""

    def refresh(self, report: Report) -> None:
        """Have served what a build wrote and removed."""
        removed = (key.partition(":") for key in report.removed)
        paths = [*report.written, *(path for root, _, path in removed if root == "output")]
        if report.changed or paths:
            self.happened.set()
        if self._shows and paths:
            self._shows.refresh(paths)
