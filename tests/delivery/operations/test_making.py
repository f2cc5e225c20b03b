"""An issue that an operator makes now: whether it is sent at once, and to how many."""

from __future__ import annotations

from dataclasses import replace
from typing import Literal

import pytest
from mailing_site import WEEKLY, MailingSite

from site_folder import NOON
from syndicate.config.model import Newsletter
from syndicate.delivery.operations.making import (
    Forecast,
    MadeIssueNow,
    forecast,
    is_sent_at_once,
    make_now,
)
from syndicate.store.issues import IssueState


def make(site: MailingSite, *, confirmed: bool) -> MadeIssueNow | None:
    with site.folder.opened() as opened:
        return make_now(opened, opened.config.newsletters["weekly"], NOON, confirmed=confirmed)


def expected(site: MailingSite) -> Forecast:
    with site.folder.opened() as opened:
        return forecast(opened, opened.config.newsletters["weekly"], NOON)


@pytest.mark.parametrize(
    ("deliver", "approval", "at_once"),
    [
        (True, "automatic", True),
        (True, "manual", False),
        (False, "automatic", False),
        (False, "manual", False),
    ],
)
def test_an_issue_is_sent_at_once_if_it_is_delivered_and_approved_automatically(
    deliver: bool, approval: Literal["automatic", "manual"], at_once: bool
) -> None:
    newsletter = Newsletter(name="weekly", title="Weekly", sender="a@example.org")
    assert is_sent_at_once(replace(newsletter, deliver=deliver, approval=approval)) is at_once


def test_the_forecast_counts_the_subscribers_of_new_articles_and_makes_nothing(
    site: MailingSite,
) -> None:
    site.subscribe(["ada@example.org", "bob@example.org"])
    assert expected(site) == Forecast(has_news=True, recipients=2)
    made = make(site, confirmed=True)
    assert made is not None
    assert not expected(site).has_news


def test_a_confirmed_issue_is_approved_and_written(sqlite_site: MailingSite) -> None:
    sqlite_site.subscribe(["ada@example.org"])
    made = make(sqlite_site, confirmed=True)
    assert made is not None
    assert (made.issue.state, made.recipients) == (IssueState.APPROVED, 1)
    assert not made.is_draft
    assert not made.is_unconfirmed
    assert sqlite_site.folder.has("newsletters/weekly/2026-11-22-1200/index.html")


def test_an_issue_that_would_be_sent_at_once_becomes_a_draft_without_confirmation(
    sqlite_site: MailingSite,
) -> None:
    made = make(sqlite_site, confirmed=False)
    assert made is not None
    assert made.is_draft
    assert made.is_unconfirmed


def test_a_newsletter_with_manual_approval_needs_no_confirmation(sqlite_site: MailingSite) -> None:
    sqlite_site.folder.configure(newsletters={"weekly": {**WEEKLY, "approval": "manual"}})
    made = make(sqlite_site, confirmed=False)
    assert made is not None
    assert made.is_draft
    assert not made.is_unconfirmed


def test_nothing_is_made_when_nothing_is_new(sqlite_site: MailingSite) -> None:
    assert make(sqlite_site, confirmed=True)
    assert make(sqlite_site, confirmed=True) is None
