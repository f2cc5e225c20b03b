"""The URL of an article: unique, permanent, and never one of the service."""

from __future__ import annotations

import pytest
from three_articles import assert_complete, three_articles

from site_folder import SiteFolder


@pytest.mark.parametrize("url", ["/subscribe/", "/preferences/x/", "/unsubscribe"])
def test_a_url_of_the_signup_pages_is_not_given_to_an_article(
    sqlite_site: SiteFolder, url: str
) -> None:
    sqlite_site.article("mine.md", "Mine", date="2026-11-01", url=url)
    assert sqlite_site.build().findings == ()
    sqlite_site.configure(subscribers={"signup_pages": True})
    (finding,) = sqlite_site.build().findings
    assert (finding.rule, finding.path) == ("address-taken", "mine.md")
    assert "the sign-up pages" in finding.message
    assert not list((sqlite_site.root / "public").glob(f"{url.split('/')[1]}*"))
    sqlite_site.configure(subscribers={"signup_pages": False})
    assert sqlite_site.build().findings == ()
    assert [*(sqlite_site.root / "public").glob(f"{url.split('/')[1]}*")]


def test_of_two_articles_with_one_url_the_first_keeps_it(site: SiteFolder) -> None:
    site.article("one.md", "One", date="2026-11-01", url="/articles/same/")
    site.build()
    site.article("an-other.md", "Other", date="2026-10-01", url="/articles/same/")
    report = site.build()
    assert [finding.rule for finding in report.findings] == ["address-taken"]
    assert "Words about One" in site.text("articles/same/index.html")
    assert len(site.ids("feed.xml")) == 2, "feeds carry both"
    assert_complete(site)
    site.remove("one.md")
    site.build()
    assert "Words about Other" in site.text("articles/same/index.html")
    assert site.build().findings == ()
    assert_complete(site)


def test_of_two_articles_with_one_slug_each_has_its_own_url_and_keeps_it(site: SiteFolder) -> None:
    site.article("a/notes.md", "One", date="2026-11-01")
    site.article("b/notes.md", "Two", date="2026-11-02")
    report = site.build()
    assert [(f.rule, f.path) for f in report.findings] == [("slug-shared", "b/notes.md")]
    pages = {path for path in site.documents() if path.startswith("public/articles/notes")}
    assert len(pages) == 2, "each has a page"
    links = site.text("feed.xml")
    assert all(path.removeprefix("public/").removesuffix("index.html") in links for path in pages)
    site.article("b/notes.md", "Two", "Edited.", date="2026-11-02")
    site.remove("a/notes.md")
    assert [f.rule for f in site.build().findings] == ["slug-shared"]
    kept = {path for path in site.documents() if path.startswith("public/articles/notes")}
    assert len(kept) == 1
    assert kept < pages, "its address did not move"
    assert_complete(site)


def test_a_url_stays_with_the_article_that_has_it(sqlite_site: SiteFolder) -> None:
    sqlite_site.article("first.md", "First", date="2026-11-01")
    sqlite_site.article("second.md", "Second", date="2026-11-02", url="/articles/same/")
    sqlite_site.build()
    sqlite_site.article("first.md", "First", date="2026-11-01", url="/articles/same/")
    assert [finding.path for finding in sqlite_site.build().findings] == ["first.md"]
    assert "Words about Second" in sqlite_site.text("articles/same/index.html")
    assert_complete(sqlite_site)


@pytest.mark.parametrize(
    "url",
    [
        *("/feed.xml/", "/index.html", "/articles/sea/index.html/deeper/", "/articles"),
        *("/style.css", f"/{'long' * 100}/", "/../../outside/", "/%2e%2e/outside/", "/feed.xml"),
    ],
)
def test_an_impossible_url_affects_only_its_article(sqlite_site: SiteFolder, url: str) -> None:
    three_articles(sqlite_site)
    sqlite_site.build()
    before = sqlite_site.documents()
    sqlite_site.article("odd.md", "Odd", date="2026-11-04", url=url)
    report = sqlite_site.build()
    assert report.articles == 4
    assert "Odd" in sqlite_site.text("feed.xml")
    assert not list(sqlite_site.root.parent.rglob("outside"))
    assert "Words about Sea" in sqlite_site.text("articles/sea/index.html")
    if url not in ("/articles", "/../../outside/", "/%2e%2e/outside/"):
        (finding,) = report.findings
        assert (finding.rule, finding.level, finding.path) == ("address-taken", "error", "odd.md")
        assert finding.hint
    assert not list((sqlite_site.root / "public").rglob("*.part"))
    assert_complete(sqlite_site)
    sqlite_site.remove("odd.md")
    sqlite_site.build()
    assert sqlite_site.documents() == before


def test_a_tag_of_any_length_is_published(sqlite_site: SiteFolder) -> None:
    sqlite_site.article(
        "sea.md", "Sea", date="2026-11-01", tags=["long words " * 9, "短" * 99, "C++", "../up"]
    )
    assert sqlite_site.build().findings == ()
    assert len(list((sqlite_site.root / "public/tags").iterdir())) == 4
