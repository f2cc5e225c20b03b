"""Tables of events for hooks, and of each hook's position. All their SQL is here.

Events are kept in the transaction of what they report. Decides nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.database import Database
from syndicate.store.passed import passed
from syndicate.timestamps import format_timestamp


class Happening(StrEnum):
    """What hooks can be told. `subject` is a newsletter and slot, an article's id, an address."""

    ARTICLE_PUBLISHED = "article-published"
    ISSUE_MADE = "issue-made"
    ISSUE_APPROVED = "issue-approved"
    FEED_CHANGED = "feed-changed"


class Event(NamedTuple):
    """Something that happened, a row; `at` is UTC text."""

    id: int
    event: str
    subject: str
    at: str


class Told(NamedTuple):
    """How far a hook was told, a row. `position` is the last event it heard of."""

    name: str
    position: int
    attempts: int = 0
    next_try: str = ""
    failing_since: str = ""
    reason: str = ""


class Events:
    """What the database knows about events and hooks."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def last(self) -> int:
        """The newest event's id, 0 for none."""
        return int(self._rows("SELECT coalesce(max(id), 0) FROM events")[0][0])

    def since(self, position: int, kinds: Sequence[str], limit: int) -> list[Event]:
        """Events of these kinds after `position`, the oldest first."""
        values: dict[str, object] = {f"k{i}": kind for i, kind in enumerate(kinds)}
        names = ", ".join(f":{name}" for name in values)
        rows = self._rows(
            "SELECT id, event, subject, at FROM events "
            f"WHERE id > :position AND event IN ({names}) ORDER BY id LIMIT :limit",
            values | {"position": position, "limit": limit},
        )
        return [Event._make(row) for row in rows]

    def hooks(self) -> dict[str, Told]:
        """How far each hook was told."""
        rows = self._rows(f"SELECT {', '.join(Told._fields)} FROM hook_cursors ORDER BY name")
        return {str(row[0]): Told._make(row) for row in rows}

    # -- writing (inside a transaction) ----------------------------------------------------

    def add(self, event: Happening, subjects: Sequence[str], at: str) -> None:
        """Note that something happened to each of `subjects`."""
        first = self.last() + 1 if subjects else 0
        self._database.run_many(
            "INSERT INTO events (id, event, subject, at) VALUES (:id, :event, :subject, :at)",
            [
                {"id": first + i, "event": event.value, "subject": subject, "at": at}
                for i, subject in enumerate(subjects)
            ],
        )

    def add_at(self, number: int, event: str, at: str) -> None:
        """Note that something happened under a number of its own, higher than any before."""
        self._database.upsert("events", Event._fields, [Event(number, event, "", at)])

    def tell(self, told: Told) -> None:
        """Note how far a hook was told."""
        self._database.upsert("hook_cursors", Told._fields, [told])

    def forget(self, now: datetime, kept: timedelta, heard: int) -> None:
        """Drop events that happened so long ago and that all hooks heard of.

        The newest stays: its number counts.
        """
        if moment := passed(self._database, "events", now):
            self._database.run(
                "DELETE FROM events WHERE at < :before AND id <= :heard "
                "AND id < (SELECT max(id) FROM events)",
                {"before": format_timestamp(moment - kept), "heard": heard},
            )
