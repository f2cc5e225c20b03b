"""Approve an issue, now or later; publish what was approved."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

from syndicate.build.builder import build
from syndicate.delivery.operations.pausing import resume
from syndicate.documents.pending import has_pending
from syndicate.errors import SyndicateError
from syndicate.issues.issue_names import skipped
from syndicate.issues.transitions import approve_due, approve_issue, schedule_approval
from syndicate.site import Site
from syndicate.store.issue_sends import IssueSends, PauseKind
from syndicate.store.issues import Issue, Issues, IssueState


class ApprovalOutcome(StrEnum):
    """How an issue was approved: as a draft, or as one that waited for confirmation."""

    APPROVED = "approved"
    CONFIRMED = "confirmed"


def approve(site: Site, issue: Issue, now: datetime) -> ApprovalOutcome:
    """Approve a draft, or confirm an issue that waits for it. Raises SyndicateError."""
    sending = IssueSends(site.database).get(issue.sequence)
    waits = sending is not None and sending.pause_kind == PauseKind.OLD_APPROVAL
    if sending and waits and resume(site, sending):
        return ApprovalOutcome.CONFIRMED
    if not approve_issue(site, issue, now):
        raise _refusal(Issues(site.database).get(issue.newsletter, issue.slot) or issue)
    build(site, now)
    return ApprovalOutcome.APPROVED


def approve_at(site: Site, issue: Issue, moment: datetime, now: datetime) -> None:
    """Have a draft approved at a moment after now. Raises SyndicateError."""
    if moment <= now:
        raise SyndicateError(
            f"{moment.isoformat(timespec='minutes')} is in the past",
            hint=f"to approve it now: syndicate issues approve {issue.name}",
        )
    if not schedule_approval(site, issue, moment):
        raise _refusal(issue)


def publish_due(site: Site, now: datetime) -> list[Issue]:
    """Approve drafts that are due, and write missing documents of issues.

    Returns these drafts.
    """
    approved = approve_due(site, now)
    if has_pending(site):
        build(site, now)
    return approved


def _refusal(issue: Issue) -> SyndicateError:
    """Why an issue cannot be approved, and what to do."""
    if issue.state == IssueState.SKIPPED:
        return skipped(issue)
    if issue.state == IssueState.APPROVED:
        message, hint = "is already approved", f"syndicate issues show {issue.name}"
    elif issue.state == IssueState.CANCELLED:
        message = "was cancelled"
        hint = f"its articles go into the next issue: syndicate issues make {issue.newsletter}"
    else:
        message = "was already approved"
        hint = f"show its deliveries: syndicate deliveries report {issue.name}"
    return SyndicateError(f"{issue.name} {message}", hint=hint)
