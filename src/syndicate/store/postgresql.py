"""A store in a PostgreSQL database, through SQLAlchemy and psycopg."""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from typing import Any

import sqlalchemy
import sqlalchemy.exc

from syndicate.errors import StoreError
from syndicate.store.advisory_locks import (
    BUILDS,
    SENDERS,
    SERVICES,
    WORKERS,
    WRITERS,
    is_held,
)
from syndicate.store.database import SCHEMA_VERSION, Row, Values, upsert_statement, wait_until
from syndicate.store.migrate import upgrade
from syndicate.store.schema import metadata
from syndicate.store.sqlite import Sqlite, in_memory

STREAMED_ROWS = 5_000
"""Rows of a long query that are in memory at a time."""

PATIENCE_SECONDS = 2
"""How long to wait for other programs to close their connections."""

MAX_IDLE_SECONDS = 10
"""How long a worker may do nothing within a transaction before the server ends its session.

All others wait for it meanwhile: its process was stopped, or its host was cut off.
"""

OWN_DATABASE = "create one for syndicate alone: createdb syndicate"


class PostgreSQL:
    """PostgreSQL through SQLAlchemy and psycopg."""

    def __init__(self, url: str) -> None:
        scheme, rest = url.split("://", 1)
        driver = "postgresql+psycopg" if scheme.startswith("postgres") else scheme
        self._name = "the database at " + rest.rsplit("@", 1)[-1].split("?")[0]
        try:
            self._engine = sqlalchemy.create_engine(
                f"{driver}://{rest}",
                isolation_level="READ COMMITTED",  # a transaction sees what was written before it
                connect_args={"fallback_application_name": "syndicate"},
            )
        except ModuleNotFoundError as error:
            hint = "install it: pip install 'psycopg[binary]'"
            raise StoreError("PostgreSQL needs psycopg", hint=hint) from error
        except (ValueError, sqlalchemy.exc.ArgumentError):
            # The cause is not passed on: it may show the password.
            hint = "write store.url as postgresql://user@host:5432/database"
            raise StoreError(f"{self._name} has no address", hint=hint) from None
        self._connection: sqlalchemy.Connection
        with self._translate_errors():
            self._prepare(f"{driver}://{rest}")
            self._connection = self._engine.connect()

    def _prepare(self, url: str) -> None:
        names = sqlalchemy.inspect(self._engine).get_table_names()
        if "alembic_version" in names:
            with self._engine.connect() as connection:
                query = sqlalchemy.text("SELECT version_num FROM alembic_version")
                version = connection.execute(query).scalar()
            if version != SCHEMA_VERSION:
                upgrade(url, str(version))
        elif names:
            raise StoreError(f"{self._name} is another program's", hint=OWN_DATABASE)
        else:
            upgrade(url, None)

    def rows(self, statement: str, values: Values = {}) -> list[Row]:  # noqa: B006
        with self._translate_errors():
            try:
                result = self._connection.execute(sqlalchemy.text(statement), dict(values))
                return [tuple(row) for row in result]
            finally:
                if not self._writing:
                    self._connection.rollback()  # no snapshot is held between reads

    def stream(self, query: str) -> Iterator[Row]:
        with self._translate_errors():
            options = {"yield_per": STREAMED_ROWS}
            for row in self._connection.execute(sqlalchemy.text(query), execution_options=options):
                yield tuple(row)

    _writing = False

    def run(self, statement: str, values: Values = {}) -> None:  # noqa: B006
        with self._translate_errors():
            self._connection.execute(sqlalchemy.text(statement), dict(values))

    def run_many(self, statement: str, values: Sequence[Values]) -> None:
        if values:
            with self._translate_errors():
                self._connection.execute(sqlalchemy.text(statement), [dict(one) for one in values])

    def upsert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        key = metadata.tables[table].primary_key.columns.keys()
        statement = upsert_statement(table, columns, key, [f":{name}" for name in columns])
        self.run_many(statement, [dict(zip(columns, row, strict=True)) for row in rows])

    def load(self, table: str, columns: Sequence[str], rows: Iterable[Row]) -> None:
        import psycopg

        statement = f"COPY {table} ({', '.join(columns)}) FROM STDIN"
        driver: Any = self._connection.connection.driver_connection
        try:
            with driver.cursor() as cursor, cursor.copy(statement.encode()) as copy:
                for row in rows:
                    copy.write_row(row)
        except psycopg.Error as error:
            raise self._error(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        with self._translate_errors():
            self._writing = True
            try:
                # One writer at a time, as on SQLite: the same rules hold on both.
                self._connection.execute(
                    sqlalchemy.text(f"SELECT pg_advisory_xact_lock({WRITERS})")
                )
                yield
                self._connection.commit()
            finally:
                self._writing = False
                self._connection.rollback()

    @contextmanager
    def exclusive(self) -> Iterator[None]:
        self._require_alone()
        others = ", ".join(name for name in metadata.tables if name != "meta")
        with self.transaction():
            # A program that starts now waits where it reads `meta`; the second look finds others.
            self.run("LOCK TABLE meta IN ACCESS EXCLUSIVE MODE")
            self.run(f"LOCK TABLE {others} IN EXCLUSIVE MODE")
            self._require_alone()
            yield

    def _require_alone(self) -> None:
        """Raise StoreError when another program of ours uses the database.

        It is found by its name, and by advisory locks, because nothing else takes any here.
        """
        deadline = time.monotonic() + PATIENCE_SECONDS
        while programs := self._other_programs():
            if time.monotonic() > deadline:
                message = f"another program uses {self._name}: {programs[0]}"
                raise StoreError(message, hint="wait for it, or stop it")
            time.sleep(0.05)

    def _other_programs(self) -> list[str]:
        self.rows("SELECT pg_stat_clear_snapshot()")  # or a transaction sees what it saw before
        rows = self.rows(
            "SELECT a.application_name FROM pg_stat_activity a "
            "WHERE a.datname = current_database() AND a.pid <> pg_backend_pid() "
            "AND (a.application_name LIKE 'syndicate%' OR EXISTS (SELECT 1 FROM pg_locks l "
            "WHERE l.pid = a.pid AND l.locktype = 'advisory' AND l.granted)) "
            "ORDER BY a.application_name DESC"
        )
        return [str(name) for (name,) in rows]

    def lock(self) -> None:
        query = f"SELECT pg_try_advisory_lock({BUILDS})"
        wait_until(lambda: self.rows(query) == [(True,)])

    def lock_sending(self) -> bool:
        return self.rows(f"SELECT pg_try_advisory_lock({SENDERS})") == [(True,)]

    def begin_session(self, worker: int) -> bool:
        if self.rows(f"SELECT pg_try_advisory_lock_shared({SENDERS})") != [(True,)]:
            return False
        self.rows(f"SELECT pg_advisory_lock({WORKERS}, {int(worker)})")
        self.run(f"SET idle_in_transaction_session_timeout = '{MAX_IDLE_SECONDS}s'")
        return True

    def has_session(self) -> bool:
        return self._holds(SENDERS)

    def session_lasts(self) -> bool:
        """Whether all transactions of this connection have the same session.

        A pooler in transaction mode gives each the session that was used last: here it gives that
        of ours to another connection, and looks whether we get another one.
        """
        driver: Any = self._connection.connection.driver_connection
        ((actual,),) = self.rows("SELECT pg_backend_pid()")
        if driver.info.backend_pid == actual:
            return True
        with self._translate_errors(), self._engine.connect() as other:
            other.execute(sqlalchemy.text("SELECT 1"))
            return self.rows("SELECT pg_backend_pid()") == [(actual,)]

    def ended_sessions(self, workers: Sequence[int]) -> list[int]:
        lock = f"SELECT pg_try_advisory_xact_lock({WORKERS}, :worker)"
        return [each for each in workers if self.rows(lock, {"worker": each}) == [(True,)]]

    def end_session(self, worker: int) -> None:
        self.rows(
            "SELECT pg_terminate_backend(l.pid) FROM pg_locks l WHERE l.locktype = 'advisory' "
            f"AND l.classid = {WORKERS} AND l.objid = :worker AND l.objsubid = 2 AND l.granted "
            "AND l.database = (SELECT oid FROM pg_database WHERE datname = current_database())",
            {"worker": worker},
        )

    def lock_service(self, name: str) -> bool:
        """Take the lock of services under a name, until `close`; False if another has it."""
        with self.transaction():
            self.run("SELECT set_config('application_name', :name, false)", {"name": name[:63]})
        return self.rows(f"SELECT pg_try_advisory_lock({SERVICES})") == [(True,)]

    def holds_service(self) -> bool:
        """Whether we hold it: a broken connection has lost it. Raises StoreError."""
        return self._holds(SERVICES)

    def has_service(self) -> bool:
        return bool(self._service_names())

    def service(self) -> str:
        """The name of the service that holds the lock, "" if unknown."""
        names = self._service_names()
        return names[0] if names else ""

    def _service_names(self) -> list[str]:
        rows = self.rows(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
            f"WHERE {is_held(SERVICES)} AND l.database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return [str(name or "") for (name,) in rows]

    def _holds(self, lock: int) -> bool:
        query = f"SELECT 1 FROM pg_locks l WHERE {is_held(lock)} AND l.pid = pg_backend_pid()"
        return bool(self.rows(query))

    def clock(self) -> float:
        ((now,),) = self.rows(
            "SELECT CAST(extract(epoch FROM clock_timestamp()) AS DOUBLE PRECISION)"
        )
        return float(now)

    def copy(self) -> Sqlite:
        copy = in_memory()
        moment = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with self._translate_errors(), moment, copy.transaction():
            for table, columns in copy.tables().items():
                names = ", ".join(columns)
                result = moment.execute(sqlalchemy.text(f"SELECT {names} FROM {table}"))
                copy.upsert(table, columns, [tuple(row) for row in result])
        return copy

    def changes(self) -> int:
        """A number that grows with every writing transaction on the whole server."""
        ((number,),) = self.rows("SELECT txid_snapshot_xmax(txid_current_snapshot())")
        return int(number)

    keeps_record_beside = False

    def place(self) -> str:
        # The table too: pg_restore --clean replaces it within the same database.
        ((number, table),) = self.rows(
            "SELECT oid, CAST(CAST('meta' AS regclass) AS oid) FROM pg_database "
            "WHERE datname = current_database()"
        )
        try:
            ((server,),) = self.rows("SELECT system_identifier FROM pg_control_system()")
        except StoreError:  # hosted servers may not allow it
            server = "-"
        return f"database {number} {server} {table}"

    def purge(self) -> bool:
        """Nothing to do: the server has autovacuum."""
        return True

    def close(self) -> None:
        # The server may notice the end of the session, which frees its locks, only later.
        with suppress(StoreError):  # a broken connection has lost them
            self.rows("SELECT pg_advisory_unlock_all()")
        self._connection.close()
        self._engine.dispose()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        try:
            yield
        except sqlalchemy.exc.DBAPIError as error:
            raise self._error(error.orig) from error

    def _error(self, error: BaseException | None) -> StoreError:
        reason = next(iter(str(error).strip().splitlines()), "it does not answer")
        hint = "check store.url in config.yaml and that the server runs"
        return StoreError(f"{self._name}: {reason}", hint=hint)
