"""Which time has certainly passed: nothing is deleted for its age on one reading of the clock.

A clock that is ahead for a moment, at boot or by mistake, would otherwise delete everything that is
kept for a limited time. So each reading is stored, and counts only when it is a day old.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from syndicate.store.database import Database
from syndicate.timestamps import format_timestamp, parse_timestamp

READING = "clock:"
"""Prefix of the key in `meta` of the last reading, before the kind of rows."""

MIN_AGE = timedelta(days=1)
"""How old a reading must be to count."""


def needs_reading(readings: Mapping[str, str], kind: str, now: datetime) -> bool:
    """Whether `confirmed_time` would store another reading for this `kind`; from `meta`."""
    text = readings.get(READING + kind)
    before = parse_timestamp(text) if text else None
    return before is None or not before <= now < before + MIN_AGE


def confirmed_time(database: Database, kind: str, now: datetime) -> datetime | None:
    """The time that has certainly passed, for rows of this `kind`; None if nothing may be deleted.

    Inside a transaction. Returns a time at most once in `MIN_AGE`. A reading that is later than
    `now` is from a clock that was ahead: it is replaced, and never counts.
    """
    key = READING + kind
    rows = database.rows("SELECT value FROM meta WHERE key = :key", {"key": key})
    readings = {key: str(rows[0][0])} if rows else {}
    if not needs_reading(readings, kind, now):
        return None
    database.upsert("meta", ("key", "value"), [(key, format_timestamp(now))])
    before = parse_timestamp(readings[key]) if readings else now
    return before if before < now else None
