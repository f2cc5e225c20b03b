"""Tables of events for hooks, and of the cursor of each hook. All their SQL is here.

Events are stored in the transaction of what they report. Decides nothing.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import NamedTuple

from syndicate.store.confirmed_time import confirmed_time
from syndicate.store.database import Database
from syndicate.timestamps import format_timestamp

PATHS_IN_EVENT = 1000
"""Documents in one event."""


class EventKind(StrEnum):
    """The events that hooks can get.

    The subject is an issue, the id of an article, or a URL; of documents, target and paths as JSON.
    """

    ARTICLE_PUBLISHED = "article-published"
    ISSUE_MADE = "issue-made"
    ISSUE_APPROVED = "issue-approved"
    FEED_CHANGED = "feed-changed"
    DOCUMENTS_CHANGED = "documents-changed"


class Event(NamedTuple):
    """Something that happened, a row; `occurred_at` is UTC text."""

    id: int
    event: str
    subject: str
    occurred_at: str


class HookCursor(NamedTuple):
    """The position of a hook, a row: the last event it got, or that was given up.

    `attempts`, `failing_since` and `reason` are about the next event. Times are UTC text.
    """

    name: str
    position: int
    attempts: int = 0
    next_try: str = ""
    failing_since: str = ""
    reason: str = ""


class Events:
    """The events, and the positions of hooks in them."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def last(self) -> int:
        """The id of the newest event, 0 for none."""
        return int(self._rows("SELECT coalesce(max(id), 0) FROM events")[0][0])

    def since(self, position: int, kinds: Sequence[str], limit: int) -> list[Event]:
        """Events of these kinds after `position`, the oldest first."""
        values: dict[str, object] = {f"k{i}": kind for i, kind in enumerate(kinds)}
        names = ", ".join(f":{name}" for name in values)
        rows = self._rows(
            "SELECT id, event, subject, occurred_at FROM events "
            f"WHERE id > :position AND event IN ({names}) ORDER BY id LIMIT :limit",
            values | {"position": position, "limit": limit},
        )
        return [Event._make(row) for row in rows]

    def cursors(self) -> dict[str, HookCursor]:
        """The cursor of each hook, by its name."""
        columns = ", ".join(HookCursor._fields)
        rows = self._rows(f"SELECT {columns} FROM hook_cursors ORDER BY name")
        return {str(row[0]): HookCursor._make(row) for row in rows}

    # -- writing (inside a transaction) ----------------------------------------------------

    def add(self, event: EventKind, subjects: Sequence[str], at: str) -> None:
        """Add an event for each of `subjects`."""
        first = self.last() + 1 if subjects else 0
        self._database.run_many(
            "INSERT INTO events (id, event, subject, occurred_at) "
            "VALUES (:id, :event, :subject, :at)",
            [
                {"id": first + i, "event": event.value, "subject": subject, "at": at}
                for i, subject in enumerate(subjects)
            ],
        )

    def add_documents_changed(self, target: str, paths: Sequence[str], at: str) -> None:
        """Add events about documents that changed at a publish target, or here if it is ""."""
        parts = (
            paths[start : start + PATHS_IN_EVENT] for start in range(0, len(paths), PATHS_IN_EVENT)
        )
        subjects = [json.dumps({"target": target, "paths": list(part)}) for part in parts]
        self.add(EventKind.DOCUMENTS_CHANGED, subjects, at)

    def add_at(self, number: int, event: str, at: str) -> None:
        """Add an event without a subject under a given id, higher than all before."""
        self._database.upsert("events", Event._fields, [Event(number, event, "", at)])

    def move_cursor(self, cursor: HookCursor) -> None:
        """Save the cursor of a hook."""
        self._database.upsert("hook_cursors", HookCursor._fields, [cursor])

    def delete_old(self, now: datetime, kept: timedelta, delivered: int) -> None:
        """Delete events that are older than `kept`, up to the id `delivered`.

        The newest stays: ids continue from it.
        """
        if moment := confirmed_time(self._database, "events", now):
            self._database.run(
                "DELETE FROM events WHERE occurred_at < :before AND id <= :delivered "
                "AND id < (SELECT max(id) FROM events)",
                {"before": format_timestamp(moment - kept), "delivered": delivered},
            )
