"""How far an issue is, where its state alone would mislead."""

from __future__ import annotations

import pytest
from mailing_site import MailingSite

from syndicate.delivery.issue_status import IssueStatus, issue_status
from syndicate.store.issue_sends import IssueSend
from syndicate.store.issues import Issue, Issues, IssueState

SENDING = IssueSend(1, "weekly", "2026-11-22T12:00", "2026-11-22T12:00:00Z", planned=3)


def issue(state: IssueState, approve_at: str = "") -> Issue:
    slot = "2026-11-22T12:00"
    return Issue("weekly", slot, "", 1, state, "", approve_at=approve_at)


def test_only_a_draft_with_a_time_is_scheduled() -> None:
    moment = "2026-11-30T08:00:00Z"
    assert IssueStatus(issue(IssueState.DRAFT, moment)).is_scheduled
    assert not IssueStatus(issue(IssueState.DRAFT)).is_scheduled
    assert not IssueStatus(issue(IssueState.APPROVED, moment)).is_scheduled


def test_an_issue_is_paused_until_it_ends() -> None:
    paused = SENDING._replace(pause_kind="operator")
    assert IssueStatus(issue(IssueState.SENDING), paused).is_paused
    assert not IssueStatus(issue(IssueState.SENDING), SENDING).is_paused
    ended = paused._replace(ended_at="2026-11-22T12:30:00Z")
    assert not IssueStatus(issue(IssueState.SENT), ended).is_paused


def test_an_issue_of_which_nothing_was_sent_reached_no_subscriber_once_it_has_ended() -> None:
    assert IssueStatus(issue(IssueState.SENT), SENDING).reached_no_subscriber
    assert not IssueStatus(issue(IssueState.SENT), SENDING, is_any_sent=True).reached_no_subscriber
    assert not IssueStatus(issue(IssueState.SENDING), SENDING).reached_no_subscriber
    assert not IssueStatus(issue(IssueState.SENT)).reached_no_subscriber, "it was not delivered"


@pytest.mark.postgresql
def test_the_status_of_an_issue_is_read_from_its_deliveries(site: MailingSite) -> None:
    site.subscribe(["ada@example.org"])
    made = site.issue()
    with site.folder.opened() as opened:
        assert issue_status(opened, made) == IssueStatus(made)
    assert site.send().sent == 1
    with site.folder.opened() as opened:
        sent = Issues(opened.database).get(made.newsletter, made.slot)
        assert sent is not None
        status = issue_status(opened, sent)
    assert status == IssueStatus(sent, site.issue_send, is_any_sent=True)
