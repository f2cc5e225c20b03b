"""Pages of the site and unlisted articles: on the web, and in no feed, list, issue or OPML."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest

from site_folder import NOON, SiteFolder

WEEKLY = {
    "weekly": {"title": "Lake Weekly", "sender": "lake@example.org", "postal_address": "Here"}
}
LATER = datetime(2027, 3, 1, tzinfo=UTC)


@pytest.fixture
def site(tmp_path: Path) -> SiteFolder:
    """On SQLite: for tests of documents, where the database makes no difference."""
    return SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")


@pytest.fixture
def either_site(tmp_path: Path, database_url: str) -> SiteFolder:
    """On SQLite and on PostgreSQL."""
    return SiteFolder(tmp_path / "site", database_url)


def text(site: SiteFolder, path: str) -> str:
    return site.documents()[f"public/{path}"].decode()


def titles(site: SiteFolder) -> list[str]:
    return sorted(item["title"] for item in json.loads(text(site, "feed.json"))["items"])


def hugo(site: SiteFolder) -> None:
    site.article("posts/first.md", "First", date="2026-11-01", tags=["water"])
    site.article("posts/_index.md", "All posts")
    site.article("about.md", "About us", "Who we *are*.", tags=["water", "us"])
    site.article("imprint/index.md", "Imprint", weight=1)
    site.write("search.md", "---\ntitle: Search\nlayout: search\n---\n")


def test_pages_are_built_and_linked_and_stand_in_no_feed(either_site: SiteFolder) -> None:
    either_site.configure(newsletters=WEEKLY)
    hugo(either_site)
    report = either_site.build()
    assert report.findings == ()
    assert (report.articles, titles(either_site)) == (1, ["First"])
    pages = {path for path in either_site.documents() if path.endswith("/index.html")}
    places = ("about", "imprint", "posts", "articles/first")
    assert {f"public/{place}/index.html" for place in places} <= pages
    assert not any("search" in path or "tags/us" in path for path in either_site.documents())
    assert "Who we <em>are</em>" in text(either_site, "about/index.html")
    front = text(either_site, "index.html")
    links = [front.index(f'<a href="https://example.org/{p}/"') for p in ("imprint", "about")]
    assert links == sorted(links)
    assert '<a href="https://example.org/about/"' in text(either_site, "articles/first/index.html")
    assert "About us" not in front[front.index("<main") :]
    for path, data in either_site.documents().items():
        if path.endswith((".xml", ".json", ".opml", ".eml", ".txt")):
            assert b"About us" not in data, path


def test_a_page_is_marked_in_the_navigation_and_shows_no_date(site: SiteFolder) -> None:
    hugo(site)
    site.build()
    page = text(site, "about/index.html")
    assert 'aria-current="page">About us</a>' in page
    assert "<time" not in page
    assert 'property="og:type" content="website"' in page


def test_pages_in_folders_are_linked_only_if_their_header_or_name_makes_them_pages(
    site: SiteFolder,
) -> None:
    site.article("_posts/2026-11-01-first.md", "First")
    site.article("docs/guide.md", "Guide")
    site.article("legal/privacy.md", "Privacy", type="page")
    site.article("about/index.md", "About us")
    site.build()
    front = text(site, "index.html")
    assert "public/docs/guide/index.html" in site.documents()
    assert [place in front for place in ("/docs/guide/", "/legal/privacy/", "/about/")] == [
        False,
        True,
        True,
    ]


def test_pages_of_each_language_and_beside_posts_stand_in_no_feed(either_site: SiteFolder) -> None:
    either_site.article("en/posts/first.md", "First", date="2026-11-01")
    either_site.article("de/posts/erster.md", "Erster", date="2026-11-01")
    either_site.article("en/about.md", "About", date="2015-01-01")
    either_site.article("de/datenschutz.md", "Datenschutz")
    either_site.article("en/projects.md", "Projects", date="2016-01-01")
    either_site.article("en/projects/boat.md", "Boat")
    either_site.article("about/team.md", "Team")
    either_site.article("en/now.md", "What now", date="2026-11-02", type="post")
    report = either_site.build()
    assert report.findings == ()
    assert (titles(either_site), report.counts.pages) == (["Erster", "First", "What now"], 5)
    assert '<a href="https://example.org/de/datenschutz/"' in text(either_site, "index.html")
    assert "public/about/team/index.html" in either_site.documents()


def test_a_flat_blog_has_pages_by_their_names(site: SiteFolder) -> None:
    site.article("2026-11-01-first.md", "First")
    site.article("second.md", "Second", date="2026-11-02")
    site.article("impressum.md", "Impressum", date="2012-01-01")
    site.article("colophon.md", "Colophon")
    site.write("about.txt", "Who I am.\n")
    report = site.build()
    assert (titles(site), report.findings) == (["First", "Second"], ())
    assert report.counts.pages == 3


def test_a_link_to_a_page_leads_to_it(site: SiteFolder) -> None:
    hugo(site)
    site.article("posts/second.md", "Second", "[us](../about.md)", date="2026-11-02")
    site.build()
    assert '<a href="https://example.org/about/">us</a>' in text(site, "articles/second/index.html")


def test_a_change_of_the_navigation_changes_every_page_and_another_change_does_not(
    site: SiteFolder,
) -> None:
    hugo(site)
    site.build()
    site.article("about.md", "About us", "Other words.")
    assert set(site.build().written) == {"about/index.html"}
    site.article("about.md", "About all of us", "Other words.")
    assert "articles/first/index.html" in site.build().written
    assert site.build().written == ()


def test_an_article_that_becomes_a_page_is_removed_from_feeds_and_returns_unchanged(
    site: SiteFolder,
) -> None:
    site.article("lake.md", "Lake", date="2026-11-01", tags=["water"])
    site.article("sea.md", "Sea", date="2026-11-02")
    site.build()
    before = json.loads(text(site, "feed.json"))
    site.article("lake.md", "Lake", date="2026-11-01", tags=["water"], type="page")
    site.build()
    assert titles(site) == ["Sea"]
    assert "public/tags/water/feed.xml" not in site.documents()
    assert "public/lake/index.html" in site.documents()
    assert "public/articles/lake/index.html" not in site.documents()
    site.article("lake.md", "Lake", date="2026-11-01", tags=["water"])
    site.build()
    assert json.loads(text(site, "feed.json")) == before
    assert "public/lake/index.html" not in site.documents()


def test_a_published_article_stays_one_when_surrounding_files_change(
    site: SiteFolder,
) -> None:
    site.article("notes.md", "Notes")
    site.build()
    site.article("posts/first.md", "First", date="2026-11-01")
    site.article("about.md", "About us")
    site.build()
    assert titles(site) == ["First", "Notes"]
    site.article("notes.md", "Notes", "Edited.")
    site.build()
    assert titles(site) == ["First", "Notes"]


def test_a_page_stays_one_when_the_site_around_it_changes(site: SiteFolder) -> None:
    hugo(site)
    site.build()
    site.remove("posts/first.md")
    site.article("about.md", "About us", "Edited.")
    site.build()
    assert "public/about/index.html" in site.documents()
    assert titles(site) == []
    site.article("about.md", "About us", "Edited.", type="post")
    site.build()
    assert titles(site) == ["About us"]


def test_a_new_page_beside_known_articles_is_a_page_at_once(site: SiteFolder) -> None:
    site.article("posts/first.md", "First", date="2026-11-01")
    site.build()
    site.article("contact.md", "Contact")
    site.build()
    assert titles(site) == ["First"]
    assert "public/contact/index.html" in site.documents()


def test_undated_articles_in_one_folder_stay_articles(site: SiteFolder) -> None:
    for name in ("one", "two"):
        site.article(f"{name}.md", name)
    site.write("three.txt", "The third of them.")
    site.build()
    assert len(titles(site)) == 3


def test_without_pages_of_its_own_a_site_has_no_pages(site: SiteFolder) -> None:
    site.configure(site={"pages": False})
    hugo(site)
    site.build()
    assert titles(site) == ["First"]
    assert not any(path.endswith("about/index.html") for path in site.documents())


# -- unlisted ------------------------------------------------------------------------------------


def test_an_unlisted_article_has_a_page_that_nothing_links_to(site: SiteFolder) -> None:
    site.configure(newsletters=WEEKLY)
    site.article("lake.md", "Lake", date="2026-11-01")
    site.article("secret.md", "Quiet words", date="2026-11-02", feed=False, tags=["hush"])
    site.build()
    assert titles(site) == ["Lake"]
    page = text(site, "articles/secret/index.html")
    assert '<meta name="robots" content="noindex">' in page
    others = {p: d for p, d in site.documents().items() if "articles/secret" not in p}
    assert not any(b"Quiet words" in data or b"hush" in data for data in others.values())
    assert "noindex" not in text(site, "articles/lake/index.html")


def test_an_unlisted_article_of_a_later_date_waits_for_it(site: SiteFolder) -> None:
    site.article("secret.md", "Quiet words", date="2027-01-01", unlisted=True)
    site.build()
    assert "public/articles/secret/index.html" not in site.documents()
    site.build(LATER)
    assert "public/articles/secret/index.html" in site.documents()
    assert site.build(LATER).written == ()


# -- expiry --------------------------------------------------------------------------------------


def test_an_article_is_withdrawn_when_it_expires_and_returns_with_a_later_date(
    site: SiteFolder,
) -> None:
    site.article("fair.md", "Fair", date="2026-11-01", tags=["fun"], expiryDate="2027-01-01")
    site.article("lake.md", "Lake", date="2026-11-02")
    site.build()
    assert titles(site) == ["Fair", "Lake"]
    before = json.loads(text(site, "feed.json"))["items"]
    site.build(LATER)
    assert titles(site) == ["Lake"]
    assert "public/articles/fair/index.html" not in site.documents()
    assert "public/tags/fun/feed.xml" not in site.documents()
    assert site.build(LATER).written == ()
    site.article("fair.md", "Fair", date="2026-11-01", tags=["fun"], expiryDate="2028-01-01")
    site.build(LATER)
    assert json.loads(text(site, "feed.json"))["items"] == before


def test_an_article_that_expired_before_its_first_build_is_never_published(
    site: SiteFolder,
) -> None:
    site.configure(newsletters=WEEKLY)
    site.article("fair.md", "Fair", date="2026-11-01", expiryDate="2026-11-10")
    site.article("lake.md", "Lake", date="2026-11-02")
    site.build(NOON)
    assert titles(site) == ["Lake"]
    assert not any(b"Fair" in data for data in site.documents().values())


def test_an_article_that_expired_while_the_clock_was_ahead_returns(either_site: SiteFolder) -> None:
    either_site.configure(newsletters=WEEKLY)
    either_site.article("fair.md", "Fair", date="2026-11-01", tags=["fun"], expires="2027-01-01")
    either_site.article("show.md", "Show", type="page", expires="2027-02-01")
    either_site.article("hall.md", "Hall", date="2026-12-31", type="page", expires="2027-02-01")
    either_site.article("plan.md", "Plan", date="2026-12-24", expires="2027-01-01")
    either_site.article("bare.md", "Bare", unlisted=True, expires="2027-02-01")
    either_site.article("lake.md", "Lake", date="2026-11-02")
    either_site.build(NOON)
    before = either_site.documents()
    either_site.build(LATER)
    assert titles(either_site) == ["Lake"]
    either_site.build(NOON)
    assert either_site.documents() == before
    assert either_site.build(NOON).written == ()
    either_site.build(datetime(2026, 12, 25, tzinfo=UTC))
    assert titles(either_site) == ["Fair", "Lake", "Plan"]


def test_a_part_of_posts_is_held_back_where_posts_have_days_in_their_names(
    site: SiteFolder,
) -> None:
    site.article("_posts/2026-11-01-lake.md", "Lake")
    site.article("_posts/2026-11-02-sea.md", "Sea")
    site.write("_posts/parts/box.html", "<p>A box for {{ text }}.</p>")
    report = site.build()
    assert (titles(site), report.counts.held_back) == (["Lake", "Sea"], 1)
    assert [(f.rule, f.path) for f in report.findings] == [
        ("post-undated", "_posts/parts/box.html")
    ]
    site.article("_posts/parts/box.html", "Box", date="2026-11-02")
    assert site.build().findings == ()
    assert titles(site) == ["Box", "Lake", "Sea"]


# -- a first build without dates -----------------------------------------------------------------


def undated(site: SiteFolder, count: int) -> None:
    for number in range(count):
        site.article(f"note-{number}.md", f"Note {number}")


def test_most_articles_without_dates_are_held_back_by_a_first_build_with_one_finding(
    site: SiteFolder,
) -> None:
    site.configure(newsletters=WEEKLY)
    undated(site, 5)
    site.article("lake.md", "Lake", date="2026-11-02")
    report = site.build()
    assert titles(site) == ["Lake"]
    assert not any(b"Note 1" in data for data in site.documents().values())
    (finding,) = report.findings
    assert finding.rule == "dates-missing"
    assert finding.message.startswith("5 of 6 articles have no date")
    assert "(note-0.md, note-1.md, note-2.md, …)" in finding.message
    assert "--publish-undated" in finding.hint
    again = site.build()
    assert (again.findings, again.written) == ((finding,), ())


def test_an_article_held_back_is_published_once_it_has_a_date_or_on_request(
    site: SiteFolder,
) -> None:
    undated(site, 6)
    site.build()
    site.article("note-1.md", "Note 1", date="2026-11-01")
    site.article("note-2.md", "Note 2", "Edited.")
    report = site.build()
    assert titles(site) == ["Note 1"]
    assert report.findings[0].message.startswith("5 of 6")
    report = site.build(LATER, publish_undated=True)
    assert report.findings == ()
    assert titles(site) == [f"Note {number}" for number in range(6)]
    items = {item["title"]: item for item in json.loads(text(site, "feed.json"))["items"]}
    assert items["Note 0"]["date_published"].startswith("2027-03-01")
    assert items["Note 1"]["date_published"].startswith("2026-11-01")
    assert site.build(LATER).written == ()


def test_the_front_page_explains_how_to_publish_articles_held_back(site: SiteFolder) -> None:
    undated(site, 6)
    site.build()
    page = site.text("index.html")
    assert "6 articles are not published because they have no date." in page
    assert "<code>syndicate build --publish-undated</code>" in page
    site.build(publish_undated=True)
    assert "held back" not in site.text("index.html")


def test_the_public_front_page_does_not_mention_articles_held_back(site: SiteFolder) -> None:
    undated(site, 6)
    site.article("lake.md", "Lake", date="2026-11-02")
    site.build()
    assert "held back" not in site.text("index.html")


def test_a_later_build_takes_undated_articles_as_new(site: SiteFolder) -> None:
    site.article("lake.md", "Lake", date="2026-11-02")
    site.build()
    undated(site, 3)
    assert site.build().findings == ()
    for number in range(4):
        site.article(f"more-{number}.md", f"More {number}")
    (finding,) = site.build().findings
    assert (finding.rule, finding.level) == ("dated-now", "notice")
    assert "4 articles without a date are published with the current time" in finding.message
    assert len(titles(site)) == 8
    assert site.build().findings == ()


def test_replacing_the_demonstration_is_a_first_build_as_well(site: SiteFolder) -> None:
    site.article("lake.md", "Lake", date="2026-11-02")
    site.build()
    site.remove("lake.md")
    undated(site, 8)
    assert [finding.rule for finding in site.build().findings] == ["dates-missing"]
    assert titles(site) == []


@pytest.mark.parametrize(("without", "dated"), [(1, 0), (3, 0), (1, 1), (3, 3), (3, 9)])
def test_a_first_build_names_the_few_articles_that_got_the_current_time(
    site: SiteFolder, without: int, dated: int
) -> None:
    mixed(site, without, dated)
    (finding,) = site.build().findings
    assert (finding.rule, finding.level) == ("dated-now", "notice")
    assert "note-0.md" in finding.message
    assert len(titles(site)) == without + dated
    assert site.build().findings == ()


@pytest.mark.parametrize(("without", "dated"), [(4, 0), (2, 1), (3, 2), (4, 5), (5, 5), (8, 20)])
def test_a_first_build_holds_back_many_undated_articles_or_more_than_half(
    site: SiteFolder, without: int, dated: int
) -> None:
    mixed(site, without, dated)
    report = site.build()
    assert [finding.rule for finding in report.findings] == ["dates-missing"]
    assert (len(titles(site)), report.counts.held_back) == (dated, without)


def mixed(site: SiteFolder, without: int, dated: int) -> None:
    undated(site, without)
    for number in range(dated):
        site.article(f"day-{number}.md", f"Day {number}", date="2026-11-02")


def test_while_articles_without_dates_are_held_back_another_one_is_too(site: SiteFolder) -> None:
    undated(site, 6)
    site.build()
    site.article("more.md", "More")
    (finding,) = site.build().findings
    assert finding.message.startswith("7 of 7")


def test_at_once_on_request_a_first_build_publishes_all(site: SiteFolder) -> None:
    undated(site, 6)
    assert site.build(publish_undated=True).findings == ()
    assert len(titles(site)) == 6


def test_a_dry_run_reports_it_as_well(site: SiteFolder) -> None:
    undated(site, 6)
    assert [finding.rule for finding in site.build(rehearse=True).findings] == ["dates-missing"]


def test_the_title_of_an_article_without_text_is_not_repeated(site: SiteFolder) -> None:
    site.configure(newsletters=WEEKLY)
    site.write(
        "bare.md", "---\ntitle: Nothing but a headline\ndate: 2026-11-01\ntags: [quiet]\n---\n"
    )
    site.build()
    title = "Nothing but a headline"
    assert text(site, "index.html").count(title) == 1
    assert text(site, "tags/quiet/index.html").count(title) == 1
    assert text(site, "feed.xml").count(title) == 1
    assert text(site, "atom.xml").count(title) == 1
    assert "summary" not in json.loads(text(site, "feed.json"))["items"][0]
    assert site.documents()["issues/weekly/next/email.txt"].decode().count(title) == 1
