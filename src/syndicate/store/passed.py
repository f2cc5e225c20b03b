"""Which moment has certainly passed: what is deleted for its age is not deleted by one reading.

A clock that is ahead for a moment, at boot or after a mistake, would otherwise delete everything
that is kept for a time. So each reading is kept, and only the one of a day ago counts.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from syndicate.moments import from_text, to_text
from syndicate.store.database import Database

READING = "clock:"
"""Begins the name in `meta` of the last reading for a kind of rows; the kind follows."""

LEAST = timedelta(days=1)
"""How much later than a reading the clock must be before the reading is believed."""


def passed(database: Database, kind: str, now: datetime) -> datetime | None:
    """The moment that counts as passed for rows of this `kind`; None when nothing may be deleted.

    Inside a transaction. A moment is given once in `LEAST` at most. A reading that is later than
    `now` came from a clock that was ahead: it is replaced, and never counted.
    """
    key = {"key": READING + kind}
    rows = database.rows("SELECT value FROM meta WHERE key = :key", key)
    before = from_text(str(rows[0][0])) if rows else None
    if before and before <= now < before + LEAST:
        return None
    database.upsert("meta", ("key", "value"), [(key["key"], to_text(now))])
    return before if before and before <= now else None
