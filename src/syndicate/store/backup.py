"""Back up a SQLite store to a file, and restore it; only its owner can read it."""

from __future__ import annotations

import os
import secrets
import sqlite3
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path

from syndicate.disk import sync, try_lock
from syndicate.errors import Location, StoreError
from syndicate.store.incarnation import RESTORED
from syndicate.store.permissions import create_private, open_private
from syndicate.store.sqlite import Sqlite

LOG_FILES = ("-wal", "-shm", "-journal")

OF_A_STORE = {"alembic_version", "articles", "issues", "meta"}
"""Tables that exist in every version of a store."""

OF_BACKUP = "use a file that syndicate backup wrote"
PATIENCE_SECONDS = 1
"""How long to wait for a program that reads the store now, such as `syndicate status`."""


def back_up(store: Path, target: Path) -> None:
    """Copy a store as it is at one moment, also while others write. Raises StoreError.

    `target` must not exist; it appears whole or not at all.
    """
    if not store.exists():
        raise StoreError(f"there is no store {store}", hint="syndicate build makes it")
    if target.exists():
        raise StoreError(
            "the file exists already", place=Location(str(target)), hint="choose another name"
        )
    with _made(target) as partial:
        _copy(store, partial)
        partial.rename(target)


def restore(source: Path, store: Path, name: str) -> Path | None:
    """Replace a store by a backup; where the old store is now, None if there was none.

    It stays beside, with `name` appended to its own. Nothing is sent from the restored store before
    the operator states what it is. Raises StoreError while another program has the store open, and
    for a file that is not a complete store of this version or an older one.
    """
    if not source.is_file():
        raise StoreError("there is no such backup", place=Location(str(source)))
    if store.exists() and source.samefile(store):
        raise StoreError("this is the store itself", place=Location(str(source)))
    with _without_senders_and_builds(store), _made(store) as partial:
        _copy(source, partial)
        _mark_restored(partial, source)
        if not store.exists():
            partial.replace(store)
            return None
        with _locked(store):
            aside = _moved_aside(store, name)
            partial.replace(store)
    return aside


def _copy(source: Path, target: Path) -> None:
    """Copy a database with the content of its log."""
    try:
        with (
            closing(sqlite3.connect(f"file:{_quoted(source)}?mode=ro", uri=True)) as original,
            closing(sqlite3.connect(target)) as copy,
        ):
            copy.execute("PRAGMA secure_delete=ON")
            original.backup(copy)
            copy.execute("PRAGMA journal_mode=DELETE")  # one file, that can be copied as such
            (check,) = copy.execute("PRAGMA quick_check(1)").fetchone()
    except sqlite3.Error as error:
        raise _refusal(error, source, target) from error
    if check != "ok":
        raise StoreError(f"{source} is damaged: {check}", hint="use another backup")
    sync(target)


def _refusal(error: sqlite3.Error, source: Path, target: Path) -> StoreError:
    """The error, about the right file: only the one that is written needs space."""
    if getattr(error, "sqlite_errorcode", 0) & 0xFF == sqlite3.SQLITE_FULL:
        folder = Location(str(target.parent))
        return StoreError(f"{error}", place=folder, hint="make space on its disk, or use another")
    return StoreError(f"{source}: {error}", hint=OF_BACKUP)


def _quoted(path: Path) -> str:
    from urllib.parse import quote

    return quote(str(path.absolute()))


def _mark_restored(partial: Path, source: Path) -> None:
    """Migrate a backup to this version, and mark it so that nothing is sent from it for now."""
    with closing(sqlite3.connect(partial)) as opened:
        tables = {name for (name,) in opened.execute("SELECT name FROM sqlite_master")}
    place = Location(str(source))
    if not tables:
        raise StoreError("the file is empty", place=place, hint=OF_BACKUP)
    if not tables >= OF_A_STORE:
        raise StoreError("this is another program's database", place=place, hint=OF_BACKUP)
    try:
        with closing(Sqlite(partial)) as database, database.transaction():
            database.upsert("meta", ("key", "value"), [(RESTORED, "yes")])
    except StoreError as error:
        raise StoreError(error.message, place=place, hint=error.hint) from error
    sync(partial)


def _moved_aside(store: Path, name: str) -> Path:
    """Move the store that is replaced aside; where to. With hard links, there is always a store."""
    aside = store.with_name(f"{store.name}{name}")
    for suffix in LOG_FILES:
        file = store.with_name(store.name + suffix)
        if file.exists():
            file.rename(aside.with_name(aside.name + suffix))
    try:
        os.link(store, aside)
    except OSError:  # this file system has no hard links
        store.rename(aside)
    return aside


@contextmanager
def _made(target: Path) -> Iterator[Path]:
    """A private temporary file beside the target, which is removed at the end."""
    partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}.part")
    try:
        create_private(partial)
        yield partial
    except OSError as error:
        raise StoreError(
            f"cannot be written: {error.strerror}",
            place=Location(str(target)),
            hint="check the permissions of its folder and the space on its disk",
        ) from error
    finally:
        _remove(partial)


def _remove(partial: Path) -> None:
    for suffix in ("", *LOG_FILES):
        partial.with_name(partial.name + suffix).unlink(missing_ok=True)


@contextmanager
def _without_senders_and_builds(store: Path) -> Iterator[None]:
    """Keep senders and builds out. Raises StoreError when one is running."""
    with ExitStack() as files:
        for suffix, doing in ((".sending", "sends from"), (".lock", "builds with")):
            file = files.enter_context(open_private(_beside(store, suffix), "w"))
            if not try_lock(file):
                raise StoreError(f"a program {doing} this store", hint=WAIT)
        yield


WAIT = "wait for it, or stop it"


@contextmanager
def _locked(store: Path) -> Iterator[None]:
    """Hold SQLite's lock on a store, and empty its log.

    Raises StoreError when another program has it open. A connection in WAL mode holds a shared lock
    on the file while it is open, so the mode cannot be changed then. A program that waits for the
    lock finds that the file was replaced, and opens the new one (`Sqlite`).
    """
    connection = sqlite3.connect(store, timeout=PATIENCE_SECONDS, isolation_level=None)
    with closing(connection):
        try:
            connection.execute("PRAGMA journal_mode=DELETE")
            connection.execute("BEGIN EXCLUSIVE")
            is_alone = connection.execute("PRAGMA journal_mode").fetchone() == ("delete",)
        except sqlite3.Error as error:
            busy = (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)
            is_alone = error.sqlite_errorcode & 0xFF not in busy  # a damaged one can be replaced
        if not is_alone:
            message = "another program has the store open, such as an import or a shell"
            raise StoreError(message, place=Location(str(store)), hint=WAIT)
        yield


def _beside(store: Path, suffix: str) -> Path:
    return store.with_name(store.name + suffix)
