"""The state of the preview, shared between the renderer and the server.

Holds values and wakes threads that wait for new ones. Renders nothing, reads no file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from threading import Condition

from syndicate.findings import Finding
from syndicate.preview.issue_preview import IssuePreview


@dataclass(frozen=True, slots=True)
class PreviewState:
    """What the page of one newsletter shows: the last preview that could be rendered.

    `faults` explain why there is no newer one. `version` grows with every change.
    """

    version: int = 0
    preview: IssuePreview | None = None
    faults: tuple[Finding, ...] = ()


class PreviewSession:
    """The preview of each newsletter, and how many pages show it."""

    def __init__(self, titles: Mapping[str, str], first: str) -> None:
        self.titles = titles
        """Name -> title of every newsletter."""
        self.first = first
        self._states: dict[str, PreviewState] = {}
        self._viewers: Counter[str] = Counter()
        self._version = 0
        self._failure: Exception | None = None
        self._changed = Condition()

    def state(self, name: str) -> PreviewState | None:
        """What the page of a newsletter shows; None for an unknown newsletter."""
        with self._changed:
            return self._states.get(name, PreviewState() if name in self.titles else None)

    def show(self, name: str, preview: IssuePreview) -> None:
        """Show a new preview."""
        self._put(name, PreviewState(preview=preview))

    def show_faults(self, name: str, faults: tuple[Finding, ...]) -> None:
        """Show errors, beside the last preview."""
        self._put(name, replace(self._states.get(name, PreviewState()), faults=faults))

    def _put(self, name: str, sheet: PreviewState) -> None:
        with self._changed:
            self._version += 1
            self._states[name] = replace(sheet, version=self._version)
            self._changed.notify_all()

    # -- pages ------------------------------------------------------------------------------

    @contextmanager
    def viewing(self, name: str) -> Iterator[None]:
        """Count a page as open within this block."""
        with self._changed:
            self._viewers[name] += 1
            self._changed.notify_all()
        try:
            yield
        finally:
            with self._changed:
                self._viewers[name] -= 1

    def wait_for_change(self, name: str, version: int, seconds: float) -> int:
        """Wait up to `seconds` for a version other than `version`; return the current one."""
        with self._changed:
            self._changed.wait_for(lambda: self._version_of(name) != version, seconds)
            return self._version_of(name)

    def _version_of(self, name: str) -> int:
        return self._states.get(name, PreviewState()).version

    # -- the renderer -----------------------------------------------------------------------

    def viewed(self, seconds: float | None = None) -> list[str]:
        """Wait up to `seconds` for an open page; return the newsletters that are open.

        Raises the error that `fail` was given.
        """
        with self._changed:
            self._changed.wait_for(lambda: self._failure or +self._viewers, seconds)
            if self._failure:
                raise self._failure
            return sorted(+self._viewers)

    def fail(self, error: Exception) -> None:
        """Stop the loop with an unexpected error of the server."""
        with self._changed:
            self._failure = error
            self._changed.notify_all()
