"""The main journey through the real program: from a folder that changes to documents on disk."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TypeVar

import pytest

from site_folder import NOON, PNG, SiteFolder
from syndicate.build import write_documents as writing
from syndicate.build.builder import build
from syndicate.documents.writer import DocumentWriter
from syndicate.errors import ConfigError, OutputError, SyndicateError
from syndicate.store.articles import Articles
from syndicate.store.meta import Key, Meta

T = TypeVar("T")

WEEKLY = {
    "weekly": {"title": "Lake Weekly", "sender": "lake@example.org", "postal_address": "Here"}
}
FEEDS = ("feed.xml", "atom.xml", "feed.json")


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    return SiteFolder(tmp_path / "site", database_url)


@pytest.fixture
def small(tmp_path: Path) -> SiteFolder:
    """For what has nothing to do with the kind of database."""
    return SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")


def three_articles(site: SiteFolder) -> None:
    site.article("sea.md", "Sea", date="2026-11-01", tags=["water", "Birds"])
    site.article("hills.md", "Hills", date="2026-11-02", tags=["walks"])
    site.article("lake.md", "Lake", date="2026-11-03", tags=["water"])


def same_as_made_whole(site: SiteFolder, now: datetime = NOON) -> None:
    """What builds did step by step is what one that makes everything does."""
    with site.opened() as opened, opened.database.transaction():
        Meta(opened.database).remember({Key.UNFINISHED_BUILD: "yes"})
    report = site.build(now)
    assert (report.written, report.removed) == ((), ())


# -- what a build does ----------------------------------------------------------------------------


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
    same_as_made_whole(site)


def test_another_tag_moves_the_article_to_other_feeds(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    site.article("hills.md", "Hills", date="2026-11-02", tags=["climbs", "water"])
    report = site.build()
    assert "tags/climbs/feed.xml" in report.written
    assert not site.has("tags/walks")
    assert len(site.ids("tags/water/feed.xml")) == 3
    same_as_made_whole(site)


def test_a_rename_moves_the_page_and_keeps_the_ids(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    before = {document: site.ids(document) for document in FEEDS}
    site.rename("sea.md", "coast/ocean.md")
    site.build()
    assert {document: site.ids(document) for document in FEEDS} == before
    assert site.has("articles/ocean/index.html")
    assert not site.has("articles/sea")
    same_as_made_whole(site)


def test_every_format_and_the_newsletter_carry_the_same_ids(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    rss, atom, json_feed = (site.ids(document) for document in FEEDS)
    assert rss == atom == json_feed
    with site.opened() as opened:
        assert rss == [row[0] for row in Articles(opened.database).light_after(0)]


def test_a_file_renamed_onto_another_replaces_it(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    hills = site.ids("tags/walks/feed.xml")[0]
    site.rename("hills.md", "sea.md")
    report = site.build()
    assert report.articles == 2
    assert hills in site.ids("feed.xml")
    assert not site.has("articles/hills")
    assert not site.has("tags/birds")
    same_as_made_whole(site)


def test_two_files_that_swap_names_swap_addresses_and_keep_ids(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    before = site.ids("atom.xml")
    site.rename("sea.md", "between.md")
    site.rename("hills.md", "sea.md")
    site.rename("between.md", "hills.md")
    site.build()
    assert site.ids("atom.xml") == before
    assert "Words about Hills" in site.text("articles/sea/index.html")
    assert "Words about Sea" in site.text("articles/hills/index.html")
    same_as_made_whole(site)


def test_removing_a_file_withdraws_the_article_everywhere(site: SiteFolder) -> None:
    three_articles(site)
    site.write("sea.png", PNG)
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01", tags=["Birds"])
    site.build()
    (gone,) = site.ids("tags/birds/feed.xml")
    assert site.has("sea.png")
    site.remove("sea.md")
    report = site.build()
    assert report.articles == 2
    assert not site.has("articles/sea")
    assert not site.has("tags/birds")
    assert not site.has("sea.png")
    assert not [path for path, data in site.documents().items() if gone.encode() in data]
    assert not [path for path, data in site.documents().items() if b"Birds" in data]
    same_as_made_whole(site)


def test_a_picture_no_article_shows_any_more_is_removed(site: SiteFolder) -> None:
    site.write("sea.png", PNG)
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    site.article("lake.md", "Lake", "![The same](sea.png)", date="2026-11-01")
    site.build()
    site.article("sea.md", "Sea", "No picture.", date="2026-11-01")
    site.build()
    assert site.has("sea.png"), "the other article shows it"
    same_as_made_whole(site)
    site.article("lake.md", "Lake", "None here either.", date="2026-11-01")
    site.build()
    assert not site.has("sea.png")
    same_as_made_whole(site)


def test_a_broken_file_costs_only_itself_and_what_it_published_stays(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    ids, page = site.ids("feed.xml"), site.text("articles/sea/index.html")
    site.write("sea.md", "---\ntitle: Sea\ntags: [water\ndate: 2026-11-01\n---\nOther words.\n")
    site.article("hills.md", "Hills", "Steeper words.", date="2026-11-02")
    report = site.build()
    (finding,) = report.findings
    assert (finding.path, finding.rule) == ("sea.md", "unreadable")
    assert finding.line in (3, 4)
    assert finding.hint
    assert site.ids("feed.xml") == ids
    assert site.text("articles/sea/index.html") == page
    assert "Words about Sea" in site.text("feed.xml")
    assert "Steeper words" in site.text("feed.xml")
    assert site.build().findings == (finding,), "a finding stays until the file is mended"
    same_as_made_whole(site)
    site.article("sea.md", "Sea", "Mended words.", date="2026-11-01")
    assert site.build().findings == ()
    assert site.ids("feed.xml") == ids
    assert "Mended words" in site.text("feed.xml")


def test_a_file_broken_and_mended_within_one_tick_of_the_clock_is_read_again(
    small: SiteFolder,
) -> None:
    good = "---\ndate: 2026-11-01\ntitle: Sea\n---\nText\n"
    bad = good.replace("Sea", "[ab")
    assert len(good) == len(bad)
    file = small.write("sea.md", bad)
    tick = NOON.timestamp()
    os.utime(file, (tick, tick))
    assert small.build().findings
    small.write("sea.md", good)
    os.utime(file, (tick, tick))
    assert small.build().findings == ()


def test_a_file_edited_within_one_tick_of_the_clock_is_read_again(small: SiteFolder) -> None:
    tick = NOON.timestamp()
    os.utime(small.article("sea.md", "Sea", "one"), (tick, tick))
    small.build()
    os.utime(small.article("sea.md", "Sea", "two"), (tick, tick))
    small.build(NOON + timedelta(seconds=1))
    assert "two" in small.text("feed.xml")
    assert small.build(NOON + timedelta(minutes=1)).read == 1
    assert small.build(NOON + timedelta(minutes=1)).read == 0


def test_a_drafts_and_a_future_article_wait(site: SiteFolder) -> None:
    three_articles(site)
    site.article("later.md", "Later", date="2026-11-25", tags=["plans"])
    site.article("never.md", "Never", draft=True, date="2026-11-01")
    assert site.build().articles == 3
    assert not [path for path, data in site.documents().items() if b"Later" in data]
    assert not [path for path, data in site.documents().items() if b"Never" in data]
    same_as_made_whole(site)
    report = site.build(datetime(2026, 11, 25, tzinfo=UTC))
    assert (report.articles, report.read) == (4, 0)
    assert site.has("articles/later/index.html")
    assert site.has("tags/plans/feed.xml")
    assert "Later" in site.text("feed.xml")
    same_as_made_whole(site, datetime(2026, 11, 25, tzinfo=UTC))


def test_an_article_whose_text_was_gone_before_it_was_ever_shown_is_not_counted(
    site: SiteFolder,
) -> None:
    three_articles(site)
    file = site.article("late.md", "Late", date="2026-11-05")

    def loses_the_file(items: Iterable[T], total: int, doing: str) -> Iterable[T]:
        if doing == "Writing":
            file.unlink()
        return items

    with site.opened() as opened:
        report = build(replace(opened, progress=loses_the_file), NOON)
    assert [finding.rule for finding in report.findings] == ["text-lost"]
    assert (report.counts.published, report.counts.unread) == (3, 1)
    assert len(site.ids("feed.json")) == 3


def test_a_file_that_cannot_be_read_any_more_is_counted_by_what_is_shown_of_it(
    site: SiteFolder,
) -> None:
    three_articles(site)
    site.build()
    site.write("sea.md", b"caf\xe9")
    counts = site.build().counts
    assert (counts.published, counts.unread) == (3, 0)


def test_a_changed_picture_renders_its_article_again(site: SiteFolder) -> None:
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
    same_as_made_whole(site)


def test_a_picture_that_comes_later_is_shown(site: SiteFolder) -> None:
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    assert [finding.rule for finding in site.build().findings] == ["image-missing"]
    site.write("sea.png", PNG)
    assert site.build().findings == ()
    assert site.has("sea.png")
    site.remove("sea.png")
    assert site.build().findings
    assert not site.has("sea.png")
    same_as_made_whole(site)


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
    same_as_made_whole(site)
    site.remove("sea.md")
    assert [finding.path for finding in site.build().findings] == ["hills.md"]
    site.article("sea.md", "Sea", date="2026-11-01")
    assert site.build().findings == ()
    assert 'href="https://example.org/articles/sea/"' in site.text("articles/hills/index.html")


def test_a_link_to_an_article_without_suffix_finds_it_once_it_is_there(site: SiteFolder) -> None:
    site.article("hills.md", "Hills", "See [the sea](sea).", date="2026-11-02")
    site.build()
    site.article("sea.md", "Sea", date="2026-11-01")
    site.build()
    assert 'href="https://example.org/articles/sea/"' in site.text("articles/hills/index.html")


def test_a_picture_is_found_from_the_folder_its_article_moves_to(small: SiteFolder) -> None:
    small.article("sea.md", "Sea", "![A wave](wave.png)", date="2026-11-01", slug="sea")
    small.write("coast/wave.png", PNG)
    assert small.build().findings
    small.rename("sea.md", "coast/sea.md")
    assert small.build().findings == ()
    assert small.has("coast/wave.png")


def test_a_bundle_moves_as_a_whole(small: SiteFolder) -> None:
    small.article("trip/index.md", "Trip", "![A wave](wave.png)", date="2026-11-01")
    small.write("trip/wave.png", PNG)
    small.build()
    assert small.has("articles/trip/wave.png")
    small.rename("trip", "journey")
    small.build()
    assert small.has("articles/journey/wave.png")
    assert not small.has("articles/trip")
    same_as_made_whole(small)


# -- what was interrupted, lost or changed around it ----------------------------------------------


@pytest.mark.parametrize("step", ["_write_next_issues", "_batches", "_write_files"])
def test_a_build_that_dies_is_completed_by_the_next(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    site.configure(newsletters=WEEKLY)
    three_articles(site)
    site.build()
    site.article("sea.md", "Sea", "Other words.", date="2026-11-01", tags=["shore"])
    site.remove("hills.md")

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writing, step, die)
        with pytest.raises(KeyboardInterrupt):
            site.build()
    site.build()
    assert "Other words" in site.text("feed.xml")
    assert site.has("tags/shore/feed.xml")
    assert not site.has("articles/hills")
    assert site.build().written == ()
    same_as_made_whole(site)


def test_a_page_written_by_a_build_that_died_does_not_outlive_its_article(
    site: SiteFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    site.article("sea.md", "Sea", date="2026-11-01")
    site.article("lake.md", "Lake", date="2026-11-02")

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(writing, "_write_files", die)
        with pytest.raises(KeyboardInterrupt):
            site.build()
    assert site.has("articles/sea")
    site.remove("sea.md")
    site.build()
    assert not site.has("articles/sea")
    same_as_made_whole(site)


@pytest.mark.parametrize("step", ["_write_files", "delete_orphans"])
def test_a_build_that_dies_after_a_picture_changed_is_completed_by_the_next(
    small: SiteFolder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    small.write("sea.png", PNG)
    small.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    small.build()
    wider = PNG[:16] + b"\0\0\0\x09" + PNG[20:]
    small.write("sea.png", wider)

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DocumentWriter if step == "delete_orphans" else writing, step, die)
        with pytest.raises(KeyboardInterrupt):
            small.build()
    small.build()
    assert (small.root / "public/sea.png").read_bytes() == wider
    assert 'width="9"' in small.text("feed.xml")
    same_as_made_whole(small)


def test_checking_between_a_change_and_a_build_hides_nothing_from_the_build(
    site: SiteFolder,
) -> None:
    site.configure(newsletters=WEEKLY)
    site.write("sea.png", PNG)
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    site.build()
    before = site.stamps()
    site.write("sea.png", PNG[:16] + b"\0\0\0\x09" + PNG[20:])
    site.article("lake.md", "Lake", date="2026-11-03")
    site.build(rehearse=True)
    assert site.stamps() == before, "a rehearsal writes nothing"
    site.build()
    assert 'width="9"' in site.text("feed.xml")
    assert site.has("articles/lake/index.html")
    site.write("sea.png", PNG)
    site.build(rehearse=True)
    site.build()
    assert 'width="1"' in site.text("feed.xml")
    same_as_made_whole(site)


def test_a_rehearsal_finds_what_a_build_finds(small: SiteFolder) -> None:
    small.configure(newsletters={"weekly": {"title": "W", "sender": "w@example.org"}})
    small.write("bad.md", "---\ntitle: [\n---\n")
    small.article("sea.md", "Sea", "![A wave](none.png)", date="2026-11-01")
    small.article("one.md", "One", url="/same/")
    small.article("two.md", "Two", url="/same/")
    rehearsed = small.build(rehearse=True)
    assert not small.documents()
    assert {finding.rule for finding in rehearsed.findings} == {
        finding.rule for finding in small.build().findings
    }


def test_a_rehearsal_looks_at_articles_that_no_document_shows(small: SiteFolder) -> None:
    small.configure(site={"pages": False}, feeds={"entries": 1, "archive": False, "tags": False})
    small.article("old.md", "Old", "![A wave](none.png)", date="2026-10-01")
    small.article("new.md", "New", date="2026-11-01")
    assert small.build().findings == ()
    found = small.build(rehearse=True).findings
    assert [(finding.rule, finding.path) for finding in found] == [("image-missing", "old.md")]


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
def test_one_deleted_or_cut_document_is_made_again(small: SiteFolder, path: str) -> None:
    small.configure(newsletters=WEEKLY, feeds={"entries": 2})
    small.write("sea.png", PNG)
    three_articles(small)
    small.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01", tags=["water"])
    small.build()
    before = small.documents()
    found = [known for known in before if known == path or path.startswith("public/archive")]
    file = small.root / (found[0] if "archive" not in path else archive_documents(small)[0])
    file.unlink()
    assert len(small.build().written) == 1
    file.write_bytes(file.read_bytes()[:-1])
    assert len(small.build().written) == 1
    assert small.documents() == before


def test_a_changed_template_makes_every_page_again(small: SiteFolder) -> None:
    three_articles(small)
    small.build()
    design = small.root / "templates/web/article.html"
    design.parent.mkdir(parents=True)
    design.write_text("<p>My own {{ article.title }}</p>", encoding="utf-8")
    small.build()
    assert small.text("articles/sea/index.html") == "<p>My own Sea</p>"
    assert small.build().written == ()
    design.unlink()
    small.build()
    assert "Words about Sea" in small.text("articles/sea/index.html")


def test_a_template_saved_again_or_in_another_folder_makes_nothing_again(small: SiteFolder) -> None:
    three_articles(small)
    design = small.root / "templates/web/article.html"
    design.parent.mkdir(parents=True)
    design.write_text("<p>My own {{ article.title }}</p>", encoding="utf-8")
    small.build()
    before = _recipe(small)
    os.utime(design, (NOON.timestamp(), NOON.timestamp()))
    small.build()
    assert _recipe(small) == before
    small.root = small.root.rename(small.root.with_name("elsewhere"))
    small.build()
    assert _recipe(small) == before
    design = small.root / "templates/web/article.html"
    design.write_text("<p>Our own {{ article.title }}</p>", encoding="utf-8")
    small.build()
    assert _recipe(small) != before


def _recipe(site: SiteFolder) -> str:
    with site.opened() as opened:
        return Meta(opened.database).all()[Key.RECIPE]


def test_a_changed_setting_makes_again_what_depends_on_it(small: SiteFolder) -> None:
    three_articles(small)
    small.build()
    small.configure(site={"title": "Sea Notes"}, feeds={"formats": ["rss"], "tags": False})
    small.build()
    assert "Sea Notes" in small.text("feed.xml")
    assert not small.has("atom.xml")
    assert not small.has("feed.json")
    assert not small.has("tags")
    same_as_made_whole(small)


def test_another_domain_keeps_the_ids(small: SiteFolder) -> None:
    three_articles(small)
    small.build()
    before = small.ids("feed.xml")
    feed_id = "tag:example.org,2026-11-01:feed"
    assert feed_id in small.text("atom.xml")
    small.configure(site={"url": "http://elsewhere.example/blog"})
    small.build()
    assert small.ids("feed.xml") == small.ids("feed.json") == before
    assert feed_id in small.text("atom.xml")
    assert "https://example.org" not in small.text("feed.xml")
    assert "http://elsewhere.example/blog/articles/sea/" in small.text("feed.xml")


def test_a_lost_database_gives_the_same_ids_again(small: SiteFolder) -> None:
    three_articles(small)
    small.build()
    before = small.documents()
    for file in small.root.glob("syndicate.db*"):
        file.unlink()
    small.build(NOON + timedelta(days=1))
    assert small.documents() == before


def test_another_time_zone_reads_dates_again(small: SiteFolder) -> None:
    small.article("later.md", "Later", date="2026-11-22 13:00")
    assert small.build().articles == 0
    small.configure(site={"time_zone": "Asia/Tokyo"})
    assert small.build().articles == 1
    assert "2026-11-22T04:00:00" in small.text("atom.xml")


# -- archive documents (RFC 5005, section 4) ------------------------------------------------------


def archive_documents(site: SiteFolder) -> list[str]:
    """The archive documents, Atom ones last."""
    return sorted(path for path in site.documents() if "archive" in path or "page" in path)


def archive(site: SiteFolder) -> dict[str, bytes]:
    documents = site.documents()
    return {path: documents[path] for path in archive_documents(site)}


def test_archive_documents_hold_everything_and_never_change(site: SiteFolder) -> None:
    site.configure(feeds={"entries": 3})
    for day in range(1, 11):
        site.article(f"day-{day}.md", f"Day {day}", date=f"2026-11-{day:02}")
    site.build()
    finished = archive(site)
    assert len(finished) == 6, "three pages as RSS and as Atom"
    subscribed = site.ids("atom.xml")
    assert len(subscribed) == 3
    for day in range(11, 16):
        site.article(f"day-{day}.md", f"Day {day}", date=f"2026-11-{day:02}")
        site.build()
        assert {path: archive(site)[path] for path in finished} == finished
    site.article("late.md", "Late", date="2019-05-05")
    site.build()
    assert {path: archive(site)[path] for path in finished} == finished
    assert "Late" in site.text("atom.xml"), "no finished page holds it yet"
    assert len(archive(site)) == 10
    same_as_made_whole(site)


def test_archive_and_subscription_together_hold_every_article_at_any_time(
    small: SiteFolder,
) -> None:
    small.configure(feeds={"entries": 3})
    for number in range(1, 9):
        small.article(f"n{number}.md", f"Number {number}", date=f"2026-11-{20 - 2 * number:02}")
        small.build()
        found = set(small.ids("atom.xml"))
        for path in archive(small):
            found |= set(small.ids(path.removeprefix("public/")))
        assert len(found) == number


def test_a_withdrawn_article_leaves_its_archive_document_and_no_other(small: SiteFolder) -> None:
    small.configure(feeds={"entries": 2})
    for day in range(1, 7):
        small.article(f"day-{day}.md", f"Day {day}", date=f"2026-11-{day:02}")
    small.build()
    before = archive(small)
    small.remove("day-3.md")
    small.build()
    after = archive(small)
    changed = [path for path in before if before[path] != after[path]]
    assert len(changed) == 2, "the second page as RSS and as Atom"
    assert not [path for path in changed if b"Day 3" in after[path]]
    same_as_made_whole(small)


# -- addresses ------------------------------------------------------------------------------------


@pytest.mark.parametrize("url", ["/subscribe/", "/preferences/x/", "/unsubscribe"])
def test_an_address_that_the_sign_up_pages_answer_is_not_given_to_an_article(
    small: SiteFolder, url: str
) -> None:
    small.article("mine.md", "Mine", date="2026-11-01", url=url)
    assert small.build().findings == ()
    small.configure(subscribers={"signup_pages": True})
    (finding,) = small.build().findings
    assert (finding.rule, finding.path) == ("address-taken", "mine.md")
    assert "the sign-up pages" in finding.message
    assert not list((small.root / "public").glob(f"{url.split('/')[1]}*"))
    small.configure(subscribers={"signup_pages": False})
    assert small.build().findings == ()
    assert [*(small.root / "public").glob(f"{url.split('/')[1]}*")]


def test_of_two_articles_at_one_address_the_first_keeps_it(site: SiteFolder) -> None:
    site.article("one.md", "One", date="2026-11-01", url="/articles/same/")
    site.build()
    site.article("an-other.md", "Other", date="2026-10-01", url="/articles/same/")
    report = site.build()
    assert [finding.rule for finding in report.findings] == ["address-taken"]
    assert "Words about One" in site.text("articles/same/index.html")
    assert len(site.ids("feed.xml")) == 2, "feeds carry both"
    same_as_made_whole(site)
    site.remove("one.md")
    site.build()
    assert "Words about Other" in site.text("articles/same/index.html")
    assert site.build().findings == ()
    same_as_made_whole(site)


def test_of_two_articles_with_one_slug_each_has_an_address_and_keeps_it(site: SiteFolder) -> None:
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
    same_as_made_whole(site)


def test_an_address_never_changes_hands_while_its_article_wants_it(small: SiteFolder) -> None:
    small.article("first.md", "First", date="2026-11-01")
    small.article("second.md", "Second", date="2026-11-02", url="/articles/same/")
    small.build()
    small.article("first.md", "First", date="2026-11-01", url="/articles/same/")
    assert [finding.path for finding in small.build().findings] == ["first.md"]
    assert "Words about Second" in small.text("articles/same/index.html")
    same_as_made_whole(small)


@pytest.mark.parametrize(
    "url",
    [
        *("/feed.xml/", "/index.html", "/articles/sea/index.html/deeper/", "/articles"),
        *("/style.css", f"/{'long' * 100}/", "/../../outside/", "/%2e%2e/outside/", "/feed.xml"),
    ],
)
def test_an_impossible_address_costs_only_its_article(small: SiteFolder, url: str) -> None:
    three_articles(small)
    small.build()
    before = small.documents()
    small.article("odd.md", "Odd", date="2026-11-04", url=url)
    report = small.build()
    assert report.articles == 4
    assert "Odd" in small.text("feed.xml")
    assert not list(small.root.parent.rglob("outside"))
    assert "Words about Sea" in small.text("articles/sea/index.html")
    if url not in ("/articles", "/../../outside/", "/%2e%2e/outside/"):
        (finding,) = report.findings
        assert (finding.rule, finding.level, finding.path) == ("address-taken", "error", "odd.md")
        assert finding.hint
    assert not list((small.root / "public").rglob("*.part"))
    same_as_made_whole(small)
    small.remove("odd.md")
    small.build()
    assert small.documents() == before


def test_a_tag_of_any_length_costs_nobody_anything(small: SiteFolder) -> None:
    small.article(
        "sea.md", "Sea", date="2026-11-01", tags=["long words " * 9, "短" * 99, "C++", "../up"]
    )
    assert small.build().findings == ()
    assert len(list((small.root / "public/tags").iterdir())) == 4


def test_without_pages_no_page_is_written(small: SiteFolder) -> None:
    three_articles(small)
    small.build()
    small.configure(site={"pages": False, "permalink": "https://example.org/blog/{slug}"})
    small.build()
    assert not [path for path in small.documents() if path.endswith(".html")]
    assert "https://example.org/blog/sea" in small.text("feed.xml")
    same_as_made_whole(small)


# -- newsletters ----------------------------------------------------------------------------------


def test_the_next_issue_is_taken_away_when_nothing_is_to_be_sent(site: SiteFolder) -> None:
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
    same_as_made_whole(site)
    three_articles(site)
    site.build()
    assert (site.root / "issues/weekly/next/message.eml").exists()
    assert site.has("newsletters/weekly/next/index.html")


def test_a_newsletter_taken_out_of_the_settings_is_taken_away(small: SiteFolder) -> None:
    small.configure(newsletters=WEEKLY)
    three_articles(small)
    small.build()
    small.settings["newsletters"] = {}
    small.configure()
    small.build()
    assert not (small.root / "issues/weekly").exists()
    assert not small.has("newsletters")


def branded(small: SiteFolder, **brand: str) -> None:
    small.configure(newsletters={"weekly": WEEKLY["weekly"] | {"brand": brand}})


def test_a_logo_is_published_with_the_newsletter_and_follows_its_file(small: SiteFolder) -> None:
    branded(small, logo="art/mark.png", logo_alt="A lake")
    small.write("art/mark.png", PNG)
    three_articles(small)
    small.build()
    logo = "newsletters/weekly/logo.png"
    shown = f'src="https://example.org/{logo}" alt="A lake" width="1" height="1"'
    assert shown in small.text("newsletters/weekly/next/index.html")
    assert (small.root / "public" / logo).read_bytes() == PNG
    assert small.build().written == ()
    small.write("art/mark.png", PNG + b"newer")
    assert logo in small.build().written
    branded(small)
    small.build()
    assert not small.has(logo)
    assert "Sea" in small.text("newsletters/weekly/next/index.html")


def test_a_logo_that_is_not_there_is_said_where_it_is_named(small: SiteFolder) -> None:
    branded(small, logo="mark.png")
    three_articles(small)
    (finding,) = (each for each in small.build().findings if each.rule == "newsletter-failed")
    assert "the logo mark.png" in finding.message
    assert (finding.path, finding.line is not None) == (str(small.config_file), True)
    small.write("mark.png", PNG)
    assert "newsletter-failed" not in {each.rule for each in small.build().findings}
    assert small.has("newsletters/weekly/logo.png")


def test_a_logo_elsewhere_is_only_linked(small: SiteFolder) -> None:
    branded(small, logo="https://e.org/mark.png")
    three_articles(small)
    small.build()
    assert 'src="https://e.org/mark.png"' in small.text("newsletters/weekly/next/index.html")
    assert not small.has("newsletters/weekly/logo.png")


# -- odd files ------------------------------------------------------------------------------------


ODD_HEADERS = [
    *("+++\ntitle='T'\nwhen = 2026-11-01\n+++\n", "+++\ntitle='T'\nat = 08:00:00\n+++\n"),
    *('{"title": "a\\ud800b", "mood": "\\udfff"}\n', '---\ntitle: "a\\0b"\n---\n'),
    *("---\ntitle: T\nmood: .nan\n---\n", "---\ntitle: T\nmood: !!binary aGk=\n---\n"),
    *('{"title": "T", "tags": ["\\ud800"]}\n', "---\ntitle: T\n? [a, b]\n: c\n---\n"),
    *('---\ntitle: T\nslug: "a\\0b"\nurl: "/x\\0y/"\n---\n', "---\ntitle: T\n1: 2\n---\n"),
    *('---\ntitle: T\nmood: "\\uD800"\n---\n', "---\ntitle: T\nmood: 2026-01-01\n---\n"),
    *('+++\ntitle="T"\nsummary="a\\u0000b"\n+++\n', "---\ntitle: T\nmood: !!set {a}\n---\n"),
]


def test_whatever_a_header_holds_the_other_articles_are_published(site: SiteFolder) -> None:
    for number, header in enumerate(ODD_HEADERS):
        site.write(f"odd-{number}.md", f"{header}Text {number}\n")
    site.article("sea.md", "Sea", date="2026-11-01")
    site.build()
    assert "Words about Sea" in site.text("feed.xml")
    assert site.build().written == ()


@pytest.mark.skipif(sys.platform != "linux", reason="names of files are bytes on Linux only")
def test_a_file_whose_name_is_not_text_costs_only_itself(site: SiteFolder) -> None:
    site.article("sea.md", "Sea", date="2026-11-01")
    name = os.fsencode(site.root / "content") + b"/caf\xe9.md"
    Path(os.fsdecode(name)).write_text("Text")
    Path(os.fsdecode(name.replace(b".md", b".png"))).write_bytes(PNG)
    report = site.build()
    assert "Words about Sea" in site.text("feed.xml")
    assert [finding.rule for finding in report.findings] == ["unreadable"]


def test_a_content_folder_that_is_not_there_is_said(small: SiteFolder) -> None:
    (small.root / "content").rmdir()
    with pytest.raises(SyndicateError) as caught:
        small.build()
    assert caught.value.place
    assert caught.value.hint


def test_a_document_that_cannot_be_written_is_said(small: SiteFolder) -> None:
    (small.root / "public").write_text("a file, not a folder")
    three_articles(small)
    with pytest.raises(OutputError) as caught:
        small.build()
    assert caught.value.place
    assert "public" in str(caught.value.place)
    assert caught.value.hint
    (small.root / "public").unlink()
    small.build()
    assert len(small.ids("feed.xml")) == 3


def test_a_folder_inside_the_content_folder_cannot_take_documents(small: SiteFolder) -> None:
    small.settings["output"] = "content/public"
    small.configure()
    with pytest.raises(ConfigError):
        small.build()


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


def test_dates_from_a_clock_that_was_ahead_for_a_moment_are_corrected_after_a_day(
    tmp_path: Path,
) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("edited.md", "Edited", date="2026-11-20")
    site.article("dated.md", "Dated", date="2036-11-01")
    site.build(NOON)
    site.article("new.md", "New")
    site.article("edited.md", "Edited", "More of it.", date="2026-11-20")
    site.build(NOON.replace(year=2036))
    for hours in range(0, 30, 6):
        site.build(NOON + timedelta(hours=hours))
    items = {item["title"]: item for item in json.loads(site.text("feed.json"))["items"]}
    corrected = "2026-11-23T12:00:00+00:00"
    assert items["New"]["date_published"] == items["New"]["date_modified"] == corrected
    assert items["Edited"]["date_published"] == "2026-11-20T00:00:00+00:00"
    assert items["Edited"]["date_modified"] == corrected
    assert items["Dated"]["date_published"] == "2036-11-01T00:00:00+00:00", "as its header states"


def test_a_clock_that_is_behind_for_a_moment_changes_no_dates(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("new.md", "New")
    site.build(NOON)
    feed = site.text("feed.xml")
    for moment in (NOON.replace(year=1990), NOON, NOON + timedelta(days=2)):
        site.build(moment)
    assert site.text("feed.xml") == feed


def test_a_date_from_a_clock_that_was_ahead_is_corrected_by_the_header(tmp_path: Path) -> None:
    site = SiteFolder(tmp_path / "site", "sqlite:///syndicate.db")
    site.article("one.md", "One")
    site.build(NOON.replace(year=2036))
    assert "2036-11-22" in site.text("feed.json")
    site.article("one.md", "One", date="2026-11-20")
    site.build(NOON)
    assert '"date_published": "2026-11-20' in site.text("feed.json")
    site.article("one.md", "One", date="2026-11-10")
    site.build(NOON)
    assert '"date_published": "2026-11-20' in site.text("feed.json"), "and then it stays"
