"""What the store needs of a database; `sqlite` and `postgresql` provide it.

Statements are plain SQL that both understand, with `:name` parameters.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any, Protocol

from syndicate.errors import StoreError

Row = tuple[Any, ...]
Values = Mapping[str, object]

SCHEMA_VERSION = "0021"
"""The newest migration."""

ABOUT_PEOPLE = frozenset(
    (
        *("consents", "signing_keys", "signup_requests", "subscribers", "subscriptions"),
        "suppressions",
        *("bounces", "deliveries", "delivery_chunks", "delivery_events", "issue_sends"),
        "provider_events",
        *("recovered_deliveries", "relay_reservations", "relay_usage"),
        *("withdrawals", "workers"),
    )
)
"""Tables that no copy has: they may be large, and personal."""


BUILD_SECONDS = 600
"""How long a build waits for another one."""


class Database(Protocol):
    """An open database. Writes happen inside `transaction` and only there."""

    def rows(self, statement: str, values: Values = ...) -> list[Row]:
        """The rows of a query."""
        ...

    def stream(self, query: str) -> Iterator[Row]:
        """The rows of a query one after the other, in little memory; inside a transaction."""
        ...

    def run(self, statement: str, values: Values = ...) -> None:
        """Run a statement, inside a transaction."""
        ...

    def run_many(self, statement: str, values: Sequence[Values]) -> None:
        """Run a statement once for each of `values`, inside a transaction."""
        ...

    def upsert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert rows, or replace those with the same primary key; inside a transaction."""
        ...

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        """Insert very many new rows, inside a transaction."""
        ...

    def transaction(self) -> Any:
        """A context manager: commits at its end, rolls back on any exception."""
        ...

    def exclusive(self) -> Any:
        """A transaction during which no other program uses the store.

        Raises StoreError when one does.
        """
        ...

    def lock(self) -> None:
        """Take the lock of builds, until `close`; waits for a build that holds it.

        Raises StoreError after BUILD_SECONDS.
        """
        ...

    def lock_sending(self) -> bool:
        """Keep workers out, until `close`; False if one may be sending."""
        ...

    def begin_session(self, worker: int) -> bool:
        """Begin the session of a worker, which lasts until `close` or until the connection breaks.

        False while another program keeps workers out, or sends where only one may: with SQLite.
        """
        ...

    def has_session(self) -> bool:
        """Whether the session of our worker lasts: a broken connection has ended it."""
        ...

    def session_lasts(self) -> bool:
        """Whether all transactions have the same session: with a pooler they may not."""
        ...

    def ended_sessions(self, workers: Sequence[int]) -> list[int]:
        """Those of these workers, none of them ours, that have no session.

        In a transaction none of them can begin one before its end.
        """
        ...

    def end_session(self, worker: int) -> None:
        """End the session of another worker, which does not respond. Nothing if it has none."""
        ...

    def has_service(self) -> bool:
        """Whether a service of any host is connected; False where hosts cannot share a store."""
        ...

    def clock(self) -> float:
        """Seconds since 1970, by the clock that all who write here share: limits depend on it."""
        ...

    def copy(self) -> Database:
        """A copy in memory of all tables but those about people."""
        ...

    @property
    def keeps_record_beside(self) -> bool:
        """Whether the record of sent messages belongs beside it: not where folders share it."""
        ...

    def place(self) -> str:
        """An id of where it is: stays when its folder is renamed, differs for every copy."""
        ...

    def purge(self) -> bool:
        """Remove deleted data from the files of the database; outside a transaction.

        False if another program reads, so that some may remain in the log for now.
        """
        ...

    def close(self) -> None:
        """Close the connection, which frees all locks."""
        ...


def text_pairs(database: Database, query: str) -> list[tuple[str, str]]:
    """The rows of a query of two columns with text."""
    return [(str(one), str(other)) for one, other in database.rows(query)]


def wait_until(taken: Callable[[], bool], seconds: float = BUILD_SECONDS) -> None:
    """Try to take a lock until that succeeds. Raises StoreError when it takes too long."""
    deadline = time.monotonic() + seconds
    while not taken():
        if time.monotonic() > deadline:
            raise StoreError(
                f"another program has kept the database locked for {seconds:.0f} seconds",
                hint="wait for it, or stop it",
            )
        time.sleep(0.02)


def upsert_statement(
    table: str, columns: Sequence[str], key: Sequence[str], placeholders: Sequence[str]
) -> str:
    """The SQL that inserts a row, or replaces the one with the same primary key."""
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in key)
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(placeholders)}) "
        f"ON CONFLICT ({', '.join(key)}) DO {f'UPDATE SET {changes}' if changes else 'NOTHING'}"
    )
