"""The clock keeps ticking, whatever the wall clock does."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from site_folder import NOON
from syndicate.service.clock import Clock
from syndicate.service.jobs import IntervalTrigger, Job, OnDemandTrigger, TaskResult
from syndicate.service.scheduler import Scheduler

PATIENCE = 60.0


def soon(happened: Callable[[], bool]) -> bool:
    """Whether something happens within the time that a busy machine may take."""
    end = time.monotonic() + PATIENCE
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.05)
    return True


@contextmanager
def ticking(
    poll: float, again: float | None = None
) -> Iterator[tuple[Clock, list[datetime], Callable[[int], bool]]]:
    """A clock that goes, the times it called, and a way to wait until it called so often."""
    times: list[datetime] = []

    def turn(now: datetime) -> TaskResult:
        times.append(now)
        return TaskResult(next_in=again)

    with running(turn, poll) as clock:
        yield clock, times, lambda number: soon(lambda: len(times) >= number)


@contextmanager
def running(task: Callable[[datetime], TaskResult], poll: float) -> Iterator[Clock]:
    """A clock with one job."""
    scheduler = Scheduler([Job("a", IntervalTrigger(timedelta(seconds=poll)), task)])
    clock = Clock(scheduler.run_due, scheduler.next_runs)
    clock.start()
    try:
        yield clock
    finally:
        clock.stop()


def noting(ran: list[str], name: str) -> Callable[[datetime], TaskResult]:
    """A task that notes that it ran."""

    def task(_: datetime) -> TaskResult:
        ran.append(name)
        return TaskResult()

    return task


def test_it_ticks_at_once_and_again_and_again() -> None:
    with ticking(0.05) as (_, times, called):
        assert called(4)
    assert times == sorted(times)


def test_a_tick_can_request_the_next_one_sooner() -> None:
    with ticking(3600, again=0.02) as (_, _, called):
        assert called(4)


def test_no_run_begins_before_the_last_has_ended() -> None:
    begun, most = [], [0, 0]

    def slow(_: datetime) -> TaskResult:
        begun.append(1)
        most[:] = max(most[0], len(begun)), most[1] + 1
        time.sleep(0.05)
        begun.pop()
        return TaskResult()

    with running(slow, 0.02):
        assert soon(lambda: most[1] >= 4)
    assert (most[0], begun) == (1, [])


def test_stopping_waits_for_the_run_that_is_going_on() -> None:
    began, ended = threading.Event(), []

    def slow(_: datetime) -> TaskResult:
        began.set()
        time.sleep(0.2)
        ended.append(True)
        return TaskResult()

    with running(slow, 60):
        assert began.wait(PATIENCE)
    assert ended == [True]


def test_each_job_runs_when_it_is_due_in_order() -> None:
    ran: list[str] = []

    often, rarely = IntervalTrigger(timedelta(seconds=0.05)), IntervalTrigger(timedelta(hours=1))
    jobs = [Job(name, often, noting(ran, name)) for name in "zyx"]
    scheduler = Scheduler(
        [*jobs, Job("a", rarely, noting(ran, "a")), Job("b", OnDemandTrigger(), noting(ran, "b"))]
    )
    clock = Clock(scheduler.run_due, scheduler.next_runs)
    clock.start()
    assert soon(lambda: len(ran) >= 14)
    clock.stop()
    assert ran[:13] == [*"zyxa", *"zyxzyxzyx"]


def test_a_new_configuration_replaces_the_jobs_of_the_old() -> None:
    ran: list[str] = []

    def named(name: str) -> Job:
        return Job(name, IntervalTrigger(timedelta(seconds=0.05)), noting(ran, name))

    scheduler = Scheduler([named("old")])

    def run(now: datetime) -> None:
        scheduler.run_due(now)
        if len(ran) == 3:
            scheduler.replace([named("new")])

    clock = Clock(run, scheduler.next_runs)
    clock.start()
    assert soon(lambda: len(ran) >= 6)
    clock.stop()
    assert ran[:6] == [*3 * ["old"], *3 * ["new"]]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_jump_is_detected_and_ticks_continue(
    caplog: pytest.LogCaptureFixture, hours: int
) -> None:
    caplog.set_level(logging.INFO)
    with time_machine.travel(NOON) as traveller, ticking(0.05) as (clock, times, called):
        assert called(2)
        traveller.shift(timedelta(hours=hours))
        clock.check_for_jump()
        assert called(len(times) + 3)
        clock.check_for_jump()
        late = times[-1] - NOON
    assert abs(late - timedelta(hours=hours)) < timedelta(minutes=1)
    (record,) = [r for r in caplog.records if "jumped" in r.getMessage()]
    assert abs(record.facts["seconds"] - hours * 3600) < 60  # type: ignore[attr-defined]


def limit_resources() -> None:
    """Bound this process to ten seconds of processor time and 300 MB of data."""
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_DATA, (300_000_000, 300_000_000))


@pytest.mark.parametrize("days", [365, -365, 3650])
def test_a_clock_that_jumps_by_years_takes_neither_time_nor_memory(days: int) -> None:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, here / "jumping_clock.py", str(days)],
        env={**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parent}"},
        preexec_fn=limit_resources,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_an_unwatched_clock_that_is_set_back_would_stand_still() -> None:
    """The reason for `look`: if this fails, it is needed no more."""
    assert any(stands_still() for _ in range(10)), "not each time was a run going on"


def stands_still() -> bool:
    """Whether a clock that is set back stands still, as it does unless a run is going on."""
    with time_machine.travel(NOON) as traveller, ticking(0.2) as (_, times, called):
        assert called(2)
        traveller.shift(timedelta(hours=-1))
        number = len(times)
        time.sleep(1)
        return len(times) <= number + 1
