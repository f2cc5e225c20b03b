"""The queue of claimed deliveries: which worker may take one when, by backoff, quota and weight.

Several threads take, one adds. Nothing here is stored.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from threading import Condition

from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.relays import Relay
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend

SHARE_SLACK = 2
"""How many messages, by its weight, a relay may be ahead of another."""

ACTIVE_WINDOW = 0.1
"""Seconds for which a share is reserved after its relay last took a delivery or got permission.

A slow store keeps all relays waiting, so that time does not count against them.
"""

POLL_SECONDS = 0.2
"""Maximum seconds between checks whether a delivery may be taken."""


@dataclass(slots=True)
class Task:
    """A claimed delivery. `lost_connections` counts those that ended before its message."""

    sending: IssueSend
    claimed: ClaimedDelivery
    messages: MessageFactory
    lost_connections: int = 0


class DeliveryQueue:
    """Claimed deliveries, and which relay may take the next."""

    def __init__(self, relays: Sequence[Relay]) -> None:
        self._relays = relays
        self._tasks: deque[Task] = deque()
        self._change = Condition()
        self._closed = False
        self._available: frozenset[str] = frozenset()
        self._active_at: dict[str, float] = {}

    def __len__(self) -> int:
        return len(self._tasks)

    def add(self, tasks: Iterable[Task]) -> None:
        """Add deliveries at the end."""
        with self._change:
            self._tasks.extend(tasks)
            self._change.notify_all()

    def mark_active(self, relays: Iterable[Relay]) -> None:
        """Count these relays as active until now: their workers waited for permission."""
        with self._change:
            moment = time.monotonic()
            self._active_at.update((relay.name, moment) for relay in relays)

    def requeue(self, task: Task) -> None:
        """Return a delivery that a relay could not send to the head of the queue."""
        with self._change:
            self._tasks.appendleft(task)
            self._change.notify()

    def remove(self, issues: Collection[int]) -> list[Task]:
        """Remove the deliveries of some issues; these deliveries."""
        with self._change:
            removed = [task for task in self._tasks if task.sending.issue in issues]
            if removed:
                self._tasks = deque(t for t in self._tasks if t.sending.issue not in issues)
            return removed

    def wake(self) -> None:
        """Wake waiting workers: more may be taken."""
        with self._change:
            self._change.notify_all()

    @property
    def closed(self) -> bool:
        """Whether nothing can be taken any more."""
        return self._closed

    def close(self) -> None:
        """Let nothing be taken any more, and wake waiting workers."""
        with self._change:
            self._closed = True
            self._change.notify_all()

    def get(self, relay: Relay, seconds: float) -> Task | None:
        """The next delivery for a worker of a relay, which is taken from its quota.

        None when none can be taken within `seconds`, or when the queue or the relay is closed.
        """
        end = time.monotonic() + seconds
        with self._change:
            while not self._closed and relay.disabled_by is None:
                if self._tasks and self._can_take(relay):
                    relay.dispatched += 1
                    self._active_at[relay.name] = time.monotonic()
                    return self._tasks.popleft()
                left = min(POLL_SECONDS, end - time.monotonic())
                if left <= 0:
                    return None
                self._change.wait(left)
        return None

    def _can_take(self, relay: Relay) -> bool:
        moment = time.monotonic()
        if not relay.available(moment):
            return False
        if len(self._relays) > 1 and self._over_share(relay, moment):
            return False
        return relay.quota.take(moment)

    def _over_share(self, relay: Relay, moment: float) -> bool:
        """Whether a relay has had its share, and another active one has not."""
        self._rebalance(moment)
        active = [
            other.share
            for other in self._relays
            if other is not relay
            and other.name in self._available
            and moment - self._active_at.get(other.name, moment) < ACTIVE_WINDOW
        ]
        return bool(active) and relay.share > min(active) + SHARE_SLACK

    def _rebalance(self, moment: float) -> None:
        """Reset all shares whenever the set of available relays changes."""
        available = frozenset(
            other.name
            for other in self._relays
            if other.available(moment) and not other.quota.is_exhausted
        )
        if available != self._available:
            self._available = available
            self._active_at = dict.fromkeys(available, moment)
            for relay in self._relays:
                relay.dispatched = 0
