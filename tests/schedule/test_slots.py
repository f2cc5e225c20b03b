"""Each wall time of a schedule is one slot, due at the right moment, also when clocks change."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from itertools import islice, pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_calendar import BEGIN, END, PLACES, changes, year
from syndicate.errors import ScheduleError
from syndicate.schedule.slots import Schedule, Slot, moment_of

QUARTERS = (0, 15, 30, 45)
TIMES = [(hour, minute) for hour in range(24) for minute in QUARTERS]


ODD = ("Europe/Berlin", "America/Havana", "Australia/Lord_Howe", "Asia/Kathmandu")
"""Places that `make test` tries: clocks jump at two, at midnight, by 30 minutes, and never."""


def soaked(places: Iterable[str] | Iterable[int]) -> list[object]:
    """Parameters for all places, by their names or numbers."""
    return [
        pytest.param(place, marks=[pytest.mark.soak] * (name not in ODD))
        for place, name in zip(places, PLACES, strict=True)
    ]


def named(reached: dict[datetime, datetime]) -> list[Slot]:
    return [Slot(local.isoformat()[:16], moment) for local, moment in reached.items()]


def utc(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# -- a year in many places -------------------------------------------------------------------------


@pytest.mark.slow
@pytest.mark.parametrize("number", soaked(range(len(PLACES))))
def test_each_hour_of_the_year_is_one_slot(number: int) -> None:
    """The four quarters of an hour are shared out among the places."""
    place, minute = PLACES[number], QUARTERS[number % 4]
    reached = year(place)
    assert all(later - earlier == timedelta(minutes=15) for earlier, later in pairwise(reached))
    schedule = Schedule.parse(cron=f"{minute} * * * *", time_zone=place)
    wanted = {local: due for local, due in reached.items() if local.minute == minute}
    assert list(schedule.between(BEGIN, END)) == named(wanted)


@pytest.mark.parametrize("place", soaked(PLACES))
def test_each_quarter_hour_is_one_slot_when_clocks_change(place: str) -> None:
    for change in changes(place):
        near = {k: v for k, v in year(place).items() if abs(k - change) < timedelta(days=2)}
        begin, end = min(near.values()) - timedelta(minutes=1), max(near.values())
        for minute in QUARTERS:
            schedule = Schedule.parse(cron=f"{minute} * * * *", time_zone=place)
            wanted = {local: due for local, due in near.items() if local.minute == minute}
            assert list(schedule.between(begin, end)) == named(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("place", soaked(PLACES))
def test_each_time_of_day_occurs_once_a_day_when_clocks_change(place: str) -> None:
    reached = year(place)
    for change in changes(place):
        near = {k: v for k, v in reached.items() if abs(k - change) < timedelta(days=2)}
        begin, end = min(near.values()) - timedelta(minutes=1), max(near.values())
        for hour, minute in TIMES:
            schedule = Schedule.parse(every=f"day at {hour}:{minute:02}", time_zone=place)
            wanted = {k: v for k, v in near.items() if (k.hour, k.minute) == (hour, minute)}
            assert list(schedule.between(begin, end)) == named(wanted)


@pytest.mark.parametrize("number", soaked(range(len(PLACES))))
def test_each_time_of_day_occurs_on_each_day_of_the_year(number: int) -> None:
    """The 96 times are shared out among the places."""
    place = PLACES[number]
    for hour, minute in TIMES[number :: len(PLACES)]:
        schedule = Schedule.parse(every=f"day at {hour}:{minute:02}", time_zone=place)
        wanted = {k: v for k, v in year(place).items() if (k.hour, k.minute) == (hour, minute)}
        assert list(schedule.between(BEGIN, END)) == named(wanted)


@pytest.mark.parametrize("place", soaked(PLACES))
def test_every_so_many_hours_counts_on_the_local_clock(place: str) -> None:
    wanted = {k: v for k, v in year(place).items() if k.hour % 2 == 0 and k.minute == 0}
    schedule = Schedule.parse(every="2 hours", time_zone=place)
    assert list(schedule.between(BEGIN, END)) == named(wanted)


# -- moments known from the almanac ----------------------------------------------------------------


@pytest.mark.parametrize(
    ("place", "local", "due"),
    [
        # Times that never come are due when the clocks jump ...
        ("Europe/Berlin", "2026-03-29T02:30", "2026-03-29T01:00"),
        ("America/New_York", "2026-03-08T02:00", "2026-03-08T07:00"),
        ("America/Havana", "2026-03-08T00:30", "2026-03-08T05:00"),
        ("Africa/Cairo", "2026-04-24T00:15", "2026-04-23T22:00"),
        ("Asia/Beirut", "2026-03-29T00:00", "2026-03-28T22:00"),
        ("America/Santiago", "2026-09-06T00:45", "2026-09-06T04:00"),
        ("Australia/Lord_Howe", "2026-10-04T02:15", "2026-10-03T15:30"),
        ("Pacific/Apia", "2011-12-30T08:00", "2011-12-30T10:00"),  # a whole day that never came
        # ... those that come twice are due the first time.
        ("Europe/Berlin", "2026-10-25T02:30", "2026-10-25T00:30"),
        ("America/New_York", "2026-11-01T01:30", "2026-11-01T05:30"),
        ("Australia/Lord_Howe", "2026-04-05T01:45", "2026-04-04T14:45"),
        ("Asia/Kathmandu", "2026-11-01T08:00", "2026-11-01T02:15"),
    ],
)
def test_a_slot_is_due_when_the_clock_first_shows_its_time_or_a_later_one(
    place: str, local: str, due: str
) -> None:
    schedule = Schedule.parse(every=f"day at {local[11:]}", time_zone=place)
    on_that_day = list(schedule.between(utc(due) - timedelta(hours=12), utc(due)))
    assert on_that_day == [Slot(local, utc(due))]


def test_several_slots_of_a_day_are_in_order() -> None:
    schedule = Schedule.parse(every="day at 18:30, 8:00 and 12:15", time_zone="UTC")
    found = [slot.local for slot in islice(schedule.after(utc("2026-01-01T10:00")), 4)]
    assert found == ["2026-01-01T12:15", "2026-01-01T18:30", "2026-01-02T08:00", "2026-01-02T12:15"]


def test_a_slot_due_at_a_moment_is_until_it_and_not_after_it() -> None:
    schedule = Schedule.parse(every="day at 08:00", time_zone="UTC")
    eight = utc("2026-01-02T08:00")
    assert next(schedule.after(eight)).local == "2026-01-03T08:00"
    assert next(schedule.after(eight - timedelta(microseconds=1))).local == "2026-01-02T08:00"
    assert [slot.due for slot in schedule.between(eight - timedelta(hours=1), eight)] == [eight]


def test_within_a_repeated_hour_no_slot_is_due_again() -> None:
    schedule = Schedule.parse(every="15 minutes", time_zone="Europe/Berlin")
    again_ten_past_two = utc("2026-10-25T01:10")
    first = next(schedule.after(again_ten_past_two))
    assert first == Slot("2026-10-25T03:00", utc("2026-10-25T02:00"))


def test_no_slot_up_to_the_last_is_returned_again() -> None:
    schedule = Schedule.parse(every="day at 08:00", time_zone="UTC")
    begin = utc("2026-01-01T00:00")
    assert next(schedule.after(begin, last="2026-01-04T08:00")).local == "2026-01-05T08:00"
    assert next(schedule.after(utc("2026-02-01T00:00"), "2026-01-04T08:00")).local[:7] == "2026-02"


@given(st.sampled_from(PLACES), st.timedeltas(timedelta(0), timedelta(days=364)))
def test_the_slots_do_not_depend_on_the_beginning(place: str, further: timedelta) -> None:
    moment = BEGIN + further
    schedule = Schedule.parse(every="15 minutes", time_zone=place)
    until = moment + timedelta(hours=6)
    wanted = {k: due for k, due in year(place).items() if moment < due <= until}
    assert list(schedule.between(moment, until)) == named(wanted)


@pytest.mark.parametrize(
    ("text", "moment"),
    [
        ("2026-11-30T08:00", "2026-11-30T07:00Z"),
        ("2026-11-30 08:00:30", "2026-11-30T07:00:30Z"),
        (" 2026-11-30T08:00\n", "2026-11-30T07:00Z"),
        ("2026-11-30T08:00Z", "2026-11-30T08:00Z"),
        ("2026-11-30T08:00-05:00", "2026-11-30T13:00Z"),
        ("2026-10-25T02:30", "2026-10-25T00:30Z"),  # comes twice: the first time
        ("2026-03-29T02:30", "2026-03-29T01:00Z"),  # never comes: when the clocks jump
    ],
)
def test_a_date_and_time_means_the_moment_a_slot_would(text: str, moment: str) -> None:
    assert moment_of(text, ZoneInfo("Europe/Berlin")) == datetime.fromisoformat(moment)


@pytest.mark.parametrize("text", ["", "monday", "2026-11-30", "08:00", "2026-13-01T08:00"])
def test_text_that_is_not_a_date_and_time_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        moment_of(text, ZoneInfo("UTC"))
    assert caught.value.message == f"{text!r} is not a date and time"
    assert "2026-11-30T08:00+01:00" in caught.value.hint


@pytest.mark.parametrize(
    "text", ["0001-01-01T00:00", "0001-01-01T00:00+14:00", "9999-12-31T23:59-12:00"]
)
def test_a_date_and_time_out_of_range_is_refused(text: str) -> None:
    with pytest.raises(ScheduleError) as caught:
        moment_of(text, ZoneInfo("Europe/Berlin"))
    assert caught.value.message == f"{text!r} is out of range"
    assert caught.value.hint == "check the year"
