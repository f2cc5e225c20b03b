"""Quiet hours: the time of day, in a time zone, in which nothing is sent. Pure."""

from __future__ import annotations

import re
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

MINUTE = timedelta(minutes=1)


def until(now: datetime, quiet: str, zone: ZoneInfo) -> datetime | None:
    """When the quiet hours that include `now` (aware) end, in UTC; None outside of them.

    `quiet` is as in the configuration, `22:00-07:00`, or empty. Quiet hours last while the local
    clock shows a time from the first to just before the second, also when clocks change.
    """
    if not quiet:
        return None
    begin, end = (time.fromisoformat(each) for each in re.findall(r"\d\d:\d\d", quiet))
    if not _within(now, begin, end, zone):
        return None
    moment = now.astimezone(UTC).replace(second=0, microsecond=0) + MINUTE
    while _within(moment, begin, end, zone):  # clocks change at whole minutes
        moment += MINUTE
    return moment


def _within(moment: datetime, begin: time, end: time, zone: ZoneInfo) -> bool:
    shown = moment.astimezone(zone).time()
    return begin <= shown < end if begin <= end else shown >= begin or shown < end
