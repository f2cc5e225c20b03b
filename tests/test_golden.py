"""Every document of the sample site, byte for byte as it was last reviewed.

tests/sample_site.py describes how to renew the golden files when a change is meant.
"""

from __future__ import annotations

import difflib
import os
import time
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from sample_site import GOLDEN, NOW, build_sample, copies, copy_sample, documents

COPIES = {
    "public/feed.css",
    "public/style.css",
    "public/articles/the-rule-of-twelfths/harbour-at-dusk.png",
    "public/swifts-at-dusk.png",
    "public/tsukuroi.png",
}


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return build_sample(copy_sample(tmp_path_factory.mktemp("golden") / "site"))


def test_every_document_is_as_it_was(site: Path) -> None:
    made, golden = documents(site), documents(GOLDEN)
    assert copies(site, made) == COPIES
    assert made.keys() - COPIES == golden.keys()
    changed = {path for path in golden if made[path] != golden[path]}
    assert not changed, "\n".join(_difference(path, golden, made) for path in sorted(changed))


def _difference(path: str, golden: dict[str, bytes], made: dict[str, bytes]) -> str:
    old, new = (side[path].decode(errors="replace").splitlines() for side in (golden, made))
    return "\n".join(difflib.unified_diff(old, new, f"golden/{path}", path, n=1, lineterm=""))


def test_neither_the_clock_nor_the_age_of_files_leaks_into_a_document(
    site: Path, tmp_path: Path, elsewhere: None
) -> None:
    later = copy_sample(tmp_path / "later")
    for number, path in enumerate(sorted(later.rglob("*"))):
        os.utime(path, (1_700_000_000 + number, 1_700_000_000 + number))
    build_sample(later, NOW + timedelta(days=40, hours=7))
    made, before = documents(later), documents(site)
    assert made.keys() == before.keys()
    assert [path for path in made if made[path] != before[path]] == []


@pytest.fixture
def elsewhere(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """The other end of the world, where today is tomorrow."""
    with monkeypatch.context() as patch:
        patch.setenv("TZ", "Pacific/Auckland")
        time.tzset()
        yield
    time.tzset()
