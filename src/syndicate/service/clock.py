"""The clock: runs the scheduler again and again. Decides nothing.

APScheduler uses the wall clock only. Set back by an hour, it would wait for that hour; so wall and
monotonic clock are compared, and when they diverge the next tick comes at once.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from apscheduler.schedulers.background import BackgroundScheduler
from apscheduler.triggers.base import BaseTrigger

log = logging.getLogger(__name__)

JOB = "tick"
JUMP_SECONDS = 5.0
"""Clocks that are being adjusted gently do not part so far between two looks."""


class Every(BaseTrigger):  # type: ignore[misc]
    """The next run comes a number of seconds after now, whenever the last one was.

    APScheduler's own interval trigger lists every run between the last one and now: after a clock
    was set forward by a year, that takes all memory, and holds the scheduler's lock meanwhile.
    """

    def __init__(self, seconds: float) -> None:
        self._pause = timedelta(seconds=seconds)

    def get_next_fire_time(self, previous: datetime | None, now: datetime) -> datetime:  # noqa: ARG002
        """The next run after `now`."""
        return now + self._pause


class Clock:
    """Calls `tick` with the time, at once and then every `poll` seconds, one call at a time.

    A tick may ask to be called again sooner, by the seconds it returns.
    """

    def __init__(self, tick: Callable[[datetime], float | None], poll: float) -> None:
        self._tick = tick
        self._scheduler = BackgroundScheduler(timezone=UTC)
        self._at_work = threading.Lock()
        self._stopped = False
        self._apart = _apart()
        self._scheduler.add_job(
            self._turn,
            Every(poll),
            id=JOB,
            next_run_time=datetime.now(UTC),
            misfire_grace_time=None,
            coalesce=True,
            max_instances=1,
        )

    def start(self) -> None:
        """Begin, in a thread of its own."""
        self._scheduler.start()

    def set_poll(self, poll: float) -> None:
        """From now on, tick every `poll` seconds; the first time at once."""
        self._scheduler.reschedule_job(JOB, trigger=Every(poll))

    def look(self) -> None:
        """Compare the clocks; to be called every few seconds from another thread."""
        apart = _apart()
        jump, self._apart = apart - self._apart, apart
        if abs(jump) >= JUMP_SECONDS:
            log.warning("the clock jumped", extra={"facts": {"seconds": round(jump)}})
            self.at_once()

    def stop(self) -> None:
        """Begin no more ticks, and wait for the one that is going on."""
        self._stopped = True
        with self._at_work:
            self._scheduler.shutdown(wait=False)

    def at_once(self) -> None:
        """Tick now, or as soon as the tick that is going on has ended."""
        self._scheduler.modify_job(JOB, next_run_time=datetime.now(UTC))

    def _turn(self) -> None:
        with self._at_work:
            again = None if self._stopped else self._tick(datetime.now(UTC))
            if again is not None and not self._stopped:
                soon = datetime.now(UTC) + timedelta(seconds=again)
                self._scheduler.modify_job(JOB, next_run_time=soon)


def _apart() -> float:
    return time.time() - time.monotonic()
