"""A site whose newsletter is delivered, on both databases."""

from pathlib import Path

import pytest
from mailing_site import MailingSite, new_mailing_site


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> MailingSite:
    return new_mailing_site(tmp_path / "site", database_url)


@pytest.fixture
def sqlite_site(tmp_path: Path) -> MailingSite:
    """The same on SQLite alone, where the database makes no difference."""
    return new_mailing_site(tmp_path / "site", "sqlite:///syndicate.db")
