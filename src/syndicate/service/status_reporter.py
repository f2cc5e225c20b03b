"""Keep the status file up to date."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from syndicate.errors import SyndicateError
from syndicate.findings import Finding
from syndicate.service.problems import as_findings
from syndicate.service.scheduler import Scheduler
from syndicate.service_state.status import Status, write

HEARTBEAT = timedelta(seconds=10)
"""The file is written at least this often, with the time of the last pass."""


class StatusReporter:
    """Writes the status file when something in it changed, and at each heartbeat."""

    def __init__(self, path: Path, pid: int) -> None:
        self._path = path
        self._pid = pid
        self._since = datetime.now(UTC)
        self._written: Status | None = None

    def report(self, scheduler: Scheduler, now: datetime) -> list[Finding]:
        """Write the status after a pass; returns why it could not be written."""
        faults = tuple((finding, since) for _, finding, since in scheduler.problems)
        jobs = scheduler.next_runs(now)
        status = Status(self._pid, self._since, now, dict(scheduler.status), faults, jobs)
        if self._written and self._same(status, self._written):
            return []
        try:
            write(self._path, status)
        except SyndicateError as error:
            self._written = None
            return as_findings("status-failed", error)
        self._written = status
        return []

    def _same(self, status: Status, before: Status) -> bool:
        recent = before.last_pass <= status.last_pass < before.last_pass + HEARTBEAT
        return recent and replace(status, last_pass=before.last_pass, jobs=before.jobs) == before
