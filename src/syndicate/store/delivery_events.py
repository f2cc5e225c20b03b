"""Table of events of deliveries, apart from sending. All its SQL is here. Append-only."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from syndicate.store.database import Database


class DeliveryEvent(NamedTuple):
    """Something that happened to a delivery, a row; `occurred_at` is UTC text."""

    issue: int
    subscriber: int
    occurred_at: str
    event: str
    detail: str


COLUMNS = ", ".join(DeliveryEvent._fields)


class DeliveryEvents:
    """What happened to deliveries."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def of(self, issue: int, subscriber: int) -> list[DeliveryEvent]:
        """The events of one delivery, the oldest first."""
        rows = self._database.rows(
            f"SELECT {COLUMNS} FROM delivery_events "
            "WHERE issue = :i AND subscriber = :s ORDER BY occurred_at, event",
            {"i": issue, "s": subscriber},
        )
        return [DeliveryEvent._make(row) for row in rows]

    # -- writing, inside a transaction -----------------------------------------------------

    def add(self, events: Sequence[DeliveryEvent]) -> None:
        """Add events."""
        self._database.upsert("delivery_events", DeliveryEvent._fields, events)

    def add_where(self, where: str, values: dict[str, object], event: DeliveryEvent) -> None:
        """Add an event to each delivery for which the SQL condition `where` holds.

        Issue and subscriber of `event` are those of the deliveries.
        """
        self._database.run(
            f"INSERT INTO delivery_events ({COLUMNS}) "
            f"SELECT issue, subscriber, :at, :event, :detail FROM deliveries WHERE {where} "
            "ON CONFLICT (issue, subscriber, occurred_at, event) "
            "DO UPDATE SET detail = excluded.detail",
            {**values, "at": event.occurred_at, "event": event.event, "detail": event.detail},
        )
