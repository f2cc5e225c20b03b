"""Table of single values by name. All its SQL is here."""

from __future__ import annotations

from collections.abc import Mapping

from syndicate.store.database import Database


class Meta:
    """Values by key. Writing methods run inside a transaction."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._rows = database.rows

    def all(self) -> dict[str, str]:
        """All values."""
        return dict(self._pairs("SELECT key, value FROM meta"))

    def remember(self, values: Mapping[str, str]) -> None:
        """Set values."""
        self._database.run_many(
            "INSERT INTO meta (key, value) VALUES (:key, :value) "
            "ON CONFLICT (key) DO UPDATE SET value = excluded.value",
            [{"key": key, "value": value} for key, value in values.items()],
        )

    def forget(self, key: str) -> None:
        """Delete a value."""
        self._database.run("DELETE FROM meta WHERE key = :key", {"key": key})

    def _pairs(self, query: str) -> list[tuple[str, str]]:
        return [(str(one), str(other)) for one, other in self._rows(query)]
