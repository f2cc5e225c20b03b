"""How far an issue is in one run of the sender."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.relays import RelayError
from syndicate.delivery.states import DeliveryState as S
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend


@dataclass(slots=True)
class IssueProgress:
    """The progress of an issue.

    Of its `planned` deliveries, `finished` had ended before the run, `sent_before` of them as sent.
    `sent`, `failed` and `held` count outcomes of the run, `in_flight` claimed deliveries without
    outcome. `cursor` is the last subscriber whose delivery was claimed. `exhausted` means that
    nothing was left to do now, at `checked_at` (seconds of the monotonic clock).
    """

    sending: IssueSend
    messages: MessageFactory
    planned: int
    finished: int
    sent_before: int = 0
    cursor: int = 0
    exhausted: bool = False
    checked_at: float = 0.0
    in_flight: int = 0
    sent: int = 0
    failed: int = 0
    held: int = 0

    @property
    def done(self) -> int:
        """How many deliveries have ended."""
        return self.finished + self.sent + self.failed + self.held

    def count_claimed(self, deliveries: Sequence[ClaimedDelivery]) -> None:
        """Count deliveries that were claimed. The cursor follows first attempts only."""
        self.in_flight += len(deliveries)
        self.exhausted = self.exhausted and not deliveries
        first_attempts = (each.subscriber for each in deliveries if not each.attempts)
        self.cursor = max((self.cursor, *first_attempts))

    def count_outcome(self, state: str) -> None:
        """Count a delivery that is no longer in flight."""
        self.in_flight -= 1
        self.sent += state == S.SENT
        self.failed += state == S.FAILED
        self.held += state == S.HELD


ProgressCallback = Callable[[Sequence[IssueProgress], Sequence[RelayError]], None]
"""Gets the progress of the issues being sent, and the present errors of relays."""
