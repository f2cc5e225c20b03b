"""Send deliveries again: those that failed, those that were missed, held ones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from syndicate.delivery.planning_pace import PlanningPace, give_turn
from syndicate.delivery.states import DeliveryState as S
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.recipients import MAX_ID, Recipients
from syndicate.timestamps import format_timestamp


def retry_failed(site: Site, sending: IssueSend, now: datetime) -> int:
    """Retry failed deliveries; how many."""
    with site.database.transaction():
        number = Deliveries(site.database).retry(sending.issue, S.FAILED, format_timestamp(now))
        if number:
            _reopen(site, sending)
    return number


def resend_missed(site: Site, issue: Issue, sending: IssueSend, now: datetime) -> int:
    """Send an issue also to present subscribers who did not get it; how many.

    They are planned in steps, one transaction each; after a crash, those that are left are planned
    by calling it again.
    """
    recipients, pace = Recipients(site.database), PlanningPace()
    tags = recipients.tags_of([article.id for article in issue.carried])
    number = after = 0

    def plan(limit: int) -> int:
        nonlocal after
        after, planned = recipients.plan_missed(sending, tags, after, limit, format_timestamp(now))
        if planned:
            _reopen(site, sending)
        return planned

    while after < MAX_ID:
        if after:
            give_turn()
        number += pace.step(site.database, plan)
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
