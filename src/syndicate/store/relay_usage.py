"""Tables of what workers sent through relays, and what they reserved. All SQL.

Rows of usage are written when the outcome of messages is known, in the order of their sequence.
Messages that a worker reserved, and of which the outcome is not recorded yet, are in its
reservation. Times are those of `Database.clock`, in seconds since 1970.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from math import ceil
from typing import NamedTuple

from syndicate.store.confirmed_time import confirmed_time
from syndicate.store.database import Database

FIRST = "first-sent:"
"""Prefix of the key in `meta` of the second a relay was first used, before its name."""


SECOND = "CAST(recorded_at AS BIGINT)"
"""The SQL of the second of usage: databases round differently, which does not matter."""


class Usage(NamedTuple):
    """Messages whose outcome was recorded at a moment."""

    sequence: int
    recorded_at: float
    messages: int


class Reservation(NamedTuple):
    """What a worker reserved of a relay: messages that it may send, and open connections.

    `ended_at` is when it was found dead, 0 while it may live.
    """

    worker: int
    messages: int = 0
    connections: int = 0
    ended_at: float = 0.0


class RelayUsage:
    """What all workers do with each relay."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def since(self, relay: str, sequence: int, after: float) -> list[Usage]:
        """The usage after a sequence number, and after a moment, in order."""
        query = (
            "SELECT sequence, recorded_at, messages FROM relay_usage WHERE relay = :relay "
            "AND sequence > :sequence AND recorded_at > :after ORDER BY sequence"
        )
        values = {"relay": relay, "sequence": sequence, "after": after}
        return [Usage._make(row) for row in self._rows(query, values)]

    def reservations(self, relay: str) -> list[Reservation]:
        """The reservations of all workers."""
        query = (
            "SELECT worker, messages, connections, ended_at FROM relay_reservations "
            "WHERE relay = :relay ORDER BY worker"
        )
        return [Reservation._make(row) for row in self._rows(query, {"relay": relay})]

    def first_used(self, relay: str) -> int | None:
        """The second in which a relay was first used; None if never."""
        rows = self._rows("SELECT value FROM meta WHERE key = :key", {"key": FIRST + relay})
        return int(rows[0][0]) if rows else None

    # -- writing, inside a transaction -----------------------------------------------------

    def record(self, relay: str, messages: int, now: float) -> None:
        """Count messages whose outcome is known now."""
        self._database.run(
            "INSERT INTO relay_usage (relay, sequence, recorded_at, messages) "
            "SELECT :relay, coalesce(max(sequence), 0) + 1, :now, :messages "
            "FROM relay_usage WHERE relay = :relay",
            {"relay": relay, "messages": messages, "now": now},
        )

    def record_first_use(self, relay: str, now: float) -> None:
        """Keep the second of the first use; the earliest stays.

        So a clock that was ahead once does no lasting harm.
        """
        self._database.run(
            "INSERT INTO meta (key, value) VALUES (:key, :value) ON CONFLICT (key) "
            "DO UPDATE SET value = excluded.value "
            "WHERE CAST(meta.value AS BIGINT) > CAST(excluded.value AS BIGINT)",
            {"key": FIRST + relay, "value": str(ceil(now))},
        )

    def reserve(self, relay: str, reservation: Reservation) -> None:
        """Replace the reservation of a worker."""
        columns = ("relay", *Reservation._fields)
        self._database.upsert("relay_reservations", columns, [(relay, *reservation)])

    def remove(self, relay: str, worker: int) -> bool:
        """Remove the reservation of a worker that ends; False if it was found dead meanwhile."""
        return bool(
            self._rows(
                "DELETE FROM relay_reservations WHERE relay = :relay AND worker = :worker "
                "AND ended_at = 0 RETURNING worker",
                {"relay": relay, "worker": worker},
            )
        )

    def expire(self, relay: str, workers: Iterable[int]) -> None:
        """Remove the reservations of dead workers: they count as sent now."""
        self._database.run_many(
            "DELETE FROM relay_reservations WHERE relay = :relay AND worker = :worker",
            [{"relay": relay, "worker": worker} for worker in workers],
        )

    def end_all_but(self, workers: Iterable[int], now: float) -> None:
        """All workers but these are dead: what they reserved may still be sent for some time.

        Their connections are free.
        """
        living = ", ".join(str(int(worker)) for worker in workers)
        self._database.run(
            "UPDATE relay_reservations SET ended_at = :now, connections = 0 "
            f"WHERE ended_at = 0 AND worker NOT IN ({living})",
            {"now": now},
        )

    def merge(self, relay: str, sequence: int, before: float) -> int:
        """Merge usage after a sequence number and before a moment, by second; the last sequence.

        The last entry of each second stays, so that workers which have read all read none again.
        """
        where = "relay = :relay AND sequence > :sequence AND recorded_at < :before"
        values = {"relay": relay, "sequence": sequence, "before": before}
        seconds = self._rows(
            f"SELECT {SECOND}, min(sequence), max(sequence), sum(messages) FROM relay_usage "
            f"WHERE {where} GROUP BY {SECOND} HAVING count(*) > 1",
            values,
        )
        names = ("second", "first", "last", "messages")
        merged = [{"relay": relay, **dict(zip(names, row, strict=True))} for row in seconds]
        self._database.run_many(
            "DELETE FROM relay_usage WHERE relay = :relay AND sequence >= :first "
            f"AND sequence < :last AND {SECOND} = :second",
            [{name: row[name] for name in ("relay", *names[:3])} for row in merged],
        )
        self._database.run_many(
            "UPDATE relay_usage SET messages = :messages WHERE relay = :relay AND sequence = :last",
            [{name: row[name] for name in ("relay", "last", "messages")} for row in merged],
        )
        ((last,),) = self._rows(f"SELECT max(sequence) FROM relay_usage WHERE {where}", values)
        return sequence if last is None else int(last)

    def forget(self, now: datetime, kept: float) -> None:
        """Delete usage older than `kept` seconds, but for the last entry: it has the sequence."""
        if moment := confirmed_time(self._database, "relay_usage", now):
            self._database.run(
                "DELETE FROM relay_usage WHERE recorded_at < :before AND sequence < "
                "(SELECT max(sequence) FROM relay_usage u WHERE u.relay = relay_usage.relay)",
                {"before": moment.timestamp() - kept},
            )
