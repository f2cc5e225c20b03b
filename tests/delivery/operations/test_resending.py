"""Sending again: failed deliveries, missed subscribers, and held deliveries once decided."""

from __future__ import annotations

import pytest
from mailing_site import MailingSite, now
from planned_issue import counts, issue_state, sending_now, set_states

from site_folder import NOON
from syndicate.delivery import planning_pace
from syndicate.delivery.operations import resending
from syndicate.delivery.operations.cancellation import stop
from syndicate.delivery.operations.resending import resend_missed, resolve_held, retry_failed
from syndicate.delivery.states import DeliveryState
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues, IssueState

SENT, FAILED, HELD = DeliveryState.SENT, DeliveryState.FAILED, DeliveryState.HELD


def end(site: Site, issue: Issue) -> None:
    """Let the issue have been sent."""
    with site.database.transaction():
        Issues(site.database).move(issue.newsletter, issue.slot, IssueState.SENT)
        IssueSends(site.database).end(issue.sequence, "2026-11-22T12:00:00Z")


def is_open(site: Site, issue: Issue) -> bool:
    """Whether the issue is being sent."""
    return issue_state(site, issue) == "sending" and not sending_now(site, issue).ended_at


def test_failed_deliveries_are_retried_and_the_issue_is_sent_again(
    opened: Site, issue: Issue, sending: IssueSend
) -> None:
    set_states(opened, SENT, FAILED, FAILED, HELD)
    end(opened, issue)
    assert retry_failed(opened, sending, NOON) == 2
    assert counts(opened, issue) == {"sent": 1, "pending": 2, "held": 1}
    assert is_open(opened, issue)


def test_an_issue_without_failed_deliveries_stays_ended(
    opened: Site, issue: Issue, sending: IssueSend
) -> None:
    set_states(opened, SENT, SENT, SENT, HELD)
    end(opened, issue)
    assert retry_failed(opened, sending, NOON) == 0
    assert resend_missed(opened, issue, sending, NOON) == 0
    assert not is_open(opened, issue)


def test_a_subscriber_who_joined_later_is_sent_the_issue_and_no_other_again(
    sqlite_site: MailingSite, opened: Site, issue: Issue, sending: IssueSend
) -> None:
    set_states(opened, SENT, SENT, SENT, HELD)
    end(opened, issue)
    sqlite_site.subscribe(["late@example.org"])
    assert resend_missed(opened, issue, sending, NOON) == 1
    assert counts(opened, issue) == {"sent": 3, "held": 1, "pending": 1}
    assert is_open(opened, issue)


def test_what_a_dead_command_left_of_the_missed_is_planned_by_the_next(
    sqlite_site: MailingSite,
    opened: Site,
    issue: Issue,
    sending: IssueSend,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    set_states(opened, SENT, SENT, FAILED, FAILED)
    end(opened, issue)
    sqlite_site.subscribe(["late@example.org", "later@example.org"])
    monkeypatch.setattr(planning_pace, "FIRST_LIMIT", 5)
    with monkeypatch.context() as patched:
        patched.setattr(resending, "give_turn", die)
        with pytest.raises(KeyboardInterrupt):
            resend_missed(opened, issue, sending, NOON)
    assert counts(opened, issue) == {"sent": 2, "pending": 3}
    assert is_open(opened, issue)
    assert resend_missed(opened, issue, sending, NOON) == 1
    assert counts(opened, issue) == {"sent": 2, "pending": 4}


def die() -> None:
    raise KeyboardInterrupt


def test_held_deliveries_are_resolved_for_all_or_for_the_given_subscribers(
    opened: Site, issue: Issue, sending: IssueSend
) -> None:
    set_states(opened, HELD, HELD, HELD, FAILED)
    end(opened, issue)
    assert resolve_held(opened, sending, NOON, sent=True, people=[1, 4]) == 1
    assert counts(opened, issue) == {"sent": 1, "held": 2, "failed": 1}
    assert not is_open(opened, issue)
    assert resolve_held(opened, sending, NOON, sent=False, people=[]) == 2
    assert counts(opened, issue) == {"sent": 1, "pending": 2, "failed": 1}
    assert is_open(opened, issue)


def test_a_cancelled_issue_is_refused_and_nothing_changes(
    opened: Site, issue: Issue, sending: IssueSend
) -> None:
    set_states(opened, FAILED)
    _, state = stop(opened, issue, now(), "a typo")
    assert state is IssueState.CANCELLED
    before = counts(opened, issue)
    with pytest.raises(SyndicateError, match="is cancelled, so it is not sent"):
        retry_failed(opened, sending, NOON)
    assert counts(opened, issue) == before
    assert sending_now(opened, issue).ended_at
