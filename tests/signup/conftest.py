"""Sites that are visited."""

from __future__ import annotations

import copy
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from visits import Place, built, opened, served

from reserved_port import reserved_port
from site_folder import SiteFolder
from syndicate.delivery.operations.store_recovery import resume_moved


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path, database_url: str) -> Iterator[Place]:
    """A site with two newsletters; on both databases."""
    if database_url.startswith("sqlite"):
        yield request.getfixturevalue("sqlite_place")
    else:
        with opened(tmp_path, database_url) as place:
            yield place


@pytest.fixture(scope="session")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[SiteFolder, int]]:
    """The site of `sqlite_place`, built once, and the port that its pages name."""
    with reserved_port() as port:
        yield built(tmp_path_factory.mktemp("prepared"), "sqlite:///syndicate.db", port), port


@pytest.fixture
def sqlite_place(prepared: tuple[SiteFolder, int], tmp_path: Path) -> Iterator[Place]:
    """The same on SQLite alone, where the database makes no difference; a copy."""
    site, port = copy.deepcopy(prepared[0]), prepared[1]
    site.root = shutil.copytree(site.root, tmp_path / "site")
    with site.opened() as moved:
        resume_moved(moved)
    with served(site, port) as place:
        yield place
