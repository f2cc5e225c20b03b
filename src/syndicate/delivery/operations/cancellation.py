"""Cancel an issue, or stop one that is being sent."""

from __future__ import annotations

from datetime import datetime
from typing import NamedTuple

from syndicate.build.builder import build
from syndicate.delivery.states import DeliveryState as S
from syndicate.documents.pending import mark_pending
from syndicate.errors import SyndicateError
from syndicate.issues.issue_names import skipped
from syndicate.issues.transitions import cancel_issue
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.recipients import Recipients
from syndicate.timestamps import format_timestamp

STOPPED = "the issue was stopped"


class Cancellation(NamedTuple):
    """The state of an issue after it was cancelled.

    `was_sending`: it was stopped while it was being sent, and `unsent` subscribers do not get it.
    """

    state: IssueState
    was_sending: bool = False
    unsent: int = 0


def cancel(site: Site, issue: Issue, reason: str, now: datetime) -> Cancellation:
    """Cancel an issue, or stop it if it is being sent. Raises SyndicateError for any other."""
    if cancel_issue(site, issue, now, reason):
        build(site, now)
        return Cancellation(IssueState.CANCELLED)
    current = Issues(site.database).get(issue.newsletter, issue.slot) or issue
    if current.state != IssueState.SENDING:
        raise _refusal(current)
    unsent, state = stop(site, current, now, reason)
    build(site, now)
    return Cancellation(state, was_sending=True, unsent=unsent)


def stop(site: Site, issue: Issue, now: datetime, reason: str) -> tuple[int, IssueState]:
    """Stop an issue. Returns the number of unsent deliveries, and its new state.

    If no subscriber got it, and none can have got it, it is cancelled, and its articles go into the
    next issue. Otherwise it counts as sent, and its page stays, because emails link to it.
    """
    deliveries, sends = Deliveries(site.database), IssueSends(site.database)
    site.database.lock()
    with site.database.transaction():
        number = deliveries.stop(issue.sequence, format_timestamp(now), reason or STOPPED)
        if sending := sends.get(issue.sequence):
            number += _unplanned(site, issue, sending)
            sends.end_planning(issue.sequence)
        counts = deliveries.counts(issue.sequence)
        is_out = any(counts.get(state) for state in (S.SENT, S.SENDING, S.HELD))
        state = IssueState.SENT if is_out else IssueState.CANCELLED
        if is_out:
            sends.resume(issue.sequence)  # a paused one would not end
        sends.end(issue.sequence, format_timestamp(now))  # else `finish_stopped` does
        Issues(site.database).move(issue.newsletter, issue.slot, state, reason)
        if not is_out:
            mark_pending(Articles(site.database), issue.newsletter, [issue.slot])
    return number, state


def _unplanned(site: Site, issue: Issue, sending: IssueSend) -> int:
    """How many subscribers an issue has no delivery for yet."""
    if sending.is_planned:
        return 0
    recipients = Recipients(site.database)
    tags = recipients.tags_of([article.id for article in issue.carried])
    return recipients.count(issue.newsletter, tags, sending.planned_to, sending.last_recipient)


def finish_stopped(site: Site, now: datetime) -> None:
    """End issues that were stopped while messages were being sent; none of them is retried."""
    deliveries, sends = Deliveries(site.database), IssueSends(site.database)
    for issue in sends.stopping():
        with site.database.transaction():
            if issue in sends.stopping():  # it may have been reopened meanwhile
                deliveries.stop(issue, format_timestamp(now), STOPPED)
                sends.end(issue, format_timestamp(now))


def _refusal(issue: Issue) -> SyndicateError:
    """Why an issue cannot be cancelled, and what to do."""
    if issue.state == IssueState.SKIPPED:
        return skipped(issue)
    if issue.state == IssueState.CANCELLED:
        hint = f"syndicate issues show {issue.name}"
        return SyndicateError(f"{issue.name} is already cancelled", hint=hint)
    return SyndicateError(
        f"{issue.name} has been sent and cannot be cancelled",
        hint="send a correction in the next issue",
    )
