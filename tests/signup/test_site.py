"""A site with signup pages: its documents."""

from __future__ import annotations

from pathlib import Path

import pytest

from sample_site import build_sample, copy_sample


@pytest.fixture
def site(tmp_path: Path) -> Path:
    """The sample site in German, with pages to subscribe."""
    folder = copy_sample(tmp_path / "site")
    config = (folder / "config.yaml").read_text(encoding="utf-8")
    assert config.count("\n  language: en\n") == 1
    config = config.replace("\n  language: en\n", "\n  language: de\n")
    (folder / "config.yaml").write_text(config, encoding="utf-8")
    return folder


def front(site: Path) -> str:
    return (build_sample(site) / "public" / "index.html").read_text(encoding="utf-8")


def test_the_front_page_has_the_form_in_the_language_of_the_site(site: Path) -> None:
    page = front(site)
    assert '<form class="form" method="post" action="https://example.org/subscribe/"' in page
    assert '<input type="hidden" name="newsletter" value="weekly">' in page
    assert '<button type="submit">Abonnieren</button>' in page
    assert "Oktober 2026" in page


def test_a_changed_translation_makes_the_pages_again(site: Path) -> None:
    assert "Abonnieren" in front(site)
    catalogue = site / "templates" / "translations" / "de.po"
    words = catalogue.read_text(encoding="utf-8")
    catalogue.write_text(words.replace('"Abonnieren"', '"Bestellen"'), encoding="utf-8")
    page = front(site)
    assert "Bestellen" in page
    assert "Abonnieren" not in page
