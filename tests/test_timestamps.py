"""Moments as text: whole seconds in UTC, sorting as time does."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from hypothesis import given
from hypothesis import strategies as st

from syndicate.timestamps import format_timestamp, parse_timestamp

MOMENTS = st.datetimes(
    min_value=datetime(1, 1, 2),  # noqa: DTZ001  the strategy adds the zone
    max_value=datetime(9999, 12, 30),  # noqa: DTZ001
    timezones=st.sampled_from([UTC, ZoneInfo("Asia/Tokyo"), timezone(timedelta(hours=-11.5))]),
)


def test_a_moment_is_written_in_utc_with_whole_seconds() -> None:
    berlin = datetime(2026, 11, 22, 9, 0, 0, 999_999, tzinfo=ZoneInfo("Europe/Berlin"))
    assert format_timestamp(berlin) == "2026-11-22T08:00:00Z"
    assert format_timestamp(datetime(33, 4, 3, tzinfo=UTC)) == "0033-04-03T00:00:00Z"


def test_a_time_that_is_read_back_has_a_zone() -> None:
    assert parse_timestamp("2026-11-22T08:00:00Z") == datetime(2026, 11, 22, 8, tzinfo=UTC)
    assert parse_timestamp("2026-11-22T08:00:00Z").utcoffset() == timedelta()


@given(MOMENTS)
def test_a_time_is_read_back_to_the_second(moment: datetime) -> None:
    assert parse_timestamp(format_timestamp(moment)) == moment.astimezone(UTC).replace(
        microsecond=0
    )
    assert format_timestamp(parse_timestamp(format_timestamp(moment))) == format_timestamp(moment)


@given(MOMENTS, MOMENTS)
def test_texts_sort_as_moments_do(one: datetime, other: datetime) -> None:
    if format_timestamp(one) != format_timestamp(other):
        assert (format_timestamp(one) < format_timestamp(other)) == (one < other)
