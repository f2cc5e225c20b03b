"""A store in a SQLite file, through the standard library.

Importing SQLAlchemy alone takes longer than a whole build with nothing to do, so only migrations
of an older file use it.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO

from syndicate.disk import try_lock
from syndicate.errors import StoreError
from syndicate.store.database import (
    ABOUT_PEOPLE,
    SCHEMA_VERSION,
    Row,
    Values,
    upsert_statement,
    wait_until,
)
from syndicate.store.file_creation import creation_time
from syndicate.store.permissions import create_private, open_private, tighten

BUSY_SECONDS = 10
"""How long a statement waits for another program that writes."""

CLOCK_OFFSET = time.time() - time.monotonic()

MEMORY = ":memory:"

WAS_READABLE = "was-readable"
"""The name in `meta` that notes that others could read the store, until a build reports it."""

HINT = "check store.url in config.yaml, that its folder can be written, and the disk's space"


def in_memory() -> Sqlite:
    """A new database that is gone when it is closed."""
    return Sqlite(Path(MEMORY))


class Sqlite:
    """SQLite: WAL, synchronous=FULL, every write transaction immediate."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: TextIO | None = None
        self._sending: TextIO | None = None
        self._keys: dict[str, list[str]] = {}
        was_readable = self._make_private()
        try:
            self._connect()
            if was_readable:
                with self.transaction():
                    self.upsert("meta", ("key", "value"), [(WAS_READABLE, "yes")])
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _connect(self) -> None:
        """Open the file; again if a backup replaced it before it could be read.

        Afterwards it cannot be replaced: in WAL mode, this connection holds a lock on it.
        """
        while True:
            file = self._inode()
            self._connection = sqlite3.connect(
                self.path, timeout=BUSY_SECONDS, isolation_level=None
            )
            self._prepare()
            if self._inode() == file:
                return
            self._connection.close()

    def _inode(self) -> int:
        return self.path.stat().st_ino if self.path.exists() else 0

    def _make_private(self) -> bool:
        """Make the file, and those that SQLite puts beside it, readable only for its owner.

        Returns whether others could read it before. A file that belongs to another user, or whose
        folder is missing, is left to SQLite, which reports what is wrong.
        """
        if str(self.path) == MEMORY:
            return False
        try:
            create_private(self.path)
            return tighten(self.path)
        except OSError:
            return False

    def _prepare(self) -> None:
        version = self._version()  # first: another program's database stays unchanged
        self._connection.execute("PRAGMA secure_delete=ON")  # not every SQLite has it as default
        wait_until(self._switched_to_wal, seconds=BUSY_SECONDS)
        self._connection.execute("PRAGMA synchronous=FULL")
        if version is None:
            self._create()
        elif version != SCHEMA_VERSION:
            from syndicate.store.migrate import upgrade

            upgrade(f"sqlite:///{self.path}", version)

    def _switched_to_wal(self) -> bool:
        """Switch to WAL; False if another connection is just doing so: SQLite does not wait."""
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise
            return False
        return True

    def _version(self) -> str | None:
        count = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        if self._connection.execute(count).fetchone() == (0,):
            return None
        try:
            row = self._connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            row = None
        if row is None:
            raise StoreError(f"{self.path} is another program's database", hint=HINT)
        return str(row[0])

    def _create(self) -> None:
        """Create all tables in one transaction, unless another process was faster."""
        script = Path(__file__).with_name("sqlite.sql").read_text(encoding="utf-8")
        with self.transaction():
            if self._version() is None:
                for statement in script.split(";\n")[:-1]:
                    self._connection.execute(statement)

    def tables(self) -> dict[str, list[str]]:
        """Each table with its columns, but for those about people and that of the version."""
        query = (
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c "
            "WHERE t.type = 'table' AND t.name <> 'alembic_version' ORDER BY t.name, c.cid"
        )
        tables: dict[str, list[str]] = {}
        for table, column in self.rows(query):
            if table not in ABOUT_PEOPLE:
                tables.setdefault(table, []).append(column)
        return tables

    def rows(self, statement: str, values: Values = {}) -> list[Row]:  # noqa: B006
        try:
            return self._connection.execute(statement, values).fetchall()
        except sqlite3.Error as error:
            raise self._error(error) from error

    def stream(self, query: str) -> Iterator[Row]:
        try:
            yield from self._connection.execute(query)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def run(self, statement: str, values: Values = {}) -> None:  # noqa: B006
        try:
            self._connection.execute(statement, values)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def run_many(self, statement: str, values: Sequence[Values]) -> None:
        try:
            self._connection.executemany(statement, values)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def upsert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        statement = upsert_statement(table, columns, self._key(table), "?" * len(columns))
        try:
            self._connection.executemany(statement, rows)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _key(self, table: str) -> list[str]:
        """The columns of a table's primary key."""
        if table not in self._keys:
            query = "SELECT name FROM pragma_table_info(:table) WHERE pk > 0 ORDER BY pk"
            self._keys[table] = [str(name) for (name,) in self.rows(query, {"table": table})]
        return self._keys[table]

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        places = ", ".join("?" * len(columns))
        try:
            self._connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows
            )
        except sqlite3.Error as error:
            raise self._error(error) from error

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        try:
            # While another connection has the file open, it does not leave WAL mode.
            self._connection.execute("PRAGMA journal_mode=DELETE")
        except sqlite3.OperationalError as error:
            if not _is_busy(error):
                raise self._error(error) from error
            message = f"another program has the store open: {self.path}"
            raise StoreError(message, hint="wait for it, or stop it") from error
        with self._transaction("EXCLUSIVE"):
            yield
        wait_until(self._switched_to_wal, seconds=BUSY_SECONDS)

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._transaction("IMMEDIATE"):
            yield

    @contextmanager
    def _transaction(self, kind: str) -> Iterator[None]:
        self.run(f"BEGIN {kind}")
        try:
            yield
            self.run("COMMIT")
        finally:
            if self._connection.in_transaction:  # SQLite itself rolls back when the disk is full
                self.run("ROLLBACK")

    def lock(self) -> None:
        if self._lock:
            return
        file = self._lock = open_private(self._beside(".lock"), "w")
        wait_until(lambda: try_lock(file))

    def lock_sending(self) -> bool:
        file = open_private(self._beside(".sending"), "w")
        if not try_lock(file):
            file.close()
            return False
        self._sending = file
        return True

    def begin_session(self, worker: int) -> bool:  # noqa: ARG002  there is only one
        return self._sending is not None or self.lock_sending()

    def has_session(self) -> bool:
        return self._sending is not None

    def has_service(self) -> bool:
        return False

    def clock(self) -> float:
        return CLOCK_OFFSET + time.monotonic()  # it is never set

    def session_lasts(self) -> bool:
        return True

    def ended_sessions(self, workers: Sequence[int]) -> list[int]:
        return list(workers) if self._sending else []

    def end_session(self, worker: int) -> None:
        """Nothing to do: no other worker can have a session beside ours."""

    def _beside(self, suffix: str) -> Path:
        return self.path.with_name(self.path.name + suffix)

    def copy(self) -> Sqlite:
        copy = in_memory()
        try:
            copy._connection.execute("ATTACH ? AS original", [str(self.path)])
            with copy.transaction():
                for table, columns in copy.tables().items():
                    names = ", ".join(columns)
                    copy.run(f"INSERT INTO {table} ({names}) SELECT {names} FROM original.{table}")
            copy._connection.execute("DETACH original")
        except sqlite3.Error as error:
            raise self._error(error) from error
        return copy

    keeps_record_beside = True

    def place(self) -> str:
        # The file itself, not the machine: folders are renamed, containers change their names,
        # and device numbers change with a restart.
        return f"file {self.path.stat().st_ino} {creation_time(self.path)}"

    def purge(self) -> bool:
        # The log may still hold deleted data, until it is overwritten or truncated.
        ((busy, *_),) = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy

    def close(self) -> None:
        self._connection.close()
        for file in (self._lock, self._sending):
            if file:
                file.close()

    def _error(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"the database {self.path}: {error}", hint=HINT)


def _is_busy(error: sqlite3.Error) -> bool:
    """Whether another connection is in the way: the low byte is the error, the others its cause."""
    return error.sqlite_errorcode & 0xFF in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
