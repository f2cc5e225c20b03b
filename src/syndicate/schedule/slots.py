"""The slots of a schedule: local wall times, one after another, each with the moment it is due.

Slots follow the local calendar and clock, never elapsed time. So there is one slot for each wall
time of the schedule, also when clocks change. It is due **at the first moment at which the local
clock shows it or a later time**:

- a wall time that comes twice (clocks back) is due the first time;
- a wall time that never comes (clocks forward) is due the moment the clocks jump over it.

It follows that later slots are never due before earlier ones.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from heapq import merge
from itertools import takewhile
from zoneinfo import ZoneInfo

from cronsim import CronSim

from syndicate.errors import ScheduleError
from syndicate.schedule import words


@dataclass(frozen=True, slots=True)
class Slot:
    """One planned moment of a newsletter.

    `local` is the wall time without offset, `2026-11-01T08:00`: its name, which sorts as time
    does. `due` is the moment in UTC.
    """

    local: str
    due: datetime


@dataclass(frozen=True, slots=True)
class Schedule:
    """Cron expressions of five fields, without common slots, and a time zone."""

    lines: tuple[str, ...]
    zone: ZoneInfo

    @classmethod
    def parse(cls, *, every: str = "", cron: str = "", time_zone: str) -> Schedule:
        """A schedule from the configuration: `every`, or `cron`. Raises ScheduleError."""
        return cls(words.every(every) if every else words.cron(cron), ZoneInfo(time_zone))

    def after(self, moment: datetime, last: str = "") -> Iterator[Slot]:
        """The slots due after `moment` (aware), and after slot `last`; infinitely many."""
        wall = _wall(moment, self.zone)
        if last:
            wall = max(wall, datetime.fromisoformat(last))
        for local in merge(*(CronSim(line, wall) for line in self.lines)):
            slot = Slot(local.isoformat(timespec="minutes"), _due(local, self.zone))
            if slot.due > moment:  # false when the clock shows it a second time
                yield slot

    def between(self, after: datetime, until: datetime, last: str = "") -> Iterator[Slot]:
        """The slots due after `after` and not after `until`, and after slot `last`."""
        return takewhile(lambda slot: slot.due <= until, self.after(after, last))


def moment_of(text: str, zone: ZoneInfo) -> datetime:
    """The moment in UTC of a date and time (ISO 8601), with an offset or as wall time.

    A wall time that comes twice or never is treated as for slots. Raises ScheduleError.
    """
    try:
        parsed = datetime.fromisoformat(text.strip())
    except ValueError:
        parsed = None
    if parsed is None or ":" not in text:
        raise ScheduleError(
            f"{text!r} is not a date and time",
            hint="write it such as 2026-11-30T08:00, or with an offset: 2026-11-30T08:00+01:00",
        )
    try:
        return parsed.astimezone(UTC) if parsed.tzinfo else _due(parsed, zone)
    except (OverflowError, ValueError):
        raise ScheduleError(f"{text!r} is out of range", hint="check the year") from None


def _wall(moment: datetime, zone: ZoneInfo) -> datetime:
    """The wall time in the zone."""
    return moment.astimezone(zone).replace(tzinfo=None)


def _due(local: datetime, zone: ZoneInfo) -> datetime:
    """The first moment at which the clock in the zone shows `local` or later, in UTC."""
    late = local.replace(tzinfo=zone, fold=0).astimezone(UTC)  # by the offset before a jump
    if _wall(late, zone) == local:
        return late
    early = local.replace(tzinfo=zone, fold=1).astimezone(UTC)  # by the offset after it
    seconds = range(int((late - early).total_seconds()))
    return early + timedelta(
        seconds=bisect(
            seconds, local, key=lambda second: _wall(early + timedelta(seconds=second), zone)
        )
    )
