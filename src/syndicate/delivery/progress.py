"""The progress of the issues in a run of the sender: counts in memory, for the dispatcher."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.relays import RelayError
from syndicate.delivery.states import OPEN
from syndicate.delivery.states import DeliveryState as S
from syndicate.store.chunks import Chunk
from syndicate.store.claims import ClaimedChunk
from syndicate.store.issue_sends import IssueSend


@dataclass(slots=True)
class IssueProgress:
    """The progress of an issue.

    Of its `planned` deliveries, `finished` ended otherwise than by the run: before it, by other
    workers, or because their recipients are suppressed. `sent_otherwise` of them were sent, and
    `failed_meanwhile` failed since the run began. `sent`, `failed` and `held` count outcomes of the
    run. `in_flight` counts the claimed deliveries without outcome of
    each chunk. `exhausted` means that no delivery is left that can be sent now.
    """

    sending: IssueSend
    messages: MessageFactory
    planned: int = 0
    finished: int = 0
    sent_otherwise: int = 0
    failed_before: int = 0
    failed_meanwhile: int = 0
    exhausted: bool = False
    in_flight: dict[Chunk, int] = field(default_factory=dict)
    sent: int = 0
    failed: int = 0
    held: int = 0

    @property
    def done(self) -> int:
        """How many deliveries have ended."""
        return self.finished + self.sent + self.failed + self.held

    def recount(self, planned: int, counts: Mapping[str, int]) -> None:
        """Take over the counts of all its deliveries: more were planned, or others sent some."""
        ended = sum(count for state, count in counts.items() if state not in OPEN)
        self.planned = planned
        self.sent_otherwise = counts.get(S.SENT, 0) - self.sent
        failed = counts.get(S.FAILED, 0) - self.failed_before - self.failed
        self.failed_meanwhile = max(failed, 0)  # an operator may have had some sent again
        self.finished = ended - (self.sent + self.failed + self.held)

    def count_claimed(self, claimed: ClaimedChunk) -> None:
        """Count the deliveries of a claimed chunk as in flight."""
        self.in_flight[claimed.chunk] = len(claimed.deliveries)
        self.exhausted = False

    def finish(self, subscriber: int) -> list[Chunk]:
        """Count a delivery as no longer in flight. Returns its chunk if nothing else of it is."""
        (chunk,) = (each for each in self.in_flight if each.first <= subscriber <= each.last)
        self.in_flight[chunk] -= 1
        if self.in_flight[chunk]:
            return []
        del self.in_flight[chunk]
        return [chunk]

    def count_outcome(self, state: str) -> None:
        """Count the outcome of a delivery."""
        self.sent += state == S.SENT
        self.failed += state == S.FAILED
        self.held += state == S.HELD


ProgressCallback = Callable[[Sequence[IssueProgress], Sequence[RelayError]], None]
"""Called with the progress of the issues being sent, and the current errors of relays."""
