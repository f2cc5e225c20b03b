"""Table of single values by name. All its SQL is here."""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum

from syndicate.store.database import Database, text_pairs


class Key(StrEnum):
    """What builds keep in the table; other modules name the keys that they alone use."""

    RECIPE = "recipe"  # hash of what all documents depend on
    UNFINISHED_BUILD = "unfinished-build"  # yes: its changes are recorded, its documents are not
    PENDING_DOCUMENTS = "pending-documents"  # owners of documents to write, JSON
    FAILED_ARTICLES = "failed-articles"  # ids of those whose file could not be read, JSON
    GONE_FEEDS = "gone-feeds"  # paths of feeds that were deleted, JSON
    FEED_ID = "feed-id"  # of the feed of the site (RFC 4151)
    READER_INPUTS = "reader-inputs"  # what the reading of all articles depends on
    TAG_LISTS = "tag-lists"  # yes: the articles of each tag are listed
    NEXT_EXPIRY = "next-expiry"  # when the next article expires
    LAST_EXPIRY = "last-expiry"  # when the last one expired


NEXT_ISSUE_INPUT = "next-issue:"
"""Prefix of the key of what a newsletter's next issue was made from, before its name."""


class Meta:
    """Values by key. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def all(self) -> dict[str, str]:
        """All values."""
        return dict(text_pairs(self._database, "SELECT key, value FROM meta"))

    def set(self, values: Mapping[str, str]) -> None:
        """Set values."""
        self._database.run_many(
            "INSERT INTO meta (key, value) VALUES (:key, :value) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [{"key": key, "value": value} for key, value in values.items()],
        )

    def delete(self, key: str) -> None:
        """Delete a value."""
        self._database.run("DELETE FROM meta WHERE key = :key", {"key": key})
