"""A build that died is completed by the next one, and a dry run changes nothing."""

from __future__ import annotations

import pytest
from three_articles import WEEKLY, assert_complete, three_articles

from site_folder import PNG, SiteFolder
from syndicate.build import write_documents as writing
from syndicate.documents.writer import DocumentWriter


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
    assert_complete(site)


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
    assert_complete(site)


@pytest.mark.parametrize("step", ["_write_files", "delete_orphans"])
def test_a_build_that_dies_after_an_image_changed_is_completed_by_the_next(
    sqlite_site: SiteFolder, monkeypatch: pytest.MonkeyPatch, step: str
) -> None:
    sqlite_site.write("sea.png", PNG)
    sqlite_site.article("sea.md", "Sea", "![A wave](sea.png)", date="2026-11-01")
    sqlite_site.build()
    wider = PNG[:16] + b"\0\0\0\x09" + PNG[20:]
    sqlite_site.write("sea.png", wider)

    def die(*args: object, **kwargs: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(DocumentWriter if step == "delete_orphans" else writing, step, die)
        with pytest.raises(KeyboardInterrupt):
            sqlite_site.build()
    sqlite_site.build()
    assert (sqlite_site.root / "public/sea.png").read_bytes() == wider
    assert 'width="9"' in sqlite_site.text("feed.xml")
    assert_complete(sqlite_site)


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
    assert_complete(site)


def test_a_dry_run_reports_what_a_build_reports(sqlite_site: SiteFolder) -> None:
    sqlite_site.configure(newsletters={"weekly": {"title": "W", "sender": "w@example.org"}})
    sqlite_site.write("bad.md", "---\ntitle: [\n---\n")
    sqlite_site.article("sea.md", "Sea", "![A wave](none.png)", date="2026-11-01")
    sqlite_site.article("one.md", "One", url="/same/")
    sqlite_site.article("two.md", "Two", url="/same/")
    rehearsed = sqlite_site.build(rehearse=True)
    assert not sqlite_site.documents()
    assert {finding.rule for finding in rehearsed.findings} == {
        finding.rule for finding in sqlite_site.build().findings
    }


def test_a_dry_run_checks_articles_that_no_document_shows(sqlite_site: SiteFolder) -> None:
    sqlite_site.configure(
        site={"pages": False}, feeds={"entries": 1, "archive": False, "tags": False}
    )
    sqlite_site.article("old.md", "Old", "![A wave](none.png)", date="2026-10-01")
    sqlite_site.article("new.md", "New", date="2026-11-01")
    assert sqlite_site.build().findings == ()
    found = sqlite_site.build(rehearse=True).findings
    assert [(finding.rule, finding.path) for finding in found] == [("image-missing", "old.md")]
