"""Send deliveries again: those that failed, those that were missed, held ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syndicate.delivery.states import DeliveryState as S
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.recipients import Recipients
from syndicate.timestamps import format_timestamp


def retry_failed(site: Site, sending: IssueSend, now: datetime) -> int:
    """Retry failed deliveries; how many."""
    with site.database.transaction():
        number = Deliveries(site.database).retry(sending.issue, S.FAILED, format_timestamp(now))
        if number:
            _reopen(site, sending)
    return number


def resend_missed(site: Site, issue: Issue, sending: IssueSend, now: datetime) -> int:
    """Send an issue also to present subscribers who did not get it; how many."""
    recipients = Recipients(site.database)
    tags = recipients.tags_of([article.id for article in issue.carried])
    with site.database.transaction():
        number = recipients.plan_missed(sending, tags, format_timestamp(now))
        if number:
            _reopen(site, sending)
    return number


def resolve_held(
    site: Site, sending: IssueSend, now: datetime, *, sent: bool, people: Sequence[int]
) -> int:
    """Decide held deliveries: they were `sent`, or are to be sent again; how many.

    Those to `people`, by the ids of subscribers; without any, all.
    """
    deliveries = Deliveries(site.database)
    with site.database.transaction():
        if sent:
            return deliveries.mark_sent(sending.issue, format_timestamp(now), people)
        number = deliveries.retry(sending.issue, S.HELD, format_timestamp(now), people)
        if number:
            _reopen(site, sending)
    return number


def _reopen(site: Site, sending: IssueSend) -> None:
    issues = Issues(site.database)
    issue = issues.get(sending.newsletter, sending.slot)
    if issue and issue.state == IssueState.CANCELLED:
        raise SyndicateError(
            f"{sending.name} is cancelled, so it is not sent",
            hint="its articles come in the next issue",
        )
    IssueSends(site.database).reopen(sending.issue)
    issues.move(sending.newsletter, sending.slot, IssueState.SENDING)
