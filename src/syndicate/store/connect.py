"""Open the store at a URL: SQLite or PostgreSQL."""

from __future__ import annotations

from pathlib import Path

from syndicate.store.database import Database
from syndicate.store.sqlite import Sqlite
from syndicate.store.successor import require_in_use


def open_database(url: str, folder: Path) -> Database:
    """Open the database at `url`; a relative SQLite file is in `folder`.

    A new database gets the schema, an older one is migrated. Raises StoreError, also for a store
    that was moved to another database.
    """
    database = connect(url, folder)
    try:
        require_in_use(database)
    except BaseException:
        database.close()
        raise
    return database


def connect(url: str, folder: Path) -> Database:
    """Open the database at `url` as `open_database` does, whether or not it was moved."""
    if url.startswith("sqlite:///"):
        return Sqlite((folder / url.removeprefix("sqlite:///")).resolve())  # one name for its locks
    from syndicate.store.postgresql import PostgreSQL

    return PostgreSQL(url)


def name_of(url: str) -> str:
    """The URL of a store without its password and parameters, for people."""
    if url.startswith("sqlite:///"):
        return url
    from sqlalchemy import URL, make_url

    whole = make_url(url)
    named = URL.create("postgresql", whole.username, None, whole.host, whole.port, whole.database)
    return named.render_as_string()
