"""Running SQL on SQLite and PostgreSQL: both do the same, and report what is wrong."""

from __future__ import annotations

import resource
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy

from syndicate.errors import StoreError
from syndicate.store.connect import open_database
from syndicate.store.database import Database


@pytest.fixture
def database(database_url: str, tmp_path: Path) -> Iterator[Database]:
    opened = open_database(database_url, tmp_path)
    yield opened
    opened.close()


def meta(database: Database) -> list[tuple[object, ...]]:
    return sorted(database.rows("SELECT key, value FROM meta"))


def put(database: Database, key: str, value: str = "v") -> None:
    database.run("INSERT INTO meta (key, value) VALUES (:k, :v)", {"k": key, "v": value})


def test_a_committed_transaction_is_visible_to_all_connections(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    with database.transaction():
        put(database, "a")
        assert meta(database) == [("a", "v")], "it sees its own writing"
    other = open_database(database_url, tmp_path)
    assert meta(other) == [("a", "v")]
    other.close()


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt])
def test_a_transaction_that_raises_writes_nothing(
    database: Database, error: type[BaseException]
) -> None:
    def write_and_die() -> None:
        with database.transaction():
            put(database, "a")
            raise error

    with pytest.raises(error):
        write_and_die()
    assert meta(database) == []
    with database.transaction():
        put(database, "b")
    assert meta(database) == [("b", "v")]


def test_a_statement_that_is_refused_takes_the_transaction_with_it(database: Database) -> None:
    with database.transaction():
        put(database, "a", "old")
    rows = [{"k": "b"}, {"k": "a"}]
    insert = "INSERT INTO meta (key, value) VALUES (:k, 'new')"
    with pytest.raises(StoreError) as caught, database.transaction():
        database.run_many(insert, rows)
    assert caught.value.hint
    assert meta(database) == [("a", "old")]


def test_a_query_that_is_refused_does_not_spoil_the_next(database: Database) -> None:
    with pytest.raises(StoreError):
        database.rows("SELECT nothing FROM nowhere")
    assert meta(database) == []


def test_an_upsert_inserts_and_replaces(database: Database) -> None:
    with database.transaction():
        database.upsert("meta", ("key", "value"), [("a", "1"), ("b", "2")])
        database.upsert("meta", ("key", "value"), [("b", "3")])
        database.upsert("meta", ("key", "value"), [])
        database.run_many("DELETE FROM meta WHERE key = :key", [])
    assert meta(database) == [("a", "1"), ("b", "3")]


def test_an_upsert_knows_keys_of_two_columns(database: Database) -> None:
    columns = ("tag", "sequence", "label")
    with database.transaction():
        database.upsert("article_tags", columns, [("a", 1, "A"), ("a", 2, "A"), ("b", 1, "B")])
        database.upsert("article_tags", columns, [("a", 2, "Other")])
    rows = database.rows("SELECT tag, sequence, label FROM article_tags ORDER BY tag, sequence")
    assert rows == [("a", 1, "A"), ("a", 2, "Other"), ("b", 1, "B")]


@pytest.mark.parametrize("text", ["", "ö 東京 🌊", "'; DROP TABLE meta; --", "%s :k {x}", "a\n\tb"])
def test_text_is_read_back_unchanged(database: Database, text: str) -> None:
    with database.transaction():
        put(database, text or "empty", text)
    assert meta(database) == [(text or "empty", text)]


def test_text_sorts_by_bytes_on_both(database: Database) -> None:
    keys = ["B", "a", "Z", "é", "-", "a-b", "a b"]
    with database.transaction():
        database.upsert("meta", ("key", "value"), [(key, "") for key in keys])
    found = [key for (key,) in database.rows("SELECT key FROM meta ORDER BY key")]
    assert found == sorted(keys, key=str.encode)


def test_a_reader_sees_what_another_has_written_since(
    database: Database, database_url: str, tmp_path: Path
) -> None:
    assert meta(database) == []
    other = open_database(database_url, tmp_path)
    with other.transaction():
        put(other, "a")
    other.close()
    assert meta(database) == [("a", "v")]


# -- several at once ------------------------------------------------------------------------------

WRITE = """
import sys
from pathlib import Path
import syndicate.store.migrate
from syndicate.store.connect import open_database
url, folder, who = sys.argv[1], Path(sys.argv[2]), sys.argv[3]
print("ready", flush=True)
sys.stdin.read(1)
database = open_database(url, folder)
for number in range(20):
    with database.transaction():
        (count,) = database.rows("SELECT count(*) FROM meta")[0]
        values = {"key": f"{who} {number}", "value": str(count)}
        database.run("INSERT INTO meta (key, value) VALUES (:key, :value)", values)
database.close()
"""


@pytest.mark.slow
def test_processes_that_create_and_write_at_once_all_succeed(
    new_database_url: str, tmp_path: Path
) -> None:
    workers = [
        subprocess.Popen(
            [sys.executable, "-c", WRITE, new_database_url, str(tmp_path), str(number)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        for number in range(3)
    ]
    for worker in workers:
        assert worker.stdout
        worker.stdout.readline()
    for worker in workers:
        assert worker.stdin
        worker.stdin.write(b"!")
        worker.stdin.flush()
    said = [worker.communicate()[1].decode() for worker in workers]
    assert [worker.returncode for worker in workers] == [0, 0, 0], "".join(said)
    database = open_database(new_database_url, tmp_path)
    rows = meta(database)
    database.close()
    assert len(rows) == 60
    assert sorted(int(str(count)) for _, count in rows) == list(range(60)), "one after another"


@pytest.mark.parametrize("database_url", ["postgresql"], indirect=True)
def test_locks_are_free_before_the_session_on_the_server_ends(
    database_url: str, tmp_path: Path
) -> None:
    """A server may take a moment to notice the end: the next program would still see a lock."""
    database, other = (open_database(database_url, tmp_path) for _ in range(2))
    assert database.lock_sending()
    assert not other.lock_sending()
    free: list[bool] = []

    def at_the_end(*_: object) -> None:
        if not free:
            free.append(other.lock_sending())

    sqlalchemy.event.listen(sqlalchemy.Pool, "close", at_the_end)
    try:
        database.close()
    finally:
        sqlalchemy.event.remove(sqlalchemy.Pool, "close", at_the_end)
    other.close()
    assert free == [True]


# -- what is wrong --------------------------------------------------------------------------------


def test_a_relative_file_is_in_the_folder_of_the_configuration(tmp_path: Path) -> None:
    open_database("sqlite:///mine.db", tmp_path).close()
    assert (tmp_path / "mine.db").exists()


@pytest.mark.parametrize("file", ["missing/folder/x.db", "folder", "text.txt", "text.txt/x.db"])
def test_a_file_that_is_not_a_database_is_an_error(tmp_path: Path, file: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "text.txt").write_text("This is no database. " * 100)
    with pytest.raises(StoreError) as caught:
        open_database(f"sqlite:///{file}", tmp_path)
    assert file in caught.value.message
    assert caught.value.hint
    assert (tmp_path / "text.txt").read_text().startswith("This is no database.")


@contextmanager
def files_of_at_most(size: int) -> Iterator[None]:
    """No file may grow beyond `size`: what a full disk does to a program."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_is_an_error_and_nothing_is_half_written(tmp_path: Path) -> None:
    database = open_database("sqlite:///x.db", tmp_path)
    with database.transaction():
        put(database, "before")
    with (
        files_of_at_most(400_000),
        pytest.raises(StoreError) as caught,
        database.transaction(),
    ):
        database.upsert("meta", ("key", "value"), [(str(n), "x" * 20_000) for n in range(200)])
    assert "disk" in caught.value.message
    assert caught.value.hint
    assert meta(database) == [("before", "v")]
    with database.transaction():
        put(database, "after")
    database.close()


def test_a_disk_that_is_full_from_the_start_is_an_error(tmp_path: Path) -> None:
    with files_of_at_most(1000), pytest.raises(StoreError) as caught:
        open_database("sqlite:///x.db", tmp_path)
    assert caught.value.hint
    open_database("sqlite:///x.db", tmp_path).close()


def test_a_commit_that_fails_leaves_nothing_open(tmp_path: Path) -> None:
    database = open_database("sqlite:///x.db", tmp_path)
    with (
        pytest.raises(StoreError),
        files_of_at_most((tmp_path / "x.db-wal").stat().st_size + 100),
        database.transaction(),
    ):
        put(database, "a", "x" * 50_000)
    assert meta(database) == []
    with database.transaction():
        put(database, "b")
    assert meta(database) == [("b", "v")]
    database.close()


def test_a_database_that_stays_locked_is_an_error(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("syndicate.store.sqlite.BUSY_SECONDS", 0.05)
    database = open_database("sqlite:///x.db", tmp_path)
    other = sqlite3.connect(tmp_path / "x.db", isolation_level=None)
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(StoreError, match="locked"), database.transaction():
        pytest.fail("it has no right to write")
    assert meta(database) == [], "reading goes on"
    other.execute("ROLLBACK")
    with database.transaction():
        put(database, "a")
    other.close()
    database.close()


@pytest.mark.parametrize(
    "url",
    [
        "postgresql://ada:hunter2@localhost:1/notes",
        "postgresql://ada:hunter2@localhost:port/notes",
        "postgresql://ada:hunter2@/notes?host=/nowhere&password=hunter2",
        "postgresql://ada:hunter2@localhost:1/notes?nonsense=hunter2",
        "postgres://ada:hunter2@localhost:1",
    ],
)
def test_an_unreachable_server_is_an_error_without_the_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(StoreError) as caught:
        open_database(url, tmp_path)
    assert "hunter2" not in caught.value.message + caught.value.hint
    assert caught.value.hint


def test_settings_of_sqlite_are_those_that_survive_a_power_cut(tmp_path: Path) -> None:
    database = open_database("sqlite:///x.db", tmp_path)
    assert database.rows("PRAGMA journal_mode") == [("wal",)]
    assert database.rows("PRAGMA synchronous") == [(2,)]
    database.close()
