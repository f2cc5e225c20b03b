"""A draft is seen by its operator alone, until it is approved."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from site_folder import SiteFolder
from syndicate.hooks import payload
from syndicate.issues.freeze import freeze_issue
from syndicate.issues.transitions import approve_issue, cancel_issue
from syndicate.store.events import Event
from syndicate.store.issues import Issue, IssueState

pytestmark = pytest.mark.slow

MONDAY = datetime(2026, 11, 23, 8, 0, tzinfo=UTC)
DAY = timedelta(days=1)
WEEKLY = {
    "title": "Weekly",
    "sender": "a@example.org",
    "postal_address": "Here",
    "approval": "manual",
}
PAGE = "newsletters/weekly/2026-11-23-0800/index.html"
NOINDEX = '<meta name="robots" content="noindex, nofollow">'
DRAFT = re.compile(r"newsletters/weekly/drafts/([0-9a-f]{32})/index\.html")


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters={"weekly": WEEKLY}, feeds={"hub": "https://hub.example.net/"})
    folder.article("one.md", "The first", date="2026-11-01")
    return folder


def make(site: SiteFolder, slot: datetime = MONDAY) -> Issue:
    site.build(slot)
    with site.opened() as opened:
        newsletter = opened.config.newsletters["weekly"]
        issue = freeze_issue(opened, newsletter, f"{slot:%Y-%m-%dT%H:%M}", slot, slot)
    site.build(slot)
    return issue


def become(site: SiteFolder, issue: Issue, state: IssueState, now: datetime = MONDAY + DAY) -> None:
    with site.opened() as opened:
        change = {IssueState.APPROVED: approve_issue, IssueState.CANCELLED: cancel_issue}[state]
        assert change(opened, issue, now)
    site.build(now)


def public(site: SiteFolder) -> dict[str, bytes]:
    """What is published, by path in the output folder."""
    documents = site.documents().items()
    return {p.removeprefix("public/"): d for p, d in documents if p.startswith("public/")}


def draft_page(site: SiteFolder) -> str:
    (path,) = (path for path in public(site) if DRAFT.fullmatch(path))
    return path


def test_nothing_public_names_or_links_a_draft(site: SiteFolder) -> None:
    site.build(MONDAY)
    before = public(site)
    issue = make(site)
    assert issue.state == IssueState.DRAFT
    new = {path: data for path, data in public(site).items() if before.get(path) != data}
    assert list(new) == [draft_page(site)], "no archive, no feed, no page at its later address"
    key = issue.draft_key.encode()
    assert all(key not in data for path, data in public(site).items() if path not in new)
    with site.opened() as opened:
        pinged = [
            subject
            for (subject,) in opened.database.rows(
                "SELECT subject FROM events WHERE event = 'feed-changed'"
            )
        ]
    assert not any("newsletters" in str(each) for each in pinged)


def test_a_draft_has_its_own_page_with_noindex(site: SiteFolder) -> None:
    first = make(site)
    page = site.text(draft_page(site))
    assert "The first" in page
    assert NOINDEX in page
    assert '<meta name="referrer" content="no-referrer">' in page
    before = public(site)
    site.build(MONDAY + DAY)
    assert public(site) == before, "the address stays"
    become(site, first, IssueState.CANCELLED)
    second = make(site, MONDAY + 2 * DAY)
    assert second.draft_key != first.draft_key
    assert len(second.draft_key) == 32


def test_the_links_of_a_draft_lead_to_the_page_that_it_has(site: SiteFolder) -> None:
    issue = make(site)
    path = draft_page(site)
    page = site.text(path)
    assert f'href="https://example.org/{path.removesuffix("index.html")}"' in page
    later = "https://example.org/newsletters/weekly/2026-11-23-0800/"
    assert later not in page
    assert later in issue.text, "what will be sent has the address it will have"
    become(site, issue, IssueState.APPROVED)
    assert f'href="{later}"' in site.text(PAGE)
    assert "/drafts/" not in site.text(PAGE)


def test_on_approval_it_moves_to_its_address_and_enters_archive_and_feeds(
    site: SiteFolder,
) -> None:
    issue = make(site)
    draft = draft_page(site)
    approved = MONDAY + DAY
    become(site, issue, IssueState.APPROVED, approved)
    assert not site.has(draft)
    assert "The first" in site.text(PAGE)
    assert NOINDEX not in site.text(PAGE)
    address = "https://example.org/newsletters/weekly/2026-11-23-0800/"
    for name in ("index.html", "feed.xml", "atom.xml", "feed.json"):
        assert address in site.text(f"newsletters/weekly/{name}")
    assert address in issue.text, "the link of the email leads there"
    assert "2026-11-24T08:00:00+00:00" in site.text("newsletters/weekly/atom.xml"), (
        "new when approved"
    )
    assert "https://example.org/newsletters/weekly/" in site.text("index.html")


def test_a_cancelled_draft_disappears(site: SiteFolder) -> None:
    site.build(MONDAY)
    before = public(site)
    become(site, make(site), IssueState.CANCELLED, MONDAY)
    assert public(site) == before


def test_earlier_issues_stay_while_a_draft_waits(site: SiteFolder) -> None:
    become(site, make(site), IssueState.APPROVED)
    before = public(site)
    site.article("two.md", "The second", date="2026-11-24")
    site.build(MONDAY + 2 * DAY)
    make(site, MONDAY + 7 * DAY)
    for name in ("index.html", "feed.xml", "atom.xml", "feed.json"):
        path = f"newsletters/weekly/{name}"
        assert public(site)[path] == before[path]


def test_hooks_get_the_address_at_which_the_issue_is(site: SiteFolder) -> None:
    issue = make(site)

    def url() -> str:
        with site.opened() as opened:
            told = payload(opened, Event(1, "issue-made", issue.name, "2026-11-23T08:00:00Z"))
        about = told["issue"]
        assert isinstance(about, dict)
        return str(about["url"])

    assert url() == f"https://example.org/newsletters/weekly/drafts/{issue.draft_key}/"
    become(site, issue, IssueState.APPROVED)
    assert url() == "https://example.org/newsletters/weekly/2026-11-23-0800/"


def test_the_next_issue_is_linked_only_if_the_site_allows_it(site: SiteFolder) -> None:
    site.build(MONDAY)
    page = "newsletters/weekly/next/index.html"
    assert NOINDEX in site.text(page)
    linking = [path for path, data in public(site).items() if b"weekly/next/" in data]
    assert linking == [page]
    site.configure(newsletters={"weekly": WEEKLY | {"show_next": True}})
    site.build(MONDAY)
    assert "newsletters/weekly/next/" in site.text("index.html")
    assert NOINDEX in site.text(page)
