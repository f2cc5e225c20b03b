"""Approve and cancel issues, each in one transaction with its events and pending documents."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from syndicate.documents.pending import mark_pending
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.events import EventKind, Events
from syndicate.store.incarnation import Incarnation
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.timestamps import format_timestamp


def approve_issue(site: Site, issue: Issue, now: datetime) -> bool:
    """Approve a draft; False if it is none."""
    return _approve(site, issue, format_timestamp(now), now)


def schedule_approval(site: Site, issue: Issue, moment: datetime) -> bool:
    """Set the time at which a draft is approved; False if it is not a draft."""
    with site.database.transaction():
        return Issues(site.database).schedule(
            issue.newsletter, issue.slot, format_timestamp(moment)
        )


def approve_due(site: Site, now: datetime) -> list[Issue]:
    """Approve the drafts whose time has come; these drafts.

    They count as approved at that time: if it was long ago, the issue waits for a confirmation
    before it is sent, as any issue that was approved long ago. None are approved while the store
    may be a copy, or older than what was sent from it.
    """
    if Incarnation(site.database, site.sent_record).doubt():
        return []
    due = [
        each
        for each in Issues(site.database).scheduled()
        if each.approve_at <= format_timestamp(now)
    ]
    return [issue for issue in due if _approve(site, issue, issue.approve_at, now)]


def cancel_issue(site: Site, issue: Issue, now: datetime, reason: str = "") -> bool:
    """Cancel an issue; False if its state does not allow that.

    One that is being sent is not cancelled here: its deliveries must be stopped too
    (`delivery.operations.cancellation.stop`).
    """

    def cancel(issues: Issues) -> bool:
        return issues.move(issue.newsletter, issue.slot, IssueState.CANCELLED, reason)

    return _change(site, issue, IssueState.CANCELLED, now, cancel)


def _approve(site: Site, issue: Issue, approved_at: str, now: datetime) -> bool:
    def approve(issues: Issues) -> bool:
        return issues.approve(issue.newsletter, issue.slot, approved_at)

    return _change(site, issue, IssueState.APPROVED, now, approve)


def _change(
    site: Site, issue: Issue, to: IssueState, now: datetime, change: Callable[[Issues], bool]
) -> bool:
    """Change the state of an issue that is not being sent, with what follows from that."""
    site.database.lock()
    issues = Issues(site.database)
    with site.database.transaction():
        current = issues.get(issue.newsletter, issue.slot)
        if current and current.state == IssueState.SENDING:
            return False
        changed = change(issues)
        if changed:
            announce(site, issue, to, now)
            mark_pending(Articles(site.database), issue.newsletter, [issue.slot])
    return changed


def announce(site: Site, issue: Issue, state: IssueState, now: datetime) -> None:
    """Add the events of a new state, for hooks."""
    events = {
        IssueState.DRAFT: [EventKind.ISSUE_MADE],
        IssueState.APPROVED: [EventKind.ISSUE_APPROVED],
    }.get(state, [])
    if state is IssueState.APPROVED and issue.state == IssueState.APPROVED:
        events = [EventKind.ISSUE_MADE, *events]  # approved as it was made
    for event in events:
        Events(site.database).add(
            event, [f"{issue.newsletter}/{issue.slot}"], format_timestamp(now)
        )
