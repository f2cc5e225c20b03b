"""Jobs of the service, their triggers, and when each runs next. Pure.

A trigger gives the next moment of a job after now. Moments that passed while the service was down
or the clock jumped are not made up for: each task finds in the store and the folder what is due.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Protocol

from syndicate.backoff import Backoff
from syndicate.findings import Finding
from syndicate.schedule.slots import Schedule

BACKOFF = Backoff(timedelta(seconds=2), timedelta(seconds=30))
"""Between two runs of a job that fails."""

IMMEDIATELY = datetime.min.replace(tzinfo=UTC)
"""Earlier than any clock: the next run of a job that has to run now."""


class Trigger(Protocol):
    """When a job runs."""

    def next_after(self, now: datetime) -> datetime | None:
        """The first moment after `now`; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class IntervalTrigger:
    """At regular intervals, from the end of one run to the next."""

    interval: timedelta

    def next_after(self, now: datetime) -> datetime:
        """The end of an interval that begins now."""
        return now + self.interval


@dataclass(frozen=True, slots=True)
class SlotTrigger:
    """At the slots of a newsletter: once for each wall time, also when clocks change."""

    schedule: Schedule

    def next_after(self, now: datetime) -> datetime | None:
        """When the next slot is due."""
        slot = next(self.schedule.after(now), None)
        return slot.due if slot else None


@dataclass(frozen=True, slots=True)
class OnDemandTrigger:
    """When another job schedules it, or when it has work."""

    def next_after(self, now: datetime) -> None:
        """Never."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """The result of one run of a task.

    `findings` are the current problems (None: as before). `next_in` is the number of seconds until
    the next run, if that is sooner than the trigger's moment. `status` has rows for `syndicate
    status`. `reschedule` sets when other jobs, or the same one, run next.
    """

    findings: Sequence[Finding] | None = None
    next_in: float | None = None
    status: Mapping[str, str] = field(default_factory=dict)
    reschedule: Mapping[str, datetime | None] = field(default_factory=dict)


def no_work() -> bool:
    """For a job that only its trigger makes due."""
    return False


@dataclass(frozen=True, slots=True)
class Job:
    """A job of the service: its name in logs and in the status, its trigger and its task.

    A task in the `background` has a separate thread, so that it delays no other job. `has_work`
    returns whether the task should run before its trigger's next moment.
    """

    name: str
    trigger: Trigger
    task: Callable[[datetime], TaskResult]
    background: bool = False
    has_work: Callable[[], bool] = no_work


@dataclass(frozen=True, slots=True)
class JobState:
    """When a job runs next, when it ran last, and how often it has failed in a row since."""

    next_run: datetime | None
    ran: datetime | None = None
    failures: int = 0

    def is_due(self, now: datetime) -> bool:
        """Whether its moment has come. A clock that was set back makes every job due."""
        if self.ran is not None and now < self.ran:
            return True
        return self.next_run is not None and self.next_run <= now

    def failed(self, now: datetime) -> JobState:
        """The state after another failure: each wait is twice as long as the one before."""
        return JobState(now + BACKOFF.delay(self.failures), now, self.failures + 1)


def before_first_run(job: Job) -> JobState:
    """The state of a new job: it runs at once, unless only another job schedules it."""
    return JobState(None if isinstance(job.trigger, OnDemandTrigger) else IMMEDIATELY)


def after_run(job: Job, result: TaskResult, now: datetime) -> JobState:
    """The state of a job after a run that succeeded at `now`."""
    regular = job.trigger.next_after(now)
    if result.next_in is None:
        return JobState(regular, now)
    soon = now + timedelta(seconds=result.next_in)
    return JobState(min(soon, regular) if regular else soon, now)
