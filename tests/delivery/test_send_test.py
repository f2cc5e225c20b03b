"""Which issue a test email is of."""

from __future__ import annotations

import pytest
from mailing_site import WEEKLY, MailingSite

from site_folder import NOON
from syndicate.delivery.send_test import IssueToTest, issue_to_test
from syndicate.errors import SyndicateError
from syndicate.site import set_up


def chosen(site: MailingSite, name: str) -> IssueToTest:
    setup = set_up(site.folder.config_file, {})
    with site.folder.opened() as opened:
        return issue_to_test(setup, opened, name, NOON)


@pytest.fixture
def site(sqlite_site: MailingSite) -> MailingSite:
    sqlite_site.folder.configure(newsletters={"weekly": {**WEEKLY, "approval": "manual"}})
    return sqlite_site


def test_the_name_of_a_newsletter_means_its_draft_and_next_the_next_issue(
    site: MailingSite,
) -> None:
    assert chosen(site, "weekly").description == "the next issue of weekly"
    draft = site.issue()
    site.folder.article("two.md", "The second", date="2026-11-02")
    assert chosen(site, "weekly").description == draft.name
    assert chosen(site, draft.name).sequence == draft.sequence
    following = chosen(site, "weekly/next")
    assert following.description == "the next issue of weekly"
    assert "The second" in following.texts.named.html
    assert following.sequence == 0


def test_without_a_draft_and_without_news_it_is_the_newest_issue(sqlite_site: MailingSite) -> None:
    sqlite_site.folder.configure(newsletters={"weekly": WEEKLY})
    approved = sqlite_site.issue()
    assert chosen(sqlite_site, "weekly").description == approved.name
    with pytest.raises(SyndicateError, match="there is nothing new since the last issue of weekly"):
        chosen(sqlite_site, "weekly/next")


def test_an_issue_that_was_made_without_deliver_cannot_be_tested(site: MailingSite) -> None:
    site.folder.configure(newsletters={"weekly": {**WEEKLY, "deliver": False}})
    issue = site.issue()
    with pytest.raises(SyndicateError, match="was made without deliver: true") as caught:
        chosen(site, issue.name)
    assert "newsletters.weekly.deliver: true" in caught.value.hint
