"""Task: build feeds and pages when a file changed or an article is due.

A run with nothing to do costs one scan of the folder: no database is opened.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path

from syndicate.build.builder import build_scanned
from syndicate.build.report import Report
from syndicate.content.folder import FolderScan, Stat, is_link, scan, stat_of
from syndicate.content.path_set import PathSet
from syndicate.service.build_state import BuildState
from syndicate.service.debounce import DebouncedScan, debounce, differing, rescan
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.articles import Articles
from syndicate.timestamps import format_timestamp, parse_timestamp

log = logging.getLogger(__name__)

RESCAN_SECONDS = 0.2
"""Seconds until the second scan of files that may still be written."""

ANY_FOLDER = (Path("/"),)
"""Links among templates may lead anywhere: they are the user's own."""

FULL_BUILD_INTERVAL = timedelta(minutes=1)
"""Between two full builds. One compares everything with the store, makes documents that are missing
on disk, and retries files that could not be read."""


@dataclass(frozen=True, slots=True)
class _LastBuild:
    """Input of the last build, the time of the last full one, and when an article is due."""

    files: Mapping[str, Stat]
    designs: DebouncedScan
    full_build_at: datetime
    due: datetime | None

    def is_current(self, now: datetime) -> bool:
        """Whether no full build is due. A clock that was set back makes one due."""
        return self.full_build_at <= now < self.full_build_at + FULL_BUILD_INTERVAL


NEXT_ARTICLE = "next article"
"""The job of the next article with a date in the future."""


def article_due(now: datetime) -> TaskResult:
    """Run the build at the moment of a dated article."""
    return TaskResult(reschedule={BuildTask.name: now})


class BuildTask:
    """Watches one site and builds it."""

    name = "articles"

    def __init__(self, setup: Setup, served: BuildState) -> None:
        self._setup = setup
        self._served = served
        self._view: DebouncedScan | None = None
        self._designs: DebouncedScan | None = None
        self._last: _LastBuild | None = None

    def run(self, now: datetime) -> TaskResult:
        """Scan the folder; build if there is anything to build."""
        first = self._view is None
        self._view = debounce(self._view, self._setup.places.scan())
        self._designs = debounce(self._designs, self._scan_designs())
        if first or self._designs.unsettled:  # a half-written template would affect every page
            return TaskResult(next_in=RESCAN_SECONDS)
        seen = self._scan_to_build(self._view, self._designs, now)
        turn = self._build(seen, self._view, self._designs, now) if seen else TaskResult()
        return replace(turn, next_in=RESCAN_SECONDS if self._view.unsettled else None)

    def _scan_designs(self) -> dict[str, Stat]:
        return {
            f"{design}/{path}": stat
            for design in self._setup.places.designs
            if design.is_dir()
            for path, stat in scan(design, ANY_FOLDER).items()
        }

    def _scan_to_build(
        self, view: DebouncedScan, designs: DebouncedScan, now: datetime
    ) -> FolderScan | None:
        """The files for a build; None when there is nothing to build."""
        done = self._last
        if done is None or designs is not done.designs or not done.is_current(now):
            return FolderScan(view.settled, view.unsettled)
        changed = differing(view.settled, done.files)
        if changed or (done.due and done.due <= now):
            return FolderScan(view.settled, view.unsettled, PathSet(frozenset(changed)))
        return None

    def _build(
        self, seen: FolderScan, view: DebouncedScan, designs: DebouncedScan, now: datetime
    ) -> TaskResult:
        before, self._last = self._last, None  # a full build follows a build that fails
        began = time.monotonic()
        with open_site(self._setup, no_progress) as site:
            site.database.lock()
            view = self._view = self._rescan(view, seen)
            changed = seen.changed.without(view.unsettled)
            report = build_scanned(site, now, FolderScan(view.settled, view.unsettled, changed))
            due = Articles(site.database).next_due()
        overhauled = before.full_build_at if before and not changed.is_all else now
        self._last = _LastBuild(view.settled, designs, overhauled, due and parse_timestamp(due[0]))
        self._served.built(report)
        _log(report, time.monotonic() - began)
        moment = self._last.due if self._last.due and self._last.due > now else None
        facts = _facts(report, due, now)
        return TaskResult(report.findings, status=facts, reschedule={NEXT_ARTICLE: moment})

    def _rescan(self, view: DebouncedScan, seen: FolderScan) -> DebouncedScan:
        """Scan again under the lock: another build may have run since the last scan."""
        root = self._setup.places.content
        if seen.changed.is_all or any(is_link(root, path) for path in seen.changed.paths):
            return rescan(view, self._setup.places.scan())
        now = {path: stat_of(root, path) for path in seen.changed.paths}
        if all(view.latest.get(path) == stat for path, stat in now.items()):
            return view
        latest = {path: stat for path, stat in view.latest.items() if path not in now}
        return rescan(view, latest | {path: stat for path, stat in now.items() if stat})


def _log(report: Report, seconds: float) -> None:
    if report.changed or report.written or report.removed:
        facts = {
            "articles": report.articles,
            "changed": report.changed,
            "written": len(report.written),
            "removed": len(report.removed),
            "seconds": round(seconds, 3),
        }
        words = (
            f"built in {seconds:.1f} seconds: {', '.join(report.counts.in_words())}, "
            f"{len(report.written):,} files written, {len(report.removed):,} removed"
        )
        log.info("published", extra={"facts": facts, "words": words})


def _facts(report: Report, due: tuple[str, str] | None, now: datetime) -> dict[str, str]:
    return {
        "last build": format_timestamp(now),
        "articles": ", ".join(report.counts.in_words()),
        "next article": f"{due[0]} {due[1]}" if due else "",
    }
