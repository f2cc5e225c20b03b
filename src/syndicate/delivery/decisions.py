"""What an operator decides about an issue: approve it, now or later, or cancel it.

A decision that changes documents builds the site.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import NamedTuple

from syndicate.build.builder import build
from syndicate.delivery.operator import resume, stop
from syndicate.errors import SyndicateError
from syndicate.issues.freeze import move, schedule_approval
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSends, PauseKind
from syndicate.store.issues import Issue, Issues, IssueState


class Approval(StrEnum):
    """How an issue was approved: as a draft, or as one that waited for confirmation."""

    APPROVED = "approved"
    CONFIRMED = "confirmed"


class Cancellation(NamedTuple):
    """The state of an issue after it was cancelled.

    `was_sending`: it was stopped while it was being sent, and `unsent` subscribers do not get it.
    """

    state: IssueState
    was_sending: bool = False
    unsent: int = 0


def approve(site: Site, issue: Issue, now: datetime) -> Approval:
    """Approve a draft, or confirm an issue that waits for it. Raises SyndicateError."""
    sending = IssueSends(site.database).get(issue.sequence)
    waits = sending is not None and sending.pause_kind == PauseKind.OLD_APPROVAL
    if sending and waits and resume(site, sending):
        return Approval.CONFIRMED
    if not move(site, issue, IssueState.APPROVED, now):
        raise _refusal(_current(site, issue), IssueState.APPROVED)
    build(site, now)
    return Approval.APPROVED


def approve_at(site: Site, issue: Issue, moment: datetime, now: datetime) -> None:
    """Have a draft approved at a moment after now. Raises SyndicateError."""
    if moment <= now:
        raise SyndicateError(
            f"{moment.isoformat(timespec='minutes')} is in the past",
            hint=f"to approve it now: syndicate issues approve {issue.name}",
        )
    if not schedule_approval(site, issue, moment):
        raise _refusal(issue, IssueState.APPROVED)


def cancel(site: Site, issue: Issue, reason: str, now: datetime) -> Cancellation:
    """Cancel an issue, or stop it if it is being sent. Raises SyndicateError for any other."""
    if move(site, issue, IssueState.CANCELLED, now, reason):
        build(site, now)
        return Cancellation(IssueState.CANCELLED)
    current = _current(site, issue)
    if current.state != IssueState.SENDING:
        raise _refusal(current, IssueState.CANCELLED)
    unsent, state = stop(site, current, now, reason)
    build(site, now)
    return Cancellation(state, was_sending=True, unsent=unsent)


def _current(site: Site, issue: Issue) -> Issue:
    """An issue as it is in the store now."""
    return Issues(site.database).get(issue.newsletter, issue.slot) or issue


def _refusal(issue: Issue, to: IssueState) -> SyndicateError:
    """Why an issue cannot be approved or cancelled in its state, and what to do."""
    make = f"syndicate issues make {issue.newsletter}"
    if issue.state == IssueState.SKIPPED:
        message = f"was skipped ({issue.reason}): there is no issue"
        hint = f"make one: {make}"
    elif issue.state == to:
        message, hint = f"is already {to}", f"syndicate issues show {issue.name}"
    elif issue.state == IssueState.CANCELLED:
        message, hint = "was cancelled", f"its articles go into the next issue: {make}"
    elif to == IssueState.APPROVED:
        message = "was already approved"
        hint = f"show its deliveries: syndicate deliveries report {issue.name}"
    else:
        message = "has been sent and cannot be cancelled"
        hint = "send a correction in the next issue"
    return SyndicateError(f"{issue.name} {message}", hint=hint)
