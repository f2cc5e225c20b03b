"""Which connection may take a delivery: outlets get shares, and a slow one keeps none waiting."""

from __future__ import annotations

import time
from pathlib import Path
from typing import cast

import pytest

from syndicate.config.model import Server
from syndicate.delivery.messages import MessageFactory
from syndicate.delivery.queue import ACTIVE_WINDOW, SHARE_SLACK, DeliveryQueue, Task
from syndicate.delivery.rate_limits import RateLimiter
from syndicate.delivery.relays import Relay
from syndicate.mail.outbox import Outbox
from syndicate.store.deliveries import ClaimedDelivery, IssueSend


class Clock:
    """A monotonic clock that goes on when it is told to."""

    def __init__(self) -> None:
        self.now = time.monotonic()

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> Clock:
    clock = Clock()
    monkeypatch.setattr(time, "monotonic", clock)
    return clock


def outlet(folder: Path, name: str, weight: int) -> Relay:
    server = Server(name=name, host="", weight=weight)
    return Relay(server, Outbox(folder), RateLimiter(server, [], None, time.time()))


@pytest.fixture
def outlets(tmp_path: Path) -> tuple[Relay, Relay]:
    """One with three times the weight of the other."""
    return outlet(tmp_path, "one", 3), outlet(tmp_path, "other", 1)


def feed_of(outlets: tuple[Relay, Relay]) -> DeliveryQueue:
    """A feed with a hundred deliveries in line."""
    feed, sending = (
        DeliveryQueue(outlets),
        IssueSend(1, "weekly", "2026-11-23T08:00", "2026-11-23T08:00:00Z"),
    )
    feed.add(
        Task(
            sending,
            ClaimedDelivery(1, number, 0, f"p{number}@example.org", ""),
            cast("MessageFactory", None),
        )
        for number in range(100)
    )
    return feed


def taken(feed: DeliveryQueue, outlet: Relay) -> int:
    """How many deliveries an outlet may take now, one after the other."""
    return sum(1 for _ in iter(lambda: feed.get(outlet, 0), None))


def test_an_outlet_gets_its_share_and_little_more_while_others_keep_up(
    outlets: tuple[Relay, Relay], clock: Clock
) -> None:
    one, other = outlets
    feed = feed_of(outlets)
    assert taken(feed, one) == 3 * SHARE_SLACK + 1
    assert feed.get(other, 0)
    assert taken(feed, one) == 3


def test_an_outlet_whose_server_is_slow_is_not_waited_for(
    outlets: tuple[Relay, Relay], clock: Clock
) -> None:
    one, other = outlets
    feed = feed_of(outlets)
    assert feed.get(other, 0)
    clock.now += 2 * ACTIVE_WINDOW
    assert taken(feed, one) == 99


def test_shares_hold_when_the_store_keeps_all_outlets_waiting(
    outlets: tuple[Relay, Relay], clock: Clock
) -> None:
    one, other = outlets
    feed = feed_of(outlets)
    assert feed.get(other, 0)
    clock.now += 2 * ACTIVE_WINDOW
    feed.goes_on(outlets)
    assert taken(feed, one) == 3 * (SHARE_SLACK + 1) + 1
