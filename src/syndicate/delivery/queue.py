"""The queue of claimed deliveries: which worker may take one when, by backoff, limit and weight.

Many threads take, one adds. Nothing here is stored.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from threading import Condition

from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.relays import Relay
from syndicate.store.deliveries import ClaimedDelivery, IssueSend

SHARE_SLACK = 2
"""How many messages, for its weight, a relay may be ahead of another."""

ACTIVE_WINDOW = 0.1
"""Seconds since a relay last took a delivery, or waited for the store, in which its share is
reserved. A slow store keeps all relays waiting, which is not their fault."""

LOOK = 0.2
"""Most seconds from one look to the next whether a delivery may be taken."""


@dataclass(slots=True)
class Task:
    """A delivery to be made now. `lost` counts connections that ended before its message."""

    sending: IssueSend
    claimed: ClaimedDelivery
    mail: MessageFactory
    lost: int = 0


class DeliveryQueue:
    """Deliveries in line."""

    def __init__(self, relays: Sequence[Relay]) -> None:
        self._relays = relays
        self._tasks: deque[Task] = deque()
        self._change = Condition()
        self._closed = False
        self._up: frozenset[str] = frozenset()
        self._took: dict[str, float] = {}
        self._began = time.time() - time.monotonic()

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, tasks: Iterable[Task]) -> None:
        """Put deliveries in line."""
        with self._change:
            self._tasks.extend(tasks)
            self._change.notify_all()

    def goes_on(self, relays: Iterable[Relay]) -> None:
        """The store permitted messages of these relays: they waited for it until now."""
        with self._change:
            moment = time.monotonic()
            self._took.update((relay.name, moment) for relay in relays)

    def requeue(self, task: Task, relay: Relay) -> None:
        """Put a delivery that a relay could not send at the head of the queue."""
        with self._change:
            relay.limiter.release()
            self._tasks.appendleft(task)
            self._change.notify()

    def remove(self, issues: Collection[int]) -> list[Task]:
        """Take the deliveries of some issues out of the line."""
        with self._change:
            out = [task for task in self._tasks if task.sending.issue in issues]
            if out:
                self._tasks = deque(t for t in self._tasks if t.sending.issue not in issues)
            return out

    def release(self, relay: Relay) -> None:
        """What was taken came to nothing: it counts against no limit."""
        with self._change:
            relay.limiter.release()

    def record_sent(self, relay: Relay) -> None:
        """What was taken is over: its server answered, or never will."""
        with self._change:
            relay.limiter.record(self._now())

    @property
    def closed(self) -> bool:
        """Whether nobody takes any more."""
        return self._closed

    def close(self) -> None:
        """Nobody takes any more."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def get(self, relay: Relay, patience: float | None) -> Task | None:
        """The next delivery for a worker of a relay, which counts against its limits.

        None when there is none after `patience` seconds (None: for ever), or ever again.
        """
        end = None if patience is None else time.monotonic() + patience
        with self._change:
            while not self._closed and relay.disabled_by is None:
                if self._tasks and self._can_take(relay):
                    relay.dispatched += 1
                    self._took[relay.name] = time.monotonic()
                    return self._tasks.popleft()
                left = LOOK if end is None else min(LOOK, end - time.monotonic())
                if left <= 0:
                    return None
                self._change.wait(min(left, relay.limiter.seconds_until_free(self._now()) or LOOK))
        return None

    def _now(self) -> float:
        """The time as limits want it: since 1970, and never set."""
        return self._began + time.monotonic()

    def _can_take(self, relay: Relay) -> bool:
        moment = time.monotonic()
        if not relay.available(moment):
            return False
        if len(self._relays) > 1 and self._over_share(relay, moment):
            return False
        return relay.limiter.reserve(self._now())

    def _over_share(self, relay: Relay, moment: float) -> bool:
        """Whether a relay has had its share, and another that can take a delivery has not."""
        self._rebalance(moment)
        keeping_up = [
            other.share
            for other in self._relays
            if other is not relay
            and other.name in self._up
            and moment - self._took.get(other.name, moment) < ACTIVE_WINDOW
        ]
        return bool(keeping_up) and relay.share > min(keeping_up) + SHARE_SLACK

    def _rebalance(self, moment: float) -> None:
        """Who can be given something: whenever that changes, shares begin anew."""
        now = self._now()
        up = frozenset(
            o.name
            for o in self._relays
            if o.available(moment) and o.limiter.seconds_until_free(now) == 0
        )
        if up != self._up:
            self._up = up
            self._took = dict.fromkeys(up, moment)
            for relay in self._relays:
                relay.dispatched = 0
