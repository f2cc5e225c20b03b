"""What open pages show, shared between the one who makes it and those who hand it out.

Holds values and wakes whoever waits for new ones. Makes nothing, reads no file.
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
    """What the page of one newsletter shows: the last proof that could be made.

    `faults` say why there is no newer one. `version` grows with every change.
    """

    version: int = 0
    proof: IssuePreview | None = None
    faults: tuple[Finding, ...] = ()


class Session:
    """The sheets by newsletter, and how many pages look at each."""

    def __init__(self, titles: Mapping[str, str], first: str) -> None:
        self.titles = titles
        """Name -> title of every newsletter."""
        self.first = first
        self._sheets: dict[str, PreviewState] = {}
        self._viewers: Counter[str] = Counter()
        self._version = 0
        self._failure: Exception | None = None
        self._news = Condition()

    def sheet(self, name: str) -> PreviewState | None:
        """What the page of a newsletter shows; None for one that there is not."""
        with self._news:
            return self._sheets.get(name, PreviewState() if name in self.titles else None)

    def show(self, name: str, proof: IssuePreview) -> None:
        """Show a new proof."""
        self._put(name, PreviewState(proof=proof))

    def show_faults(self, name: str, faults: tuple[Finding, ...]) -> None:
        """Show why there is no newer proof, beside the last one."""
        self._put(name, replace(self._sheets.get(name, PreviewState()), faults=faults))

    def _put(self, name: str, sheet: PreviewState) -> None:
        with self._news:
            self._version += 1
            self._sheets[name] = replace(sheet, version=self._version)
            self._news.notify_all()

    # -- pages ------------------------------------------------------------------------------

    @contextmanager
    def viewing(self, name: str) -> Iterator[None]:
        """While a page looks at a newsletter."""
        with self._news:
            self._viewers[name] += 1
            self._news.notify_all()
        try:
            yield
        finally:
            with self._news:
                self._viewers[name] -= 1

    def news(self, name: str, version: int, seconds: float) -> int:
        """The version of a newsletter's sheet, once it is another; at the latest in `seconds`."""
        with self._news:
            self._news.wait_for(lambda: self._version_of(name) != version, seconds)
            return self._version_of(name)

    def _version_of(self, name: str) -> int:
        return self._sheets.get(name, PreviewState()).version

    # -- the maker --------------------------------------------------------------------------

    def viewed(self, seconds: float | None = None) -> list[str]:
        """The newsletters that pages look at, once there is one; at the latest in `seconds`.

        Raises what a page could not be served for.
        """
        with self._news:
            self._news.wait_for(lambda: self._failure or +self._viewers, seconds)
            if self._failure:
                raise self._failure
            return sorted(+self._viewers)

    def fail(self, error: Exception) -> None:
        """A fault of this program in serving a page: the maker is to stop and tell it."""
        with self._news:
            self._failure = error
            self._news.notify_all()
