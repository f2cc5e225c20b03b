"""The states of a delivery, and which one follows a server's reply. Pure.

    pending -> claimed -> sending -> sent
                  |          |
                  |          |            |
                  +----------+-> retry | held | failed | suppressed

A delivery is `sending` from before the first byte of its message until the reply. Only in that time
can it go out with unknown outcome. So a sender that finds one it did not mark holds it, or sends it
again if the operator prefers that.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from syndicate.backoff import Backoff
from syndicate.errors import DeliveryError, RejectedStage


class DeliveryState(StrEnum):
    """Where a delivery stands."""

    PENDING = "pending"
    CLAIMED = "claimed"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    HELD = "held"
    SUPPRESSED = "suppressed"


S = DeliveryState
FOLLOWS: Mapping[DeliveryState, tuple[DeliveryState, ...]] = {
    S.PENDING: (S.CLAIMED, S.SUPPRESSED),
    S.CLAIMED: (S.SENDING, S.PENDING, S.RETRY, S.FAILED, S.SUPPRESSED),
    S.SENDING: (S.SENT, S.RETRY, S.FAILED, S.HELD, S.PENDING),
    S.RETRY: (S.CLAIMED, S.FAILED, S.SUPPRESSED),
    S.HELD: (S.SENT, S.PENDING),
    S.FAILED: (S.PENDING,),
    S.SUPPRESSED: (S.PENDING,),
    S.SENT: (S.HELD,),
}
"""What may follow each state.

Of those that have an end, only a person's decision starts over. A sent one is held when the
server's next replies show that the one to its message may have been to something else.
"""

OPEN = (S.PENDING, S.CLAIMED, S.SENDING, S.RETRY)
"""States of deliveries that are still to come to an end by themselves."""

BACKOFF = Backoff(timedelta(minutes=5), timedelta(hours=4))


@dataclass(frozen=True, slots=True)
class NextState:
    """What becomes of a delivery that was not taken.

    `wait` is how long until it is tried again, `pause` why the whole issue goes no further, if it
    does not, and `is_attempt` whether this counts as a try of its own.
    """

    state: DeliveryState
    wait: timedelta = timedelta(0)
    pause: str = ""
    is_attempt: bool = True


def next_state(error: DeliveryError, attempts: int, retry_for: timedelta) -> NextState:
    """What follows from a server's refusal, after so many `attempts` before this one.

    What may have arrived is held. A server or sender refused for good says nothing of the
    recipient: theirs stays to be done, and the issue pauses.
    """
    if error.uncertain:
        return NextState(S.HELD)
    if error.for_good and error.what in (RejectedStage.SERVER, RejectedStage.SENDER):
        return NextState(S.PENDING, pause=error.message, is_attempt=False)
    if error.for_good or BACKOFF.total(attempts) >= retry_for:
        return NextState(S.FAILED)
    return NextState(S.RETRY, wait=BACKOFF.delay(attempts))
