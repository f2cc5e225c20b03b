"""Task: build feeds and pages when a file changed or an article is due.

A turn with nothing to do costs one scan of the folder: no database is opened.
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
from syndicate.service.debounce import View, differing, look, look_closer
from syndicate.service.jobs import TaskResult
from syndicate.site import Setup, no_progress, open_site
from syndicate.store.articles import Articles
from syndicate.timestamps import format_timestamp, parse_timestamp

log = logging.getLogger(__name__)

SOON = 0.2
"""Seconds until the second look at files that may still be written."""

ANYWHERE = (Path("/"),)
"""Where links among templates may lead: these are the user's own."""

OVERHAUL = timedelta(minutes=1)
"""From one thorough build to the next: it compares everything with the store, makes documents
again that are missing on disk, and tries files again that could not be read."""


@dataclass(frozen=True, slots=True)
class _Done:
    """What the last build was given, when the last thorough one was, when an article is due."""

    files: Mapping[str, Stat]
    designs: View
    overhauled: datetime
    due: datetime | None

    def holds(self, now: datetime) -> bool:
        """Whether no thorough build is due; a clock set back is reason enough for one."""
        return self.overhauled <= now < self.overhauled + OVERHAUL


NEXT_ARTICLE = "next article"
"""The job of the next article with a date in the future."""


def article_due(now: datetime) -> TaskResult:
    """Have the site built at the moment of a dated article."""
    return TaskResult(arm={BuildTask.name: now})


class BuildTask:
    """Watches one site and builds it."""

    name = "articles"

    def __init__(self, setup: Setup, served: BuildState) -> None:
        self._setup = setup
        self._served = served
        self._view: View | None = None
        self._designs: View | None = None
        self._done: _Done | None = None

    def turn(self, now: datetime) -> TaskResult:
        """Look at the folder; build if there is anything to build."""
        first = self._view is None
        self._view = look(self._view, self._setup.places.scan())
        self._designs = look(self._designs, self._scan_designs())
        if first or self._designs.held:  # a template half written would be on every page
            return TaskResult(next_in=SOON)
        seen = self._to_build(self._view, self._designs, now)
        turn = self._build(seen, self._view, self._designs, now) if seen else TaskResult()
        return replace(turn, next_in=SOON if self._view.held else None)

    def _scan_designs(self) -> dict[str, Stat]:
        return {
            f"{design}/{path}": stat
            for design in self._setup.places.designs
            if design.is_dir()
            for path, stat in scan(design, ANYWHERE).items()
        }

    def _to_build(self, view: View, designs: View, now: datetime) -> FolderScan | None:
        """What a build is to be given; None when there is nothing to build."""
        done = self._done
        if done is None or designs is not done.designs or not done.holds(now):
            return FolderScan(view.files, view.held)
        changed = differing(view.files, done.files)
        if changed or (done.due and done.due <= now):
            return FolderScan(view.files, view.held, PathSet(frozenset(changed)))
        return None

    def _build(self, seen: FolderScan, view: View, designs: View, now: datetime) -> TaskResult:
        before, self._done = self._done, None  # a build that fails is followed by a thorough one
        began = time.monotonic()
        with open_site(self._setup, no_progress) as site:
            site.database.lock()
            view = self._view = self._look_again(view, seen)
            changed = seen.changed.without(view.held)
            report = build_scanned(site, now, FolderScan(view.files, view.held, changed))
            due = Articles(site.database).next_due()
        overhauled = before.overhauled if before and not changed.is_all else now
        self._done = _Done(view.files, designs, overhauled, due and parse_timestamp(due[0]))
        self._served.built(report)
        _log(report, time.monotonic() - began)
        moment = self._done.due if self._done.due and self._done.due > now else None
        facts = _facts(report, due, now)
        return TaskResult(report.findings, status=facts, arm={NEXT_ARTICLE: moment})

    def _look_again(self, view: View, seen: FolderScan) -> View:
        """Another build may have been at work since the look: only now the folder is ours."""
        root = self._setup.places.content
        if seen.changed.is_all or any(is_link(root, path) for path in seen.changed.paths):
            return look_closer(view, self._setup.places.scan())
        now = {path: stat_of(root, path) for path in seen.changed.paths}
        if all(view.found.get(path) == stat for path, stat in now.items()):
            return view
        found = {path: stat for path, stat in view.found.items() if path not in now}
        return look_closer(view, found | {path: stat for path, stat in now.items() if stat})


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
