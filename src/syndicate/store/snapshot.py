"""A copy of the store in memory, to try a build and discard it.

Writes nothing to the store, and holds no lock of it. The copy is replaced when another program has
changed the store.
"""

from __future__ import annotations

from pathlib import Path

from syndicate.store.database import Database, PostgreSQL, in_memory, open_database


class Snapshot:
    """A copy of the database at `url`; a relative SQLite file is in `folder`."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url = url
        self._folder = folder
        self._server: Database | None = None
        self._copy: Database | None = None
        self._stamp: object = None

    def database(self) -> Database:
        """The copy, with what was done to it since, unless the store changed: then a new one.

        A SQLite file that is not there yet is not made. Raises StoreError.
        """
        if self._copy is None or self._stamp != self._stamp_now():
            copy = self._copied()
            self._stamp = self._stamp_now()
            if self._copy:
                self._copy.close()
            self._copy = copy
        return self._copy

    def close(self) -> None:
        """Forget the copy, and let go of the server."""
        for database in (self._copy, self._server):
            if database:
                database.close()
        self._copy = self._server = None

    @property
    def _file(self) -> Path | None:
        """The SQLite file, None for a server."""
        name = self.url.removeprefix("sqlite:///")
        return None if name == self.url else self._folder / name

    def _copied(self) -> Database:
        if self._file and not self._file.exists():
            return in_memory()
        if self._server:
            return self._server.copy()
        database = open_database(self.url, self._folder)
        if not self._file:
            self._server = database
            return database.copy()
        try:
            return database.copy()
        finally:
            database.close()

    def _stamp_now(self) -> object:
        """Another value once the store has changed."""
        if isinstance(self._server, PostgreSQL):
            return self._server.changes()
        if self._file:
            return [_stat(file) for file in (self._file, Path(f"{self._file}-wal"))]
        return None


def _stat(file: Path) -> tuple[int, int, int] | None:
    try:
        stat = file.stat()
    except FileNotFoundError:
        return None
    return stat.st_ino, stat.st_size, stat.st_mtime_ns
