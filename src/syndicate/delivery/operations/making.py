"""Make an issue now, outside the schedule."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from syndicate.build.builder import build
from syndicate.config.model import Newsletter
from syndicate.documents.site_documents import current_documents
from syndicate.issues.freeze import make_by_hand
from syndicate.issues.next_issue import articles_of
from syndicate.site import Site
from syndicate.store.issues import Issue, IssueState
from syndicate.store.recipients import Recipients


@dataclass(frozen=True, slots=True)
class Forecast:
    """What making an issue would do: whether there is anything new, and how many would get it."""

    has_news: bool
    recipients: int


@dataclass(frozen=True, slots=True)
class MadeIssueNow:
    """An issue that was made now.

    `recipients` is how many subscribers it goes to, once it is approved. `is_unconfirmed` means
    that it would have been sent at once, and became a draft because that was not confirmed.
    """

    issue: Issue
    recipients: int
    is_unconfirmed: bool

    @property
    def is_draft(self) -> bool:
        """Whether it waits for approval."""
        return self.issue.state == IssueState.DRAFT


def is_sent_at_once(newsletter: Newsletter) -> bool:
    """Whether issues of a newsletter are sent as soon as they are made."""
    return newsletter.deliver and newsletter.approval == "automatic"


def forecast(site: Site, newsletter: Newsletter, now: datetime) -> Forecast:
    """Build the site; what making an issue would do then."""
    build(site, now)
    articles = articles_of(current_documents(site, now), newsletter)
    return Forecast(bool(articles), _recipients(site, newsletter, (each.id for each in articles)))


def make_now(
    site: Site, newsletter: Newsletter, now: datetime, *, confirmed: bool
) -> MadeIssueNow | None:
    """Build the site, make an issue of all new articles, and write its documents.

    One that would be sent at once becomes a draft unless `confirmed`. None when nothing is new.
    Raises SyndicateError when it cannot be made.
    """
    is_unconfirmed = is_sent_at_once(newsletter) and not confirmed
    build(site, now)
    issue = make_by_hand(site, newsletter, now, draft=is_unconfirmed)
    if issue is None:
        return None
    build(site, now)
    recipients = _recipients(site, newsletter, (article.id for article in issue.carried))
    return MadeIssueNow(issue, recipients, is_unconfirmed)


def _recipients(site: Site, newsletter: Newsletter, articles: Iterable[str]) -> int:
    """How many subscribers an issue with these articles goes to."""
    table = Recipients(site.database)
    return table.count(newsletter.name, table.tags_of(list(articles)))
