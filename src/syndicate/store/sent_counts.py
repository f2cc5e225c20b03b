"""Table of messages per relay and second. All its SQL is here.

Rows are written in the transaction that marks messages as being sent: each that may have gone out
counts.
"""

from __future__ import annotations

from datetime import datetime

from syndicate.store.confirmed_time import confirmed_time
from syndicate.store.database import Database

FIRST = "first-sent:"
"""Prefix of the key in `meta` of the second a server was first used, before its name."""


class SentCounts:
    """How many messages were sent through each server. Seconds are since 1970."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def between(self, server: str, first: int, last: int) -> list[tuple[int, int]]:
        """Seconds in order, from `first` to `last`, with the number of messages in each."""
        query = (
            "SELECT second, sent FROM sent_counts "
            "WHERE server = :server AND second BETWEEN :first AND :last ORDER BY second"
        )
        values = {"server": server, "first": first, "last": last}
        return [(second, sent) for second, sent in self._database.rows(query, values)]

    def first(self, server: str) -> int | None:
        """The second in which a server was first used; None if never."""
        query = "SELECT value FROM meta WHERE key = :key"
        rows = self._database.rows(query, {"key": FIRST + server})
        return int(rows[0][0]) if rows else None

    # -- writing, inside a transaction -----------------------------------------------------

    def add(self, server: str, second: int, many: int) -> None:
        """Count messages that are marked as being sent in a second."""
        self._database.run(
            "INSERT INTO sent_counts (server, second, sent) VALUES (:server, :second, :many) "
            "ON CONFLICT (server, second) DO UPDATE SET sent = sent_counts.sent + excluded.sent",
            {"server": server, "second": second, "many": many},
        )
        # The earliest stays, so a clock that was ahead once does no lasting harm.
        self._database.run(
            "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) "
            "DO UPDATE SET value = excluded.value "
            "WHERE CAST(meta.value AS BIGINT) > CAST(excluded.value AS BIGINT)",
            {"key": FIRST + server, "value": str(second)},
        )

    def forget(self, now: datetime, kept: int) -> None:
        """Delete counts older than `kept` seconds."""
        if moment := confirmed_time(self._database, "sent_counts", now):
            values = {"before": int(moment.timestamp()) - kept}
            self._database.run("DELETE FROM sent_counts WHERE second < :before", values)
