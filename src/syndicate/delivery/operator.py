"""Operator commands on an issue being sent: pause, resume, stop, retry, resend, resolve, reconcile.

Each is one transaction, and takes effect whether or not a sender is running.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.delivery.states import OPEN, DeliveryState
from syndicate.documents.pending import mark_pending
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.deliveries import Deliveries
from syndicate.store.issue_sends import IssueSend, IssueSends, Pause, PauseKind
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.store.recipients import Recipients
from syndicate.timestamps import format_timestamp

S = DeliveryState
BY_HAND = Pause(PauseKind.OPERATOR, "paused by the operator")
STOPPED = "the issue was stopped"


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
        raise SyndicateError(
            f"{issue.name} was skipped ({issue.reason}): there is no issue",
            hint=f"syndicate issues list {issue.newsletter}",
        )
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
        return f"syndicate issues approve {issue.newsletter}/{issue.slot}"
    return "syndicate send sends it, syndicate issues cancel cancels it"


def reconcile(site: Site, sending: IssueSend) -> DeliveryReport:
    """Count the deliveries of an issue by state."""
    counts = Deliveries(site.database).counts(sending.issue)
    return DeliveryReport(
        sending=sending,
        planned=sending.planned,
        sent=counts.get(S.SENT, 0),
        failed=counts.get(S.FAILED, 0),
        held=counts.get(S.HELD, 0),
        suppressed=counts.get(S.SUPPRESSED, 0),
        pending=sum(counts.get(state, 0) for state in OPEN),
    )


def pause(site: Site, sending: IssueSend) -> bool:
    """Pause an issue: no more messages go out; False if none would."""
    with site.database.transaction():
        return IssueSends(site.database).pause(sending.issue, BY_HAND)


def resume(site: Site, sending: IssueSend) -> bool:
    """Resume a paused issue; False if it is not paused.

    If it paused because too much was refused, this confirms the refusals: addresses that do not
    exist are suppressed when the issue ends.
    """
    confirms = sending.pause_kind == PauseKind.REFUSALS
    confirmed = format_timestamp(datetime.now(UTC)) if confirms else ""
    with site.database.transaction():
        return IssueSends(site.database).resume(sending.issue, confirmed)


def after_pause(sending: IssueSend) -> str:
    """The hint for a paused issue: commands, and what each does."""
    name = sending.name
    if sending.pause_kind != PauseKind.REFUSALS:
        return f"correct the cause, then: syndicate issues resume {name}"
    return (
        f"read the replies (syndicate deliveries report {name} --names), correct the cause, then: "
        f"syndicate issues retry-failed {name}; or, if the refusals are right: "
        f"syndicate issues resume {name}, which suppresses the addresses that do not exist"
    )


def stop(site: Site, issue: Issue, now: datetime, reason: str) -> tuple[int, IssueState]:
    """Stop an issue: how many subscribers do not get it, and its state.

    If none got it, it is cancelled, and its articles come in the next issue. Otherwise it counts as
    sent, and its page stays: those who got it can follow its links.
    """
    deliveries, sends = Deliveries(site.database), IssueSends(site.database)
    site.database.lock()
    with site.database.transaction():
        number = deliveries.stop(issue.sequence, format_timestamp(now), reason or STOPPED)
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


def finish_stopped(site: Site, now: datetime) -> None:
    """End issues that were stopped while messages were being sent; none of them is retried."""
    deliveries, sends = Deliveries(site.database), IssueSends(site.database)
    for issue in sends.stopping():
        with site.database.transaction():
            deliveries.stop(issue, format_timestamp(now), STOPPED)
            sends.end(issue, format_timestamp(now))


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


def resolve(
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
