"""The clock: APScheduler's jobs, one for each of the service. Decides nothing.

Each is armed for the moment at which the job runs next, and again after every pass. APScheduler
uses the wall clock only. Set back by an hour, it would wait for that hour; so wall and monotonic
clock are compared, and when they diverge every job runs at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from datetime import UTC, datetime, timedelta

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.jobstores.base import JobLookupError
from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

log = logging.getLogger(__name__)

JUMP_SECONDS = 5.0
"""Clocks that are being adjusted gently do not part so far between two looks."""

FALLBACK = timedelta(seconds=1)
"""When a job that was begun would come again if the end of the pass did not arm it."""

NextRuns = Callable[[datetime], Mapping[str, datetime | None]]
"""When each job runs next, asked at a moment; None for one that waits for another."""


class Later(BaseTrigger):  # type: ignore[misc]
    """A moment after now, whatever was missed: the end of each pass sets the true one.

    APScheduler's own interval trigger lists every run between the last one and now: after a clock
    was set forward by a year, that takes all memory, and holds the scheduler's lock meanwhile.
    """

    def get_next_fire_time(self, _: datetime | None, now: datetime) -> datetime:
        """When the job comes again if nothing sets its next run."""
        return now + FALLBACK


class Clock:
    """Calls `run` with the time when a job is due, one call at a time, beginning at once."""

    def __init__(self, run: Callable[[datetime], None], next_runs: NextRuns) -> None:
        self._run = run
        self._next_runs = next_runs
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._at_work = threading.Lock()
        self._run_requested = threading.Event()
        self._stopped = False
        self._apart = _apart()

    def start(self) -> None:
        """Start the scheduler's threads."""
        self._arm(datetime.now(UTC))
        self._scheduler.start()

    def look(self) -> None:
        """Compare the clocks; to be called every few seconds from another thread."""
        apart = _apart()
        jump, self._apart = apart - self._apart, apart
        if abs(jump) >= JUMP_SECONDS:
            log.warning("the clock jumped", extra={"facts": {"seconds": round(jump)}})
            self.at_once()

    def stop(self) -> None:
        """Begin no more passes, and wait for the one that is going on."""
        self._stopped = True
        with self._at_work:
            self._scheduler.remove_all_jobs()  # else one may be submitted to what is shut down
            self._scheduler.shutdown(wait=False)

    def at_once(self) -> None:
        """Call `run` now, or soon after the call that is going on."""
        self._run_requested.set()
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():  # any but the one that is going on will do
            with suppress(JobLookupError):  # a new configuration has no such job
                job.modify(next_run_time=now)

    def _fire(self) -> None:
        """Run what is due, unless another job of the same moment did, and arm all jobs."""
        with self._at_work:
            now = datetime.now(UTC)
            if not self._stopped and (self._run_requested.is_set() or self._is_due(now)):
                self._run_requested.clear()
                self._run(now)
            if not self._stopped:
                self._arm(datetime.now(UTC))

    def _is_due(self, now: datetime) -> bool:
        return any(moment and moment <= now for moment in self._next_runs(now).values())

    def _arm(self, now: datetime) -> None:
        """Have each job come when it runs next; one that waits for another is paused."""
        runs = self._next_runs(now)
        armed = {job.id: job for job in self._scheduler.get_jobs()}
        for name in armed.keys() - runs.keys():
            armed[name].remove()
        for name, moment in runs.items():
            if name not in armed:
                self._scheduler.add_job(self._fire, Later(), id=name, next_run_time=moment)
            elif armed[name].next_run_time != moment:
                armed[name].modify(next_run_time=moment)


def _apart() -> float:
    return time.time() - time.monotonic()
