"""The repository's own site, built at a fixed moment, for golden files and readers.

Run it to write the golden files again, then look at `git diff tests/golden`:

    .venv/bin/python tests/sample_site.py
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

from syndicate.build.builder import build
from syndicate.site import load_site

T = TypeVar("T")

REPOSITORY = Path(__file__).parents[1]
GOLDEN = Path(__file__).with_name("golden")
PARTS = ("config.yaml", "content", "templates")
FOLDERS = ("public", "issues")
NOW = datetime(2026, 11, 1, 9, 30, tzinfo=UTC)


def _quietly(items: Iterable[T], total: int, doing: str) -> Iterable[T]:
    return items


def copy_sample(folder: Path) -> Path:
    """Copy config.yaml, content/ and templates/ into a new `folder`."""
    folder.mkdir()
    shutil.copy(REPOSITORY / "config.yaml", folder)
    for part in PARTS[1:]:
        shutil.copytree(REPOSITORY / part, folder / part)
    return folder


def build_sample(folder: Path, now: datetime = NOW) -> Path:
    """Build what `copy_sample` copied."""
    with load_site(folder / "config.yaml", {}, _quietly) as site:
        report = build(site, now)
    assert report.findings == (), "the sample site has something to mend"
    return folder


def documents(folder: Path) -> dict[str, bytes]:
    """Every file below public/ and issues/."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for part in FOLDERS
        for path in sorted((folder / part).rglob("*"))
        if path.is_file()
    }


def copies(folder: Path, made: dict[str, bytes]) -> set[str]:
    """Documents that are some file of content/ or templates/, byte for byte."""
    sources = {
        path.read_bytes()
        for part in PARTS[1:]
        for path in (folder / part).rglob("*")
        if path.is_file()
    }
    return {path for path, data in made.items() if data in sources}


def renew() -> None:
    """Write the golden files anew."""
    import tempfile

    with tempfile.TemporaryDirectory() as work:
        site = build_sample(copy_sample(Path(work, "site")))
        made = documents(site)
        for part in FOLDERS:
            shutil.rmtree(GOLDEN / part, ignore_errors=True)
        for path in made.keys() - copies(site, made):
            target = GOLDEN / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(made[path])


if __name__ == "__main__":
    renew()
