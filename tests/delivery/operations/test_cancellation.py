"""Cancelling an issue, and stopping one that is being sent."""

from __future__ import annotations

import pytest
from mailing_site import NAME, MailingSite
from planned_issue import counts, issue_state, sending_now, set_states

from site_folder import NOON
from syndicate.delivery.operations.cancellation import (
    STOPPED,
    Cancellation,
    cancel,
    finish_stopped,
)
from syndicate.delivery.operations.pausing import pause
from syndicate.delivery.states import DeliveryState
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.chunks import Chunks
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, IssueState

PAGE = "newsletters/weekly/2026-11-22-1200/index.html"


def test_an_issue_that_is_not_sent_yet_is_cancelled_once_and_its_page_is_deleted(
    sqlite_site: MailingSite,
) -> None:
    issue = sqlite_site.issue()
    assert sqlite_site.folder.has(PAGE)
    with sqlite_site.folder.opened() as site:
        assert cancel(site, issue, "a typo", NOON) == Cancellation(IssueState.CANCELLED)
        assert not sqlite_site.folder.has(PAGE)
        with pytest.raises(SyndicateError, match="is already cancelled") as caught:
            cancel(site, issue, "a typo", NOON)
    assert caught.value.hint == f"syndicate issues show {NAME}"


def test_an_issue_that_was_sent_to_no_subscriber_is_cancelled_and_no_delivery_is_left_open(
    opened: Site, issue: Issue
) -> None:
    set_states(opened, DeliveryState.FAILED, DeliveryState.RETRY)
    cancelled = cancel(opened, issue, "", NOON)
    assert cancelled == Cancellation(IssueState.CANCELLED, was_sending=True, unsent=3)
    assert counts(opened, issue) == {"failed": 1, "suppressed": 3}
    assert sending_now(opened, issue).ended_at == "2026-11-22T12:00:00Z"
    delivery = Deliveries(opened.database).find(issue.sequence, 3)
    assert delivery is not None
    assert delivery.reply == STOPPED


@pytest.mark.parametrize("state", [DeliveryState.SENT, DeliveryState.HELD])
def test_an_issue_that_a_subscriber_may_have_counts_as_sent_and_keeps_its_page(
    sqlite_site: MailingSite, opened: Site, issue: Issue, sending: IssueSend, state: DeliveryState
) -> None:
    set_states(opened, state)
    assert pause(opened, sending)
    cancelled = cancel(opened, issue, "a typo", NOON)
    assert cancelled == Cancellation(IssueState.SENT, was_sending=True, unsent=3)
    assert counts(opened, issue) == {state: 1, "suppressed": 3}
    assert sending_now(opened, issue).ended_at
    assert sqlite_site.folder.has(PAGE)
    with pytest.raises(SyndicateError, match="has been sent and cannot be cancelled"):
        cancel(opened, issue, "a typo", NOON)


def test_a_stopped_issue_ends_when_the_message_that_was_being_sent_is_finished(
    opened: Site, issue: Issue
) -> None:
    set_states(opened, DeliveryState.SENDING)
    assert cancel(opened, issue, "", NOON).state == IssueState.SENT
    assert sending_now(opened, issue).ended_at == ""
    set_states(opened, DeliveryState.RETRY)
    finish_stopped(opened, NOON)
    assert counts(opened, issue) == {"suppressed": 4}
    assert sending_now(opened, issue).ended_at


def test_an_issue_that_was_not_stopped_does_not_end(opened: Site, issue: Issue) -> None:
    finish_stopped(opened, NOON)
    assert counts(opened, issue) == {"pending": 4}
    assert issue_state(opened, issue) == IssueState.SENDING
    assert not sending_now(opened, issue).ended_at


def test_an_issue_that_is_sent_again_meanwhile_is_not_ended_as_a_stopped_one(
    opened: Site, issue: Issue, monkeypatch: pytest.MonkeyPatch
) -> None:
    def was_stopping(_: IssueSends) -> list[int]:
        monkeypatch.undo()
        return [issue.sequence]

    monkeypatch.setattr(IssueSends, "stopping", was_stopping)
    finish_stopped(opened, NOON)
    assert counts(opened, issue) == {"pending": 4}
    assert not sending_now(opened, issue).ended_at


def test_chunks_that_a_dead_sender_left_in_a_cancelled_issue_are_released(
    sqlite_site: MailingSite, opened: Site, issue: Issue
) -> None:
    chunks = Chunks(opened.database)
    with opened.database.transaction():
        assert chunks.claim(issue.sequence, "a dead sender", "2026", "2027")
    assert cancel(opened, issue, "", NOON).unsent == 4
    assert sending_now(opened, issue).ended_at
    assert chunks.owners() == ["a dead sender"]
    sqlite_site.send()
    assert chunks.owners() == []
