"""Sites that are visited."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from visits import Place, opened


@pytest.fixture
def place(tmp_path: Path, database_url: str) -> Iterator[Place]:
    """A site with two newsletters; on both databases."""
    with opened(tmp_path, database_url) as place:
        yield place


@pytest.fixture
def sqlite_place(tmp_path: Path) -> Iterator[Place]:
    """The same on SQLite alone, where the database makes no difference."""
    with opened(tmp_path, f"sqlite:///{tmp_path / 'syndicate.db'}") as place:
        yield place
