"""The states of a delivery, and which one follows a server's reply. Pure.

    pending -> sending -> sent
       |          |
       |          +-----> held
       +----------+-----> retry | failed
       +----------------> suppressed

A delivery is `sending` from before the first byte of its message until the reply. If its sender
dies in that time, the outcome is unknown: the next sender holds it, or sends it again once if
`sending.on_held` is `resend`. Later replies of a server can also put a sent one in doubt.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from syndicate.backoff import Backoff
from syndicate.errors import DeliveryError, RejectedStage


class DeliveryState(StrEnum):
    """The states of a delivery."""

    PENDING = "pending"
    SENDING = "sending"
    SENT = "sent"
    RETRY = "retry"
    FAILED = "failed"
    HELD = "held"
    SUPPRESSED = "suppressed"


S = DeliveryState
FOLLOWS: Mapping[DeliveryState, tuple[DeliveryState, ...]] = {
    S.PENDING: (S.SENDING, S.PENDING, S.RETRY, S.FAILED, S.SUPPRESSED),
    S.SENDING: (S.SENT, S.RETRY, S.FAILED, S.HELD, S.PENDING),
    S.RETRY: (S.SENDING, S.PENDING, S.RETRY, S.FAILED, S.SUPPRESSED),
    S.HELD: (S.SENT, S.PENDING),
    S.FAILED: (S.PENDING,),
    S.SUPPRESSED: (S.PENDING,),
    S.SENT: (S.HELD,),
}
"""The states that may follow each state.

A state follows itself when a message was refused before it was permitted: nothing of it was sent,
but the attempt is recorded. A final state changes only by an operator's decision, with one
exception: a sent delivery is held when later replies of the server show that the one to its message
may have been to another command.
"""

OPEN = (S.PENDING, S.SENDING, S.RETRY)
"""States of deliveries that the sender still has to finish."""

BACKOFF = Backoff(timedelta(minutes=5), timedelta(hours=4))
"""The delay before each retry of a delivery."""


@dataclass(frozen=True, slots=True)
class NextState:
    """What follows for a delivery whose message was not accepted.

    `wait` is the delay before it is retried, `pause` why the whole issue pauses, or "", and
    `is_attempt` whether this counts as an attempt.
    """

    state: DeliveryState
    wait: timedelta = timedelta(0)
    pause: str = ""
    is_attempt: bool = True


def next_state(error: DeliveryError, attempts: int, retry_for: timedelta) -> NextState:
    """What follows from a refusal, after `attempts` earlier ones; retries end after `retry_for`.

    A message that may have arrived is held. A permanent refusal of the server or the sender does
    not concern the recipient: the delivery stays pending, and the issue pauses.
    """
    if error.outcome_unknown:
        return NextState(S.HELD)
    if error.permanent and error.stage in (RejectedStage.SERVER, RejectedStage.SENDER):
        return NextState(S.PENDING, pause=error.message, is_attempt=False)
    if error.permanent or BACKOFF.total(attempts) >= retry_for:
        return NextState(S.FAILED)
    return NextState(S.RETRY, wait=BACKOFF.delay(attempts))
