"""The clock ticks on, whatever the wall clock does."""

from __future__ import annotations

import logging
import os
import resource
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from pathlib import Path

import pytest
import time_machine

from site_folder import NOON
from syndicate.service.clock import Clock


def within_seconds(happened: Callable[[], bool], seconds: float = 10) -> bool:
    """Whether something happens before long."""
    end = time.monotonic() + seconds
    while not happened():
        if time.monotonic() > end:
            return False
        time.sleep(0.01)
    return True


@contextmanager
def ticking(
    poll: float, again: float | None = None
) -> Iterator[tuple[Clock, list[datetime], Callable[[int], bool]]]:
    """A clock that goes, the times it called, and a way to wait until it called so often."""
    times: list[datetime] = []

    def tick(now: datetime) -> float | None:
        times.append(now)
        return again

    clock = Clock(tick, poll)
    clock.start()
    try:
        yield clock, times, lambda number: within_seconds(lambda: len(times) >= number)
    finally:
        clock.stop()


def test_it_ticks_at_once_and_again_and_again() -> None:
    with ticking(0.05) as (_, times, called):
        assert called(4)
    assert times == sorted(times)


def test_a_tick_that_asks_for_it_is_followed_sooner() -> None:
    with ticking(3600, again=0.02) as (_, _, called):
        assert called(4)


def test_no_tick_begins_before_the_last_has_ended() -> None:
    begun, most = [], 0

    def slow(_: datetime) -> None:
        nonlocal most
        begun.append(1)
        most = max(most, len(begun))
        time.sleep(0.1)
        begun.pop()

    clock = Clock(slow, 0.02)
    clock.start()
    time.sleep(0.4)
    clock.stop()
    assert (most, begun) == (1, [])


def test_stopping_waits_for_the_tick_that_is_going_on() -> None:
    ended: list[bool] = []

    def slow(_: datetime) -> None:
        time.sleep(0.2)
        ended.append(True)

    clock = Clock(slow, 60)
    clock.start()
    time.sleep(0.1)
    clock.stop()
    assert ended == [True]


@pytest.mark.parametrize("hours", [-1, 1])
def test_a_clock_that_jumps_is_seen_and_ticks_go_on(
    caplog: pytest.LogCaptureFixture, hours: int
) -> None:
    caplog.set_level(logging.INFO)
    with time_machine.travel(NOON) as traveller, ticking(0.05) as (clock, times, called):
        assert called(2)
        traveller.shift(timedelta(hours=hours))
        clock.look()
        assert called(len(times) + 3)
        clock.look()
        late = times[-1] - NOON
    assert abs(late - timedelta(hours=hours)) < timedelta(minutes=1)
    (record,) = [r for r in caplog.records if "jumped" in r.getMessage()]
    assert record.facts["seconds"] == hours * 3600  # type: ignore[attr-defined]


def few_means() -> None:
    """Bound this process to ten seconds of processor time and 300 MB of data."""
    resource.setrlimit(resource.RLIMIT_CPU, (10, 10))
    resource.setrlimit(resource.RLIMIT_DATA, (300_000_000, 300_000_000))


@pytest.mark.parametrize("days", [365, -365, 3650])
def test_a_clock_that_jumps_by_years_costs_neither_time_nor_memory(days: int) -> None:
    here = Path(__file__).parent
    done = subprocess.run(
        [sys.executable, here / "jumping_clock.py", str(days)],
        env={**os.environ, "PYTHONPATH": f"{here}{os.pathsep}{here.parent}"},
        preexec_fn=few_means,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr


def test_without_being_looked_after_a_clock_set_back_would_stand_still() -> None:
    """The reason for `look`: if this fails, it is needed no more."""
    with time_machine.travel(NOON) as traveller, ticking(0.05) as (_, times, called):
        assert called(2)
        traveller.shift(timedelta(hours=-1))
        time.sleep(0.2)
        number = len(times)
        time.sleep(0.4)
        assert len(times) <= number


def test_another_poll_counts_from_now_on() -> None:
    with ticking(3600) as (clock, _, called):
        assert called(1)
        clock.set_poll(0.05)
        assert called(4)
