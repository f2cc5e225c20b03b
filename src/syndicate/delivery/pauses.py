"""Why an issue pauses: every reason, with its text, and how to resume the issue. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from syndicate.bounces.failure_budget import is_mostly_refused, is_over_budget
from syndicate.config.model import Newsletter
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.relays import Relay
from syndicate.delivery.states import DeliveryState as S
from syndicate.errors import SyndicateError
from syndicate.schedule.words import duration
from syndicate.store.issue_sends import IssueSend, Pause, PauseKind
from syndicate.store.issues import Issue
from syndicate.timestamps import parse_timestamp

BY_OPERATOR = Pause(PauseKind.OPERATOR, "paused by the operator")


def old_approval(issue: Issue, newsletter: Newsletter, now: datetime) -> Pause | None:
    """The pause of an issue that was approved longer ago than `max_age`: it may be out of date."""
    approved = issue.approved_at or issue.created_at
    if now - parse_timestamp(approved) <= duration(newsletter.max_age):
        return None
    reason = f"waits for a confirmation: it was approved at {approved}, longer ago than max_age"
    return Pause(PauseKind.OLD_APPROVAL, reason)


def no_messages(error: SyndicateError) -> Pause:
    """The pause of an issue whose messages cannot be written."""
    reason = f"{error.message}; {error.hint}" if error.hint else error.message
    return Pause(PauseKind.MESSAGE, reason)


def sender_refused(relay: Relay, reply: str) -> Pause:
    """The pause of an issue after a permanent refusal of the server or the sender."""
    return Pause(PauseKind.SERVER, f"{relay.name}: {reply}")


def no_relay(relays: Iterable[Relay]) -> Pause | None:
    """The pause of every issue if every relay is disabled."""
    errors = [(relay.name, relay.disabled_by) for relay in relays]
    if any(error is None for _, error in errors):
        return None
    reason = "; ".join(f"{name}: {error.message}" for name, error in errors if error)
    return Pause(PauseKind.SERVER, reason)


def after_failures(
    progress: IssueProgress, states: Sequence[str], max_percent: int
) -> Pause | None:
    """The pause of an issue whose deliveries now come into these states, if too many failed."""
    sent = progress.sent_otherwise + progress.sent + states.count(S.SENT)
    failed = progress.failed_meanwhile + progress.failed + states.count(S.FAILED)
    over = S.FAILED in states and is_over_budget(sent, failed, max_percent)
    return _too_many_refused(sent, failed) if over else None


def at_end(counts: Mapping[str, int], max_percent: int) -> Pause | None:
    """The pause of an issue with nothing left to send, before it ends, if too many failed."""
    sent, failed = counts.get(S.SENT, 0), counts.get(S.FAILED, 0)
    over = is_over_budget(sent, failed, max_percent) or is_mostly_refused(sent, failed, max_percent)
    return _too_many_refused(sent, failed) if over else None


def _too_many_refused(sent: int, failed: int) -> Pause:
    reason = f"{failed} of {sent + failed} messages were refused"
    return Pause(PauseKind.REFUSALS, reason)


def resume_hint(sending: IssueSend) -> str:
    """The hint for a paused issue: commands, and what each does."""
    name = sending.name
    if sending.pause_kind != PauseKind.REFUSALS:
        return f"correct the cause, then: syndicate issues resume {name}"
    return (
        f"read the replies (syndicate deliveries report {name} --names), correct the cause, then: "
        f"syndicate issues retry-failed {name}; or, if the refusals are right: "
        f"syndicate issues resume {name}, which suppresses the addresses that do not exist"
    )
