"""Table of newsletters: when each began, and its schedule. All its SQL is here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

from syndicate.store.articles import Articles
from syndicate.store.database import Database


class NewsletterStart(NamedTuple):
    """When a newsletter started, and the sequence of the last article published then.

    `schedule` is its schedule, valid `schedule_since` a time; both "" before it had one.
    """

    started_at: str
    after: int
    schedule: str
    schedule_since: str


class Newsletters:
    """Past and present newsletters. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def all(self) -> dict[str, NewsletterStart]:
        """Name -> start of the newsletter."""
        rows = self._rows(
            "SELECT name, started_at, after, schedule, schedule_since FROM newsletters"
        )
        return {str(row[0]): NewsletterStart._make(row[1:]) for row in rows}

    def begin(self, names: Iterable[str], now: str) -> None:
        """Store the start of new newsletters; known ones stay unchanged."""
        self._database.run_many(
            "INSERT INTO newsletters (name, started_at, after, schedule, schedule_since) "
            "VALUES (:name, :now, :after, '', '') ON CONFLICT DO NOTHING",
            [
                {"name": name, "now": now, "after": Articles(self._database).last_sequence()}
                for name in names
            ],
        )

    def reschedule(self, name: str, schedule: str, since: str) -> None:
        """Store the new schedule of a newsletter."""
        self._database.run(
            "UPDATE newsletters SET schedule = :schedule, schedule_since = :since "
            "WHERE name = :name",
            {"name": name, "schedule": schedule, "since": since},
        )
