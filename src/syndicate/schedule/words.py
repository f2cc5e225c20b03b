"""A schedule in words -> cron expressions. Without time zones.

`every`, `cron` and `duration` raise ScheduleError, whose message follows the name of the setting.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from syndicate.errors import ScheduleError

WEEK = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
DAYS = {
    name: number
    for number, day in enumerate(WEEK, 1)
    for name in (day, f"{day}s", day[:3], day[:4], day[:5])
}
"""Names of weekdays, in full and short, with cron's numbers: Monday is 1, Sunday 7."""

LAST = -1
ORDINALS = {"first": 1, "second": 2, "third": 3, "fourth": 4, "fifth": 5, "last": LAST}
EXAMPLE = "write it such as monday at 08:00, first monday of the month at 09:00 or 2 hours"
TWICE = "write first and third monday of the month at 08:00"
HINTS = {
    "other": TWICE,
    "fortnight": TWICE,
    "biweekly": TWICE,
    "weeks": TWICE,
    "weekend": "write saturday at 08:00, or saturday and sunday at 08:00",
    "week": "write monday at 08:00",
    "weekly": "write monday at 08:00",
    "month": "write first monday of the month at 09:00, or last day of the month at 09:00",
    "monthly": "write first monday of the month at 09:00, or last day of the month at 09:00",
    "hourly": "write hour",
    "at": "write day at 08:00",
}
"""Hints by word that is not valid in its place."""

FIELDS = "write five fields: minute hour day month weekday, such as 0 8 * * mon"
SINCE = datetime(2000, 1, 1)  # noqa: DTZ001 - the local calendar has no zone

_KNOWN = {*DAYS, *ORDINALS, "day", "weekday"}

_SPAN = re.compile(r"(?:(?P<number>\d{1,4}) )?(?P<unit>hour|minute)s?")
_DAYS_AND_TIMES = re.compile(r"(?P<days>.+?)(?: at |,? (?=\d{1,2}:))(?P<times>.+)")
_LEAD = re.compile(r"^(?:(?:every|each|on|the) )+")
_OF_THE_MONTH = re.compile(r" (?:of|in) (?:the|a|each|every) month$")
_AND = re.compile(r" ?(?:, and |,|&| and ) ?")
_TO = re.compile(r" to | through | ?[-–] ?")
_NTH = re.compile(r"(\d{1,2})(?:st|nd|rd|th)")
_TIME = re.compile(r"(?P<hour>\d{1,2})(?::(?P<minute>\d\d))?(?: ?(?P<half>[ap])\.?m\.?)?")
_DURATION = re.compile(r"(\d{1,4}) ?(minute|hour|day|week)s?")


def every(text: str) -> tuple[str, ...]:
    """`monday at 08:00`, `2 hours`, … as cron expressions without common slots."""
    words = _LEAD.sub("", " ".join(text.lower().split()))
    if span := _SPAN.fullmatch(words):
        return (_span(int(span["number"] or 1), span["unit"]),)
    parts = _DAYS_AND_TIMES.fullmatch(words)
    if not parts:
        raise _no_days_and_times(text, words)
    days = _days(parts["days"])
    times = sorted({_time(time) for time in _AND.split(parts["times"])})
    return tuple(f"{minute} {hour} {days}" for hour, minute in times)


def cron(text: str) -> tuple[str, ...]:
    """A cron expression of five fields that matches some day."""
    from cronsim import CronSim, CronSimError

    fields = text.split()
    if len(fields) != 5:
        raise ScheduleError(f"is {text!r}, which is not a cron expression", hint=FIELDS)
    line = " ".join(fields)
    try:
        first = next(CronSim(line, SINCE), None)
    except CronSimError as error:
        raise ScheduleError(f"has a {str(error).lower()}: {line!r}", hint=FIELDS) from None
    except ValueError:  # a number too long for Python
        raise ScheduleError("has a number that is too long", hint=FIELDS) from None
    if first is None:
        raise ScheduleError(f"is {line!r}, which never matches", hint="write another day")
    return (line,)


def duration(text: str) -> timedelta:
    """`24 hours`, `90 minutes`, `2 days`, `1 week`; never zero."""
    match = _DURATION.fullmatch(" ".join(text.lower().split()))
    if not match or not int(match[1]):
        hint = "write it such as 24 hours, 90 minutes or 2 days"
        raise ScheduleError(f"is {text!r}, which is not a duration", hint=hint)
    return timedelta(**{f"{match[2]}s": int(match[1])})


def _span(number: int, unit: str) -> str:
    """Every so many hours or minutes of the local clock, from midnight or the full hour."""
    whole = 24 if unit == "hour" else 60
    fits = [str(n) for n in range(1, whole) if whole % n == 0]
    if str(number) not in fits:
        hint = f"write {', '.join(fits[:-1])} or {fits[-1]} {unit}s, or use cron"
        span = "day" if unit == "hour" else "hour"
        message = f"is {number} {unit}s, which do not divide the {span} evenly"
        raise ScheduleError(message, hint=hint)
    return f"0 */{number} * * *" if unit == "hour" else f"*/{number} * * * *"


def _days(text: str) -> str:
    """The last three fields of a cron expression: day of month, month, weekday."""
    words = _OF_THE_MONTH.sub("", text)
    if words in ("day", "days", "daily") and words == text:
        return "* * *"
    items = _AND.split(words)
    if words != text or _ordinal(items[0].split()[0] if items[0] else "") is not None:
        return _days_of_month(items)
    return f"* * {_listed(day for item in items for day in _weekdays(item))}"


def _weekdays(item: str) -> Iterator[int]:
    """`monday`, or `monday to friday`; a range may cross the end of the week."""
    first, *rest = _TO.split("monday to friday" if item in ("weekday", "weekdays") else item)
    begin = _weekday(first)
    end = _weekday(" to ".join(rest)) if rest else begin
    for further in range((end - begin) % 7 + 1):
        yield (begin + further - 1) % 7 + 1


def _weekday(text: str) -> int:
    if text in DAYS:
        return DAYS[text]
    hint = next((HINTS[word] for word in text.split() if word in HINTS), "")
    unknown = next((word for word in text.split() if word not in _KNOWN), text)
    raise ScheduleError(f"has {unknown!r} in place of a weekday", hint=hint or _nearest(unknown))


def _days_of_month(items: list[str]) -> str:
    """`first monday`, `first and third monday`, `1st and 15th`, `last day`."""
    waiting: list[int] = []
    of_month: list[str] = []
    of_week: list[str] = []
    for word in " ".join(items).split():
        ordinal = _ordinal(word)
        if ordinal is not None:
            waiting.append(ordinal)
        elif not waiting:
            message = f"has {word!r} in place of first, second, third, fourth or last"
            raise ScheduleError(message, hint=_nearest(word))
        else:
            if word == "day":
                of_month += map(_day_of_month, waiting)
            elif word == "weekday":
                of_month += map(_working_day, waiting)
            else:
                of_week += [_weekday_of_month(_weekday(word), nth) for nth in waiting]
            waiting = []
    of_month += map(_day_of_month, waiting)
    return f"{_listed(of_month) or '*'} * {_listed(of_week) or '*'}"


def _ordinal(word: str) -> int | None:
    number = _NTH.fullmatch(word)
    return int(number[1]) if number else ORDINALS.get(word)


def _day_of_month(nth: int) -> str:
    if nth == LAST:
        return "L"
    if 1 <= nth <= 28:
        return str(nth)
    raise ScheduleError(
        f"has day {nth}, which not every month has", hint="write last day of the month"
    )


def _working_day(nth: int) -> str:
    if nth == LAST:
        return "LW"
    raise ScheduleError(
        "counts weekdays from the beginning of the month",
        hint="write first monday or first day or last weekday of the month",
    )


def _weekday_of_month(day: int, nth: int) -> str:
    if nth == LAST:
        return f"{day}L"
    if 1 <= nth <= 4:
        return f"{day}#{nth}"
    name = WEEK[day - 1]
    raise ScheduleError(
        f"has {name} number {nth}, which not every month has",
        hint=f"write last {name} of the month",
    )


def _time(text: str) -> tuple[int, int]:
    """`08:00`, `8:00`, `8 am`, `8:30 pm` as hour and minute."""
    match = _TIME.fullmatch(text)
    if not match:
        hint = "write it such as 08:00 or 8:30 pm"
        raise ScheduleError(f"has {text!r}, which is not a time of day", hint=hint)
    hour, minute, half = int(match["hour"]), int(match["minute"] or 0), match["half"]
    if match["minute"] is None and not half:
        hint = f"write {text} am or {text} pm" if 1 <= hour <= 12 else f"write {hour:02}:00"
        raise ScheduleError(f"has {text!r}, which is not a time of day", hint=hint)
    if not (1 <= hour <= 12 if half else hour <= 23) or minute > 59:
        raise ScheduleError(
            f"has {text!r}, which is not a time of day", hint="write one from 00:00 to 23:59"
        )
    return hour % 12 + 12 * (half == "p") if half else hour, minute


def _listed(items: Iterable[object]) -> str:
    return ",".join(sorted({str(item) for item in items}))


def _no_days_and_times(text: str, words: str) -> ScheduleError:
    try:
        _days(words)
    except ScheduleError as error:
        return error if words and not _TIME.search(words) else _not_understood(text, words)
    return ScheduleError(f"is {text!r}, without a time of day", hint=f"write {words} at 08:00")


def _not_understood(text: str, words: str) -> ScheduleError:
    hint = next((HINTS[word] for word in words.split() if word in HINTS), EXAMPLE)
    return ScheduleError(f"is {text!r}, which cannot be understood", hint=hint)


def _nearest(word: str) -> str:
    import difflib

    alternatives = () if word in _KNOWN else (*WEEK, "day", "weekday", *ORDINALS)
    near = difflib.get_close_matches(word, alternatives, n=1)
    return f"did you mean {near[0]}?" if near else EXAMPLE
