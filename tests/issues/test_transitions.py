"""Drafts are approved at once, at their time, or cancelled."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest

from site_folder import NOON, SiteFolder
from syndicate.issues.freeze import freeze_issue
from syndicate.issues.transitions import (
    approve_due,
    approve_issue,
    cancel_issue,
    schedule_approval,
)
from syndicate.site import Site
from syndicate.store.issues import Issue, Issues, IssueState

WEEKLY = {
    "title": "Weekly",
    "sender": "a@example.org",
    "postal_address": "Here",
    "approval": "manual",
}
LATER = NOON + timedelta(hours=3)


@pytest.fixture
def site(tmp_path: Path, database_url: str) -> SiteFolder:
    folder = SiteFolder(tmp_path / "site", database_url)
    folder.configure(newsletters={"weekly": WEEKLY})
    folder.article("one.md", "The first", date="2026-11-01")
    folder.build(NOON)
    return folder


def draft_of(site: Site) -> Issue:
    newsletter = site.config.newsletters["weekly"]
    return freeze_issue(site, newsletter, "2026-11-22T12:00", NOON, NOON)


def stored(site: Site, issue: Issue) -> Issue:
    found = Issues(site.database).get(issue.newsletter, issue.slot)
    assert found is not None
    return found


@pytest.mark.postgresql
def test_a_scheduled_draft_is_approved_as_of_its_time_and_not_before(site: SiteFolder) -> None:
    with site.opened() as opened:
        issue = draft_of(opened)
        assert schedule_approval(opened, issue, LATER)
        assert approve_due(opened, LATER - timedelta(seconds=1)) == []
        approved = approve_due(opened, LATER + timedelta(days=2))
        assert [each.name for each in approved] == [issue.name]
        found = stored(opened, issue)
    assert (found.state, found.approved_at) == (IssueState.APPROVED, "2026-11-22T15:00:00Z")


def test_an_approved_issue_has_no_approval_to_schedule(site: SiteFolder) -> None:
    with site.opened() as opened:
        issue = draft_of(opened)
        assert approve_issue(opened, issue, NOON)
        assert not schedule_approval(opened, issue, LATER)


def test_an_issue_that_is_being_sent_is_neither_approved_nor_cancelled(site: SiteFolder) -> None:
    with site.opened() as opened:
        issue = draft_of(opened)
        assert approve_issue(opened, issue, NOON)
        with opened.database.transaction():
            Issues(opened.database).move(issue.newsletter, issue.slot, IssueState.SENDING)
        assert not cancel_issue(opened, issue, NOON)
        assert not approve_issue(opened, issue, NOON)
        assert stored(opened, issue).state == IssueState.SENDING
