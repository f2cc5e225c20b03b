"""The clock: an APScheduler job for each job of the service. Decides nothing.

After every pass, each is set to the moment at which the job runs next. APScheduler uses the wall
clock only: if that is set back by an hour, it would wait for an hour. So the wall clock is compared
with the monotonic clock, and when they diverge all jobs run at once.
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
"""Clocks that are adjusted gradually diverge less than this between two checks."""

FALLBACK = timedelta(seconds=1)
"""When a job would run again if the end of the pass did not set its next run."""

NextRuns = Callable[[datetime], Mapping[str, datetime | None]]
"""The time -> when each job runs next; None for one that another job schedules."""


class FallbackTrigger(BaseTrigger):  # type: ignore[misc]
    """A moment after now, for all missed runs together: the end of a pass sets the real one.

    APScheduler's own interval trigger lists every run between the last one and now: after a clock
    was set forward by a year, that takes all memory, and holds the scheduler's lock meanwhile.
    """

    def get_next_fire_time(self, _: datetime | None, now: datetime) -> datetime:
        """When the job runs again if nothing sets its next run."""
        return now + FALLBACK


class Clock:
    """Calls `run` with the time when a job is due: one call at a time, the first at once."""

    def __init__(self, run: Callable[[datetime], None], next_runs: NextRuns) -> None:
        self._run = run
        self._next_runs = next_runs
        self._scheduler = BackgroundScheduler(
            timezone=UTC,
            executors={"default": ThreadPoolExecutor(1)},
            job_defaults={"misfire_grace_time": None, "coalesce": True, "max_instances": 1},
        )
        self._pass_lock = threading.Lock()
        self._run_requested = threading.Event()
        self._stopped = False
        self._offset = _clock_offset()

    def start(self) -> None:
        """Start the scheduler's threads."""
        self._arm(datetime.now(UTC))
        self._scheduler.start()

    def check_for_jump(self) -> None:
        """Compare the clocks. Call this every few seconds, from another thread."""
        offset = _clock_offset()
        jump, self._offset = offset - self._offset, offset
        if abs(jump) >= JUMP_SECONDS:
            log.warning("the clock jumped", extra={"facts": {"seconds": round(jump)}})
            self.run_now()

    def stop(self) -> None:
        """Start no more passes, and wait for the end of the current one."""
        self._stopped = True
        with self._pass_lock:
            self._scheduler.remove_all_jobs()  # else one may be submitted after the shutdown
            self._scheduler.shutdown(wait=False)

    def run_now(self) -> None:
        """Call `run` now, or right after the current call."""
        self._run_requested.set()
        now = datetime.now(UTC)
        for job in self._scheduler.get_jobs():  # any job but the running one will do
            with suppress(JobLookupError):  # a new configuration has no such job
                job.modify(next_run_time=now)

    def _fire(self) -> None:
        """Run the due jobs, unless another job did so at the same moment, and set the next runs."""
        with self._pass_lock:
            now = datetime.now(UTC)
            if not self._stopped and (self._run_requested.is_set() or self._is_due(now)):
                self._run_requested.clear()
                self._run(now)
            if not self._stopped:
                self._arm(datetime.now(UTC))

    def _is_due(self, now: datetime) -> bool:
        return any(moment and moment <= now for moment in self._next_runs(now).values())

    def _arm(self, now: datetime) -> None:
        """Set the next run of each job; one that another job schedules is paused."""
        runs = self._next_runs(now)
        armed = {job.id: job for job in self._scheduler.get_jobs()}
        for name in armed.keys() - runs.keys():
            armed[name].remove()
        for name, moment in runs.items():
            if name not in armed:
                self._scheduler.add_job(
                    self._fire, FallbackTrigger(), id=name, next_run_time=moment
                )
            elif armed[name].next_run_time != moment:
                armed[name].modify(next_run_time=moment)


def _clock_offset() -> float:
    return time.time() - time.monotonic()
