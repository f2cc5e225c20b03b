"""Open the store at a URL: SQLite or PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from syndicate.store.database import Database
from syndicate.store.sqlite import Sqlite


def open_database(url: str, folder: Path) -> Database:
    """Open the database at `url`; a relative SQLite file is in `folder`.

    A new database gets the schema, an older one is migrated. Raises StoreError.
    """
    if url.startswith("sqlite:///"):
        return Sqlite((folder / url.removeprefix("sqlite:///")).resolve())  # one name for its locks
    from syndicate.store.postgresql import PostgreSQL

    return PostgreSQL(url)
