"""Which documents are stale: pictures, links, templates, settings and lost files."""

from __future__ import annotations

import os
from datetime import timedelta

import pytest
from three_articles import WEEKLY, archive_documents, assert_complete, three_articles

from site_folder import NOON, PNG, SiteFolder
from syndicate.store.meta import Key, Meta


def test_a_changed_image_renders_its_article_again(site: SiteFolder) -> None:
    three_articles(site)
    site.write("sea.png", PNG)
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01", tags=["water"])
    site.build()
    assert 'width="1"' in site.text("articles/sea/index.html")
    wider = PNG[:16] + b"\0\0\0\x09" + PNG[20:]
    site.write("sea.png", wider)
    report = site.build()
    assert (report.read, report.changed) == (0, 0)
    assert 'width="9"' in site.text("articles/sea/index.html")
    assert 'width="9"' in site.text("feed.xml")
    assert (site.root / "public/sea.png").read_bytes() == wider
    assert site.build().written == ()
    assert_complete(site)


def test_an_image_that_is_added_later_is_shown(site: SiteFolder) -> None:
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    assert [finding.rule for finding in site.build().findings] == ["image-missing"]
    site.write("sea.png", PNG)
    assert site.build().findings == ()
    assert site.has("sea.png")
    site.remove("sea.png")
    assert site.build().findings
    assert not site.has("sea.png")
    assert_complete(site)


def test_a_link_follows_the_article_it_leads_to(site: SiteFolder) -> None:
    three_articles(site)
    site.article("hills.md", "Hills", "See [the sea](sea.md).", date="2026-11-02")
    site.build()
    assert 'href="https://example.org/articles/sea/"' in site.text("articles/hills/index.html")
    site.article("sea.md", "Sea", date="2026-11-01", slug="ocean")
    site.build()
    for document in ("articles/hills/index.html", "feed.json"):
        assert "https://example.org/articles/ocean/" in site.text(document)
        assert "https://example.org/articles/sea/" not in site.text(document)
    assert_complete(site)
    site.remove("sea.md")
    assert [finding.path for finding in site.build().findings] == ["hills.md"]
    site.article("sea.md", "Sea", date="2026-11-01")
    assert site.build().findings == ()
    assert 'href="https://example.org/articles/sea/"' in site.text("articles/hills/index.html")


def test_a_link_without_a_suffix_works_once_its_article_exists(site: SiteFolder) -> None:
    site.article("hills.md", "Hills", "See [the sea](sea).", date="2026-11-02")
    site.build()
    site.article("sea.md", "Sea", date="2026-11-01")
    site.build()
    assert 'href="https://example.org/articles/sea/"' in site.text("articles/hills/index.html")


def test_an_image_is_found_from_the_folder_that_its_article_moves_to(
    sqlite_site: SiteFolder,
) -> None:
    sqlite_site.article("sea.md", "Sea", "![A wave](wave.png)", date="2026-11-01", slug="sea")
    sqlite_site.write("coast/wave.png", PNG)
    assert sqlite_site.build().findings
    sqlite_site.rename("sea.md", "coast/sea.md")
    assert sqlite_site.build().findings == ()
    assert sqlite_site.has("coast/wave.png")


def test_a_deleted_output_folder_is_made_again(site: SiteFolder) -> None:
    site.configure(newsletters=WEEKLY)
    site.write("sea.png", PNG)
    three_articles(site)
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01", tags=["water"])
    site.build()
    before = site.documents()
    for path in before:
        (site.root / path).unlink()
    site.build()
    assert site.documents() == before


@pytest.mark.parametrize(
    "path",
    [
        *("public/feed.xml", "public/style.css", "public/tags/water/index.html", "public/sea.png"),
        *("public/articles/sea/index.html", "issues/weekly/next/message.eml"),
        *("public/archive/1.xml", "public/newsletters/weekly/next/index.html"),
    ],
)
def test_a_deleted_or_truncated_document_is_made_again(sqlite_site: SiteFolder, path: str) -> None:
    sqlite_site.configure(newsletters=WEEKLY, feeds={"entries": 2})
    sqlite_site.write("sea.png", PNG)
    three_articles(sqlite_site)
    sqlite_site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01", tags=["water"])
    sqlite_site.build()
    before = sqlite_site.documents()
    found = [known for known in before if known == path or path.startswith("public/archive")]
    file = sqlite_site.root / (
        found[0] if "archive" not in path else archive_documents(sqlite_site)[0]
    )
    file.unlink()
    assert len(sqlite_site.build().written) == 1
    file.write_bytes(file.read_bytes()[:-1])
    assert len(sqlite_site.build().written) == 1
    assert sqlite_site.documents() == before


def test_a_changed_template_makes_every_page_again(sqlite_site: SiteFolder) -> None:
    three_articles(sqlite_site)
    sqlite_site.build()
    design = sqlite_site.root / "templates/web/article.html"
    design.parent.mkdir(parents=True)
    design.write_text("<p>My own {{ article.title }}</p>", encoding="utf-8")
    sqlite_site.build()
    assert sqlite_site.text("articles/sea/index.html") == "<p>My own Sea</p>"
    assert sqlite_site.build().written == ()
    design.unlink()
    sqlite_site.build()
    assert "Words about Sea" in sqlite_site.text("articles/sea/index.html")


def test_a_template_saved_again_or_in_another_folder_makes_nothing_again(
    sqlite_site: SiteFolder,
) -> None:
    three_articles(sqlite_site)
    design = sqlite_site.root / "templates/web/article.html"
    design.parent.mkdir(parents=True)
    design.write_text("<p>My own {{ article.title }}</p>", encoding="utf-8")
    sqlite_site.build()
    before = _recipe(sqlite_site)
    os.utime(design, (NOON.timestamp(), NOON.timestamp()))
    sqlite_site.build()
    assert _recipe(sqlite_site) == before
    sqlite_site.root = sqlite_site.root.rename(sqlite_site.root.with_name("elsewhere"))
    sqlite_site.build()
    assert _recipe(sqlite_site) == before
    design = sqlite_site.root / "templates/web/article.html"
    design.write_text("<p>Our own {{ article.title }}</p>", encoding="utf-8")
    sqlite_site.build()
    assert _recipe(sqlite_site) != before


def _recipe(site: SiteFolder) -> str:
    with site.opened() as opened:
        return Meta(opened.database).all()[Key.RECIPE]


def test_a_changed_setting_makes_again_what_depends_on_it(sqlite_site: SiteFolder) -> None:
    three_articles(sqlite_site)
    sqlite_site.build()
    sqlite_site.configure(site={"title": "Sea Notes"}, feeds={"formats": ["rss"], "tags": False})
    sqlite_site.build()
    assert "Sea Notes" in sqlite_site.text("feed.xml")
    assert not sqlite_site.has("atom.xml")
    assert not sqlite_site.has("feed.json")
    assert not sqlite_site.has("tags")
    assert_complete(sqlite_site)


def test_another_domain_keeps_the_ids(sqlite_site: SiteFolder) -> None:
    three_articles(sqlite_site)
    sqlite_site.build()
    before = sqlite_site.ids("feed.xml")
    feed_id = "tag:example.org,2026-11-01:feed"
    assert feed_id in sqlite_site.text("atom.xml")
    sqlite_site.configure(site={"url": "http://elsewhere.example/blog"})
    sqlite_site.build()
    assert sqlite_site.ids("feed.xml") == sqlite_site.ids("feed.json") == before
    assert feed_id in sqlite_site.text("atom.xml")
    assert "https://example.org" not in sqlite_site.text("feed.xml")
    assert "http://elsewhere.example/blog/articles/sea/" in sqlite_site.text("feed.xml")


def test_a_lost_database_gives_the_same_ids_again(sqlite_site: SiteFolder) -> None:
    three_articles(sqlite_site)
    sqlite_site.build()
    before = sqlite_site.documents()
    for file in sqlite_site.root.glob("syndicate.db*"):
        file.unlink()
    sqlite_site.build(NOON + timedelta(days=1))
    assert sqlite_site.documents() == before


def test_another_time_zone_reads_dates_again(sqlite_site: SiteFolder) -> None:
    sqlite_site.article("later.md", "Later", date="2026-11-22 13:00")
    assert sqlite_site.build().articles == 0
    sqlite_site.configure(site={"time_zone": "Asia/Tokyo"})
    assert sqlite_site.build().articles == 1
    assert "2026-11-22T04:00:00" in sqlite_site.text("atom.xml")
