"""One way to run SQL on SQLite and on PostgreSQL. Knows connections, not articles.

Statements are plain SQL that both understand, with `:name` parameters. SQLite is driven by the
standard library: importing SQLAlchemy alone takes longer than a whole build with nothing to do.
PostgreSQL, new schemas and migrations go through SQLAlchemy and Alembic.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, TextIO

from syndicate.errors import StoreError
from syndicate.store.lock_ids import BUILDS, SCHEMA_VERSION, SENDERS, SERVICES, WRITERS
from syndicate.store.permissions import create_private, open_private, tighten

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None  # type: ignore[assignment]

if TYPE_CHECKING:
    import sqlalchemy

Row = tuple[Any, ...]
Values = Mapping[str, object]

BUSY_SECONDS = 10


class Database(Protocol):
    """An open database. Writes happen inside `transaction` and only there."""

    def rows(self, statement: str, values: Values = ...) -> list[Row]:
        """What a query finds."""
        ...

    def run(self, statement: str, values: Values = ...) -> None:
        """Run a statement, inside a transaction."""
        ...

    def run_many(self, statement: str, values: Sequence[Values]) -> None:
        """Run a statement once for each of `values`, inside a transaction."""
        ...

    def upsert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert many rows, or replace those with the same primary key; in a transaction.

        The key comes first among `columns`: one column, or as many as `KEYS` says.
        """
        ...

    def load(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        """Insert very many rows, none of which is there, in a transaction."""
        ...

    def transaction(self) -> Any:
        """A context: commit at its end, roll back on any exception."""
        ...

    def lock(self) -> None:
        """Wait until no other build works on this database, and keep others out until `close`.

        Raises StoreError when the other one does not end.
        """
        ...

    def lock_sending(self) -> bool:
        """Be the only one who sends, until `close`; False if somebody else is."""
        ...

    def holds_sending(self) -> bool:
        """Whether we still are: a connection that broke lets go of it."""
        ...

    def copy(self) -> Database:
        """What is in it now, but for people, in memory: what is done to that is forgotten."""
        ...

    @property
    def keeps_record_beside(self) -> bool:
        """Whether the record of what was sent stays with it: not where many folders use it."""
        ...

    def place(self) -> str:
        """Where it is: the same whatever its folder is called, another for every copy."""
        ...

    def purge(self) -> bool:
        """Leave nothing of what was deleted in files of the database; outside a transaction.

        False if another program reads, so that something may be left in the log for now.
        """
        ...

    def close(self) -> None:
        """Let go of the connection."""
        ...


def open_database(url: str, folder: Path) -> Database:
    """Open the database at `url`; a relative SQLite file is in `folder`.

    A new database gets the schema, an older one is migrated. Raises StoreError.
    """
    if url.startswith("sqlite:///"):
        return Sqlite((folder / url.removeprefix("sqlite:///")).resolve())  # one name for its locks
    return PostgreSQL(url)


class Sqlite:
    """SQLite: WAL, synchronous=FULL, every write transaction immediate."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: TextIO | None = None
        self._sending: TextIO | None = None
        was_readable = self._made_private()
        try:
            self._connect()
            if was_readable:
                with self.transaction():
                    self.upsert("meta", ("key", "value"), [(WAS_READABLE, "yes")])
        except sqlite3.Error as error:
            raise self._error(error) from error

    def _connect(self) -> None:
        """Open the file; once more if it was replaced by a backup before it could be read.

        Afterwards it is not replaced: in WAL mode, this connection holds a lock on it.
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

    def _made_private(self) -> bool:
        """Have the file, and with it those that SQLite puts beside it, be its owner's alone.

        Whether others could read it before. Where the file belongs to another user, or its
        folder is not there, nothing is done: SQLite says what is wrong, if anything is.
        """
        if str(self.path) == MEMORY:
            return False
        try:
            create_private(self.path)
            return tighten(self.path)
        except OSError:
            return False

    def _prepare(self) -> None:
        version = self._version()  # first: another program's database is left as it is
        self._connection.execute("PRAGMA secure_delete=ON")  # whatever SQLite was compiled with
        _wait_for(self._logs_ahead, seconds=BUSY_SECONDS)
        self._connection.execute("PRAGMA synchronous=FULL")
        if version is None:
            self._create()
        elif version != SCHEMA_VERSION:
            _migrate(f"sqlite:///{self.path}", version)

    def _logs_ahead(self) -> bool:
        """Switch to WAL. SQLite itself does not wait for others who are just doing so."""
        try:
            self._connection.execute("PRAGMA journal_mode=WAL")
        except sqlite3.OperationalError as error:
            # The low byte says what it is, the rest how it came about.
            if error.sqlite_errorcode & 0xFF not in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED):
                raise
            return False
        return True

    def _version(self) -> str | None:
        known = "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
        if self._connection.execute(known).fetchone() == (0,):
            return None
        try:
            row = self._connection.execute("SELECT version_num FROM alembic_version").fetchone()
        except sqlite3.OperationalError:
            row = None
        if row is None:
            raise StoreError(f"{self.path} is another program's database", hint=HINT)
        return str(row[0])

    def _create(self) -> None:
        """The schema as one script, in one transaction; harmless when another was faster."""
        script = Path(__file__).with_name("sqlite.sql").read_text(encoding="utf-8")
        with self.transaction():
            if self._version() is None:
                for statement in script.split(";\n")[:-1]:
                    self._connection.execute(statement)

    def tables(self) -> dict[str, list[str]]:
        """Each table with its columns; not those about people, nor that of the schema's version."""
        query = (
            "SELECT t.name, c.name FROM sqlite_master t JOIN pragma_table_info(t.name) c "
            "WHERE t.type = 'table' AND t.name <> 'alembic_version' ORDER BY t.name, c.cid"
        )
        found: dict[str, list[str]] = {}
        for table, column in self.rows(query):
            if table not in ABOUT_PEOPLE:
                found.setdefault(table, []).append(column)
        return found

    def rows(self, statement: str, values: Values = {}) -> list[Row]:  # noqa: B006
        try:
            return self._connection.execute(statement, values).fetchall()
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
        try:
            self._connection.executemany(_upsert(table, columns, "?" * len(columns)), rows)
        except sqlite3.Error as error:
            raise self._error(error) from error

    def load(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        places = ", ".join("?" * len(columns))
        try:
            self._connection.executemany(
                f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({places})", rows
            )
        except sqlite3.Error as error:
            raise self._error(error) from error

    @contextmanager
    def transaction(self) -> Iterator[None]:
        self.run("BEGIN IMMEDIATE")
        try:
            yield
            self.run("COMMIT")
        finally:
            if self._connection.in_transaction:  # a full disk has rolled back by itself
                self.run("ROLLBACK")

    def lock(self) -> None:
        if self._lock:
            return
        file = self._lock = open_private(self._beside(".lock"), "w")
        _wait_for(lambda: flock(file))

    def lock_sending(self) -> bool:
        file = open_private(self._beside(".sending"), "w")
        if not flock(file):
            file.close()
            return False
        self._sending = file
        return True

    def holds_sending(self) -> bool:
        return self._sending is not None

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
        from syndicate.store.file_birth import born

        # The file itself, not the machine: folders are renamed, containers change their names,
        # and the number of a device is another after a restart.
        return f"file {self.path.stat().st_ino} {born(self.path)}"

    def purge(self) -> bool:
        # What the log holds of it is written over by the log's next round, or by this.
        ((busy, *_),) = self.rows("PRAGMA wal_checkpoint(TRUNCATE)")
        return not busy

    def close(self) -> None:
        self._connection.close()
        for file in (self._lock, self._sending):
            if file:
                file.close()

    def _error(self, error: sqlite3.Error) -> StoreError:
        return StoreError(f"the database {self.path}: {error}", hint=HINT)


ABOUT_PEOPLE = frozenset(
    (
        *("consents", "signing_keys", "signup_requests", "subscribers", "subscriptions"),
        "suppressions",
        *("bounces", "deliveries", "delivery_events", "heard_events", "issue_sends"),
        *("sent_counts", "withdrawals"),
    )
)
"""Tables that no copy has: they may be large, and are nobody else's business."""

MEMORY = ":memory:"

WAS_READABLE = "was-readable"
"""The name in `meta` that notes that others could read the store, until a build reports it."""

HINT = "check store.url in config.yaml, that its folder can be written, and the disk's space"


def in_memory() -> Sqlite:
    """A new database that is gone when it is closed."""
    return Sqlite(Path(MEMORY))


class PostgreSQL:
    """PostgreSQL through SQLAlchemy and psycopg."""

    def __init__(self, url: str) -> None:
        import sqlalchemy

        scheme, rest = url.split("://", 1)
        driver = "postgresql+psycopg" if scheme.startswith("postgres") else scheme
        self._shown = "the database at " + rest.rsplit("@", 1)[-1].split("?")[0]
        try:
            self._engine = sqlalchemy.create_engine(f"{driver}://{rest}")
        except ModuleNotFoundError as error:
            hint = "install it: pip install 'psycopg[binary]'"
            raise StoreError("PostgreSQL needs psycopg", hint=hint) from error
        except (ValueError, sqlalchemy.exc.ArgumentError):
            # Neither reason is passed on: it may show the password.
            hint = "write store.url as postgresql://user@host:5432/database"
            raise StoreError(f"{self._shown} has no address", hint=hint) from None
        self._connection: sqlalchemy.Connection
        with self._translate_errors():
            self._prepare(f"{driver}://{rest}")
            self._connection = self._engine.connect()

    def _prepare(self, url: str) -> None:
        import sqlalchemy

        names = sqlalchemy.inspect(self._engine).get_table_names()
        if "alembic_version" in names:
            with self._engine.connect() as connection:
                query = sqlalchemy.text("SELECT version_num FROM alembic_version")
                version = connection.execute(query).scalar()
            if version != SCHEMA_VERSION:
                _migrate(url, str(version))
        elif names:
            raise StoreError(f"{self._shown} is another program's", hint=OWN_DATABASE)
        else:
            _migrate(url, None)

    def rows(self, statement: str, values: Values = {}) -> list[Row]:  # noqa: B006
        with self._translate_errors():
            try:
                found = self._connection.execute(_text(statement), dict(values))
                return [tuple(row) for row in found]
            finally:
                if not self._writing:
                    self._connection.rollback()  # no snapshot is held between reads

    _writing = False

    def run(self, statement: str, values: Values = {}) -> None:  # noqa: B006
        with self._translate_errors():
            self._connection.execute(_text(statement), dict(values))

    def run_many(self, statement: str, values: Sequence[Values]) -> None:
        if values:
            with self._translate_errors():
                self._connection.execute(_text(statement), [dict(one) for one in values])

    def upsert(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
        statement = _upsert(table, columns, [f":{column}" for column in columns])
        self.run_many(statement, [dict(zip(columns, row, strict=True)) for row in rows])

    def load(self, table: str, columns: Sequence[str], rows: Sequence[Row]) -> None:
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
                self._connection.execute(_text(f"SELECT pg_advisory_xact_lock({WRITERS})"))
                yield
                self._connection.commit()
            finally:
                self._writing = False
                self._connection.rollback()

    def lock(self) -> None:
        query = f"SELECT pg_try_advisory_lock({BUILDS})"
        _wait_for(lambda: self.rows(query) == [(True,)])

    def lock_sending(self) -> bool:
        return self.rows(f"SELECT pg_try_advisory_lock({SENDERS})") == [(True,)]

    def holds_sending(self) -> bool:
        return self._holds(SENDERS)

    def lock_service(self, name: str) -> bool:
        """Be the only service of this database, under a name, until `close`; False if one is."""
        with self.transaction():
            self.run("SELECT set_config('application_name', :name, false)", {"name": name[:63]})
        return self.rows(f"SELECT pg_try_advisory_lock({SERVICES})") == [(True,)]

    def holds_service(self) -> bool:
        """Whether we still are: a connection that broke lets go of it. Raises StoreError."""
        return self._holds(SERVICES)

    def service(self) -> str:
        """The name of the service that holds the lock, "" if unknown."""
        rows = self.rows(
            "SELECT a.application_name FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid "
            f"WHERE {_advisory(SERVICES)} AND l.database = "
            "(SELECT oid FROM pg_database WHERE datname = current_database())"
        )
        return str(rows[0][0] or "") if rows else ""

    def _holds(self, lock: int) -> bool:
        query = f"SELECT 1 FROM pg_locks l WHERE {_advisory(lock)} AND l.pid = pg_backend_pid()"
        return bool(self.rows(query))

    def copy(self) -> Sqlite:
        copy = in_memory()
        moment = self._engine.connect().execution_options(isolation_level="REPEATABLE READ")
        with self._translate_errors(), moment, copy.transaction():
            for table, columns in copy.tables().items():
                names = ", ".join(columns)
                found = moment.execute(_text(f"SELECT {names} FROM {table}"))
                copy.upsert(table, columns, [tuple(row) for row in found])
        return copy

    def changes(self) -> int:
        """A number that grows with every transaction that wrote something, on all the server."""
        ((number,),) = self.rows("SELECT txid_snapshot_xmax(txid_current_snapshot())")
        return int(number)

    keeps_record_beside = False

    def place(self) -> str:
        # The table too: pg_restore --clean makes another one in the same database.
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
        self._connection.close()
        self._engine.dispose()

    @contextmanager
    def _translate_errors(self) -> Iterator[None]:
        import sqlalchemy.exc

        try:
            yield
        except sqlalchemy.exc.DBAPIError as error:
            raise self._error(error.orig) from error

    def _error(self, error: BaseException | None) -> StoreError:
        reason = next(iter(str(error).strip().splitlines()), "it does not answer")
        hint = "check store.url in config.yaml and that the server runs"
        return StoreError(f"{self._shown}: {reason}", hint=hint)


def _advisory(lock: int) -> str:
    return (
        f"l.locktype = 'advisory' AND l.classid = {lock >> 32} "
        f"AND l.objid = {lock & 0xFFFFFFFF} AND l.granted"
    )


OWN_DATABASE = "create one for syndicate alone: createdb syndicate"


PATIENCE_SECONDS = 600


def flock(file: TextIO) -> bool:
    """Take the lock on a file if it is free; the system lets go of it whatever ends us."""
    if fcntl is None:  # Windows: writers still exclude each other, builds do not
        return True
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def flock_wait(file: int) -> None:
    """Take the lock on an open file as soon as it is free."""
    if fcntl is not None:
        fcntl.flock(file, fcntl.LOCK_EX)


def _wait_for(taken: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    deadline = time.monotonic() + seconds
    while not taken():
        if time.monotonic() > deadline:
            raise StoreError(
                f"another build has held the database for {seconds:.0f} seconds",
                hint="wait for it, or end it",
            )
        time.sleep(0.02)


KEYS = {
    "article_tags": 2,
    "consents": 4,
    "deliveries": 2,
    "delivery_events": 4,
    "dependencies": 2,
    "issue_articles": 2,
    "issues": 2,
    "sent_counts": 2,
    "subscriptions": 2,
}
"""How many columns the primary key of a table has, if not one."""


def _upsert(table: str, columns: Sequence[str], places: Sequence[str]) -> str:
    keys = KEYS.get(table, 1)
    changes = ", ".join(f"{name} = excluded.{name}" for name in columns[keys:])
    return (
        f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({', '.join(places)}) "
        f"ON CONFLICT ({', '.join(columns[:keys])}) DO UPDATE SET {changes}"
    )


def _text(statement: str) -> sqlalchemy.TextClause:
    import sqlalchemy

    return sqlalchemy.text(statement)


def _migrate(url: str, version: str | None) -> None:
    """Bring the database to SCHEMA_VERSION. Raise StoreError when it is newer than we are."""
    from syndicate.store.migrate import upgrade

    upgrade(url, version)
