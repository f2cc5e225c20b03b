"""Operator commands on an issue being sent: pause, resume, stop, retry, resend, resolve, reconcile.

Each is one transaction, and holds whether or not a sender is running.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from syndicate.bounces.failure_budget import REFUSED
from syndicate.delivery.states import OPEN, DeliveryState
from syndicate.documents.pending import mark_pending
from syndicate.errors import SyndicateError
from syndicate.site import Site
from syndicate.store.articles import Articles
from syndicate.store.deliveries import Deliveries, IssueSend
from syndicate.store.issues import Issue, Issues, IssueState
from syndicate.timestamps import format_timestamp

S = DeliveryState
BY_HAND = "paused by the operator"
STOPPED = "the issue was stopped"


@dataclass(frozen=True, slots=True)
class DeliveryReport:
    """What became of an issue. `planned` was counted when it was planned, the others now."""

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
        parts = (self.sent, self.failed, self.held, self.suppressed, self.pending)
        return self.planned == sum(parts)


def sending_of(site: Site, issue: Issue) -> IssueSend:
    """How the sending of an issue stands. Raises SyndicateError if it never began."""
    found = Deliveries(site.database).sending(issue.sequence)
    if found is None:
        if issue.state == IssueState.SKIPPED:
            raise SyndicateError(
                f"{issue.name} was skipped ({issue.reason}): there is no issue",
                hint=f"syndicate issues list {issue.newsletter}",
            )
        raise SyndicateError(
            f"{issue.name} is {issue.state} and has no deliveries", hint=_way_to_send(issue)
        )
    return found


def _way_to_send(issue: Issue) -> str:
    if issue.state == IssueState.CANCELLED:
        return f"its articles come in the next issue: syndicate issues make {issue.newsletter}"
    if not issue.personal:
        return (
            f"it was made without newsletters.{issue.newsletter}.deliver: true, so it is not sent; "
            "set it, and later issues are"
        )
    if issue.state == IssueState.DRAFT:
        return f"syndicate issues approve {issue.newsletter}/{issue.slot}"
    return "syndicate send sends it, syndicate issues cancel takes it back"


def reconcile(site: Site, sending: IssueSend) -> DeliveryReport:
    """Count what became of an issue's deliveries."""
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
    """Let no more messages of an issue go out; False if none would anyway."""
    with site.database.transaction():
        return Deliveries(site.database).pause(sending.issue, BY_HAND)


def resume(site: Site, sending: IssueSend) -> bool:
    """Let an issue that is paused go on; False if it is not.

    If it paused because too much was refused, that confirms the refusals: addresses that do not
    exist are suppressed when it is through.
    """
    confirmed = format_timestamp(datetime.now(UTC)) if sending.paused.endswith(REFUSED) else ""
    with site.database.transaction():
        return Deliveries(site.database).resume(sending.issue, confirmed)


def after_pause(sending: IssueSend) -> str:
    """What the operator does about an issue that is paused: commands, with what each means."""
    name = sending.name
    if not sending.paused.endswith(REFUSED):
        return f"correct the cause, then: syndicate issues resume {name}"
    return (
        f"read the replies (syndicate deliveries report {name} --names), correct the cause, then: "
        f"syndicate issues retry-failed {name}; or, if the refusals are right: "
        f"syndicate issues resume {name}, which suppresses the addresses that do not exist"
    )


def stop(site: Site, issue: Issue, now: datetime, reason: str) -> tuple[int, IssueState]:
    """Send an issue to nobody more: to how many that is, and what the issue is then.

    If nobody got it, it is cancelled, and its articles come in the next. Otherwise it is sent,
    to those who got it: whoever has it in their inbox can follow its links.
    """
    deliveries, issues = Deliveries(site.database), Issues(site.database)
    site.database.lock()
    with site.database.transaction():
        many = deliveries.stop(issue.sequence, format_timestamp(now), reason or STOPPED)
        counts = deliveries.counts(issue.sequence)
        if any(counts.get(state) for state in (S.SENT, S.SENDING, S.HELD)):
            deliveries.resume(issue.sequence)  # so that it comes to its end
            deliveries.end(issue.sequence, format_timestamp(now))  # else `finish_stopped` does it
            issues.move(issue.newsletter, issue.slot, IssueState.SENT, reason)
            return many, IssueState.SENT
        deliveries.end(issue.sequence, format_timestamp(now))
        issues.move(issue.newsletter, issue.slot, IssueState.CANCELLED, reason)
        mark_pending(Articles(site.database), issue.newsletter, [issue.slot])
    return many, IssueState.CANCELLED


def finish_stopped(site: Site, now: datetime) -> None:
    """Let issues that were stopped come to their end: what came back then is not sent again."""
    deliveries = Deliveries(site.database)
    for issue in deliveries.stopping_issues():
        with site.database.transaction():
            deliveries.stop(issue, format_timestamp(now), STOPPED)
            deliveries.end(issue, format_timestamp(now))


def retry_failed(site: Site, sending: IssueSend, now: datetime) -> int:
    """Try again what failed; how many that are."""
    deliveries = Deliveries(site.database)
    with site.database.transaction():
        many = deliveries.retry(sending.issue, S.FAILED, format_timestamp(now))
        _reopen(site, sending, many)
    return many


def resend_missed(site: Site, issue: Issue, sending: IssueSend, now: datetime) -> int:
    """Send an issue also to those who get the newsletter now and did not get it; how many."""
    deliveries = Deliveries(site.database)
    tags = deliveries.tags([article.id for article in issue.carried])
    with site.database.transaction():
        many = deliveries.plan_missed(sending, tags, format_timestamp(now))
        _reopen(site, sending, many)
    return many


def resolve(
    site: Site, sending: IssueSend, now: datetime, *, sent: bool, people: Sequence[int]
) -> int:
    """Decide on held deliveries, of some people or (for none) of all; how many they were."""
    deliveries = Deliveries(site.database)
    with site.database.transaction():
        if sent:
            return deliveries.mark_sent(sending.issue, format_timestamp(now), people)
        many = deliveries.retry(sending.issue, S.HELD, format_timestamp(now), people)
        _reopen(site, sending, many)
    return many


def _reopen(site: Site, sending: IssueSend, many: int) -> None:
    if not many:
        return
    issues = Issues(site.database)
    issue = issues.get(sending.newsletter, sending.slot)
    if issue and issue.state == IssueState.CANCELLED:
        raise SyndicateError(
            f"{sending.name} is cancelled, and goes to nobody",
            hint="its articles come in the next issue",
        )
    Deliveries(site.database).reopen(sending.issue)
    issues.move(sending.newsletter, sending.slot, IssueState.SENDING)


def states(proof: DeliveryReport) -> Mapping[str, int]:
    """The parts of a proof by name, as they are told."""
    return {name: getattr(proof, name) for name in ("sent", "failed", "held", "suppressed")} | {
        "pending": proof.pending
    }
