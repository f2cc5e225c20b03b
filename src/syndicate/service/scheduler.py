"""The scheduler: runs the jobs that are due, in order. A job that fails does not affect others.

A failure is reported once, shown in the status, and retried. All jobs that are due run in one pass,
in the order of `job_table`: articles that are due together with an issue are published before the
issue is made. The time is passed in.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime, timedelta

from syndicate.errors import Location
from syndicate.findings import Finding, Level
from syndicate.service.background_task import BackgroundTask
from syndicate.service.jobs import Job, JobState, TaskResult, after_run, before_first_run
from syndicate.service.problems import PROGRAM, Problems, as_findings

log = logging.getLogger(__name__)

MAX_PASS_SECONDS = 1800.0
"""Seconds after which a pass counts as stuck."""

POLL_INTERVAL = timedelta(seconds=0.5)
"""Between two checks whether a job in the background has ended."""


class Scheduler:
    """The jobs, in order, and the state of each."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs: tuple[Job, ...] = ()
        self._states: dict[str, JobState] = {}
        self._background: dict[str, BackgroundTask] = {}
        self.problems = Problems()
        self.status: dict[str, str] = {}
        self.last_pass: datetime | None = None
        """The time of the last pass."""
        self.passes = 0
        """The number of passes."""
        self.stopping = False
        """Set to end the pass after the job that is running."""
        self._pass_started: float | None = None
        self._pass_ended = time.monotonic()
        self.replace(jobs)

    def replace(self, jobs: Sequence[Job]) -> None:
        """From the next pass on, these are the jobs. Each runs at once."""
        gone = self._states.keys() - {job.name for job in jobs}
        self.problems.retain({part for part, _, _ in self.problems} - gone)
        self.status = {}
        self._jobs = tuple(jobs)
        self._states = {job.name: before_first_run(job) for job in jobs}

    def run_due(self, now: datetime) -> None:
        """Run every job that is due, in order."""
        self._pass_started = time.monotonic()
        try:
            for job in self._jobs:
                if not self.stopping:
                    self._run_if_due(job, now)
        finally:
            self._pass_started, self._pass_ended = None, time.monotonic()
        self.last_pass = now
        self.passes += 1

    def next_runs(self, now: datetime) -> Mapping[str, datetime | None]:
        """When each job runs next; None for one that another job schedules. For any thread."""
        jobs, states = self._jobs, self._states
        return {job.name: self._next_run(job, states[job.name], now) for job in jobs}

    @property
    def states(self) -> Mapping[str, JobState]:
        """The state of each job, by name. For any thread."""
        return dict(self._states)

    @property
    def running(self) -> frozenset[str]:
        """The names of the jobs that are running in the background."""
        in_background = {name for name, each in self._background.items() if not each.is_idle}
        return frozenset(in_background & self._states.keys())

    def is_alive(self, max_idle: float) -> bool:
        """Whether a pass is running, or the last ended at most `max_idle` seconds ago."""
        began = self._pass_started
        if began is not None:
            return time.monotonic() - began < MAX_PASS_SECONDS
        return time.monotonic() - self._pass_ended < max_idle

    def close(self, name: str) -> None:
        """Wait until a job in the background has ended; it does not run again."""
        if name in self._background:
            self._background[name].close()

    def _next_run(self, job: Job, state: JobState, now: datetime) -> datetime | None:
        if job.name in self.running:
            return now + POLL_INTERVAL
        return now if self._is_due(job, state, now) else state.next_run

    @staticmethod
    def _is_due(job: Job, state: JobState, now: datetime) -> bool:
        """Whether it runs now. After a failure, new work does not shorten the delay."""
        return state.is_due(now) or (not state.failures and job.has_work())

    def _run_if_due(self, job: Job, now: datetime) -> None:
        background = self._background.get(job.name)
        if background and not background.is_idle:
            if not background.has_ended:
                return
            self._collect_result(background, job, now)
        if not self._is_due(job, self._states[job.name], now):
            return
        if job.background:
            self._background.setdefault(job.name, BackgroundTask(job.name)).start(job, now)
        else:
            self._run(job, job.task, now)

    def _collect_result(self, background: BackgroundTask, job: Job, now: datetime) -> None:
        """Handle the result of a run in the background."""
        state = self._states[job.name]
        self._run(job, background.result, now)
        if background.job is not job:  # of another configuration: the first run is still to come
            self._states[job.name] = state

    def _run(self, job: Job, task: Callable[[datetime], TaskResult], now: datetime) -> None:
        try:
            result = task(now)
        except Exception as error:  # noqa: BLE001  any error: the other jobs continue
            self._failed(job.name, error, now)
            return
        self._states[job.name] = after_run(job, result, now)
        for name, moment in result.reschedule.items():
            self._states[name] = replace(self._states[name], next_run=moment)
        self.status.update(result.status)
        if result.findings is not None:
            self.report(job.name, result.findings, now)

    def _failed(self, job: str, error: Exception, now: datetime) -> None:
        self._states[job] = self._states[job].failed(now)
        findings = as_findings(f"{job}-failed", error)
        own_error = error if findings[0].rule == PROGRAM else None
        self.report(job, findings, now, own_error)

    def report(
        self, part: str, findings: Sequence[Finding], now: datetime, error: Exception | None = None
    ) -> None:
        """Replace the problems of a part, and log what changed, with the traceback of `error`."""
        changes = self.problems.replace(part, findings, now)
        for finding in sorted(changes.new, key=_by_place):
            level = logging.ERROR if finding.level == Level.ERROR else logging.WARNING
            log.log(level, "%s", finding.message, extra=_facts(part, finding), exc_info=error)
        for finding in sorted(changes.solved, key=_by_place):
            log.info("solved: %s", finding.message, extra=_facts(part, replace(finding, hint="")))


def _by_place(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.line or 0, finding.message


def _facts(part: str, finding: Finding) -> dict[str, dict[str, str]]:
    place = str(Location(finding.path, finding.line)) if finding.path else ""
    facts = {"part": part, "place": place, "rule": finding.rule, "hint": finding.hint}
    return {"facts": {name: value for name, value in facts.items() if value}}
