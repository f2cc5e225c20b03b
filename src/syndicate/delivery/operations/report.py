"""The delivery report of an issue: the number of its deliveries in each state."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from syndicate.delivery.states import OPEN, DeliveryState
from syndicate.delivery.states import DeliveryState as S
from syndicate.errors import SyndicateError
from syndicate.issues.issue_names import skipped
from syndicate.site import Site
from syndicate.store.deliveries import Deliveries, DeliveryWithRecipient
from syndicate.store.issue_sends import IssueSend, IssueSends
from syndicate.store.issues import Issue, IssueState


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """The deliveries of an issue by state.

    `planned` was counted when they were planned, the others now; `pending` are all open ones.
    """

    sending: IssueSend
    planned: int
    sent: int
    failed: int
    held: int
    suppressed: int
    pending: int

    @property
    def balanced(self) -> bool:
        """Whether every delivery is accounted for, and none twice."""
        return self.planned == sum(self.by_state.values())

    @property
    def by_state(self) -> Mapping[str, int]:
        """The counts by name, in the order in which they are shown."""
        names = ("sent", "failed", "held", "suppressed", "pending")
        return {name: getattr(self, name) for name in names}


def sending_of(site: Site, issue: Issue) -> IssueSend:
    """The sending of an issue. Raises SyndicateError if it has not begun."""
    if sending := IssueSends(site.database).get(issue.sequence):
        return sending
    if issue.state == IssueState.SKIPPED:
        raise skipped(issue)
    message = f"{issue.name} is {issue.state} and has no deliveries"
    raise SyndicateError(message, hint=_how_to_send(issue))


def _how_to_send(issue: Issue) -> str:
    if issue.state == IssueState.CANCELLED:
        return f"its articles come in the next issue: syndicate issues make {issue.newsletter}"
    if not issue.personal:
        return (
            f"it was made without newsletters.{issue.newsletter}.deliver: true, so it is not sent; "
            "set that to send later issues"
        )
    if issue.state == IssueState.DRAFT:
        return f"syndicate issues approve {issue.name}"
    return "syndicate send sends it, syndicate issues cancel cancels it"


def reconcile(site: Site, sending: IssueSend) -> DeliveryReport:
    """Count the deliveries of an issue by state."""
    planned, counts = Deliveries(site.database).planned_and_counts(sending.issue)
    return DeliveryReport(
        sending=sending,
        planned=planned,
        sent=counts.get(S.SENT, 0),
        failed=counts.get(S.FAILED, 0),
        held=counts.get(S.HELD, 0),
        suppressed=counts.get(S.SUPPRESSED, 0),
        pending=sum(counts.get(state, 0) for state in OPEN),
    )


def recipients(site: Site, sending: IssueSend, state: str = "") -> Iterator[DeliveryWithRecipient]:
    """The deliveries of an issue with their recipients, in all states or in one of the report."""
    states = list(OPEN) if state == S.PENDING else [state] if state else list(DeliveryState)
    return Deliveries(site.database).with_recipients(sending.issue, states)
