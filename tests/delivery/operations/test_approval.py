"""Approving an issue, and publishing what was approved."""

from __future__ import annotations

from datetime import timedelta

import pytest
from mailing_site import WEEKLY, MailingSite

from site_folder import NOON
from syndicate.delivery.operations.approval import ApprovalOutcome, approve, approve_at, publish_due
from syndicate.errors import SyndicateError
from syndicate.store.issues import Issue, Issues, IssueState

LATER = NOON + timedelta(hours=3)
PAGE = "newsletters/weekly/2026-11-22-1200/index.html"


@pytest.fixture
def draft(sqlite_site: MailingSite) -> Issue:
    sqlite_site.folder.configure(newsletters={"weekly": {**WEEKLY, "approval": "manual"}})
    return sqlite_site.issue()


def test_an_approved_draft_is_published_and_not_approved_twice(
    sqlite_site: MailingSite, draft: Issue
) -> None:
    with sqlite_site.folder.opened() as opened:
        assert approve(opened, draft, NOON) is ApprovalOutcome.APPROVED
        assert sqlite_site.folder.has(PAGE)
        with pytest.raises(SyndicateError, match="is already approved"):
            approve(opened, draft, NOON)


def test_a_scheduled_draft_is_approved_and_published_at_its_time(
    sqlite_site: MailingSite, draft: Issue
) -> None:
    with sqlite_site.folder.opened() as opened:
        with pytest.raises(SyndicateError, match="is in the past"):
            approve_at(opened, draft, NOON, NOON)
        approve_at(opened, draft, LATER, NOON)
        assert publish_due(opened, LATER - timedelta(minutes=1)) == []
        assert not sqlite_site.folder.has(PAGE)
        assert [issue.name for issue in publish_due(opened, LATER)] == [draft.name]
        assert sqlite_site.folder.has(PAGE)
        approved = Issues(opened.database).get(draft.newsletter, draft.slot)
    assert approved is not None
    assert approved.state == IssueState.APPROVED
