"""A copy of the store in memory, to try a build and discard it.

Writes nothing to the store, and holds no lock on it. The copy is replaced when another program has
changed the store.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING

from syndicate.store.connect import open_database
from syndicate.store.database import Database
from syndicate.store.sqlite import in_memory
from syndicate.store.successor import require_in_use

if TYPE_CHECKING:
    from syndicate.store.postgresql import PostgreSQL


class StoreSnapshot:
    """A copy of the database at `url`; a relative SQLite file is in `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder
        self._server: PostgreSQL | None = None
        self._copy: Database | None = None
        self._stamp: object = None

    def database(self) -> Database:
        """The copy with all changes made to it; a new one once the store has changed.

        A missing SQLite file is not created. Raises StoreError.
        """
        if self._copy is None or self._stamp != self._current_stamp():
            copy = self._new_copy()
            self._stamp = self._current_stamp()
            if self._copy:
                self._copy.close()
            self._copy = copy
        return self._copy

    def close(self) -> None:
        """Discard the copy, and disconnect from the server."""
        for database in (self._copy, self._server):
            if database:
                database.close()
        self._copy, self._server = None, None

    @property
    def _file(self) -> Path | None:
        """The SQLite file, None for a server."""
        name = self.url.removeprefix("sqlite:///")
        return None if name == self.url else self._folder / name

    def _new_copy(self) -> Database:
        if not self._file:
            require_in_use(self._connected())
            return self._connected().copy()
        if not self._file.exists():
            return in_memory()
        with closing(open_database(self.url, self._folder)) as database:
            return database.copy()

    def _connected(self) -> PostgreSQL:
        """The server, with one connection for all copies."""
        from syndicate.store.postgresql import PostgreSQL

        self._server = self._server or PostgreSQL(self.url)
        return self._server

    def _current_stamp(self) -> object:
        """A value that changes whenever the store does."""
        if self._file:
            return [_stat(file) for file in (self._file, Path(f"{self._file}-wal"))]
        return self._server.changes() if self._server else None


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
