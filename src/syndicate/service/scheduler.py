"""The scheduler: runs the jobs that are due, in their order; none disturbs another.

A job that fails is reported once, kept for the status, and retried; the others continue. Whatever
makes one job run, all that are due run in one pass, in the order of the table: articles that are
due with an issue are published before the issue is made. Knows no clock: the time is passed in.
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

MAX_TURN = 1800.0
"""Seconds after which a pass is taken for stuck."""

LOOK_AGAIN = timedelta(seconds=0.5)
"""From one look at a job in the background to the next, until it has ended."""


class Scheduler:
    """The jobs, in order, and what became of them."""

    def __init__(self, jobs: Sequence[Job]) -> None:
        self._jobs: tuple[Job, ...] = ()
        self._states: dict[str, JobState] = {}
        self._background: dict[str, BackgroundTask] = {}
        self.faults = Problems()
        self.facts: dict[str, str] = {}
        self.last: datetime | None = None
        """When the last pass was."""
        self.count = 0
        """How many passes there were."""
        self.stopping = False
        """Set to end after the job that is running."""
        self._began: float | None = None
        self._ended = time.monotonic()
        self.replace(jobs)

    def replace(self, jobs: Sequence[Job]) -> None:
        """From the next pass on, these are the jobs. Each runs at once."""
        gone = self._states.keys() - {job.name for job in jobs}
        self.faults.only({part for part, _, _ in self.faults} - gone)
        self.facts = {}
        self._jobs = tuple(jobs)
        self._states = {job.name: before_first_run(job) for job in jobs}

    def __call__(self, now: datetime) -> None:
        """Run every job that is due, in order."""
        self._began = time.monotonic()
        try:
            for job in self._jobs:
                if not self.stopping:
                    self._turn(job, now)
        finally:
            self._began, self._ended = None, time.monotonic()
        self.last = now
        self.count += 1

    def next_runs(self, now: datetime) -> Mapping[str, datetime | None]:
        """When each job runs next; None for one that waits for another. For any thread."""
        jobs, states = self._jobs, self._states
        return {job.name: self._next_run(job, states[job.name], now) for job in jobs}

    @property
    def states(self) -> Mapping[str, JobState]:
        """The state of each job, by name. For any thread."""
        return dict(self._states)

    @property
    def running(self) -> frozenset[str]:
        """The names of the jobs that are running in the background."""
        at_work = {name for name, each in self._background.items() if not each.is_idle}
        return frozenset(at_work & self._states.keys())

    def alive(self, patience: float) -> bool:
        """Whether passes come: the last ended up to `patience` seconds ago, or one is going on."""
        began = self._began
        if began is not None:
            return time.monotonic() - began < MAX_TURN
        return time.monotonic() - self._ended < patience

    def close(self, name: str) -> None:
        """Wait until a job in the background has ended; it does not run again."""
        if name in self._background:
            self._background[name].close()

    def _next_run(self, job: Job, state: JobState, now: datetime) -> datetime | None:
        if job.name in self.running:
            return now + LOOK_AGAIN
        return now if self._is_due(job, state, now) else state.next_run

    @staticmethod
    def _is_due(job: Job, state: JobState, now: datetime) -> bool:
        """Whether it runs now; after a failure, being wanted is no reason to do so sooner."""
        return state.is_due(now) or (not state.failures and job.wanted())

    def _turn(self, job: Job, now: datetime) -> None:
        background = self._background.get(job.name)
        if background and not background.is_idle:
            if not background.has_ended:
                return
            self._take(background, job, now)
        if not self._is_due(job, self._states[job.name], now):
            return
        if job.background:
            self._background.setdefault(job.name, BackgroundTask(job.name)).start(job, now)
        else:
            self._run(job, job.task, now)

    def _take(self, background: BackgroundTask, job: Job, now: datetime) -> None:
        """Take what a run in the background came to."""
        state = self._states[job.name]
        self._run(job, background.result, now)
        if background.job is not job:  # of another configuration: the first run is still to come
            self._states[job.name] = state

    def _run(self, job: Job, task: Callable[[datetime], TaskResult], now: datetime) -> None:
        try:
            result = task(now)
        except Exception as error:  # noqa: BLE001  whatever it is, the other jobs go on
            self._failed(job.name, error, now)
            return
        self._states[job.name] = after_run(job, result, now)
        for name, moment in result.arm.items():
            self._states[name] = replace(self._states[name], next_run=moment)
        self.facts.update(result.status)
        if result.findings is not None:
            self.found(job.name, result.findings, now)

    def _failed(self, job: str, error: Exception, now: datetime) -> None:
        self._states[job] = self._states[job].failed(now)
        findings = as_findings(f"{job}-failed", error)
        ours = error if findings[0].rule == PROGRAM else None
        self.found(job, findings, now, ours)

    def found(
        self, part: str, findings: Sequence[Finding], now: datetime, error: Exception | None = None
    ) -> None:
        """Keep what is wrong in a part now, and log what is news, with the trace of `error`."""
        news = self.faults.replace(part, findings, now)
        for finding in sorted(news.new, key=_by_place):
            level = logging.ERROR if finding.level == Level.ERROR else logging.WARNING
            log.log(level, "%s", finding.message, extra=_facts(part, finding), exc_info=error)
        for finding in sorted(news.solved, key=_by_place):
            log.info("solved: %s", finding.message, extra=_facts(part, replace(finding, hint="")))


def _by_place(finding: Finding) -> tuple[str, int, str]:
    return finding.path, finding.line or 0, finding.message


def _facts(part: str, finding: Finding) -> dict[str, dict[str, str]]:
    place = str(Location(finding.path, finding.line)) if finding.path else ""
    facts = {"part": part, "place": place, "rule": finding.rule, "hint": finding.hint}
    return {"facts": {name: value for name, value in facts.items() if value}}
