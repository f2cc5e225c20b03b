"""A site whose newsletter is delivered, on both databases."""

from pathlib import Path

import pytest
from mailings import Mailing, mailing


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> Mailing:
    return mailing(tmp_path / "site", database_url)


@pytest.fixture
def sqlite_site(tmp_path: Path) -> Mailing:
    """The same on SQLite alone, where the database makes no difference."""
    return mailing(tmp_path / "site", "sqlite:///syndicate.db")
