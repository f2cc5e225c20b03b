"""What a person writes for a schedule is understood, or refused with something to write instead."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from syndicate.errors import ScheduleError
from syndicate.schedule import words
from syndicate.schedule.slots import Schedule

BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
DAYS = [date(2026, 1, 1) + timedelta(days=n) for n in range(90)]
"""Months of 31, 28 and 31 days."""
FIELDS = "write five fields: minute hour day month weekday, such as 0 8 * * mon"


def slots(text: str) -> list[str]:
    schedule = Schedule.parse(every=text, time_zone="UTC")
    before = timedelta(minutes=1)
    until = BEGIN + timedelta(days=len(DAYS))
    return [slot.local for slot in schedule.between(BEGIN - before, until - before)]


def refusal(text: str, read: Callable[[str], object] = words.every) -> ScheduleError:
    with pytest.raises(ScheduleError) as caught:
        read(text)
    assert caught.value.message
    assert caught.value.hint
    return caught.value


# -- every -----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "like"),
    [
        ("monday at 08:00", ["0 8 * * 1"]),
        ("Mondays at 8:00", ["0 8 * * 1"]),
        ("every monday at 8 am", ["0 8 * * 1"]),
        ("on mon 08:00", ["0 8 * * 1"]),
        ("thur at 23:59", ["59 23 * * 4"]),
        ("tues at 12 pm", ["0 12 * * 2"]),
        ("day at 07:30", ["30 7 * * *"]),
        ("daily at 7:30 p.m.", ["30 19 * * *"]),
        ("day at 12 am and 12 pm", ["0 0 * * *", "0 12 * * *"]),
        ("monday and thursday at 08:00", ["0 8 * * 1,4"]),
        ("tue, thurs, and sun at 08:00 and 18:15", ["0 8 * * 2,4,7", "15 18 * * 2,4,7"]),
        ("weekday at 07:30", ["30 7 * * 1,2,3,4,5"]),
        ("weekdays and sunday at 07:30", ["30 7 * * 1,2,3,4,5,7"]),
        ("tuesday to thursday at 09:00", ["0 9 * * 2,3,4"]),
        ("sat-mon at 09:00", ["0 9 * * 1,6,7"]),
        ("day at 08:00, 8 am", ["0 8 * * *"]),
        ("first monday of the month at 09:00", ["0 9 * * 1#1"]),
        ("the 2nd tuesday of each month at 09:00", ["0 9 * * 2#2"]),
        ("first and third monday of the month at 09:00", ["0 9 * * 1#1,1#3"]),
        ("second and fourth friday of the month at 09:00", ["0 9 * * 5#2,5#4"]),
        ("last friday of the month at 17:00", ["0 17 * * 5L"]),
        ("first monday and last friday of every month at 17:00", ["0 17 * * 1#1,5L"]),
        ("last day of the month at 18:00", ["0 18 L * *"]),
        ("last weekday of the month at 18:00", ["0 18 LW * *"]),
        ("1st and 15th of the month at 09:00", ["0 9 1,15 * *"]),
        ("first day and first monday of the month at 09:00", ["0 9 1 * 1#1"]),
        ("hour", ["0 */1 * * *"]),
        ("2 hours", ["0 */2 * * *"]),
        ("every 15 minutes", ["*/15 * * * *"]),
    ],
)
def test_words_become_cron_expressions(text: str, like: list[str]) -> None:
    assert list(words.every(text)) == like


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("mondey at 08:00", "did you mean monday?"),
        ("frist monday of the month at 08:00", "did you mean first?"),
        ("first wenesday of the month at 08:00", "did you mean wednesday?"),
        ("monday", "write monday at 08:00"),
        ("mondey", "did you mean monday?"),
        ("week", "write monday at 08:00"),
        ("weekly", "write monday at 08:00"),
        ("hourly", "write hour"),
        ("fortnight", "write first and third monday of the month at 08:00"),
        ("biweekly", "write first and third monday of the month at 08:00"),
        ("at 08:00", "write day at 08:00"),
        ("2 weeks", "write first and third monday of the month at 08:00"),
        ("other monday at 08:00", "write first and third monday of the month at 08:00"),
        ("weekend at 10:00", "write saturday at 08:00, or saturday and sunday at 08:00"),
        *(
            (text, "write first monday of the month at 09:00, or last day of the month at 09:00")
            for text in ("month", "monthly")
        ),
        ("5 hours", "write 1, 2, 3, 4, 6, 8 or 12 hours, or use cron"),
        ("monday at 8", "write 8 am or 8 pm"),
        ("monday at 1", "write 1 am or 1 pm"),
        ("monday at 12", "write 12 am or 12 pm"),
        ("monday at 13", "write 13:00"),
        ("monday at 0", "write 00:00"),
        ("monday at 24:00", "write one from 00:00 to 23:59"),
        ("monday at 08:60", "write one from 00:00 to 23:59"),
        ("monday at 0 am", "write one from 00:00 to 23:59"),
        ("monday at 25:00", "write one from 00:00 to 23:59"),
        ("monday at 13 pm", "write one from 00:00 to 23:59"),
        ("monday at noon", "write it such as 08:00 or 8:30 pm"),
        ("5th monday of the month at 09:00", "write last monday of the month"),
        ("fifth monday of the month at 09:00", "write last monday of the month"),
        ("31st of the month at 09:00", "write last day of the month"),
        (
            "first weekday of the month at 09:00",
            "write first monday or first day or last weekday of the month",
        ),
        ("", words.EXAMPLE),
        ("08:00", words.EXAMPLE),
        ("08:00 on monday", words.EXAMPLE),
        ("monday of the month at 09:00", words.EXAMPLE),
        ("day and monday at 09:00", words.EXAMPLE),
        ("sunrise at 09:00", words.EXAMPLE),
    ],
)
def test_words_that_are_not_understood_are_refused_with_a_hint(text: str, hint: str) -> None:
    assert refusal(text).hint == hint


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("mondey at 08:00", "has 'mondey' in place of a weekday"),
        ("monday to friday to sunday at 08:00", "has 'to' in place of a weekday"),
        (
            "monday of the month at 08:00",
            "has 'monday' in place of first, second, third, fourth or last",
        ),
        ("5 hours", "is 5 hours, which do not divide the day evenly"),
        ("7 minutes", "is 7 minutes, which do not divide the hour evenly"),
        ("29th of the month at 08:00", "has day 29, which not every month has"),
        ("5th monday of the month at 08:00", "has monday number 5, which not every month has"),
        (
            "first weekday of the month at 08:00",
            "counts weekdays from the beginning of the month",
        ),
        *(
            (f"monday at {time}", f"has '{time}', which is not a time of day")
            for time in ("noon", "8", "25:00")
        ),
        ("monday", "is 'monday', without a time of day"),
        ("", "is '', which cannot be understood"),
        ("08:00 on monday", "is '08:00 on monday', which cannot be understood"),
    ],
)
def test_a_refusal_quotes_what_is_wrong(text: str, message: str) -> None:
    assert refusal(text).message == message


def test_examples_in_hints_are_valid() -> None:
    for hint in [*words.HINTS.values(), words.EXAMPLE]:
        for text in hint.removeprefix("write ").removeprefix("it such as ").split(", "):
            for choice in text.removeprefix("or ").split(" or "):
                assert words.every(choice)


# -- every, against the calendar -------------------------------------------------------------------

times_of_day = st.tuples(st.integers(0, 23), st.integers(0, 59))
joined = st.sampled_from([" and ", ", ", ",", ", and ", " & "])


@st.composite
def spelled_time(draw: st.DrawFn, time: tuple[int, int]) -> str:
    hour, minute = time
    half = "am" if hour < 12 else "pm"
    twelve = hour % 12 or 12
    choices = [f"{hour:02}:{minute:02}", f"{hour}:{minute:02}", f"{twelve}:{minute:02} {half}"]
    return draw(st.sampled_from([*choices, *([f"{twelve}{half}"] if minute == 0 else [])]))


@st.composite
def spelled_day(draw: st.DrawFn, number: int) -> str:
    name = words.WEEK[number - 1]
    spelled = draw(st.sampled_from([name, f"{name}s", name[:3]]))
    return draw(st.sampled_from([spelled, spelled.title(), spelled.upper()]))


@given(data=st.data())
def test_any_days_and_times_give_their_slots(data: st.DataObject) -> None:
    days = data.draw(st.lists(st.integers(1, 7), min_size=1, max_size=4))
    times = data.draw(st.lists(times_of_day, min_size=1, max_size=3))
    text = data.draw(joined).join(data.draw(spelled_day(day)) for day in days) + " at "
    text += data.draw(joined).join(data.draw(spelled_time(time)) for time in times)
    assert slots(text) == [
        f"{day}T{hour:02}:{minute:02}"
        for day in DAYS
        if day.isoweekday() in days
        for hour, minute in sorted(set(times))
    ]


@given(
    st.integers(1, 7),
    st.lists(st.sampled_from([1, 2, 3, 4, -1]), min_size=1, max_size=3),
    times_of_day,
)
def test_any_weekdays_of_the_month_give_their_slots(
    weekday: int, numbers: list[int], time: tuple[int, int]
) -> None:
    names = {1: "first", 2: "2nd", 3: "third", 4: "fourth", -1: "last"}
    which = " and ".join(names[number] for number in numbers)
    at = f"{time[0]:02}:{time[1]:02}"
    same = [day for day in DAYS if day.isoweekday() == weekday]
    wanted = []
    for month in (1, 2, 3):
        inside = [day for day in same if day.month == month]
        wanted += [inside[n - 1 if n > 0 else n] for n in set(numbers)]
    text = f"{which} {words.WEEK[weekday - 1]} of the month at {at}"
    assert slots(text) == [f"{day}T{at}" for day in sorted(set(wanted))]


# -- cron ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("line", ["0 8 * * mon", "*/15 * * * *", "0 9 LW * *", "0 0 29 2 *"])
def test_a_cron_expression_is_kept_as_it_is(line: str) -> None:
    assert words.cron(f" {line}  ") == (line,)


def test_the_weekdays_of_cron_begin_on_sunday() -> None:
    schedule = Schedule.parse(cron="0 8 * * 1", time_zone="UTC")
    assert next(schedule.after(BEGIN)).local == "2026-01-05T08:00"  # a Monday


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("0 8 * *", "is '0 8 * *', which is not a cron expression", FIELDS),
        ("0 0 8 * * mon", "is '0 0 8 * * mon', which is not a cron expression", FIELDS),
        ("@weekly", "is '@weekly', which is not a cron expression", FIELDS),
        ("0 25 * * *", "has a bad hour: '0 25 * * *'", FIELDS),
        ("0 8 * * mondey", "has a bad day-of-week: '0 8 * * mondey'", FIELDS),
        ("0 0 30 2 *", "has a bad day-of-month: '0 0 30 2 *'", FIELDS),
        ("0 0 */31 * mon#5", "is '0 0 */31 * mon#5', which never matches", "write another day"),
        (f"{'1' * 5000} 8 * * *", "has a number that is too long", FIELDS),
    ],
)
def test_a_cron_expression_that_cannot_work_is_refused(line: str, message: str, hint: str) -> None:
    refused = refusal(line, words.cron)
    assert (refused.message, refused.hint) == (message, hint)


# -- durations -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("text", "length"),
    [
        ("24 hours", timedelta(hours=24)),
        ("90 minutes", timedelta(minutes=90)),
        ("1 day", timedelta(days=1)),
        ("2 Weeks", timedelta(weeks=2)),
    ],
)
def test_a_duration_is_read(text: str, length: timedelta) -> None:
    assert words.duration(text) == length


@pytest.mark.parametrize("text", ["", "24", "0 hours", "-1 day", "1.5 days", "a day", "99999 days"])
def test_text_that_is_not_a_duration_is_refused(text: str) -> None:
    refused = refusal(text, words.duration)
    assert refused.message == f"is {text!r}, which is not a duration"
    assert refused.hint == "write it such as 24 hours, 90 minutes or 2 days"


# -- anything --------------------------------------------------------------------------------------

vocabulary = [*words.DAYS, *words.ORDINALS, *words.HINTS, "of the month", "day", "and", "to", ","]
sentences = st.lists(st.sampled_from([*vocabulary, "08:00", "8", "pm", "2", "hours", "31st"])).map(
    " ".join
)
lines = st.lists(st.text("0123456789*/,-#L", min_size=1, max_size=6), min_size=5, max_size=5).map(
    " ".join
)


@given(st.one_of(st.text(max_size=60), sentences, lines))
@example("monday at ²:00")
@example("0 8 * * ²L")
def test_any_text_is_understood_or_refused(text: str) -> None:
    for read in (words.every, words.cron, words.duration):
        try:
            assert read(text)
        except ScheduleError:
            refusal(text, read)


def test_the_28th_is_the_last_day_that_every_month_has() -> None:
    assert words.every("28th day of the month at 08:00") == ("0 8 28 * *",)
    assert "day 29, which not every month has" in refusal("29th day of the month at 08:00").message


def test_an_ordinal_in_front_means_days_of_the_month() -> None:
    assert words.every("first monday at 09:00") == ("0 9 * * 1#1",)
    assert "has 'friday' in place of first" in refusal("first monday and friday at 09:00").message


def test_the_word_that_is_not_understood_is_named() -> None:
    assert "has 'fooday' in place of a weekday" in refusal("monday fooday at 08:00").message
    assert words.every("days at 08:00") == ("0 8 * * *",)
