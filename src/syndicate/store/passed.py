"""Which moment has certainly passed: nothing is deleted for its age on one reading of the clock.

A clock that is ahead for a moment, at boot or after a mistake, would otherwise delete everything
that is kept for a time. So each reading is kept, and only the one of a day ago counts.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta

from syndicate.store.database import Database
from syndicate.timestamps import format_timestamp, parse_timestamp

READING = "clock:"
"""Begins the name in `meta` of the last reading for a kind of rows; the kind follows."""

MIN_AGE = timedelta(days=1)
"""How much later than a reading the clock must be before the reading is believed."""


def is_unread(readings: Mapping[str, str], kind: str, now: datetime) -> bool:
    """Whether `passed` would keep another reading for this `kind`, by what `meta` holds."""
    text = readings.get(READING + kind)
    before = parse_timestamp(text) if text else None
    return before is None or not before <= now < before + MIN_AGE


def passed(database: Database, kind: str, now: datetime) -> datetime | None:
    """The moment that counts as passed for rows of this `kind`; None when nothing may be deleted.

    Inside a transaction. A moment is given once in `MIN_AGE` at most. A reading that is later than
    `now` came from a clock that was ahead: it is replaced, and never counted.
    """
    key = READING + kind
    rows = database.rows("SELECT value FROM meta WHERE key = :key", {"key": key})
    readings = {key: str(rows[0][0])} if rows else {}
    if not is_unread(readings, kind, now):
        return None
    database.upsert("meta", ("key", "value"), [(key, format_timestamp(now))])
    before = parse_timestamp(readings[key]) if readings else now
    return before if before < now else None
