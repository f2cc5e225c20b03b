"""Which connection may take a delivery: relays get shares, and no relay waits for a slow one."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest

from syndicate.config.model import Server
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.queue import ACTIVE_WINDOW, SHARE_SLACK, DeliveryQueue, Task
from syndicate.delivery.relays import Relay
from syndicate.mail.outbox import Outbox
from syndicate.store.claims import ClaimedDelivery
from syndicate.store.issue_sends import IssueSend


class Clock:
    """A monotonic clock that the test sets."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def relay(folder: Path, name: str, weight: int) -> Relay:
    server = Server(name=name, host="", weight=weight)
    return Relay(server, Outbox(folder))


@pytest.fixture
def relays(tmp_path: Path) -> tuple[Relay, Relay]:
    """Two relays; the first has three times the weight of the other."""
    return relay(tmp_path, "one", 3), relay(tmp_path, "other", 1)


def queue_of(relays: tuple[Relay, Relay]) -> DeliveryQueue:
    """A queue of a hundred deliveries."""
    queue, sending = (
        DeliveryQueue(relays),
        IssueSend(1, "weekly", "2026-11-23T08:00", "2026-11-23T08:00:00Z"),
    )
    queue.add(
        Task(
            sending,
            ClaimedDelivery(1, number, "pending", 0, f"p{number}@example.org", ""),
            cast("MessageFactory", None),
        )
        for number in range(100)
    )
    return queue


def take_all(queue: DeliveryQueue, relay: Relay) -> int:
    """The number of deliveries a relay may take now, one after the other."""
    return sum(1 for _ in iter(lambda: queue.get(relay, 0), None))


def test_a_relay_gets_its_share_and_little_more_while_others_keep_up(
    relays: tuple[Relay, Relay], clock: Clock
) -> None:
    one, other = relays
    queue = queue_of(relays)
    assert take_all(queue, one) == 3 * SHARE_SLACK + 1
    assert queue.get(other, 0)
    assert take_all(queue, one) == 3


def test_other_relays_do_not_wait_for_a_slow_one(relays: tuple[Relay, Relay], clock: Clock) -> None:
    one, other = relays
    queue = queue_of(relays)
    assert queue.get(other, 0)
    clock.now += 2 * ACTIVE_WINDOW
    assert take_all(queue, one) == 99


def test_shares_hold_when_the_store_keeps_all_relays_waiting(
    relays: tuple[Relay, Relay], clock: Clock
) -> None:
    one, other = relays
    queue = queue_of(relays)
    assert queue.get(other, 0)
    clock.now += 2 * ACTIVE_WINDOW
    queue.mark_active(relays)
    assert take_all(queue, one) == 3 * (SHARE_SLACK + 1) + 1


def test_a_delivery_that_a_relay_could_not_send_is_the_next_and_counts_against_no_limit(
    tmp_path: Path,
) -> None:
    server = Server(name="one", host="", per_hour=1)
    one = Relay(server, Outbox(tmp_path))
    one.quota.apply(one.quota.exchange(1, [], queued=100, now=1.7e9), time.monotonic())
    queue = queue_of((one, relay(tmp_path, "other", 1)))
    first = queue.get(one, 0)
    assert first
    assert queue.get(one, 0) is None, "its limit is used"
    one.quota.put_back()
    queue.requeue(first)
    assert len(queue) == 100
    assert queue.get(one, 0) is first
