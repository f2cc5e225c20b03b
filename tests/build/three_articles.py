"""A small site, and whether its documents are complete."""

from __future__ import annotations

from datetime import datetime

from site_folder import NOON, SiteFolder
from syndicate.store.meta import Key, Meta

WEEKLY = {
    "weekly": {"title": "Lake Weekly", "sender": "lake@example.org", "postal_address": "Here"}
}
FEEDS = ("feed.xml", "atom.xml", "feed.json")


def three_articles(site: SiteFolder) -> None:
    """Write three articles, with tags, of three days."""
    site.article("sea.md", "Sea", date="2026-11-01", tags=["water", "Birds"])
    site.article("hills.md", "Hills", date="2026-11-02", tags=["walks"])
    site.article("lake.md", "Lake", date="2026-11-03", tags=["water"])


def assert_complete(site: SiteFolder, now: datetime = NOON) -> None:
    """Check that a build which makes everything again would change no document."""
    with site.opened() as opened, opened.database.transaction():
        Meta(opened.database).set({Key.UNFINISHED_BUILD: "yes"})
    report = site.build(now)
    assert (report.written, report.removed) == ((), ())


def archive_documents(site: SiteFolder) -> list[str]:
    """The archive documents, Atom ones last."""
    return sorted(path for path in site.documents() if "archive" in path or "page" in path)


def archive(site: SiteFolder) -> dict[str, bytes]:
    """The archive documents and their bytes."""
    documents = site.documents()
    return {path: documents[path] for path in archive_documents(site)}
