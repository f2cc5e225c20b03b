"""Marks of stores that were copied to another database: neither may be used as if nothing happened.

The old store names the new one; a copy that is not complete names the old one.
"""

from __future__ import annotations

from syndicate.errors import StoreError
from syndicate.store.database import Database, text_pairs

MOVED_TO, COPY_OF = "moved-to", "copy-of"
"""Keys in `meta`. The second exists until a copy is complete."""


class StoreNotInUseError(StoreError):
    """The store was moved to another database, or is an incomplete copy: it must not be used."""


def mark_moved(database: Database, name: str) -> None:
    """Mark a store as moved to the one called `name`; inside a transaction."""
    database.upsert("meta", ("key", "value"), [(MOVED_TO, name)])


def mark_incomplete(database: Database, name: str) -> None:
    """Mark a store as an incomplete copy of the one called `name`; inside a transaction."""
    database.upsert("meta", ("key", "value"), [(COPY_OF, name)])


def mark_complete(database: Database) -> None:
    """Remove the mark of an incomplete copy; inside a transaction."""
    database.run("DELETE FROM meta WHERE key = :key", {"key": COPY_OF})


def marks(database: Database) -> dict[str, str]:
    """The marks of a store, by key: which store it was moved to, or is an incomplete copy of."""
    query = f"SELECT key, value FROM meta WHERE key IN ('{MOVED_TO}', '{COPY_OF}')"
    return dict(text_pairs(database, query))


def require_in_use(database: Database) -> None:
    """Raise StoreNotInUseError for a store that was moved, and for an incomplete copy."""
    known = marks(database)
    if MOVED_TO in known:
        raise StoreNotInUseError(
            f"the store was moved to {known[MOVED_TO]}, and this one is not used any more",
            hint="set store.url in config.yaml to the new store",
        )
    if COPY_OF in known:
        raise StoreNotInUseError(
            f"the store is an incomplete copy of {known[COPY_OF]}",
            hint="run syndicate store copy again; the old store can still be used",
        )
