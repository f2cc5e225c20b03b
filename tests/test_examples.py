"""The examples build without a finding and show what their README says."""

from __future__ import annotations

import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest

from site_folder import without_progress
from syndicate.build.builder import build
from syndicate.site import load_site

pytestmark = pytest.mark.slow

EXAMPLES = Path(__file__).parents[1] / "examples"
CONFIGS = [
    path.relative_to(EXAMPLES).as_posix()
    for path in sorted(EXAMPLES.glob("*/*.yaml"))
    if "site:" in path.read_text(encoding="utf-8")
]
NOW = datetime(2026, 11, 28, 12, tzinfo=UTC)


@pytest.fixture
def examples(tmp_path: Path) -> Path:
    return Path(shutil.copytree(EXAMPLES, tmp_path / "examples"))


def built(config: Path) -> Path:
    """Build a site, and return its folder."""
    with load_site(config, {}, without_progress) as site:
        assert build(site, NOW).findings == ()
    return config.parent


@pytest.mark.parametrize("config", CONFIGS)
def test_it_builds_without_a_finding(config: str, examples: Path) -> None:
    built(examples / config)


def test_every_example_is_listed() -> None:
    text = (EXAMPLES / "README.md").read_text(encoding="utf-8")
    folders = {config.partition("/")[0] for config in CONFIGS}
    assert len(folders) == 3
    assert all(f"`{folder}/`" in text for folder in folders)


def test_the_hugo_site_keeps_its_pages_and_drafts(examples: Path) -> None:
    folder = built(examples / "hugo-folder/config.yaml")
    feed = (folder / "feeds/feed.xml").read_text(encoding="utf-8")
    assert "https://tidewater.example/posts/the-right-rivet/" in feed
    assert "About" not in feed
    assert "next year" not in feed
    assert not list(folder.glob("feeds/**/posts"))


def test_text_files_have_titles_and_tags(examples: Path) -> None:
    folder = built(examples / "single-newsletter/config.yaml")
    email = (folder / "issues/friday/next/email.txt").read_text(encoding="utf-8")
    assert "Broad beans before winter" in email
    assert "Tags:" not in email
    assert (folder / "public/tags/sowing/feed.xml").exists()


def test_each_language_has_its_own_feeds_and_a_newsletter_in_it(examples: Path) -> None:
    folder = built(examples / "bilingual/de.yaml")
    built(examples / "bilingual/en.yaml")
    german = (folder / "issues/de/wege/next/email.html").read_text(encoding="utf-8")
    english = (folder / "issues/en/walks/next/email.html").read_text(encoding="utf-8")
    assert "Abmelden" in german
    assert "Unsubscribe" in english
    assert (folder / "public/de/feed.xml").exists()
    assert (folder / "public/en/feed.xml").exists()
