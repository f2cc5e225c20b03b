"""A site to build, on both databases or on SQLite."""

from __future__ import annotations

from pathlib import Path

import pytest

from site_folder import SiteFolder


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    """An empty site, on both databases."""
    return SiteFolder(tmp_path / "site", database_url)


@pytest.fixture
def sqlite_site(tmp_path: Path) -> SiteFolder:
    """The same on SQLite alone, where the database makes no difference."""
    return SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
