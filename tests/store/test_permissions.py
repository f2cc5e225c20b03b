"""Only its owner can read the store and files beside it, and deleted data is gone."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from site_folder import SiteFolder
from syndicate import atomic_files
from syndicate.service_state.lock import single_instance
from syndicate.store.connect import open_database
from syndicate.store.migrate import upgrade
from syndicate.store.sqlite import Sqlite, in_memory

ADDRESS = "erased-person@example.org"


@pytest.fixture(params=[0o022, 0o000, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    before = os.umask(request.param)
    yield
    os.umask(before)


def modes(folder: Path) -> dict[str, int]:
    return {f.name: f.stat().st_mode & 0o777 for f in folder.iterdir() if f.is_file()}


@pytest.mark.usefixtures("umask")
def test_every_file_of_a_store_is_its_owners_alone(tmp_path: Path) -> None:
    with closing(open_database("sqlite:///s.db", tmp_path)) as opened:
        opened.lock()
        assert opened.lock_sending()
        with opened.transaction():
            opened.upsert("meta", ("key", "value"), [("a", "b")])
        with single_instance(tmp_path / "s.db.running", os.getpid()):
            atomic_files.write(tmp_path, "s.db.status", b"{}", private=True)
            found = modes(tmp_path)
    assert {"s.db", "s.db-wal", "s.db-shm", "s.db.lock", "s.db.sending", "s.db.running"} < {*found}
    assert set(found.values()) == {0o600}, found


def test_published_files_have_the_permissions_of_the_umask(tmp_path: Path) -> None:
    before = os.umask(0o022)
    try:
        atomic_files.write(tmp_path, "feed.xml", b"<rss/>")
        atomic_files.write(tmp_path, "state", b"1", private=True)
        atomic_files.write(tmp_path, "state", b"2", private=True)
    finally:
        os.umask(before)
    assert modes(tmp_path) == {"feed.xml": 0o644, "state": 0o600}


def test_a_store_that_others_could_read_is_tightened_and_reported_once(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("one.md", "One")
    site.build()
    for name in modes(site.root):
        if name.startswith("syndicate.db"):
            (site.root / name).chmod(0o664)
    with site.opened():
        pass
    assert {m for n, m in modes(site.root).items() if n.startswith("syndicate.db")} == {0o600}
    rules = [[f.rule for f in site.build(rehearse=r).findings] for r in (True, False, False)]
    assert rules == [["store-was-readable"], ["store-was-readable"], []]


def test_a_new_store_causes_no_finding(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("one.md", "One", date="2026-11-01")
    assert not site.build().findings


def test_every_connection_deletes_securely(tmp_path: Path) -> None:
    for opened in (open_database("sqlite:///s.db", tmp_path), in_memory()):
        assert opened.rows("PRAGMA secure_delete") == [(1,)]
        opened.close()


def test_migrations_delete_securely(tmp_path: Path) -> None:
    upgrade(f"sqlite:///{tmp_path / 's.db'}", None)
    with closing(open_database("sqlite:///s.db", tmp_path)) as opened:
        assert opened.rows("PRAGMA secure_delete") == [(1,)]


def everything(folder: Path) -> bytes:
    return b"".join(file.read_bytes() for file in folder.iterdir())


def test_deleted_data_is_in_no_file_after_a_purge(tmp_path: Path) -> None:
    with closing(open_database("sqlite:///s.db", tmp_path)) as opened:
        assert isinstance(opened, Sqlite)
        with opened.transaction():
            opened.upsert("meta", ("key", "value"), [("a", ADDRESS), ("b", "x" * 9000)])
        assert ADDRESS.encode() in everything(tmp_path)
        with opened.transaction():
            opened.run("DELETE FROM meta WHERE key = 'a'")
        opened.purge()
        assert ADDRESS.encode() not in everything(tmp_path)
        assert opened.rows("SELECT key FROM meta") == [("b",)]


def test_a_purge_does_not_fail_while_another_reads(tmp_path: Path) -> None:
    with (
        closing(open_database("sqlite:///s.db", tmp_path)) as opened,
        closing(sqlite3.connect(tmp_path / "s.db", isolation_level=None)) as other,
    ):
        other.execute("PRAGMA busy_timeout=0")
        opened.rows("PRAGMA busy_timeout=0")
        other.execute("BEGIN")
        other.execute("SELECT count(*) FROM meta").fetchone()
        with opened.transaction():
            opened.upsert("meta", ("key", "value"), [("a", "b")])
        opened.purge()
