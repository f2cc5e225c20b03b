"""The status of an issue, for commands: its state, and what became of its deliveries."""

from __future__ import annotations

from dataclasses import dataclass

from syndicate.site import Site
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, IssueState


@dataclass(frozen=True, slots=True)
class IssueStatus:
    """An issue and its sending, which is None before it starts.

    `is_any_sent` and `held`, the number of deliveries with unknown outcome, are set when the issue
    has ended; `held` only if no message was sent.
    """

    issue: Issue
    sending: IssueSend | None = None
    is_any_sent: bool = False
    held: int = 0

    @property
    def is_scheduled(self) -> bool:
        """Whether it is a draft that is approved at a set time."""
        return self.issue.state == IssueState.DRAFT and bool(self.issue.approve_at)

    @property
    def is_paused(self) -> bool:
        """Whether its sending is paused."""
        return self.sending is not None and self.sending.is_paused and not self.sending.ended_at

    @property
    def reached_no_subscriber(self) -> bool:
        """Whether it has ended, and no message of it was sent."""
        is_over = self.issue.state == IssueState.SENT and not self.is_paused
        return is_over and self.sending is not None and not self.is_any_sent


def issue_status(site: Site, issue: Issue) -> IssueStatus:
    """The status of an issue, from the store."""
    if issue.state not in (IssueState.SENDING, IssueState.SENT):
        return IssueStatus(issue)
    sending = IssueSends(site.database).get(issue.sequence)
    if sending is None or issue.state != IssueState.SENT:
        return IssueStatus(issue, sending)
    deliveries = Deliveries(site.database)
    is_any_sent = deliveries.is_any(issue.sequence, "sent")
    held = 0 if is_any_sent else deliveries.held().get(issue.name, 0)
    return IssueStatus(issue, sending, is_any_sent, held)
