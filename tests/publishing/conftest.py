"""A site that is published to a folder, on both databases."""

from __future__ import annotations

from pathlib import Path

import pytest
from published_site import PublishedSite

from site_folder import SiteFolder


@pytest.fixture
def published(tmp_path: Path, database_url: str) -> PublishedSite:
    """A built site with two articles, one of them with a picture."""
    return PublishedSite.made(SiteFolder(tmp_path / "site", database_url))


@pytest.fixture
def on_sqlite(tmp_path: Path) -> PublishedSite:
    """The same on SQLite alone, where the database makes no difference."""
    return PublishedSite.made(SiteFolder(tmp_path / "site", "sqlite:///syndicate.db"))
