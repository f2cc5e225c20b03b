"""Why an issue pauses automatically: too many messages refused, or no relay left. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence

from syndicate.bounces.failure_budget import is_mostly_refused, is_over_budget
from syndicate.delivery.progress import IssueProgress
from syndicate.delivery.relays import Relay
from syndicate.delivery.states import DeliveryState as S
from syndicate.store.issue_sends import Pause, PauseKind


def after_failures(
    progress: IssueProgress, states: Sequence[str], max_percent: int
) -> Pause | None:
    """The pause of an issue whose deliveries now come into these states, if it has to pause."""
    sent = progress.sent_before + progress.sent + states.count(S.SENT)
    failed = progress.failed + states.count(S.FAILED)
    over = S.FAILED in states and is_over_budget(sent, failed, max_percent)
    return _refused(sent, failed) if over else None


def at_end(counts: Mapping[str, int], max_percent: int) -> Pause | None:
    """The pause of an issue of which nothing is left, before it ends, if it has to pause."""
    sent, failed = counts.get(S.SENT, 0), counts.get(S.FAILED, 0)
    over = is_over_budget(sent, failed, max_percent) or is_mostly_refused(sent, failed, max_percent)
    return _refused(sent, failed) if over else None


def without_relays(relays: Iterable[Relay]) -> Pause | None:
    """The pause of every issue when every relay is disabled; None while one is not."""
    errors = [(relay.name, relay.disabled_by) for relay in relays]
    if any(error is None for _, error in errors):
        return None
    reason = "; ".join(f"{name}: {error.message}" for name, error in errors if error)
    return Pause(PauseKind.SERVER, reason)


def _refused(sent: int, failed: int) -> Pause:
    reason = f"{failed} of {sent + failed} messages were refused"
    return Pause(PauseKind.REFUSALS, reason)
