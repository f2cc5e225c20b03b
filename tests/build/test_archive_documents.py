"""The archived feeds of a site (RFC 5005, section 4)."""

from __future__ import annotations

from three_articles import archive, assert_complete

from site_folder import SiteFolder


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
    assert_complete(site)


def test_archive_and_subscription_together_hold_every_article_at_any_time(
    sqlite_site: SiteFolder,
) -> None:
    sqlite_site.configure(feeds={"entries": 3})
    for number in range(1, 9):
        sqlite_site.article(
            f"n{number}.md", f"Number {number}", date=f"2026-11-{20 - 2 * number:02}"
        )
        sqlite_site.build()
        found = set(sqlite_site.ids("atom.xml"))
        for path in archive(sqlite_site):
            found |= set(sqlite_site.ids(path.removeprefix("public/")))
        assert len(found) == number


def test_a_withdrawn_article_is_removed_from_its_archive_document_alone(
    sqlite_site: SiteFolder,
) -> None:
    sqlite_site.configure(feeds={"entries": 2})
    for day in range(1, 7):
        sqlite_site.article(f"day-{day}.md", f"Day {day}", date=f"2026-11-{day:02}")
    sqlite_site.build()
    before = archive(sqlite_site)
    sqlite_site.remove("day-3.md")
    sqlite_site.build()
    after = archive(sqlite_site)
    changed = [path for path in before if before[path] != after[path]]
    assert len(changed) == 2, "the second page as RSS and as Atom"
    assert not [path for path in changed if b"Day 3" in after[path]]
    assert_complete(sqlite_site)
