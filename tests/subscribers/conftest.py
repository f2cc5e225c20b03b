"""A store on SQLite, where the database makes no difference."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from syndicate.store.connect import open_database
from syndicate.store.database import Database


@pytest.fixture
def sqlite_database(tmp_path: Path) -> Iterator[Database]:
    opened = open_database(f"sqlite:///{tmp_path / 'syndicate.db'}", tmp_path)
    yield opened
    opened.close()
