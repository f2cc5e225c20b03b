"""Files that are edited, renamed, replaced, removed or broken between builds."""

from __future__ import annotations

import os
from collections.abc import Iterable
from dataclasses import replace
from datetime import timedelta
from typing import TypeVar

from three_articles import FEEDS, assert_complete, three_articles

from site_folder import NOON, PNG, SiteFolder
from syndicate.build.builder import build

T = TypeVar("T")


def test_a_changed_tag_moves_the_article_to_other_feeds(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    site.article("hills.md", "Hills", date="2026-11-02", tags=["climbs", "water"])
    report = site.build()
    assert "tags/climbs/feed.xml" in report.written
    assert not site.has("tags/walks")
    assert len(site.ids("tags/water/feed.xml")) == 3
    assert_complete(site)


def test_a_rename_moves_the_page_and_keeps_the_ids(site: SiteFolder) -> None:
    three_articles(site)
    site.build()
    before = {document: site.ids(document) for document in FEEDS}
    site.rename("sea.md", "coast/ocean.md")
    site.build()
    assert {document: site.ids(document) for document in FEEDS} == before
    assert site.has("articles/ocean/index.html")
    assert not site.has("articles/sea")
    assert_complete(site)


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
    assert_complete(site)


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
    assert_complete(site)


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
    assert_complete(site)


def test_an_image_that_no_article_shows_is_removed(site: SiteFolder) -> None:
    site.write("sea.png", PNG)
    site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    site.article("lake.md", "Lake", "![The same](sea.png)", date="2026-11-01")
    site.build()
    site.article("sea.md", "Sea", "No picture.", date="2026-11-01")
    site.build()
    assert site.has("sea.png"), "the other article shows it"
    assert_complete(site)
    site.article("lake.md", "Lake", "None here either.", date="2026-11-01")
    site.build()
    assert not site.has("sea.png")
    assert_complete(site)


def test_a_broken_file_affects_no_other_and_its_published_article_stays(site: SiteFolder) -> None:
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
    assert_complete(site)
    site.article("sea.md", "Sea", "Mended words.", date="2026-11-01")
    assert site.build().findings == ()
    assert site.ids("feed.xml") == ids
    assert "Mended words" in site.text("feed.xml")


def test_a_file_broken_and_corrected_within_one_tick_of_the_clock_is_read_again(
    sqlite_site: SiteFolder,
) -> None:
    good = "---\ndate: 2026-11-01\ntitle: Sea\n---\nText\n"
    bad = good.replace("Sea", "[ab")
    assert len(good) == len(bad)
    file = sqlite_site.write("sea.md", bad)
    tick = NOON.timestamp()
    os.utime(file, (tick, tick))
    assert sqlite_site.build().findings
    sqlite_site.write("sea.md", good)
    os.utime(file, (tick, tick))
    assert sqlite_site.build().findings == ()


def test_a_file_edited_within_one_tick_of_the_clock_is_read_again(sqlite_site: SiteFolder) -> None:
    tick = NOON.timestamp()
    os.utime(sqlite_site.article("sea.md", "Sea", "one"), (tick, tick))
    sqlite_site.build()
    os.utime(sqlite_site.article("sea.md", "Sea", "two"), (tick, tick))
    sqlite_site.build(NOON + timedelta(seconds=1))
    assert "two" in sqlite_site.text("feed.xml")
    assert sqlite_site.build(NOON + timedelta(minutes=1)).read == 1
    assert sqlite_site.build(NOON + timedelta(minutes=1)).read == 0


def test_an_article_whose_text_was_removed_before_it_was_shown_is_not_counted(
    site: SiteFolder,
) -> None:
    three_articles(site)
    file = site.article("late.md", "Late", date="2026-11-05")

    def delete_while_reading(items: Iterable[T], total: int, doing: str) -> Iterable[T]:
        if doing == "Writing":
            file.unlink()
        return items

    with site.opened() as opened:
        report = build(replace(opened, progress=delete_while_reading), NOON)
    assert [finding.rule for finding in report.findings] == ["text-lost"]
    assert (report.counts.published, report.counts.unread) == (3, 1)
    assert len(site.ids("feed.json")) == 3


def test_a_file_that_is_no_longer_readable_is_counted_by_its_published_article(
    site: SiteFolder,
) -> None:
    three_articles(site)
    site.build()
    site.write("sea.md", b"caf\xe9")
    counts = site.build().counts
    assert (counts.published, counts.unread) == (3, 0)


def test_a_bundle_moves_as_a_whole(sqlite_site: SiteFolder) -> None:
    sqlite_site.article("trip/index.md", "Trip", "![A wave](wave.png)", date="2026-11-01")
    sqlite_site.write("trip/wave.png", PNG)
    sqlite_site.build()
    assert sqlite_site.has("articles/trip/wave.png")
    sqlite_site.rename("trip", "journey")
    sqlite_site.build()
    assert sqlite_site.has("articles/journey/wave.png")
    assert not sqlite_site.has("articles/trip")
    assert_complete(sqlite_site)
