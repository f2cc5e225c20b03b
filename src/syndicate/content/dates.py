"""Dates as people write them in headers -> aware datetimes in UTC. Pure.

Reads text that can mean only one date. Anything incomplete or ambiguous raises
DateError; nothing is ever guessed from the reader's own calendar or locale.
"""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, time, timedelta, timezone, tzinfo

HINT = "write it as 2024-03-01 or 2024-03-01T10:00:00+01:00"

# UTC and RFC 5322 section 4.3, without those that also name a zone elsewhere (CST, IST, BST).
_HOURS = {
    "Z": 0, "UTC": 0, "UT": 0, "GMT": 0, "WET": 0, "WEST": 1, "CET": 1, "CEST": 2, "EET": 2,
    "EEST": 3, "JST": 9, "EST": -5, "EDT": -4, "MST": -7, "MDT": -6, "PST": -8, "PDT": -7,
}  # fmt: skip

_YEAR_FIRST = re.compile(
    r"(\d{4})([-/.年])(\d{1,2})[-/.月](\d{1,2})日?"
    r"(?:(?:[Tt]|,?\s+)(\d{1,2}):(\d{2})(?::(\d{2})(?:[.,](\d{1,9}))?)?"
    r"(?:\s?([AaPp])\.?[Mm]\.?)?(?:\s*(?:(?:UTC|GMT)(?=[+-]))?([A-Za-z]{1,5}|[+-]\d{2}:?\d{2}|[+-]\d{1,2}))?)?",
    re.ASCII,
)
_MONTHS = "jan|feb|mar|apr|may|jun|jul|aug|sep|oct|nov|dec"
_SPOKEN = re.compile(rf"(?=[^\n]*\b(?:{_MONTHS}))[A-Za-z0-9 ,:./+()-]+", re.I | re.ASCII)
_FIGURES = re.compile(r"\d{1,2}([-/.])\d{1,2}\1\d{4}\b[0-9APMapm :.+-]*", re.ASCII)
_YEAR = re.compile(r"(?<![\d+])(?<![\s\d]-)\d{4}(?!\d)", re.ASCII)
# Browsers write "GMT+0200 (CEST)": the offset counts, the names around it add nothing.
_NAMES_OF_OFFSET = re.compile(r"\b(?:GMT|UTC)(?=[+-]\d)|\s*\([A-Za-z ]+\)$", re.I)
_LONGEST = 64


class DateError(ValueError):
    """A value that is not a date, or could be several. `hint` is how to write it."""

    def __init__(self, message: str, hint: str = HINT) -> None:
        super().__init__(message)
        self.hint = hint


def to_utc(value: object, zone: tzinfo) -> datetime:
    """The moment a header value means, in UTC; without an offset it is in `zone`.

    A local time that does not exist, or exists twice, is taken with the offset in force before
    the clocks changed. Raises DateError.
    """
    moment = _from_text(value) if isinstance(value, str) else _from_value(value)
    try:
        if moment.tzinfo is None:
            moment = moment.replace(tzinfo=zone, fold=0)
        return moment.astimezone(UTC)
    except (OverflowError, ValueError) as error:
        raise DateError(f"{_shown(value)} is outside the calendar") from error


def _from_value(value: object) -> datetime:
    if isinstance(value, datetime):
        return value
    if isinstance(value, date):
        return datetime.combine(value, time())
    if isinstance(value, int | float) and not isinstance(value, bool):
        return _from_number(value)
    raise DateError(f"{_shown(value)} is not a date")


def _from_number(value: int | float) -> datetime:
    """A day as 20190802, or seconds (milliseconds) since 1970 between 1973 and 5138."""
    try:
        if isinstance(value, int) and 10_000_000 <= value < 100_000_000:
            return datetime(value // 10_000, value // 100 % 100, value % 100)  # noqa: DTZ001
        if 10**8 <= value < 10**11:
            return datetime.fromtimestamp(value, UTC)
        if 10**12 <= value < 10**14:
            return datetime.fromtimestamp(value / 1000, UTC)
    except (ValueError, OverflowError, OSError):
        pass
    raise DateError(f"the number {_shown(value)} is not a date")


def _from_text(value: str) -> datetime:
    text = value.strip()
    if len(text) < 11 or text[10] in "T t":
        try:
            if not text.isdigit():
                return datetime.fromisoformat(text)
        except ValueError:
            pass  # not ISO 8601 as Python knows it: the forms below decide
    if len(text) > _LONGEST:
        raise DateError(f"{_shown(text)} is not a date")
    if text.isascii() and text.isdigit():
        return _from_number(int(text))
    if match := _YEAR_FIRST.fullmatch(text):
        return _from_parts(text, match)
    if _SPOKEN.fullmatch(text) or _FIGURES.fullmatch(text):
        return _from_words(text)
    raise DateError(f"{_shown(text)} is not a date")


def _from_parts(text: str, match: re.Match[str]) -> datetime:
    year, _, month, day, hour, minute, second, fraction, half, offset = match.groups()
    hours = int(hour or 0)
    if half:
        if not 1 <= hours <= 12:
            raise DateError(f"{_shown(text)} has no such hour")
        hours = hours % 12 + (12 if half in "pP" else 0)
    try:
        return datetime(
            int(year), int(month), int(day), hours, int(minute or 0), int(second or 0),
            int((fraction or "0")[:6].ljust(6, "0")), _zone(offset) if offset else None,
        )  # fmt: skip
    except DateError:
        raise
    except (ValueError, OverflowError) as error:
        raise DateError(f"{_shown(text)} is not a day and time of the calendar") from error


def _zone(offset: str) -> timezone:
    if offset[0] not in "+-":
        return _named_zone(offset)
    digits = offset[1:].replace(":", "")
    hours, minutes = (digits[:2], digits[2:]) if len(digits) > 2 else (digits, "0")
    if int(minutes) > 59:
        raise DateError(f"{offset!r} is not an offset from UTC")
    span = timedelta(hours=int(hours), minutes=int(minutes))
    return timezone(-span if offset[0] == "-" else span)


def _named_zone(name: str) -> timezone:
    hours = _HOURS.get(name.upper())
    if hours is None:
        raise DateError(
            f"the zone {name!r} is unknown, or means different zones in different countries",
            "write the offset in figures, such as 2024-03-01T10:00:00+01:00",
        )
    return timezone(timedelta(hours=hours))


def _from_words(text: str) -> datetime:
    """Dates with English month names, and day and month in figures where only one order fits.

    Parsed twice with different defaults and orders: what depends on either is refused.
    """
    text = _NAMES_OF_OFFSET.sub("", text)
    if not _YEAR.search(text):
        raise DateError(f"{_shown(text)} lacks a year of four digits")
    from dateutil import parser  # 20 ms, and few dates need it

    try:
        one = parser.parse(text, default=datetime(2001, 2, 3), tzinfos=_zone_of)  # noqa: DTZ001
        two = parser.parse(
            text,
            default=datetime(2004, 5, 6),  # noqa: DTZ001
            dayfirst=True,
            tzinfos=_zone_of,
        )
    except DateError:
        raise
    except (ValueError, OverflowError, TypeError, ArithmeticError, LookupError) as error:
        raise DateError(f"{_shown(text)} is not a date") from error
    if one != two:
        raise DateError(f"{_shown(text)} is incomplete, or can be read as different days")
    return one


def _zone_of(name: str | None, seconds: int | None) -> timezone | None:
    """The time zone of a text: by its offset in seconds, if it has one, else by its name."""
    if seconds is not None:
        return timezone(timedelta(seconds=seconds))
    return None if name is None else _named_zone(name)


def _shown(value: object) -> str:
    """A value for a message, at most 40 characters of it."""
    if isinstance(value, int) and value.bit_length() > 128:
        return "of that size"
    if isinstance(value, dict | list | tuple | set | frozenset):
        return f"a {type(value).__name__}"
    text = str(value)
    return repr(text if len(text) <= 40 else text[:40] + "…")
