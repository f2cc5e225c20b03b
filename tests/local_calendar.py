"""What the clock of a place shows, found by looking at it every quarter of an hour.

Slow and plain on purpose: schedules are measured against this, so it shares nothing with them.
All places tested change their clocks on a quarter of an hour.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from functools import cache
from itertools import pairwise
from zoneinfo import ZoneInfo

PLACES = (
    "America/New_York",
    "Europe/Berlin",
    "Australia/Sydney",
    "America/Havana",
    "Africa/Cairo",
    "Asia/Beirut",
    "America/Santiago",
    "Australia/Lord_Howe",
    "Asia/Kathmandu",
    "UTC",
    "Pacific/Auckland",
    "Africa/Casablanca",
)
QUARTER = timedelta(minutes=15)
BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
END = datetime(2027, 1, 1, tzinfo=UTC)


def clock(place: str, moment: datetime) -> datetime:
    return moment.astimezone(ZoneInfo(place)).replace(tzinfo=None)


@cache
def year(place: str) -> dict[datetime, datetime]:
    """Each quarter hour of the local calendar after BEGIN -> the moment it is reached.

    It is reached when the clock shows it, or anything later, for the first time.
    """
    reached: dict[datetime, datetime] = {}
    moment, latest = BEGIN, clock(place, BEGIN)
    while (moment := moment + QUARTER) <= END:
        while latest < clock(place, moment):
            latest += QUARTER
            reached[latest] = moment
    return reached


def changes(place: str) -> list[datetime]:
    """Quarter hours of the local calendar behind which the clock does not simply go on."""
    pairs = pairwise(year(place).items())
    return [local for (local, moment), (_, following) in pairs if following - moment != QUARTER]
