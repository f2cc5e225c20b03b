"""A build writes documents of all articles, and again only what changed."""

from __future__ import annotations

import os
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from three_articles import FEEDS, WEEKLY, assert_complete, three_articles

from site_folder import NOON, PNG, SiteFolder
from syndicate.errors import ConfigError, OutputError, SyndicateError
from syndicate.store.articles import Articles


def test_the_first_build_writes_everything(site: SiteFolder) -> None:
    site.configure(newsletters=WEEKLY)
    three_articles(site)
    report = site.build()
    assert (report.articles, report.read, report.changed, report.findings) == (3, 3, 3, ())
    assert set(site.documents()) == {
        *(f"public/{name}" for name in (*FEEDS, "feeds.opml", "feed.css", "style.css")),
        "public/index.html",
        *(
            f"public/tags/{tag}/{name}"
            for tag in ("birds", "walks", "water")
            for name in (*FEEDS, "index.html")
        ),
        *(f"public/articles/{slug}/index.html" for slug in ("hills", "lake", "sea")),
        "public/newsletters/weekly/next/index.html",
        *(
            f"issues/weekly/next/{name}"
            for name in ("email.html", "email.txt", "message.eml", "subject.txt")
        ),
    }
    assert len(report.written) == len(site.documents())


def test_the_second_build_reads_and_writes_nothing(site: SiteFolder) -> None:
    site.configure(newsletters=WEEKLY)
    three_articles(site)
    site.build()
    before = site.stamps()
    report = site.build(NOON + timedelta(days=1))
    assert (report.read, report.changed, report.written, report.removed) == (0, 0, (), ())
    assert site.stamps() == before


def test_an_edit_rewrites_only_what_shows_the_article(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    site.article("hills.md", "Hills", "Steeper words.", date="2026-11-02", tags=["walks"])
    report = site.build(NOON + timedelta(hours=1))
    assert (report.read, report.changed) == (1, 1)
    assert set(report.written) <= {
        *FEEDS,
        "feeds.opml",
        "index.html",
        *(f"tags/walks/{name}" for name in (*FEEDS, "index.html")),
        "articles/hills/index.html",
    }
    assert {"feed.xml", "tags/walks/feed.xml", "articles/hills/index.html"} <= set(report.written)
    assert "Steeper words" in site.text("articles/hills/index.html")
    assert_complete(site)


def test_every_format_and_the_newsletter_carry_the_same_ids(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    rss, atom, json_feed = (site.ids(document) for document in FEEDS)
    assert rss == atom == json_feed
    with site.opened() as opened:
        assert rss == [row[0] for row in Articles(opened.database).light_after(0)]


def test_a_drafts_and_a_future_article_wait(site: SiteFolder) -> None:
    three_articles(site)
    site.article("later.md", "Later", date="2026-11-25", tags=["plans"])
    site.article("never.md", "Never", draft=True, date="2026-11-01")
    assert site.build().articles == 3
    assert not [path for path, data in site.documents().items() if b"Later" in data]
    assert not [path for path, data in site.documents().items() if b"Never" in data]
    assert_complete(site)
    report = site.build(datetime(2026, 11, 25, tzinfo=UTC))
    assert (report.articles, report.read) == (4, 0)
    assert site.has("articles/later/index.html")
    assert site.has("tags/plans/feed.xml")
    assert "Later" in site.text("feed.xml")
    assert_complete(site, datetime(2026, 11, 25, tzinfo=UTC))


def test_without_pages_no_page_is_written(sqlite_site: SiteFolder) -> None:
    three_articles(sqlite_site)
    sqlite_site.build()
    sqlite_site.configure(site={"pages": False, "permalink": "https://example.org/blog/{slug}"})
    sqlite_site.build()
    assert not [path for path in sqlite_site.documents() if path.endswith(".html")]
    assert "https://example.org/blog/sea" in sqlite_site.text("feed.xml")
    assert_complete(sqlite_site)


def test_the_next_issue_is_deleted_when_there_is_nothing_to_send(site: SiteFolder) -> None:
    site.configure(newsletters={"weekly": WEEKLY["weekly"] | {"exclude": ["private"]}})
    site.article("private.md", "Private", tags=["private"])
    three_articles(site)
    site.build()
    assert (site.root / "issues/weekly/next/email.html").exists()
    for path in ("sea.md", "hills.md", "lake.md"):
        site.remove(path)
    site.build()
    assert not (site.root / "issues/weekly").exists()
    assert not site.has("newsletters")
    assert site.build().written == ()
    assert_complete(site)
    three_articles(site)
    site.build()
    assert (site.root / "issues/weekly/next/message.eml").exists()
    assert site.has("newsletters/weekly/next/index.html")


def test_documents_of_a_removed_newsletter_are_deleted(sqlite_site: SiteFolder) -> None:
    sqlite_site.configure(newsletters=WEEKLY)
    three_articles(sqlite_site)
    sqlite_site.build()
    sqlite_site.settings["newsletters"] = {}
    sqlite_site.configure()
    sqlite_site.build()
    assert not (sqlite_site.root / "issues/weekly").exists()
    assert not sqlite_site.has("newsletters")


ODD_HEADERS = [
    *("+++\ntitle='T'\nwhen = 2026-11-01\n+++\n", "+++\ntitle='T'\nat = 08:00:00\n+++\n"),
    *('{"title": "a\\ud800b", "mood": "\\udfff"}\n', '---\ntitle: "a\\0b"\n---\n'),
    *("---\ntitle: T\nmood: .nan\n---\n", "---\ntitle: T\nmood: !!binary aGk=\n---\n"),
    *('{"title": "T", "tags": ["\\ud800"]}\n', "---\ntitle: T\n? [a, b]\n: c\n---\n"),
    *('---\ntitle: T\nslug: "a\\0b"\nurl: "/x\\0y/"\n---\n', "---\ntitle: T\n1: 2\n---\n"),
    *('---\ntitle: T\nmood: "\\uD800"\n---\n', "---\ntitle: T\nmood: 2026-01-01\n---\n"),
    *('+++\ntitle="T"\nsummary="a\\u0000b"\n+++\n', "---\ntitle: T\nmood: !!set {a}\n---\n"),
]


def test_odd_headers_do_not_keep_other_articles_from_being_published(site: SiteFolder) -> None:
    for number, header in enumerate(ODD_HEADERS):
        site.write(f"odd-{number}.md", f"{header}Text {number}\n")
    site.article("sea.md", "Sea", date="2026-11-01")
    site.build()
    assert "Words about Sea" in site.text("feed.xml")
    assert site.build().written == ()


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_a_file_whose_name_is_not_text_affects_no_other(site: SiteFolder) -> None:
    site.article("sea.md", "Sea", date="2026-11-01")
    name = os.fsencode(site.root / "content") + b"/caf\xe9.md"
    Path(os.fsdecode(name)).write_text("Text")
    Path(os.fsdecode(name.replace(b".md", b".png"))).write_bytes(PNG)
    report = site.build()
    assert "Words about Sea" in site.text("feed.xml")
    assert [finding.rule for finding in report.findings] == ["unreadable"]


def test_a_missing_content_folder_is_an_error_with_a_hint(sqlite_site: SiteFolder) -> None:
    (sqlite_site.root / "content").rmdir()
    with pytest.raises(SyndicateError) as caught:
        sqlite_site.build()
    assert caught.value.place
    assert caught.value.hint


def test_a_document_that_cannot_be_written_is_an_error_with_its_path(
    sqlite_site: SiteFolder,
) -> None:
    (sqlite_site.root / "public").write_text("a file, not a folder")
    three_articles(sqlite_site)
    with pytest.raises(OutputError) as caught:
        sqlite_site.build()
    assert caught.value.place
    assert "public" in str(caught.value.place)
    assert caught.value.hint
    (sqlite_site.root / "public").unlink()
    sqlite_site.build()
    assert len(sqlite_site.ids("feed.xml")) == 3


def test_a_folder_inside_the_content_folder_cannot_take_documents(sqlite_site: SiteFolder) -> None:
    sqlite_site.settings["output"] = "content/public"
    sqlite_site.configure()
    with pytest.raises(ConfigError):
        sqlite_site.build()


def test_no_articles_make_an_empty_site(site: SiteFolder) -> None:
    report = site.build()
    assert report.articles == 0
    assert site.ids("feed.json") == []
    assert site.build().written == ()


BUILD = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from syndicate.build import builder
from syndicate.site import load_site
with load_site(Path(sys.argv[1]), {}, lambda items, total, doing: items) as site:
    builder.build(site, datetime(2026, 11, 22, 12, tzinfo=UTC))
"""


def test_the_same_content_gives_the_same_bytes_wherever_it_is_built(tmp_path: Path) -> None:
    made = []
    for number, (seed, zone, locale) in enumerate(
        [("1", "UTC", "C.UTF-8"), ("2", "Pacific/Kiritimati", "de_DE.UTF-8")]
    ):
        site = SiteFolder(tmp_path / str(number), "sqlite:///syndicate.db")
        site.configure(newsletters=WEEKLY, feeds={"entries": 2})
        three_articles(site)
        site.article("c.md", "C", "![A wave](c.png) [sea](sea.md)", tags=["x", "y", "z"])
        site.write("c.png", PNG)
        variables = {"PYTHONHASHSEED": seed, "TZ": zone, "LC_ALL": locale}
        command = [sys.executable, "-c", BUILD, str(site.config_file)]
        subprocess.run(command, check=True, env=os.environ | variables)
        made.append(site.documents())
    assert made[0] == made[1]
