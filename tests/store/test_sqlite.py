"""Connections of one process do not release each other's locks.

The system drops all of a process's locks on a file when the process closes any descriptor of it.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from syndicate.store.connect import open_database

READS = "import sqlite3, sys; print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchall())"


def seen_by_another_process(store: Path, key: str) -> bool:
    query = f"SELECT value FROM meta WHERE key = '{key}'"
    command = [sys.executable, "-c", READS, str(store), query]
    return "yes" in subprocess.run(command, capture_output=True, text=True, check=True).stdout


@pytest.mark.slow
def test_committed_data_stays_when_the_store_is_opened_again(tmp_path: Path) -> None:
    store = tmp_path / "syndicate.db"
    first = open_database(f"sqlite:///{store}", tmp_path)
    for number in range(3):
        open_database(f"sqlite:///{store}", tmp_path).close()
        seen_by_another_process(store, "none")  # the last to close it clears the log away
        with first.transaction():
            first.upsert("meta", ("key", "value"), [(f"written {number}", "yes")])
        assert seen_by_another_process(store, f"written {number}")
    first.close()
