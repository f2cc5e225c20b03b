"""Quiet hours end by the clock of the time zone, also at midnight and when clocks change."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_calendar import PLACES
from syndicate.delivery.quiet_hours import until

BERLIN = ZoneInfo("Europe/Berlin")


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


@pytest.mark.parametrize(
    ("now", "quiet", "end"),
    [
        ("2026-11-25T12:00", "", None),
        ("2026-11-25T12:00", "22:00-07:00", None),
        ("2026-11-25T20:59:59", "22:00-07:00", None),
        ("2026-11-25T21:00", "22:00-07:00", "2026-11-26T06:00"),
        ("2026-11-25T22:59", "22:00-07:00", "2026-11-26T06:00"),
        ("2026-11-26T05:59:59", "22:00-07:00", "2026-11-26T06:00"),
        ("2026-11-26T06:00", "22:00-07:00", None),
        ("2026-11-25T12:30:10", "13:00 – 14:00", "2026-11-25T13:00"),
        ("2026-11-25T23:30", "00:00-06:30", "2026-11-26T05:30"),
        # The night is an hour shorter, or longer.
        ("2026-03-28T22:00", "22:00-07:00", "2026-03-29T05:00"),
        ("2026-10-24T21:00", "22:00-07:00", "2026-10-25T06:00"),
        # The end never comes: the clock jumps over it, from 2:00 to 3:00.
        ("2026-03-28T22:00", "22:00-02:30", "2026-03-29T01:00"),
        # The end comes twice, and it is quiet a second time.
        ("2026-10-24T23:00", "22:00-02:30", "2026-10-25T00:30"),
        ("2026-10-25T01:10", "22:00-02:30", "2026-10-25T01:30"),
    ],
)
def test_the_end_of_quiet_hours_in_berlin(now: str, quiet: str, end: str | None) -> None:
    assert until(utc(now), quiet, BERLIN) == (end and utc(end))


def test_a_moment_may_be_given_in_any_zone() -> None:
    now = datetime(2026, 11, 26, 0, 30, tzinfo=ZoneInfo("Asia/Kathmandu"))
    assert until(now, "18:00-20:00", BERLIN) == utc("2026-11-25T19:00")


TIMES = st.builds("{:02}:{:02}".format, st.integers(0, 23), st.integers(0, 59))


@given(
    now=st.datetimes(datetime(2026, 1, 1), datetime(2027, 1, 1), timezones=st.just(UTC)),  # noqa: DTZ001
    hours=st.tuples(TIMES, TIMES).filter(lambda pair: pair[0] != pair[1]),
    place=st.sampled_from(PLACES),
)
def test_it_is_quiet_up_to_the_end_and_not_at_it(
    now: datetime, hours: tuple[str, str], place: str
) -> None:
    begin, end = hours
    zone = ZoneInfo(place)

    def quiet(moment: datetime) -> bool:
        shown = f"{moment.astimezone(zone):%H:%M}"
        return begin <= shown < end if begin < end else not end <= shown < begin

    ends = until(now, "-".join(hours), zone)
    assert (ends is not None) == quiet(now)
    if ends is not None:
        assert not quiet(ends)
        minutes = range(int((ends - now) / timedelta(minutes=1)) + 1)
        assert all(quiet(now + timedelta(minutes=each)) for each in minutes[:-1])
        assert quiet(ends - timedelta(microseconds=1))
