"""Jobs of the service, their triggers, and when each runs next. Pure.

A trigger knows the moments of a job. Only the next one after now matters: moments that passed while
the service was down or the clock jumped are not listed, as each task finds out, in the store
and the folder, what is due.
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
"""From one try to the next of a job that fails."""

AT_ONCE = datetime.min.replace(tzinfo=UTC)
"""Earlier than any clock: the next run of a job that is to run now."""


class Trigger(Protocol):
    """When a job runs."""

    def next_after(self, now: datetime) -> datetime | None:
        """The first moment after `now`; None when there is none."""
        ...


@dataclass(frozen=True, slots=True)
class Every:
    """Again and again, with a pause from one run to the next."""

    pause: timedelta

    def next_after(self, now: datetime) -> datetime:
        """The end of the pause, if it begins now."""
        return now + self.pause


@dataclass(frozen=True, slots=True)
class AtSlots:
    """At the slots of a newsletter: once for each wall time, whatever the clocks do."""

    schedule: Schedule

    def next_after(self, now: datetime) -> datetime | None:
        """When the next slot is due."""
        slot = next(self.schedule.after(now), None)
        return slot.due if slot else None


@dataclass(frozen=True, slots=True)
class OnDemand:
    """When another job arms it, or when it is wanted."""

    def next_after(self, now: datetime) -> None:
        """Never."""


@dataclass(frozen=True, slots=True)
class TaskResult:
    """What one run of a task came to.

    `findings` is what is wrong (None: as before), `next_in` the seconds until the next run if that
    is sooner than the trigger says, `status` what `syndicate status` shows of it, `arm` when other
    jobs, or the same one, are to run next instead of at their trigger's moment.
    """

    findings: Sequence[Finding] | None = None
    next_in: float | None = None
    status: Mapping[str, str] = field(default_factory=dict)
    arm: Mapping[str, datetime | None] = field(default_factory=dict)


def not_wanted() -> bool:
    """A job that only time makes due."""
    return False


@dataclass(frozen=True, slots=True)
class Job:
    """Something the service does: its name in logs and in the status, when, and what.

    A task in the `background` has a separate thread, so that it delays no other job. `wanted`
    is true if something happened that the task should handle before its trigger's next moment.
    """

    name: str
    trigger: Trigger
    task: Callable[[datetime], TaskResult]
    background: bool = False
    wanted: Callable[[], bool] = not_wanted


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
    """The state of a job that was just added: it runs at once, unless it waits for another."""
    return JobState(None if isinstance(job.trigger, OnDemand) else AT_ONCE)


def after_run(job: Job, result: TaskResult, now: datetime) -> JobState:
    """The state of a job after a run that ended well at `now`."""
    regular = job.trigger.next_after(now)
    if result.next_in is None:
        return JobState(regular, now)
    soon = now + timedelta(seconds=result.next_in)
    return JobState(min(soon, regular) if regular else soon, now)
